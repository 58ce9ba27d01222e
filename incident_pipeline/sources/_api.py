"""What the adapters over HTTP share: addresses checked, lists walked, JSON read, one small read tried.

Knows no vendor. Surprising fact: an object that lacks what its vendor never leaves out is told as a bad payload of that
one request, with the field's name: it is not a fault of this program.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from incident_pipeline.errors import BadPayload, ConfigError, IncidentError
from incident_pipeline.http.answer import Answer, origin
from incident_pipeline.http.cache import AnswerCache
from incident_pipeline.http.client import Client, Final, Keep, never
from incident_pipeline.http.errors import Call
from incident_pipeline.http.network import Network
from incident_pipeline.http.paging import MAX_PAGES, Fetcher, LinkHeader, Paginator, Params, pages
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources.base import SourceConfig, SourceContext

MAX_SKEW = timedelta(seconds=60)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class HttpConfig(SourceConfig):
    """Keys of every source over HTTP.

    `ca_file`: PEM certificates of a company's own authority (relative to the config's folder). `proxy`: for this source
    alone; else HTTPS_PROXY and NO_PROXY count. `cache`: keep what cannot change.
    """

    ca_file: Path | None = None
    proxy: SecretStr | None = None
    cache: bool = True

    def network(self, root: Path, *, verify: bool = True) -> Network:
        """How to reach the outside; relative paths start at `root`."""
        return Network(root / self.ca_file.expanduser() if self.ca_file else None, self.proxy, verify)

    def answers(self, context: SourceContext) -> AnswerCache | None:
        """Where answers are kept, if they are."""
        return AnswerCache(context.cache_dir / "answers") if self.cache else None


def address(url: str, *, vendor: str, key: str, like: str, plain: bool = False) -> str:
    """`url` without a closing slash. ConfigError unless it is a bare https address (http on this machine only, unless
    `plain`)."""
    if origin(url) is None:
        raise ConfigError(f"{vendor}: {key} is no URL")
    parts = urlsplit(url)
    exposed = parts.scheme == "http" and parts.hostname not in _LOOPBACK and not plain
    if parts.scheme not in {"http", "https"} or not parts.hostname or exposed:
        raise ConfigError(f"{vendor}: {key} must be an https address, like {like}")
    if parts.username or parts.query or parts.fragment:
        raise ConfigError(f"{vendor}: {key} must be a bare address; credentials have keys of their own")
    return url.rstrip("/")


class Api:
    """Reads below one API. `items`: the key of the list in a page that is an object; None where a page is the list."""

    def __init__(self, client: Client, *, paginator: Paginator | None = None, items: str | None = None) -> None:
        self.client = client
        self._paginator, self._items = paginator or LinkHeader(), items

    def get(
        self, path: str, call: Call, *,
        params: Params | None = None, accept: str | None = None, keep: Keep = "no", final: Final = never,
    ) -> Answer:  # fmt: skip
        """One answer; `keep` and `final` as of `Client.get`."""
        return self.client.get(path, call, params=params, accept=accept, keep=keep, final=final)

    def object(
        self, path: str, call: Call, *, params: Params | None = None, keep: Keep = "no", final: Final = never
    ) -> dict[str, Any]:
        """One JSON object."""
        return self.get(path, call, params=params, keep=keep, final=final).json_object(call)

    def pages(
        self, path: str, call: Call, *,
        params: Params | None = None, max_pages: int = MAX_PAGES, keep: Keep = "no", final: Final = never,
        paginator: Paginator | None = None,
    ) -> Iterator[Answer]:  # fmt: skip
        """Each page of a list or of an object whose list is paged."""
        fetcher: Fetcher = self.client if keep == "no" else _Keeping(self.client, keep, final)
        paginator = paginator or self._paginator
        return pages(fetcher, path, call, params=params, paginator=paginator, max_pages=max_pages)

    def items(
        self, path: str, call: Call, *,
        params: Params | None = None, keep: Keep = "no", final: Final = never, identity: str | None = None,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        """Each object of a paged list. One whose `identity` was there already (the list moved on meanwhile) is left
        out."""
        seen: set[Any] = set()
        for page in self.pages(path, call, params=params, keep=keep, final=final):
            for item in self.listed(page, call):
                if identity is not None:
                    if item.get(identity) in seen:
                        continue
                    seen.add(item.get(identity))
                yield item

    def listed(self, page: Answer, call: Call) -> list[dict[str, Any]]:
        """The objects of one page. BadPayload when it holds no list of objects."""
        found: Any = page.json_list(call) if self._items is None else page.json_object(call).get(self._items)
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in cast("list[Any]", found)):
            raise BadPayload(f"{call.who}: {call.what}: a page without its list of objects")
        return cast("list[dict[str, Any]]", found)


class _Keeping:
    """A client whose GETs may come from the cache."""

    def __init__(self, client: Client, keep: Keep, final: Final) -> None:
        self._client, self._final = client, final
        self._keep: Keep = keep

    def get(self, url: str, call: Call, *, params: Params | None = None) -> Answer:
        return self._client.get(url, call, params=params, keep=self._keep, final=self._final)

    def post(self, url: str, call: Call, *, body: Mapping[str, Any], params: Params | None = None) -> Answer:
        return self._client.post(url, call, body=body, params=params)


@contextmanager
def reading(call: Call) -> Generator[None]:
    """BadPayload for an object that lacks what its vendor never leaves out, or holds another type."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadPayload(f"{call.who}: {call.what}: cannot be read ({type(error).__name__}: {error})") from None


def utc(value: str | None) -> datetime | None:
    """A vendor's ISO 8601 time as aware UTC; None stays None. ValueError when it is no time."""
    if not value:
        return None
    at = datetime.fromisoformat(value)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def stamp(at: datetime) -> str:
    """A time as the vendors' queries take it, to the second: 2026-01-02T03:04:05Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_window(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    """`since <= at < until`, an open end where there is none."""
    return (since is None or at >= since) and (until is None or at < until)


@dataclass(frozen=True, slots=True)
class Found:
    """What a check's read gave: see `model.logs.SourceCheck`."""

    found: str
    credentials: str = ""
    scopes: str = ""


class Timed(Protocol):
    """What knows the other side's clock: `http.client.Client`, or what stands before a vendor's own library."""

    @property
    def clock_ahead(self) -> timedelta | None:
        """The other side's clock minus ours as of its last answer."""
        ...


def check(
    name: str, kind: Literal["git", "logs"], what: str, *, client: Timed, read: Callable[[], Found]
) -> SourceCheck:
    """Try `read`. What the user can mend becomes advice; a clock that is off is told also where all works."""
    try:
        found = read()
    except IncidentError as error:
        return SourceCheck(name, kind, what, works=False, clock_ahead=client.clock_ahead, advice=str(error))
    ahead = client.clock_ahead
    return SourceCheck(
        name, kind, what, works=True, credentials=found.credentials, scopes=found.scopes, clock_ahead=ahead,
        found=found.found, advice=skew_advice(ahead),
    )  # fmt: skip


def skew_advice(ahead: timedelta | None) -> str:
    """What to do about a clock that is off by more than MAX_SKEW; empty when it is not, or is unknown."""
    if ahead is None or abs(ahead) <= MAX_SKEW:
        return ""
    direction = "behind" if ahead > timedelta(0) else "ahead of"
    return f"this machine's clock is {abs(ahead).total_seconds():,.0f} s {direction} the other side's: set it (NTP)"
