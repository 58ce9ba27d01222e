"""One cluster through elasticsearch-py: a request in, its answer as an object out, or the one-line error.

The library's retries go from host to host once; the waiting ones are this package's (`http.retry`), which obey
Retry-After. Points in time that are open are known here, so that closing the cluster closes them too.
"""

import base64
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote

from pydantic import SecretStr

from incident_pipeline import __version__
from incident_pipeline.errors import BadPayload, ConfigError, IncidentError
from incident_pipeline.http.answer import origin
from incident_pipeline.http.errors import Call
from incident_pipeline.http.network import Network
from incident_pipeline.http.retry import Patience, tried
from incident_pipeline.sources.logs._elastic_errors import failed_try, lapsed, reason
from incident_pipeline.sources.logs._elastic_node import Meter, TooLarge, node_class

if TYPE_CHECKING:
    from elastic_transport import ApiResponse
    from elasticsearch import Elasticsearch

CLOSE_SECONDS = 5.0

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Lapsed(Exception):
    """The point in time is gone: its `keep_alive` ran out, or a node that held it did."""


@dataclass(frozen=True, slots=True)
class Login:
    """At most one of an API key (`id:key`, or that in base64), a user with a password, and a token."""

    api_key: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None

    def header(self) -> str:
        """The Authorization header, made here: elasticsearch-py knows ASCII alone. Empty without credentials.

        https://www.elastic.co/docs/deploy-manage/api-keys/elasticsearch-api-keys
        """
        if self.api_key:
            key = self.api_key.get_secret_value()
            return f"ApiKey {_encoded(key) if ':' in key else key}"
        if self.token:
            return f"Bearer {self.token.get_secret_value()}"
        if self.username and self.password:
            return f"Basic {_encoded(f'{self.username}:{self.password.get_secret_value()}')}"
        return ""

    def secrets(self) -> frozenset[str]:
        """Every text that must not be shown, in each form in which it travels."""
        given = [s.get_secret_value() for s in (self.api_key, self.password, self.token) if s]
        given += [self.header(), self.header().partition(" ")[2]]
        if self.api_key:
            pair = _decoded(given[-1])
            given += [pair, pair.partition(":")[2]]
        return frozenset(given) - {""}


