"""One request in, its answer still to be read out, or the failed try that says whether another may help.

Surprising fact: redirects are followed here, not by httpx, so that the credentials go to the API's own origin and
nowhere else: a log's redirect leads to a storage host that must not see them (and refuses a request that carries them).
"""

import ssl
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from incident_pipeline import __version__
from incident_pipeline.errors import BadPayload, Unavailable
from incident_pipeline.http.answer import origin, same_origin
from incident_pipeline.http.auth import Credentials, without_credentials
from incident_pipeline.http.errors import Call, Refusal, to_error
from incident_pipeline.http.limits import Budget, Limits, Pace, used_up
from incident_pipeline.http.network import Network, connect
from incident_pipeline.http.retry import FailedTry, Patience, rate_limit, server_fault

if TYPE_CHECKING:
    import httpx

MAX_REFUSAL_BYTES = 64 * 2**10
MAX_REDIRECTS = 5
ANSWER_SECONDS = 120.0
"""A whole answer's time: one that trickles in is given up."""

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it is sent, but for its headers."""

    method: str
    url: str
    params: Params | None = None
    accept: str | None = None
    body: bytes | None = None
    etag: str = ""


class Sender:
    """Sends one request at a time and place: `credentials` to the origin of `base_url` only, within `limits`.

    `tries` counts requests sent; `clock_ahead` is the server's clock minus ours as of its last answer.
    """

    def __init__(
        self, base_url: str, *,
        credentials: Credentials | None, headers: Mapping[str, str], limits: Limits, patience: Patience,
        network: Network, transport: "httpx.BaseTransport | None",
    ) -> None:  # fmt: skip
        self.base_url, self.patience, self.credentials = base_url, patience, credentials
        self.tries = 0
        self.clock_ahead: timedelta | None = None
        self._headers, self._network, self._transport = dict(headers), network, transport
        self._slots = threading.BoundedSemaphore(limits.at_once)
        self._pace = Pace(limits, monotonic=patience.monotonic, sleep=patience.sleep)
        self._budget = Budget(patience.monotonic)
        self._client: httpx.Client | None = None
        self._opening = threading.Lock()

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @contextmanager
    def open(self, asked: Asked, call: Call) -> "Generator[httpx.Response]":
        """A 2xx (or asked-for 304) answer, its body not read yet, redirects followed. FailedTry for all else."""
        import httpx  # noqa: PLC0415 - not paid for by --help

        client, url, params = self._connected(), asked.url, asked.params
        try:
            for _ in range(MAX_REDIRECTS + 1):
                headers = self._headers_for(url, asked)
                with (
                    self._allowed(url, call),
                    client.stream(asked.method, url, params=params, headers=headers, content=asked.body) as response,
                ):
                    self._note(response)
                    unchanged = response.status_code == 304 and "If-None-Match" in headers
                    if response.is_success or unchanged:
                        if "," in response.headers.get("content-encoding", ""):  # 2 kB packed twice can be 1 GB
                            raise BadPayload(f"{call.who}: {call.what}: the answer is packed more than once")
                        yield response
                        return
                    if not response.has_redirect_location or asked.method != "GET":
                        raise self._failed(response, call)
                    url, params = _redirected(response, call), None
        except httpx.TransportError as error:
            raise _broken(error, call, host=urlsplit(url).netloc) from None
        except (httpx.InvalidURL, httpx.DecodingError) as error:
            raise BadPayload(f"{call.who}: {call.what}: {type(error).__name__} at {urlsplit(url).netloc}") from None
        raise BadPayload(f"{call.who}: {call.what}: more than {MAX_REDIRECTS} redirects")

    def chunks(self, response: "httpx.Response", call: Call, seconds: float) -> Iterator[bytes]:
        """The body as it comes. FailedTry when it takes longer than `seconds`."""
        until = self.patience.monotonic() + seconds
        for chunk in response.iter_bytes():
            yield chunk
            if self.patience.monotonic() > until:
                message = f"{call.who}: {call.what}: the answer came too slowly: given up after {seconds:,.0f} s"
                raise FailedTry(Unavailable(message))

    @contextmanager
    def _allowed(self, url: str, call: Call) -> Generator[None]:
        """One request's place within the vendor's limits; other hosts (storage) have their own."""
        if same_origin(url, self.base_url):
            now = self.patience.clock()
            if spent := self._budget.spent(call, now):
                raise FailedTry(spent, again=True, wait=((spent.retry_at or now) - now).total_seconds())
            if pause := self._pace.wait(self.patience.max_wait):
                raise FailedTry(used_up(call, now + timedelta(seconds=pause)))
        with self._slots:
            self.tries += 1
            yield

    def _note(self, response: "httpx.Response") -> None:
        if not same_origin(str(response.url), self.base_url):
            return
        now = self.patience.clock()
        self._budget.note(response.headers, now)
        try:
            self.clock_ahead = parsedate_to_datetime(response.headers["date"]) - now
        except (KeyError, ValueError, TypeError):
            self.clock_ahead = None

    def _headers_for(self, url: str, asked: Asked) -> dict[str, str]:
        headers = {"User-Agent": f"incident-responder/{__version__}"}
        if same_origin(url, self.base_url):
            headers |= self._headers
            if asked.accept:
                headers["Accept"] = asked.accept
            if asked.etag:
                headers["If-None-Match"] = asked.etag
            if asked.body is not None:
                headers["Content-Type"] = "application/json"
            if self.credentials:
                headers |= self.credentials.headers()
        return headers

    def _failed(self, response: "httpx.Response", call: Call) -> FailedTry:
        body = b""
        packed_twice = "," in response.headers.get("content-encoding", "")
        for chunk in () if packed_twice else self.chunks(response, call, ANSWER_SECONDS):
            body += chunk
            if len(body) >= MAX_REFUSAL_BYTES:
                break
        body = without_credentials(body, self.credentials)  # a vendor may say which token it refused
        refusal, now = Refusal(response.status_code, response.headers, body), self.patience.clock()
        if limited := rate_limit(refusal, call, now):
            return limited
        elsewhere = not same_origin(str(response.url), self.base_url)
        if elsewhere and refusal.status in {401, 403}:
            # A signed link has run out; the next try starts at the API again and gets a new one.
            message = f"{call.who}: {call.what}: the storage host refused the signed link ({refusal.status})"
            return FailedTry(Unavailable(message), again=True)
        error = to_error(refusal, call, authorized=self.credentials is not None)
        if isinstance(error, Unavailable):
            return server_fault(error, refusal, now)
        renewed = refusal.status == 401 and self.credentials is not None and self.credentials.renew()
        return FailedTry(error, again=renewed)

    def _connected(self) -> "httpx.Client":
        with self._opening:
            if self._client is None:
                self._client = connect(self._network, self._transport)
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
    reason = "its certificate is not trusted; set ca_file or SSL_CERT_FILE" if untrusted else type(error).__name__
    message = f"{call.who}: {call.what}: no answer from {host} ({reason})"
    return FailedTry(Unavailable(message), again=not untrusted)


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
