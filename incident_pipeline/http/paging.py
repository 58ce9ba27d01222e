"""A list's first page in, its pages out one at a time, by the Link header (RFC 8288).

Surprising fact: a vendor's next link may name another path than the first request did (`/repositories/123/...`).
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from incident_pipeline.errors import BadPayload, UsageError
from incident_pipeline.http.answer import Answer, same_origin
from incident_pipeline.http.errors import Call

MAX_PAGES = 1_000


class Getter(Protocol):
    """What a page is fetched with."""

    def get(self, url: str, call: Call, *, params: Mapping[str, str | int] | None = None) -> Answer:
        """The answer of one GET."""
        ...


def pages(
    client: Getter, url: str, call: Call, *, params: Mapping[str, str | int] | None = None, max_pages: int = MAX_PAGES
) -> Iterator[Answer]:
    """Each page, fetched when asked for. UsageError past `max_pages`; BadPayload when the links run in a circle."""
    answer = client.get(url, call, params=params)
    seen = {answer.url}
    yield answer
    while following := answer.links.get("next"):
        if len(seen) >= max_pages:
            raise UsageError(f"{call.who}: {call.what}: more than {max_pages:,} pages; ask for a shorter window")
        if following in seen or not same_origin(following, answer.url):
            raise BadPayload(f"{call.who}: {call.what}: the next page's link leads back or to another host")
        seen.add(following)
        answer = client.get(following, call)
        yield answer