class Cluster:
    """`hosts` are addresses with scheme; several are one cluster. Threads may not share it; close it when done."""

    def __init__(
        self,
        hosts: Sequence[str] = (),
        *,
        cloud_id: str | None = None,
        login: Login | None = None,
        network: Network | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.patience = patience or Patience(clock=lambda: datetime.now(UTC), sleep=time.sleep)
        self.meter = Meter()
        self._hosts, self._cloud_id, self._login = tuple(hosts), cloud_id, login or Login()
        self._network = network or Network()
        self._secrets = self._login.secrets()
        self._client: Elasticsearch | None = None
        self._open: set[str] = set()

    def __repr__(self) -> str:
        return f"Cluster({', '.join(self._hosts) or self._cloud_id})"

    @property
    def clock_ahead(self) -> timedelta | None:
        """The server's clock minus ours as of the last answer; Elasticsearch itself sends no `Date`, proxies do."""
        return self.meter.clock_ahead

    @property
    def authorized(self) -> bool:
        """Whether credentials are sent."""
        return bool(self._login.header())

    def close(self) -> None:
        """Close what is open on the cluster, then the connections. Safe to call twice."""
        for pit in tuple(self._open):
            self.close_pit(pit)
        if self._client is not None:
            self._client.close()
            self._client = None

    def ask(self, call: Call, do: "Callable[[Elasticsearch], ApiResponse[Any]]") -> dict[str, Any]:
        """The answer to `do`. Lapsed and TooLarge come through as they are."""
        client = self._connected()
        return tried(lambda: self._once(call, client, do), self.patience)

    def field_caps(self, index: str, call: Call, *, fields: Sequence[str]) -> dict[str, Any]:
        """What the indices say of `fields`. The names go into the URL: no server of version 7 takes them in the body,
        where elasticsearch-py puts them. https://github.com/elastic/elasticsearch/issues/86875"""
        path = f"/{quote(index, safe=',*')}/_field_caps"
        params = {"fields": ",".join(fields), "include_unmapped": "true"}
        accept = {"accept": "application/json"}
        return self.ask(call, lambda es: es.perform_request("GET", path, params=params, headers=accept))

    def open_pit(self, index: str, call: Call, *, keep_alive: str) -> str:
        """A new point in time over `index`."""
        answer = self.ask(call, lambda es: es.open_point_in_time(index=index, keep_alive=keep_alive))
        pit = answer.get("id")
        if not isinstance(pit, str):
            raise BadPayload(f"{call.who}: {call.what}: a point in time without an id")
        self._open.add(pit)
        return pit

    def renamed_pit(self, old: str, new: str) -> None:
        """An answer may bring a new id for the same point in time."""
        self._open.discard(old)
        self._open.add(new)

    def close_pit(self, pit: str) -> None:
        """One try to free it; it lapses by itself where that fails."""
        if pit not in self._open or self._client is None:
            return
        self._open.discard(pit)
        call = Call("elasticsearch", "closing a point in time")
        client = self._client.options(request_timeout=CLOSE_SECONDS, max_retries=0)
        try:
            self._once(call, client, lambda es: es.close_point_in_time(id=pit))
        except (Lapsed, TooLarge):
            pass
        except Exception as error:  # noqa: BLE001 - the reading is over: its outcome must not hang on this
            _log.info("a point in time was left to lapse: %s", type(error).__name__)

    def _once(
        self, call: Call, client: "Elasticsearch", do: "Callable[[Elasticsearch], ApiResponse[Any]]"
    ) -> dict[str, Any]:
        import elasticsearch  # noqa: PLC0415 - an optional extra

        try:
            body: Any = do(client).body
        except elasticsearch.ApiError as error:
            if error.meta.status == 404 and lapsed(error.body):
                raise Lapsed from None
            raise self._failed(error, call) from None
        except elasticsearch.TransportError as error:
            raise self._failed(error, call) from None
        if not isinstance(body, dict):
            raise BadPayload(f"{call.who}: {call.what}: expected a JSON object, got {type(body).__name__}")
        if "error" in body:  # a proxy may make a success of it
            raise BadPayload(f"{call.who}: {call.what}: an error came as success: {self._hidden(reason(body))}")
        return cast("dict[str, Any]", body)

    def _failed(self, error: Exception, call: Call) -> Exception:
        return failed_try(error, call, now=self.patience.clock(), authorized=self.authorized, hide=self._hidden)

    def _hidden(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _connected(self) -> "Elasticsearch":
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> "Elasticsearch":
        import elasticsearch  # noqa: PLC0415 - an optional extra

        login = self._login.header()
        if not login.isascii() or not login.isprintable():
            raise ConfigError("elasticsearch: api_key or token holds characters that no header can (a line break?)")
        where: dict[str, Any] = {"cloud_id": self._cloud_id} if self._cloud_id else {"hosts": self._nodes()}
        try:
            return elasticsearch.Elasticsearch(
                **where,
                node_class=node_class(self._network, meter=self.meter, patience=self.patience),
                headers={
                    "user-agent": f"incident-responder/{__version__}",
                    **({"authorization": login} if login else {}),
                },
                serializer=_serializer(),
                max_retries=max(0, len(self._hosts) - 1),
                retry_on_timeout=True,
                retry_on_status=(),
                randomize_nodes_in_pool=False,
                meta_header=False,
            )
        except ValueError as error:
            raise ConfigError(f"elasticsearch: {error}") from None

    def _nodes(self) -> list[Mapping[str, str | int]]:
        nodes: list[Mapping[str, str | int]] = []
        for host in self._hosts:
            scheme, name, port = origin(host) or ("", "", None)
            path = host.partition("://")[2].partition("/")[2]
            nodes.append({"scheme": scheme, "host": name, "port": port or 443, "path_prefix": path})
        return nodes


def ignoring_refusal(read: Callable[[], T], otherwise: T) -> T:
    """What `read` gives, or `otherwise` where the cluster has no such API or does not let it be used."""
    try:
        return read()
    except IncidentError:
        return otherwise


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _serializer() -> Any:  # noqa: ANN401 - its class is made here
    """JSON by orjson, and by the standard library what orjson refuses (halves of surrogate pairs)."""
    import orjson  # noqa: PLC0415 - not paid for by --help
    from elasticsearch import JsonSerializer  # noqa: PLC0415 - an optional extra

    class Serializer(JsonSerializer):
        def json_loads(self, data: Any) -> Any:  # noqa: ANN401 - the base class's signature
            try:
                return orjson.loads(data)
            except orjson.JSONDecodeError:
                return super().json_loads(data)

    return Serializer()
