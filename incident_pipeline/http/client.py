"""One HTTP client for an adapter: a request in, an answer or a file out, or the one-line error that says what to do.

Surprising fact: an answer may come without a request, where it cannot have changed; see `Keep`.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any, Literal, Self

from incident_pipeline.errors import BadPayload
from incident_pipeline.http.answer import Answer, same_origin
from incident_pipeline.http.auth import Credentials
from incident_pipeline.http.cache import AnswerCache
from incident_pipeline.http.errors import Call
from incident_pipeline.http.limits import Limits
from incident_pipeline.http.network import Network
from incident_pipeline.http.retry import Patience, tried
from incident_pipeline.http.sender import ANSWER_SECONDS, Asked, Params, Sender

if TYPE_CHECKING:
    import httpx

MAX_JSON_BYTES = 64 * 2**20
DOWNLOAD_SECONDS = 1_800.0

Keep = Literal["no", "tagged", "always"]
"""What the cache may do with an answer: nothing, ask whether it changed (ETag), or give it again for ever."""

Final = Callable[[Answer], bool]


def never(_: Answer) -> bool:
    """The answer may change."""
    return False


def _now() -> datetime:
    return datetime.now(UTC)


class Client:
    """Requests below `base_url`, with `credentials` on that origin only.

    The connections are opened at the first request and kept; threads may share a client; close it when done.
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
        self.patience = patience or Patience(clock=_now, sleep=time.sleep)
        self.limits = limits or Limits()
        self._cache = cache
        self._sender = Sender(
            base_url.rstrip("/"),
            credentials=credentials,
            headers=headers or {},
            limits=self.limits,
            patience=self.patience,
            network=network or Network(),
            transport=transport,
        )

    @property
    def base_url(self) -> str:
        """Without a closing slash."""
        return self._sender.base_url

    @property
    def credentials(self) -> Credentials | None:
        """What is sent to the API's own origin."""
        return self._sender.credentials

    @property
    def tries(self) -> int:
        """Requests sent."""
        return self._sender.tries

    @property
    def clock_ahead(self) -> timedelta | None:
        """The server's clock minus ours as of its last answer."""
        return self._sender.clock_ahead

    def __repr__(self) -> str:
        return f"Client({self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. Safe to call twice."""
        self._sender.close()

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
            return self._read(Asked("GET", url, params, accept), call, max_bytes)
        key = json.dumps([url, sorted((params or {}).items()), accept])
        kept = self._cache.get(key)
        if kept and (keep == "always" or final(kept.answer)):
            return kept.answer
        etag = kept.etag if kept else ""
        answer = self._read(Asked("GET", url, params, accept, etag=etag), call, max_bytes)
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
        answer = self._read(Asked("POST", url, params, body=sent.encode()), call, max_bytes)
        if final(answer):
            self._keep(key, answer)
        return answer

    def download(
        self, url: str, call: Call, file: IO[bytes], *, max_bytes: int, params: Params | None = None
    ) -> bool:  # fmt: skip
        """Write the body to `file`; False when it was cut at `max_bytes`. A broken transfer starts over."""
        asked = Asked("GET", self._whole(url), params)

        def once() -> bool:
            file.seek(0)
            file.truncate()
            with self._sender.open(asked, call) as response:
                left = max_bytes
                for chunk in self._sender.chunks(response, call, DOWNLOAD_SECONDS):
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

    def _read(self, asked: Asked, call: Call, max_bytes: int) -> Answer:
        def once() -> Answer:
            with self._sender.open(asked, call) as response:
                body = bytearray()
                for chunk in self._sender.chunks(response, call, ANSWER_SECONDS):
                    body += chunk
                    if len(body) > max_bytes:
                        raise BadPayload(f"{call.who}: {call.what}: the answer is over {max_bytes:,} bytes")
                links = {rel: link["url"] for rel, link in response.links.items() if rel and "url" in link}
                return Answer(str(response.url), response.status_code, response.headers, links, bytes(body))

        return tried(once, self.patience)
