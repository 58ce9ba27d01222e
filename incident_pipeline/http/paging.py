"""A list's first page in, its pages out one at a time. How the next one is asked for is a small object.

    LinkHeader()                              Link: <...>; rel="next" (RFC 8288): GitHub, GitLab keyset
    HeaderToken("x-next-page", "page")        the next page's token in a header: GitLab
    PageNumber("page", size=100)              counted up until a page is short
    NextUrl("next")                           the next page's URL in the body: Bitbucket
    BodyCursor(("meta", "page", "after"), ("page", "cursor"))    a cursor from body to body or to a parameter: Datadog
    Keyset("id_after", "id")                  the last item's key

Surprising fact: a vendor's next link may name another path than the first request did (`/repositories/123/...`), but
never another host: that would be handed the token.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Protocol, cast
from urllib.parse import urljoin

from incident_pipeline.errors import BadPayload, UsageError
from incident_pipeline.http.answer import Answer, same_origin
from incident_pipeline.http.errors import Call

MAX_PAGES = 1_000

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked: a URL with parameters; `body` is posted as JSON when there is one. `after`: what the page before
    it held, for a paginator that cannot tell otherwise whether the pages go on."""

    url: str
    params: Params | None = None
    body: Mapping[str, Any] | None = None
    after: bytes = b""


class Fetcher(Protocol):
    """What pages are fetched with: `http.client.Client`."""

    def get(self, url: str, call: Call, *, params: Params | None = None) -> Answer:
        """The answer of one GET."""
        ...

    def post(self, url: str, call: Call, *, body: Mapping[str, Any], params: Params | None = None) -> Answer:
        """The answer of one POST that only reads."""
        ...


class Paginator(Protocol):
    """Tells what to ask after a page."""

    def following(self, asked: Page, answer: Answer, call: Call) -> Page | None:
        """The next page; None after the last one."""
        ...


@dataclass(frozen=True, slots=True)
class LinkHeader:
    """`Link: <URL>; rel="next"`."""

    def following(self, asked: Page, answer: Answer, call: Call) -> Page | None:
        """The link, whole: it carries the parameters. It may be relative to the page."""
        return Page(urljoin(answer.url, answer.links["next"])) if "next" in answer.links else None


@dataclass(frozen=True, slots=True)
class HeaderToken:
    """The next page's token stands in the answer's header `header` (lower case), empty after the last page."""

    header: str
    param: str

    def following(self, asked: Page, answer: Answer, call: Call) -> Page | None:
        """The same request with the token as `param`."""
        token = answer.headers.get(self.header, "").strip()
        return replace(asked, params={**(asked.params or {}), self.param: token}) if token else None


@dataclass(frozen=True, slots=True)
class PageNumber:
    """`param` is counted up from 1 while pages hold `size` items; `items` is the key of an object's list.

    BadPayload for the same page twice: a server that does not know the parameter would give it for ever.
    """

    param: str
    size: int
    items: str | None = None

    def following(self, asked: Page, answer: Answer, call: Call) -> Page | None:
        """The same request with the next number."""
        if len(_items(answer, call, self.items)) < self.size:
            return None
        digest = sha256(answer.body).digest()
        if digest == asked.after:
            raise BadPayload(f"{call.who}: {call.what}: the same page came twice: {self.param!r} is not understood")
        number = int((asked.params or {}).get(self.param, 1)) + 1
        return replace(asked, params={**(asked.params or {}), self.param: number}, after=digest)


@dataclass(frozen=True, slots=True)
class NextUrl:
    """The next page's URL stands in the body under `key`."""

    key: str

    def following(self, asked: Page, answer: Answer, call: Call) -> Page | None:
        """The URL, whole."""
        url = _token(answer.json_object(call).get(self.key), call)
        return Page(urljoin(answer.url, str(url))) if url else None


@dataclass(frozen=True, slots=True)
class BodyCursor:
    """The cursor stands in the body at `path`; it goes into the next request's body at `into`, or as a parameter when
    the request has no body (then `into` is one name)."""

    path: tuple[str, ...]
    into: tuple[str, ...]

    def following(self, asked: Page, answer: Answer, call: Call) -> Page | None:
        """The same request with the cursor."""
        found: Any = answer.json_object(call)
        for name in self.path:
            found = cast("dict[str, Any]", found).get(name) if isinstance(found, dict) else None
        found = _token(found, call)
        if not found:
            return None
        if asked.body is None:
            return replace(asked, params={**(asked.params or {}), self.into[0]: str(found)})
        return replace(asked, body=_put(asked.body, self.into, found))


@dataclass(frozen=True, slots=True)
class Keyset:
    """The last item's `key` goes into `param`; an empty page is the last. `items` is the key of an object's list."""

    param: str
    key: str
    items: str | None = None

    def following(self, asked: Page, answer: Answer, call: Call) -> Page | None:
        """The same request after the last item."""
        found = _items(answer, call, self.items)
        if not found:
            return None
        try:
            last = found[-1][self.key]
        except (KeyError, TypeError, IndexError):
            last = None
        if last is None:
            raise BadPayload(f"{call.who}: {call.what}: an item without {self.key!r}")
        return replace(asked, params={**(asked.params or {}), self.param: _token(last, call)})


def pages(
    client: Fetcher, url: str, call: Call, *, params: Params | None = None, body: Mapping[str, Any] | None = None,
    paginator: Paginator | None = None, max_pages: int = MAX_PAGES,
) -> Iterator[Answer]:  # fmt: skip
    """Each page, fetched when asked for. UsageError past `max_pages`; BadPayload when the pages run in a circle."""
    paginator = paginator or LinkHeader()
    asked = Page(url, params, body)
    seen: set[str] = set()
    for _ in range(max_pages):
        answer = _fetch(client, asked, call)
        seen |= {_key(asked), answer.url if asked.body is None else _key(asked)}
        yield answer
        following = paginator.following(asked, answer, call)
        if following is None:
            return
        asked = following
        if _key(asked) in seen or not _stays(asked.url, answer.url):
            raise BadPayload(f"{call.who}: {call.what}: the next page's link leads back or to another host")
    raise UsageError(f"{call.who}: {call.what}: more than {max_pages:,} pages; ask for a shorter window")


def _fetch(client: Fetcher, page: Page, call: Call) -> Answer:
    if page.body is None:
        return client.get(page.url, call, params=page.params)
    return client.post(page.url, call, body=page.body, params=page.params)


def _key(page: Page) -> str:
    return page.url if not page.params and page.body is None else json.dumps([page.url, page.params, page.body])


def _stays(url: str, last: str) -> bool:
    return "://" not in url or same_origin(url, last)


def _items(answer: Answer, call: Call, key: str | None) -> Sequence[Any]:
    if key is None:
        return answer.json_list(call)
    found = answer.json_object(call).get(key)
    return cast("list[Any]", found) if isinstance(found, list) else []


def _token(value: Any, call: Call) -> str | int:  # noqa: ANN401 - the JSON edge
    """What leads to the next page, as it stands in a body; empty for none."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise BadPayload(f"{call.who}: {call.what}: the next page is told by no text but {type(value).__name__}")
    return value or ""


def _put(body: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:  # noqa: ANN401 - the JSON edge
    first, rest = path[0], path[1:]
    return {**body, first: _put(body.get(first) or {}, rest, value) if rest else value}
