"""One HTTP client for an adapter: a request in, an answer or a file out, or the one-line error that says what to do.

Surprising fact: redirects are followed here, not by httpx, so that the credentials go to the API's own origin and
nowhere else: a log's redirect leads to a storage host that must not see them (and refuses a request that carries them).
"""

import json
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import IO, TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urljoin, urlsplit

from incident_pipeline import __version__
from incident_pipeline.errors import BadPayload, Unavailable
from incident_pipeline.http.answer import Answer, origin, same_origin
from incident_pipeline.http.auth import Credentials, without_credentials
from incident_pipeline.http.cache import AnswerCache
from incident_pipeline.http.errors import Call, Refusal, to_error
from incident_pipeline.http.limits import Budget, Limits, Pace, used_up
from incident_pipeline.http.network import Network, connect
from incident_pipeline.http.retry import FailedTry, Patience, rate_limit, server_fault, tried

if TYPE_CHECKING:
    import httpx

MAX_JSON_BYTES = 64 * 2**20
MAX_REFUSAL_BYTES = 64 * 2**10
MAX_REDIRECTS = 5
ANSWER_SECONDS, DOWNLOAD_SECONDS = 120.0, 1_800.0
"""A whole answer's time: one that trickles in is given up."""

Keep = Literal["no", "tagged", "always"]
"""What the cache may do with an answer: nothing, ask whether it changed (ETag), or give it again for ever."""

Params = Mapping[str, str | int]
Final = Callable[[Answer], bool]


def never(_: Answer) -> bool:
    """The answer may change."""
    return False


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request as it is sent, but for its headers."""

    method: str
    url: str
    params: Params | None = None
    accept: str | None = None
    body: bytes | None = None
    etag: str = ""


class Client:
    """Requests below `base_url`, with `credentials` on that origin only.

    The connections are opened at the first request and kept; threads may share a client; close it when done. `tries`
    counts requests sent; `clock_ahead` is the server's clock minus ours as of its last answer.
    """

    def __init__(
        self,
        base_url: str,
        *,
        credentials: Credentials | None = None,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        patience: Patience | None = None,
        cache: AnswerCache | None = None,
        network: Network | None = None,
        transport: "httpx.BaseTransport | None" = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.patience = patience or Patience(clock=_now, sleep=time.sleep)
        self.tries = 0
        self.clock_ahead: timedelta | None = None
        self.credentials = credentials
        self._headers, self._cache = dict(headers or {}), cache
        self._network, self._transport = network or Network(), transport
        limits = limits or Limits()
        self._slots = threading.BoundedSemaphore(limits.at_once)
        self._pace = Pace(limits, monotonic=self.patience.monotonic, sleep=self.patience.sleep)
        self._budget = Budget(self.patience.monotonic)
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
        params: Params | None = None,
        accept: str | None = None,
        max_bytes: int = MAX_JSON_BYTES,
        keep: Keep = "no",
        final: Final = never,
    ) -> Answer:
        """The whole answer. `url` is a path below the base URL or a full URL. BadPayload past `max_bytes`.

        A `tagged` answer of which `final` holds is given again for ever, as `always` are.
        """
        url = self._whole(url)
        if self._cache is None or keep == "no":
            return self._read(_Asked("GET", url, params, accept), call, max_bytes)
        key = json.dumps([url, sorted((params or {}).items()), accept])
        kept = self._cache.get(key)
        if kept and (keep == "always" or final(kept.answer)):
            return kept.answer
        etag = kept.etag if kept else ""
        answer = self._read(_Asked("GET", url, params, accept, etag=etag), call, max_bytes)
        if kept and answer.status == 304:
            self._cache.touch(key)
            return kept.answer
        if keep == "always" or "etag" in answer.headers or final(answer):
            self._keep(key, answer)
        return answer

    def post(
        self, url: str, call: Call, *, body: Mapping[str, Any], params: Params | None = None,
        max_bytes: int = MAX_JSON_BYTES, final: Final = never,
    ) -> Answer:  # fmt: skip
        """The whole answer to a POST that only reads (a search), so that it may be tried again.

        One of which `final` holds is given again for ever where there is a cache.
        """
        url, sent = self._whole(url), json.dumps(body)
        key = json.dumps(["POST", url, sorted((params or {}).items()), sent])
        if self._cache and final is not never and (kept := self._cache.get(key)):
            return kept.answer
        answer = self._read(_Asked("POST", url, params, body=sent.encode()), call, max_bytes)
        if final(answer):
            self._keep(key, answer)
        return answer

    def download(
        self, url: str, call: Call, file: IO[bytes], *, max_bytes: int, params: Params | None = None
    ) -> bool:  # fmt: skip
        """Write the body to `file`; False when it was cut at `max_bytes`. A broken transfer starts over."""
        asked = _Asked("GET", self._whole(url), params)

        def once() -> bool:
            file.seek(0)
            file.truncate()
            with self._open(asked, call) as response:
                left = max_bytes
                for chunk in self._chunks(response, call, DOWNLOAD_SECONDS):
                    file.write(chunk[:left])
                    left -= len(chunk)
                    if left < 0:
                        return False
            return True

        return tried(once, self.patience)

    def _keep(self, key: str, answer: Answer) -> None:
        """What came over a redirect from elsewhere has a signed link for its URL: that is a credential."""
        if self._cache and same_origin(answer.url, self.base_url):
            self._cache.put(key, answer)

    def _whole(self, url: str) -> str:
        return url if "://" in url else f"{self.base_url}/{url.lstrip('/')}"

    def _read(self, asked: _Asked, call: Call, max_bytes: int) -> Answer:
        def once() -> Answer:
            with self._open(asked, call) as response:
                body = bytearray()
                for chunk in self._chunks(response, call, ANSWER_SECONDS):
                    body += chunk
                    if len(body) > max_bytes:
                        raise BadPayload(f"{call.who}: {call.what}: the answer is over {max_bytes:,} bytes")
                links = {rel: link["url"] for rel, link in response.links.items() if rel and "url" in link}
                return Answer(str(response.url), response.status_code, response.headers, links, bytes(body))

        return tried(once, self.patience)

    def _chunks(self, response: "httpx.Response", call: Call, seconds: float) -> Iterator[bytes]:
        until = self.patience.monotonic() + seconds
        for chunk in response.iter_bytes():
            yield chunk
            if self.patience.monotonic() > until:
                message = f"{call.who}: {call.what}: the answer came too slowly: given up after {seconds:,.0f} s"
                raise FailedTry(Unavailable(message))

    @contextmanager
    def _open(self, asked: _Asked, call: Call) -> "Generator[httpx.Response]":
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

    def _headers_for(self, url: str, asked: _Asked) -> dict[str, str]:
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
        for chunk in () if packed_twice else self._chunks(response, call, ANSWER_SECONDS):
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
