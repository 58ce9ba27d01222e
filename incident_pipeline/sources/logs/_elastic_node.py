"""How elasticsearch-py reaches a node: through this package's own httpx client. Network in, a node class out.

So proxies, a company's own authority and the bounds of bytes and time are those of every other source: the library's
own nodes know no proxy and read an answer of any size. Surprising fact: elasticsearch-py 9 asks for answers "compatible
with 9", which every server of version 8 refuses; what is read here is the same since 7.14, so plain JSON is asked for.
https://github.com/elastic/elasticsearch-py/issues/2923
"""

import json
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from incident_pipeline.http.client import MAX_JSON_BYTES
from incident_pipeline.http.network import Network, connect
from incident_pipeline.http.retry import Patience

if TYPE_CHECKING:
    import httpx
    from elastic_transport import ApiResponseMeta, BaseNode, HttpHeaders, NodeConfig

ANSWER_SECONDS = 120.0
"""A whole answer's time: searches of cold and frozen indices are slow."""


class TooLarge(Exception):
    """The answer is over `MAX_JSON_BYTES`: ask for fewer hits."""


@dataclass(slots=True)
class Meter:
    """What the last answer showed: its size, and the server's clock where a `Date` header tells it (a proxy's does)."""

    bytes: int = 0
    clock_ahead: timedelta | None = None


class NodeReply(NamedTuple):
    """What the transport takes from a node (its own class of this shape is not public)."""

    meta: "ApiResponseMeta"
    body: bytes


def node_class(network: Network, *, meter: Meter, patience: Patience) -> "type[BaseNode]":
    """The class of nodes that elasticsearch-py makes one of for each host."""
    import httpx  # noqa: PLC0415 - not paid for by --help
    from elastic_transport import (  # noqa: PLC0415 - an optional extra
        ApiResponseMeta,
        BaseNode,
        ConnectionError,  # noqa: A004 - the library's name
        ConnectionTimeout,
        HttpHeaders,
        SerializationError,
        TlsError,
    )
    from elastic_transport.client_utils import DEFAULT  # noqa: PLC0415

    class Node(BaseNode):
        """One host. Raises the transport's own errors, so that the next host is tried."""

        def __init__(self, config: "NodeConfig") -> None:
            super().__init__(config)
            self._client = connect(network)

        def perform_request(
            self,
            method: str,
            target: str,
            body: bytes | None = None,
            headers: "HttpHeaders | None" = None,
            request_timeout: Any = DEFAULT,  # noqa: ANN401 - the library's default is an object of its own
        ) -> Any:  # noqa: ANN401
            seconds = ANSWER_SECONDS if request_timeout is DEFAULT else float(request_timeout)
            sent = {**self.headers, **(headers or {}), "accept-encoding": "gzip, deflate"}
            sent |= {name: _plain(sent[name]) for name in ("accept", "content-type") if name in sent}
            started = patience.monotonic()
            try:
                with self._client.stream(
                    method, self.base_url + target, content=body, headers=sent,
                    timeout=httpx.Timeout(seconds, connect=min(10.0, seconds)),
                ) as response:  # fmt: skip
                    data = _read(response, until=started + seconds, patience=patience)
            except httpx.TimeoutException as error:
                raise ConnectionTimeout(_unanswered(error, self.base_url), errors=(error,)) from None
            except (httpx.DecodingError, httpx.InvalidURL) as error:
                raise SerializationError(type(error).__name__, errors=(error,)) from None
            except httpx.TransportError as error:
                kind = TlsError if _of_tls(error) else ConnectionError
                raise kind(_unanswered(error, self.base_url), errors=(error,)) from None
            _note(meter, response, len(data), patience)
            shown, data = _shown(response, data)
            took = patience.monotonic() - started
            return NodeReply(ApiResponseMeta(response.status_code, "1.1", HttpHeaders(shown), took, self.config), data)

        def close(self) -> None:
            self._client.close()

    return Node


def _read(response: "httpx.Response", *, until: float, patience: Patience) -> bytes:
    import httpx  # noqa: PLC0415 - not paid for by --help

    if "," in response.headers.get("content-encoding", ""):  # 2 kB packed twice can be 1 GB
        raise httpx.DecodingError("packed more than once")
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > MAX_JSON_BYTES:
            raise TooLarge
        if patience.monotonic() > until:
            raise httpx.ReadTimeout("the answer came too slowly")
    return bytes(data)


def _note(meter: Meter, response: "httpx.Response", size: int, patience: Patience) -> None:
    meter.bytes = size
    try:
        now: datetime = patience.clock()
        meter.clock_ahead = parsedate_to_datetime(response.headers["date"]) - now
    except (KeyError, ValueError, TypeError):
        meter.clock_ahead = None


def _shown(response: "httpx.Response", data: bytes) -> tuple[dict[str, str], bytes]:
    """The answer's headers and body as elasticsearch-py is to see them.

    Not those that its Python warnings would be made of (deprecations of a cluster's own settings), and a refusal that
    is no JSON is text, whatever its type says: its status must not be hidden behind a parser's error.
    """
    headers = {key.lower(): value for key, value in response.headers.items() if key.lower() != "warning"}
    if not response.is_success:
        try:
            json.loads(data)
        except (ValueError, RecursionError):
            headers["content-type"], data = "text/plain", data.decode("utf-8", "replace").encode()
        else:
            headers["content-type"] = "application/json"
    return headers, data


def _plain(media_type: str) -> str:
    return "application/json" if media_type.startswith("application/vnd.elasticsearch+json") else media_type


def _unanswered(error: Exception, base_url: str) -> str:
    return f"no answer from {base_url.partition('://')[2]} ({type(error).__name__})"


def _of_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
