"""Log entries of Datadog, by its search of logs (API v2), a thousand a request.

    api_key: ${DD_API_KEY}
    app_key: ${DD_APP_KEY}        # of a user or service account that may read logs
    site: datadoghq.eu

https://docs.datadoghq.com/api/latest/logs/#search-logs-post. Surprising fact: the documentation does not say whether
either end of `filter.from` and `filter.to` is within; a millisecond (Datadog's unit) more is asked for at each end and
left out here.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from incident_pipeline.errors import AccessDenied, ConfigError, UsageError
from incident_pipeline.http.auth import FixedHeaders, bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.limits import Limits
from incident_pipeline.http.paging import MAX_PAGES, pages
from incident_pipeline.model.logs import LogEntry, SourceCheck, SourceStatus
from incident_pipeline.sources._api import Found, HttpConfig, address, check, reading
from incident_pipeline.sources.base import LogSource, SourceContext
from incident_pipeline.sources.logs._datadog_query import query_of

if TYPE_CHECKING:
    import polars as pl

    from incident_pipeline.sources.logs._datadog_pages import Reading

SEARCH = "api/v2/logs/events/search"
PAGE_SIZE = 1_000
"""The maximum of `page.limit`; Datadog's default is 10."""

HELD = 5_000
"""Entries that become a frame at once, measured: fewer cost more calls, more fall out of the processor's cache."""

LIMITS = Limits(at_once=2)
"""No number is published: limits differ by organisation and each answer's headers tell what is left until when:
https://docs.datadoghq.com/api/latest/rate-limits/. Pages are read one after another."""

NEEDS = "logs_read_data (or the keys are of another site)"
_TOKENS = ("ddpat_", "ddsat_")
_SITE = re.compile(r"(?!(?:app|api)\.)[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_MILLISECOND = timedelta(milliseconds=1)


class Config(HttpConfig):
    """Keys of a `datadog` entry.

    `app_key` may be a personal or service access token (`ddpat_`, `ddsat_`), which needs no `api_key`. `site` is the
    host after `app.` in the address bar; `base_url` replaces `https://api.SITE`. `service` is what the entry's own name
    stands for; `query` is added to every search; `indexes` are all unless named.
    """

    variables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "api_key": ("DD_API_KEY", "DATADOG_API_KEY"),
        "app_key": ("DD_APP_KEY", "DATADOG_APP_KEY"),
        "site": ("DD_SITE", "DATADOG_SITE"),
    }

    app_key: SecretStr
    api_key: SecretStr | None = None
    site: str = "datadoghq.com"
    base_url: str | None = None
    service: str | None = None
    query: str | None = None
    indexes: tuple[str, ...] = ()
    storage_tier: Literal["indexes", "online-archives", "flex"] = "indexes"


def open_source(config: Config, context: SourceContext) -> LogSource:
    """The organisation's logs; the first request opens the connection."""
    client = Client(
        api_address(config), credentials=credentials(config), limits=LIMITS, network=config.network(context.root)
    )
    return Datadog(config, client=client, name=context.name)


def api_address(config: Config) -> str:
    """Where the site's API is. ConfigError for a site that is a URL or one of its hosts."""
    if config.base_url:
        return address(config.base_url, vendor="datadog", key="base_url", like="https://api.datadoghq.eu")
    if not _SITE.fullmatch(config.site):
        raise ConfigError(f"datadog: site must be like datadoghq.eu or us5.datadoghq.com (got {config.site[:60]!r})")
    return f"https://api.{config.site}"


def is_token(config: Config) -> bool:
    """Whether `app_key` is an access token rather than an application key."""
    return config.app_key.get_secret_value().startswith(_TOKENS)


def credentials(config: Config) -> FixedHeaders:
    """https://docs.datadoghq.com/api/latest/authentication/ and .../account_management/personal-access-tokens/."""
    if is_token(config):
        return bearer(config.app_key)
    if config.api_key is None:
        raise ConfigError("datadog: api_key is missing (an access token, ddpat_..., as app_key needs none)")
    return FixedHeaders({"DD-API-KEY": config.api_key, "DD-APPLICATION-KEY": config.app_key})


