"""One HTTP client for an adapter: a GET in, an answer or a file out, or the one-line error that says what to do.

Surprising fact: redirects are followed here, not by httpx, so that the token goes to the API's own origin and nowhere
else: a log's redirect leads to a storage host that must not see it (and refuses a request that carries one).
"""

import ssl
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Self, TypeVar
from urllib.parse import urljoin, urlsplit

from pydantic import SecretStr

from incident_pipeline import __version__
from incident_pipeline.errors import BadPayload, Unavailable
from incident_pipeline.http.answer import Answer, origin, same_origin
from incident_pipeline.http.errors import Call, Refusal, to_error
from incident_pipeline.http.retry import FailedTry, Patience, rate_limit, retry_context, server_fault

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
MAX_JSON_BYTES = 64 * 2**20
MAX_REFUSAL_BYTES = 64 * 2**10
MAX_REDIRECTS = 5

T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(UTC)


class Client:
    """GETs below `base_url`, with `authorization` (a whole header value) on that origin only.

    The connections are opened at the first request and kept; threads may share a client; close it when done.
    """

    def __init__(
        self,
        base_url: str,
        *,
        authorization: SecretStr | None = None,
        headers: Mapping[str, str] | None = None,
        patience: Patience | None = None,
        transport: "httpx.BaseTransport | None" = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.patience = patience or Patience(clock=_now, sleep=time.sleep)
        self.tries = 0
        self._authorization, self._headers, self._transport = authorization, dict(headers or {}), transport
        self._client: httpx.Client | None = None
        self._opening = threading.Lock()

    def __repr__(self) -> str:
        return f"Client({self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def get(
        self,
        url: str,
        call: Call,
        *,
        params: Mapping[str, str | int] | None = None,
        accept: str | None = None,
        max_bytes: int = MAX_JSON_BYTES,
    ) -> Answer:
        """The whole answer. `url` is a path below the base URL or a full URL. BadPayload past `max_bytes`."""

        def once() -> Answer:
            with self._open(url, call, params=params, accept=accept) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > max_bytes:
                        raise BadPayload(f"{call.who}: {call.what}: the answer is over {max_bytes:,} bytes")
                links = {rel: link["url"] for rel, link in response.links.items() if rel and "url" in link}
                return Answer(str(response.url), response.status_code, response.headers, links, bytes(body))

        return self._tried(once)

    def download(self, url: str, call: Call, file: IO[bytes], *, max_bytes: int) -> bool:
        """Write the body to `file`; False when it was cut at `max_bytes`. A broken transfer starts over."""

        def once() -> bool:
            file.seek(0)
            file.truncate()
            with self._open(url, call) as response:
                left = max_bytes
                for chunk in response.iter_bytes():
                    file.write(chunk[:left])
                    left -= len(chunk)
                    if left < 0:
                        return False
            return True

        return self._tried(once)

    def _tried(self, once: Callable[[], T]) -> T:
        made, waited = 0, 0.0

        def again(error: Exception) -> bool | float:
            # The wait is kept here, not in stamina, so that time can come in from outside; zero is left for stamina.
            nonlocal waited
            if not isinstance(error, FailedTry) or made >= self.patience.tries:
                return False
            paused = self.patience.pause(error, made, waited=waited)
            waited += paused or 0
            return False if paused is None else 0.0

        try:
            for attempt in retry_context()(on=again, attempts=self.patience.tries, timeout=None):
                with attempt:
                    made += 1
                    return once()
        except FailedTry as failed:
            raise failed.error from None
        raise AssertionError("the loop above returns or raises")

    @contextmanager
    def _open(
        self, url: str, call: Call, *, params: Mapping[str, str | int] | None = None, accept: str | None = None
    ) -> "Generator[httpx.Response]":
        """A 2xx answer, its body not read yet, redirects followed. FailedTry for everything else."""
        import httpx  # noqa: PLC0415 - not paid for by --help

        url = url if "://" in url else f"{self.base_url}/{url.lstrip('/')}"
        client = self._connected()
        try:
            for _ in range(MAX_REDIRECTS + 1):
                self.tries += 1
                with client.stream("GET", url, params=params, headers=self._headers_for(url, accept)) as response:
                    if response.is_success:
                        if "," in response.headers.get("content-encoding", ""):  # 2 kB packed twice can be 1 GB
                            raise BadPayload(f"{call.who}: {call.what}: the answer is packed more than once")
                        yield response
                        return
                    if not response.is_redirect:
                        raise self._failed(response, call)
                    url, params = _redirected(response, call), None
        except httpx.TransportError as error:
            raise _broken(error, call, host=urlsplit(url).netloc) from None
        except (httpx.InvalidURL, httpx.DecodingError) as error:
            raise BadPayload(f"{call.who}: {call.what}: {type(error).__name__} at {urlsplit(url).netloc}") from None
        raise BadPayload(f"{call.who}: {call.what}: more than {MAX_REDIRECTS} redirects")

    def _headers_for(self, url: str, accept: str | None) -> dict[str, str]:
        headers = {"User-Agent": f"incident-responder/{__version__}"}
        if same_origin(url, self.base_url):
            headers |= self._headers
            if accept:
                headers["Accept"] = accept
            if self._authorization:
                headers["Authorization"] = self._authorization.get_secret_value()
        return headers

    def _failed(self, response: "httpx.Response", call: Call) -> FailedTry:
        body = b""
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) >= MAX_REFUSAL_BYTES:
                break
        refusal, now = Refusal(response.status_code, response.headers, body), self.patience.clock()
        if limited := rate_limit(refusal, call, now):
            return limited
        elsewhere = not same_origin(str(response.url), self.base_url)
        if elsewhere and refusal.status in {401, 403}:
            # A signed link has run out; the next try starts at the API again and gets a new one.
            message = f"{call.who}: {call.what}: the storage host refused the signed link ({refusal.status})"
            return FailedTry(Unavailable(message), again=True)
        error = to_error(refusal, call, authorized=self._authorization is not None)
        return server_fault(error, refusal, now) if isinstance(error, Unavailable) else FailedTry(error)

    def _connected(self) -> "httpx.Client":
        import httpx  # noqa: PLC0415 - not paid for by --help

        with self._opening:
            if self._client is None:
                timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
                self._client = httpx.Client(timeout=timeout, transport=self._transport, follow_redirects=False)
            return self._client


def _redirected(response: "httpx.Response", call: Call) -> str:
    here, location = str(response.url), response.headers.get("location", "")
    found = origin(location) and origin(urljoin(here, location))
    scheme = found[0] if found else ""
    target = urljoin(here, location) if found else ""
    if scheme not in {"http", "https"} or (scheme == "http" and here.startswith("https:")):
        raise BadPayload(f"{call.who}: {call.what}: redirected to a link that is not https")
    return target


def _broken(error: "httpx.TransportError", call: Call, *, host: str) -> FailedTry:
    untrusted = _caused_by(error, ssl.SSLCertVerificationError)
    reason = "its certificate is not trusted; set SSL_CERT_FILE" if untrusted else type(error).__name__
    message = f"{call.who}: {call.what}: no answer from {host} ({reason})"
    return FailedTry(Unavailable(message), again=not untrusted)


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
