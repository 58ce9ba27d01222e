"""Elasticsearch logs: data streams, indices and patterns in, entries out, oldest first.

    - type: elasticsearch
      config:
        hosts: [https://es.example.com:9200]    # or cloud_id; several hosts are one cluster
        api_key: ${ELASTICSEARCH_API_KEY}       # or username and password, or token
        index: logs-*                           # or a list of names and patterns
        fields: {service: [kubernetes.labels.app, service.name]}

Reads Elasticsearch 7.14 and later and Elastic Cloud through elasticsearch-py; privilege: `read`. Surprising fact: the
order within one instant is the cluster's own unless the documents number themselves (`fields.sequence`).
https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-open-point-in-time
"""

import importlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from incident_pipeline.http.errors import Call
from incident_pipeline.model.logs import LogEntry, ReadStatus, SourceCheck, SourceStatus
from incident_pipeline.sources._api import Found, HttpConfig, address, check
from incident_pipeline.sources.base import LogSource, SourceContext
from incident_pipeline.sources.logs._elastic_cluster import Cluster, Login, ignoring_refusal
from incident_pipeline.sources.logs._elastic_documents import Document, Fields, read_document, sort_time
from incident_pipeline.sources.logs._elastic_query import Mapped, Wanted, asked_fields, want
from incident_pipeline.sources.logs._elastic_walk import Tally, Walk

if TYPE_CHECKING:
    import polars as pl

EXTRA = "elasticsearch"
MAX_PAGE = 10_000
"""`index.max_result_window`: https://www.elastic.co/docs/reference/elasticsearch/index-settings/index-modules."""

MAX_TOLD = 5
"""Of different things that were missing so many are told."""