class Datadog(LogSource):
    """One organisation's logs. `get_logs` takes a service's name, `*` for all, or the entry's own name (see Config)."""

    def __init__(
        self, config: Config, *,
        client: Client, name: str = "datadog", page_size: int = PAGE_SIZE, max_pages: int = MAX_PAGES,
    ) -> None:  # fmt: skip
        self.name, self.config, self.client = name, config, client
        self._page_size, self._max_pages = page_size, max_pages
        self._reading: Reading | None = None

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def get_logs(self, service: str, since: datetime, until: datetime, level: str | None = None) -> Iterator[LogEntry]:
        """Oldest first."""
        from incident_pipeline.sources.batching import entries_of  # noqa: PLC0415 - polars stays out of start-up

        for frame in self._frames(service, since, until, level=level, least=1):
            yield from entries_of(frame)

    def read_frames(
        self, service: str, since: datetime, until: datetime, level: str | None = None, *, rows: int = 50_000
    ) -> "Iterator[pl.DataFrame]":
        """The same in bulk."""
        from incident_pipeline.sources.batching import gathered  # noqa: PLC0415 - polars stays out of start-up

        return gathered(self._frames(service, since, until, level=level, least=min(rows, HELD)), rows=rows)

    def read_statuses(self) -> tuple[SourceStatus, ...]:
        """The last window read, called by what was asked for and its start: what Datadog said of missing parts."""
        return (self._reading.status(self.name),) if self._reading else ()

    def check(self) -> SourceCheck:
        """Validate the API key, then look for the newest entry of a day that the entry's own name stands for."""
        return check(self.name, "logs", self.config.service or self.config.site, client=self.client, read=self._found)

    def _frames(
        self, service: str, since: datetime, until: datetime, *, level: str | None, least: int
    ) -> "Iterator[pl.DataFrame]":
        """A frame whenever `least` entries have come, and of the rest."""
        from incident_pipeline.sources.logs._datadog_pages import Reading  # noqa: PLC0415 - polars stays out of start-up

        query = query_of(service=self._service(service), level=level, own=self.config.query)
        body = self._search(query, since=_stamp(since - _MILLISECOND), until=_stamp(until + 2 * _MILLISECOND))
        reader = self._reading = Reading(f"{service} {since:%Y-%m-%d %H:%M}", since, until)
        for _ in self._pages(body, reader, self._call(f"logs of {service[:100]}")):
            if reader.held >= least:
                yield reader.frame()
        if reader.held:
            yield reader.frame()

    def _pages(self, body: dict[str, Any], reader: "Reading", call: Call) -> Iterator[None]:
        """Comes back after each page that `reader` took."""
        from incident_pipeline.sources.logs._datadog_pages import Cursor, cursor_after  # noqa: PLC0415

        cursor = Cursor()
        answers = pages(self.client, SEARCH, call, body=body, paginator=cursor, max_pages=self._max_pages)
        for number, answer in enumerate(answers, start=1):
            page = answer.json_object(call)
            cursor.after = cursor_after(page)
            reader.bytes += len(answer.body)
            reader.take(page, call)
            yield
            if number == self._max_pages and cursor.after:
                reader.stop(f"stopped after {number:,} pages of {self._page_size:,}: ask for a shorter window")
                return

    def _service(self, asked: str) -> str | None:
        """The service to ask for; None for all that `query` lets through."""
        if asked == "*":
            return None
        if asked not in {"", self.name}:
            return asked
        if not (self.config.service or self.config.query):
            raise UsageError(f"{self.name}: which service? set service or query in its config, or ask for `*` (all)")
        return self.config.service

    def _search(self, query: str, *, since: str, until: str) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "query": query, "from": since, "to": until, "storage_tier": self.config.storage_tier,
            "indexes": list(self.config.indexes or ("*",)),
        }  # fmt: skip
        return {"filter": asked, "sort": "timestamp", "page": {"limit": self._page_size}}

    def _found(self) -> Found:
        whose = "access token"
        if not is_token(self.config):
            whose = "API key and application key"
            self._validate()
        own = query_of(service=self.config.service, own=self.config.query)
        body = {**self._search(own, since="now-1d", until="now"), "sort": "-timestamp", "page": {"limit": 1}}
        call = self._call("newest entry of a day")
        page = self.client.post(SEARCH, call, body=body).json_object(call)
        with reading(call):
            newest = [str(entry["attributes"]["timestamp"]) for entry in page["data"]]
        return Found(f"newest entry {newest[0]}" if newest else f"no entry of {own} in a day", whose, "logs_read_data")

    def _validate(self) -> None:
        """Nothing is said of the application key: https://docs.datadoghq.com/api/latest/authentication/#validate-api-key."""
        call = self._call("its API key")
        with suppress(AccessDenied):
            if self.client.get("api/v1/validate", call).json_object(call).get("valid") is True:
                return
        raise AccessDenied(f"{call.who}: the API key is not valid there: is it mistyped, or of another site?")

    def _call(self, what: str) -> Call:
        return Call(f"datadog {urlsplit(self.client.base_url).hostname}", what, NEEDS)


def _stamp(at: datetime) -> str:
    """To the millisecond, cut."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
