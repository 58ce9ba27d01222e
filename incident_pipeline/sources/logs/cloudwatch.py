"""Amazon CloudWatch Logs: log groups of one region in, entries in time order out.

    - type: cloudwatch
      config:
        region: eu-central-1                  # default: AWS_REGION, or the profile's
        log_groups: [/ecs/shop, /aws/lambda/shop-*]
        services: {checkout: [/ecs/shop]}     # optional: a name of your own; else a group's last path part is one
        role_arn: arn:aws:iam::123456789012:role/log-reader      # optional

Level filter: CloudWatch's own filter syntax looks for words anywhere in the text (`?ERROR ?WARN` misses `"level":
"error"` and finds `no ERROR`), so levels are filtered here, and `filter_pattern` is for what you know of your logs.
Surprising fact: the time of an entry is the event's, in milliseconds; a JSON record's own time stays in its metadata.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from incident_pipeline.errors import AccessDenied, IncidentError, UsageError
from incident_pipeline.http.errors import Call
from incident_pipeline.model.levels import at_least, canonical
from incident_pipeline.model.logs import Level, LogEntry, SourceCheck, SourceStatus
from incident_pipeline.sources._api import Found, HttpConfig, address, check
from incident_pipeline.sources.base import LogSource, SourceContext
from incident_pipeline.sources.logs._cloudwatch_api import Asker
from incident_pipeline.sources.logs._cloudwatch_entries import Entry, entries_of
from incident_pipeline.sources.logs._cloudwatch_groups import ARN, NAME, PATTERN, Group, Groups
from incident_pipeline.sources.logs._cloudwatch_session import Aws
from incident_pipeline.sources.logs._cloudwatch_slices import MAX_EVENTS, Slices, Wanted

if TYPE_CHECKING:
    import polars as pl

ROWS = 50_000
MAX_CHECKED = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]+")

GroupNames = Annotated[tuple[str, ...], Field(max_length=100)]


class Config(HttpConfig):
    """Keys of a `cloudwatch` entry; `cache` says nothing here. Without keys and profile the usual AWS chain counts.

    `ca_file` is trusted instead of the usual authorities. `join_traces`: lines of a stack trace that came as events of
    their own become one entry. `filter_pattern`: in CloudWatch's filter syntax, applied by AWS.
    """

    variables: ClassVar[Mapping[str, tuple[str, ...]]] = {"region": ("AWS_REGION", "AWS_DEFAULT_REGION")}

    region: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)+-\d+$")] | None = None
    log_groups: GroupNames = ()
    services: Mapping[str, GroupNames] = Field(default_factory=dict[str, GroupNames])
    stream_prefix: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^:*]*$")] | None = None
    filter_pattern: Annotated[str, Field(max_length=1024)] | None = None
    join_traces: bool = True
    profile: str | None = None
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
    role_arn: str | None = None
    external_id: Annotated[SecretStr, Field(min_length=2, max_length=1224)] | None = None
    session_name: Annotated[str, Field(pattern=r"^[\w+=,.@-]{2,64}$")] | None = None
    endpoint_url: str | None = None

    def every_group(self) -> tuple[str, ...]:
        """Names, ARNs and patterns of `log_groups` and `services`."""
        return (*self.log_groups, *(group for groups in self.services.values() for group in groups))

    @field_validator("log_groups")
    @classmethod
    def _known_groups(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        return _checked(groups)

    @field_validator("services")
    @classmethod
    def _known_services(cls, services: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        return {service: _checked(groups) for service, groups in services.items()}

    @field_validator("role_arn")
    @classmethod
    def _is_role(cls, arn: str | None) -> str | None:
        if arn is not None and not _ROLE.fullmatch(arn):
            raise ValueError("a role is written arn:aws:iam::123456789012:role/NAME")
        return arn

    @field_validator("endpoint_url")
    @classmethod
    def _safe_endpoint(cls, url: str | None) -> str | None:
        try:
            return url and address(url, vendor="cloudwatch", key="endpoint_url", like="https://localstack.example.com")
        except UsageError as error:
            raise ValueError(str(error)) from None

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("access_key_id and secret_access_key belong together")
        if self.session_token and not self.access_key_id:
            raise ValueError("session_token belongs to access_key_id and secret_access_key")
        if self.profile and self.access_key_id:
            raise ValueError("profile and access_key_id are two ways to give credentials: keep one")
        if (self.external_id or self.session_name) and not self.role_arn:
            raise ValueError("external_id and session_name belong to role_arn")
        return self


def _checked(groups: tuple[str, ...]) -> tuple[str, ...]:
    for group in groups:
        if not any(known.fullmatch(group) for known in (NAME, ARN, PATTERN)):
            raise ValueError(f"{group!r} is no log group: a name, an ARN, or a name's beginning with * at its end")
    return groups


def open_source(config: Config, context: SourceContext) -> "CloudWatch":
    """Nothing is asked yet. ConfigError for a profile that is not there, or no region."""
    asker = Asker(Aws(config, config.network(context.root)))
    return CloudWatch(config, asker=asker, name=context.name)


class CloudWatch(LogSource):
    """`service` is a name of `services`, a log group, or the last part of a group's path (`shop` of `/ecs/shop`)."""

    def __init__(
        self, config: Config, *, asker: Asker, name: str = "cloudwatch", page_size: int | None = None,
        max_events: int = MAX_EVENTS,
    ) -> None:  # fmt: skip
        self.name, self.config, self._asker = name, config, asker
        self._page_size, self._max_events = page_size, max_events
        self._groups = Groups(asker, name=name, given=config.log_groups, services=config.services)
        self._read: Slices | None = None

    def close(self) -> None:
        """Close the connections."""
        self._asker.connection.close()

    def check(self) -> SourceCheck:
        """Ask whose the credentials are (which needs no permission), then for one event of the last hour."""
        groups = ", ".join(self.config.every_group())
        what = f"{self._asker.connection.region}: {groups}" if groups else self._asker.connection.region
        return check(self.name, "logs", what, client=self._asker, read=self._find)

    def _find(self) -> Found:
        identity = self._identity()
        if not self.config.every_group():
            found = f"{self._groups.any()} log groups on the account's first page: name those to read in log_groups"
            return Found(found, identity, "logs:DescribeLogGroups")
        groups = self._groups.find("")
        now = datetime.now(UTC)
        window = {"startTime": _milliseconds(now - timedelta(hours=1)), "endTime": _milliseconds(now)}
        call = Call(f"{self.name} {groups[0].shown}", "its events", needs="logs:FilterLogEvents")
        pages = self._asker.pages("FilterLogEvents", call, items="events", **groups[0].asked, **window, limit=1)
        # A page may be empty although a later one is not; a busy group has thousands, and one event is enough.
        seen = "events" if any(islice(pages, MAX_CHECKED)) else "no event"
        found = f"{len(groups)} log groups, {seen} in the last hour in {groups[0].shown}"
        return Found(found, identity, "logs:FilterLogEvents")

    def _identity(self) -> str:
        call = Call(self.name, "whose the credentials are", needs="sts:GetCallerIdentity")
        try:
            return str(self._asker.ask("GetCallerIdentity", call, service="sts").get("Arn") or "")
        except AccessDenied:
            raise
        except IncidentError:  # a private network without a way to STS: the read tells more
            return ""

    def get_logs(self, service: str, since: datetime, until: datetime, level: str | None = None) -> Iterator[LogEntry]:
        """Entries of all groups of the service, by time."""
        from incident_pipeline.sources.batching import entries_of as entries_of_frame  # noqa: PLC0415 - start-up

        for frame in self.read_frames(service, since, until, level):
            yield from entries_of_frame(frame)

    def read_frames(
        self, service: str, since: datetime, until: datetime, level: str | None = None, *, rows: int = ROWS
    ) -> "Iterator[pl.DataFrame]":
        """The same as RAW_LOG frames, numbered in their order as if they stood in one file: an entry of three lines
        counts as three. One of several groups that is gone is a status."""
        from incident_pipeline.sources.batching import frame_of  # noqa: PLC0415 - start-up

        line = 1
        for batch in self._batches(service, since, until, level, rows=rows):
            frame = frame_of(
                times=[entry.time for entry in batch],
                levels=[entry.level for entry in batch],
                messages=[entry.message for entry in batch],
                metadata=[entry.metadata for entry in batch],
                first_line=line,
            )
            breaks = frame["message"].str.count_matches("\n", literal=True).cast(frame["line"].dtype)
            yield frame.with_columns(line=frame["line"] + breaks.cum_sum().shift(1, fill_value=0))
            line += len(batch) + int(breaks.sum())

    def _batches(
        self, service: str, since: datetime, until: datetime, level: str | None, *, rows: int
    ) -> Iterator[list[Entry]]:
        self._read = None
        kept = _wanted_levels(level)
        if since.tzinfo is None or until.tzinfo is None:
            raise UsageError(f"{self.name}: the window needs times with a zone")
        wanted = Wanted(
            self.name, self._groups.find(service), self.config.filter_pattern, self.config.stream_prefix,
            page_size=self._page_size, max_events=self._max_events,
        )  # fmt: skip
        self._read = Slices(self._asker, wanted)
        for events in self._read.events(_milliseconds(since), _milliseconds(until)):
            entries = entries_of(events, join=self.config.join_traces)
            chosen = (entry for entry in entries if kept is None or canonical(entry.level) in kept)
            while batch := list(islice(chosen, rows)):
                yield batch

    def read_statuses(self) -> tuple[SourceStatus, ...]:
        """One for each log group of the last read."""
        read = self._read
        return () if read is None else tuple(self._status(group, read) for group in read.groups)

    def _status(self, group: Group, read: Slices) -> SourceStatus:
        rows, unread = read.rows[group.shown], read.unread[group.shown]
        if group in read.missing:
            return SourceStatus(self.name, "logs", group.shown, "missing", str(read.missing[group]), rows)
        if unread:
            detail = f"{unread} events without time or text were left out"
            return SourceStatus(self.name, "logs", group.shown, "skipped", detail, rows, skipped=unread)
        return SourceStatus(self.name, "logs", group.shown, "read" if rows else "empty", rows=rows)


def _wanted_levels(level: str | None) -> tuple[Level, ...] | None:
    wanted = None if level is None else at_least(level)
    if level is not None and wanted is None:
        raise UsageError(f"cloudwatch: unknown level {level!r}: use error, warn, info, debug ...")
    return wanted


def _milliseconds(at: datetime) -> int:
    """The first whole millisecond at or after a time, as CloudWatch counts: since 1970, never before."""
    return max(0, -((_EPOCH - at) // _MILLISECOND))