class Config(HttpConfig):
    """Keys of an `elasticsearch` entry; the module's docstring shows the usual ones.

    `token`: a bearer or service token. `verify: false` takes any certificate, `plain_http: true` lets credentials go
    over http to another machine. `query`: Lucene syntax, added to every search. `keep_alive`: how long a point in time
    outlives a request. `page_size`: the most hits asked for at once.
    """

    variables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "hosts": ("ELASTICSEARCH_HOSTS", "ELASTICSEARCH_URL"),
        "cloud_id": ("ELASTIC_CLOUD_ID",),
        "api_key": ("ELASTICSEARCH_API_KEY", "ELASTIC_API_KEY"),
        "username": ("ELASTICSEARCH_USERNAME",),
        "password": ("ELASTICSEARCH_PASSWORD",),
    }

    hosts: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    cloud_id: str | None = None
    index: Annotated[tuple[str, ...], Field(min_length=1)] = ("logs-*",)
    api_key: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    verify: bool = True
    plain_http: bool = False
    fields: Fields = Fields()
    query: str | None = None
    keep_alive: Annotated[str, Field(pattern=r"^[1-9]\d{0,3}(s|m)$")] = "1m"
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE)] = MAX_PAGE

    @field_validator("hosts", "index", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:  # noqa: ANN401 - before validation
        return tuple(part for part in value.replace(",", " ").split() if part) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if bool(self.hosts) == bool(self.cloud_id):
            raise ValueError("give either hosts or cloud_id (or set ELASTICSEARCH_HOSTS)")
        if bool(self.username) != bool(_given(self.password)):
            raise ValueError("username and password go together")
        if sum(map(bool, (_given(self.api_key), self.username, _given(self.token)))) > 1:
            raise ValueError("give one of api_key, username with password, and token")
        return self

    def login(self) -> Login:
        """The credentials; an empty one is none."""
        return Login(_given(self.api_key), self.username or None, _given(self.password), _given(self.token))


def open_source(config: Config, context: SourceContext) -> "Elasticsearch":
    """The indices of one entry; nothing is asked yet. ConfigError for an unusable address."""
    return Elasticsearch(config, name=context.name, cluster=open_cluster(config, context))


def open_cluster(config: Config, context: SourceContext) -> Cluster:
    """The cluster of an entry. Over http only this machine is asked, or another that gets no credentials, or that
    `plain_http` allows."""
    importlib.import_module("elasticsearch")  # an optional extra: told here when it is missing
    login = config.login()
    plain = config.plain_http or login == Login()
    like = "https://es.example.com:9200 (http needs plain_http: true)"
    hosts = [address(h, vendor="elasticsearch", key="hosts", like=like, plain=plain) for h in config.hosts or ()]
    network = config.network(context.root, verify=config.verify)
    return Cluster(hosts, cloud_id=config.cloud_id, login=login, network=network)


class Elasticsearch(LogSource):
    """The documents of an index pattern as log entries."""

    def __init__(self, config: Config, *, name: str = "elasticsearch", cluster: Cluster) -> None:
        self.name = name
        self._config, self._cluster = config, cluster
        self._index = ",".join(config.index)
        self._call = Call(f"elasticsearch {self._index}", "searching", needs="the index privilege read")
        self._tally, self._what, self._rows, self._skipped = Tally(), "", 0, 0

    def close(self) -> None:
        """Close the points in time that are open, and the connections."""
        self._cluster.close()

    def check(self) -> SourceCheck:
        """Whose the credentials are, what they may read, and the newest entry."""
        return check(self.name, "logs", self._index, client=self._cluster, read=self._small_read)

    def get_logs(self, service: str, since: datetime, until: datetime, level: str | None = None) -> Iterator[LogEntry]:
        """Entries with `since <= timestamp < until` by the time field; documents without one are not read. `service`
        empty: every service. Metadata: `_index`, `_id` and what else the document holds."""
        for page in self._pages(service, since, until, level):
            for found in page:
                yield LogEntry(found.time, found.level, found.message, found.metadata)

    def read_frames(
        self, service: str, since: datetime, until: datetime, level: str | None = None, *, rows: int = 50_000
    ) -> "Iterator[pl.DataFrame]":
        """The same as RAW_LOG frames, numbered in their order."""
        from incident_pipeline.sources.batching import frame_of, gathered  # noqa: PLC0415 - polars is slow to load

        def frames() -> "Iterator[pl.DataFrame]":
            line = 1
            for page in self._pages(service, since, until, level):
                yield frame_of(
                    times=[found.stamp for found in page],
                    levels=[found.level for found in page],
                    messages=[found.message for found in page],
                    metadata=[found.metadata for found in page],
                    first_line=line,
                )
                line += len(page)

        return gathered(frames(), rows=rows)

    def read_statuses(self) -> tuple[SourceStatus, ...]:
        """One for the last read, called by its service and start: `truncated` when shards failed or the cluster's time
        ran out."""
        if not self._what:
            return ()
        missing = "; ".join(list(self._tally.missing)[:MAX_TOLD])
        status: ReadStatus = "truncated" if missing else "read" if self._rows else "empty"
        unreadable = f"{self._skipped} hits without _source or time" if self._skipped else ""
        detail = "; ".join(filter(None, (f"entries may be missing: {missing}" if missing else "", unreadable)))
        return (
            SourceStatus(
                self.name, "logs", self._what, status, detail, self._rows, self._tally.bytes, self._skipped
            ),
        )  # fmt: skip

    def _pages(self, service: str, since: datetime, until: datetime, level: str | None) -> Iterator[list[Document]]:
        self._tally, self._rows, self._skipped = Tally(), 0, 0
        self._what = f"{service or self._index} {since:%Y-%m-%d %H:%M}"
        config, call = self._config, self._call
        mapped = self._mapped()
        wanted = want(service, since, until, level, fields=config.fields, mapped=mapped, call=call, query=config.query)
        walk = Walk(
            self._cluster, call, index=self._index, wanted=wanted, source=config.fields.source(),
            keep_alive=config.keep_alive, page_size=config.page_size, tally=self._tally,
        )  # fmt: skip
        for hits in walk.pages():
            documents = [read_document(hit, config.fields) for hit in hits]
            page = [found for found in documents if found is not None and wanted.keeps(found)]
            self._skipped += documents.count(None)
            self._rows += len(page)
            yield page

    def _mapped(self) -> Mapped:
        return Mapped(self._cluster.field_caps(self._index, self._call, fields=asked_fields(self._config.fields)))

    def _small_read(self) -> Found:
        fields, now = self._config.fields, self._cluster.patience.clock()
        mapped = self._mapped()
        wanted = want("", now, now, None, fields=fields, mapped=mapped, call=self._call)
        newest = self._newest(wanted)
        credentials, scopes = "", ""
        if self._cluster.authorized:
            credentials = ignoring_refusal(self._whose, "")
            scopes = ignoring_refusal(self._may, "")
        return Found(f"{mapped.indices} indices, {newest}", credentials, scopes)

    def _newest(self, wanted: Wanted) -> str:
        time = {**wanted.sort[0][wanted.time], "order": "desc"}
        answer = self._cluster.ask(
            self._call,
            lambda es: es.search(
                index=self._index, size=1, sort=[{wanted.time: time}], query={"exists": {"field": wanted.time}},
                source=False, track_total_hits=False,
            ),
        )  # fmt: skip
        hits = answer.get("hits", {}).get("hits", [])
        return f"newest entry {sort_time(hits[0])}" if hits else "no entry with a time"

    def _whose(self) -> str:
        """https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-authenticate"""
        told = self._cluster.ask(self._call, lambda es: es.security.authenticate())
        key = told.get("api_key", {}).get("name")
        return f"API key {key} of {told.get('username')}" if key else str(told.get("username", ""))

    def _may(self) -> str:
        """https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-has-privileges"""
        asked = [{"names": list(self._config.index), "privileges": ["read"]}]
        told = self._cluster.ask(self._call, lambda es: es.security.has_privileges(index=asked))
        return f"read on {self._index}" if told.get("has_all_requested") else f"read on a part of {self._index} at most"


def _given(secret: SecretStr | None) -> SecretStr | None:
    return secret if secret and secret.get_secret_value() else None
