"""A search in, its hits page by page out, each once: a point in time (PIT) walked with `search_after`.

When the point in time lapses (404, or missing in some shards only), a new one is opened and read from the last time on,
inclusive: `_shard_doc` differs between points in time, so the ids of that last instant are remembered and passed over.
Surprising fact: failed shards come with status 200. Their page is asked for anew a few times; then what there is is
taken, and `Tally.missing` says what was not.
https://www.elastic.co/docs/reference/elasticsearch/rest-apis/paginate-search-results#search-after
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from incident_pipeline.errors import BadPayload, Unavailable
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.http.retry import FailedTry
from incident_pipeline.sources.logs._elastic_cluster import Cluster, Lapsed
from incident_pipeline.sources.logs._elastic_documents import sort_time
from incident_pipeline.sources.logs._elastic_errors import lapsed, reason
from incident_pipeline.sources.logs._elastic_node import TooLarge
from incident_pipeline.sources.logs._elastic_query import Wanted

FIRST_PAGE, TARGET_BYTES = 1_000, 16 * 2**20
MAX_LAPSES = 3
"""Points in time that may lapse one after the other without a hit that is new."""

Hit = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """What a walk has come to: bytes read, and what was missing from it, by the cluster's words."""

    bytes: int = 0
    missing: dict[str, None] = field(default_factory=dict[str, None])


class Walk:
    """Read once with `pages`. `page_size` is the most hits asked for at once; fewer where documents are large."""

    def __init__(
        self, cluster: Cluster, call: Call, *,
        index: str, wanted: Wanted, source: bool | dict[str, list[str]], keep_alive: str, page_size: int, tally: Tally,
    ) -> None:  # fmt: skip
        self._cluster, self._call, self._wanted, self._source = cluster, call, wanted, source
        self._index, self._keep_alive, self._most, self._tally = index, keep_alive, page_size, tally
        self._size = min(page_size, FIRST_PAGE)
        self._pit, self._start = "", ""
        self._after: list[Any] | None = None
        self._last = ""
        self._at_last: set[tuple[Any, Any]] = set()
        self._lapses, self._tolerant, self._done = 0, False, False

    def pages(self) -> Iterator[list[Hit]]:
        """Hits in order of time. The point in time is closed at the end, at an error, and when the reader stops."""
        try:
            while not self._done:
                yield self._next()
        finally:
            self._cluster.close_pit(self._pit)

    def _next(self) -> list[Hit]:
        answer, asked = self._answer()
        missing = _missing(answer)
        self._tally.missing |= dict.fromkeys(missing)
        hits = self._hits(answer)
        fresh = [hit for hit in hits if self._is_new(hit)]
        self._lapses = 0 if fresh else self._lapses
        # An answer cut short by time or shards may be followed by more: then only an empty one is the end.
        self._done = not hits or (len(hits) < asked and not missing)
        if hits:
            self._move_behind(hits[-1])
            self._resize(len(hits))
        return fresh

    def _answer(self) -> tuple[dict[str, Any], int]:
        """The next page's answer, and how many hits were asked for."""
        tries, patience = 0, self._cluster.patience
        while True:
            asked = self._size
            try:
                answer = self._search(asked)
            except TooLarge:
                if asked == 1:
                    where = self._last or "the start"
                    raise BadPayload(f"{self._call.who}: a document after {where} is too large to read") from None
                self._size = max(1, asked // 4)
                continue
            except Lapsed:
                self._start_anew()
                continue
            if lapsed(answer):
                self._start_anew()
                continue
            missing = _missing(answer)
            if not missing or self._tolerant:
                return answer, asked
            tries += 1
            failed = FailedTry(Unavailable(f"{self._call.who}: {missing[0]}"), again=True)
            if tries >= patience.tries or patience.pause(failed, tries) is None:
                self._tolerant = True
                return answer, asked

    def _search(self, size: int) -> dict[str, Any]:
        if not self._pit:
            self._pit = self._cluster.open_pit(self._index, self._call, keep_alive=self._keep_alive)
        pit = {"id": self._pit, "keep_alive": self._keep_alive}
        query, sort = self._wanted.query(self._start or None), self._wanted.sort
        answer = self._cluster.ask(
            self._call,
            lambda es: es.search(
                pit=pit, query=query, sort=sort, size=size, search_after=self._after, source=self._source,
                track_total_hits=False,
            ),
        )  # fmt: skip
        self._tally.bytes += self._cluster.meter.bytes
        renamed = answer.get("pit_id")
        if isinstance(renamed, str) and renamed != self._pit:
            self._cluster.renamed_pit(self._pit, renamed)
            self._pit = renamed
        return answer

    def _start_anew(self) -> None:
        self._lapses += 1
        if self._lapses > MAX_LAPSES:
            raise Unavailable(
                f"{self._call.who}: {self._call.what}: the point in time lapsed {self._lapses} times in a row: set a "
                "longer keep_alive"
            )
        self._cluster.close_pit(self._pit)
        self._pit, self._after, self._start = "", None, self._last

    def _hits(self, answer: Mapping[str, Any]) -> list[Hit]:
        outer: Any = answer.get("hits")
        hits: Any = cast("dict[str, Any]", outer).get("hits") if isinstance(outer, dict) else None
        width = len(self._wanted.sort)
        if not isinstance(hits, list) or not all(_is_sorted(hit, width) for hit in cast("list[Any]", hits)):
            raise BadPayload(f"{self._call.who}: {self._call.what}: a page without its list of sorted hits")
        return cast("list[Hit]", hits)

    def _is_new(self, hit: Hit) -> bool:
        key, at = (hit.get("_index"), hit.get("_id")), sort_time(hit)
        if at != self._last:
            self._last, self._at_last = at, {key}
            return True
        if key in self._at_last:
            return False
        self._at_last.add(key)
        return True

    def _move_behind(self, hit: Hit) -> None:
        if hit["sort"] == self._after:
            raise BadPayload(f"{self._call.who}: {self._call.what}: the pages run in a circle")
        self._after = hit["sort"]

    def _resize(self, hits: int) -> None:
        """As many hits as TARGET_BYTES hold, grown slowly: documents later on may be larger."""
        fitting = TARGET_BYTES * hits // max(1, self._cluster.meter.bytes)
        self._size = max(1, min(self._most, fitting, 4 * self._size))


def _is_sorted(hit: Any, width: int) -> bool:  # noqa: ANN401 - the JSON edge
    if not isinstance(hit, dict):
        return False
    sort: Any = cast("dict[str, Any]", hit).get("sort")
    return isinstance(sort, list) and len(cast("list[Any]", sort)) == width and sort_time(cast("Hit", hit)) != ""


def _missing(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """What an answer lacks although its status is 200: shards, clusters, or what time did not suffice for."""
    shards, clusters = _object(answer, "_shards"), _object(answer, "_clusters")
    said: list[str] = []
    if failed := _count(shards, "failed"):
        failures: Any = shards.get("failures")
        first = cast("list[Any]", failures)[0] if isinstance(failures, list) and failures else None
        failure = cast("dict[str, Any]", first) if isinstance(first, dict) else {}
        where, why = failure.get("index"), reason({"error": failure.get("reason")})
        told = one_line(" ".join(filter(None, (f"in {where}" if where else "", f"({why})" if why else ""))))
        said.append(f"{failed} of {_count(shards, 'total')} shards failed {told}".strip())
    if answer.get("timed_out") is True:
        said.append("the search ran out of the time that the cluster gives it")
    if lost := sum(_count(clusters, how) for how in ("skipped", "partial", "failed")):
        said.append(f"{lost} of {_count(clusters, 'total')} clusters did not answer whole")
    return tuple(said)


def _object(answer: Mapping[str, Any], key: str) -> dict[str, Any]:
    found: Any = answer.get(key)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _count(counts: Mapping[str, Any], key: str) -> int:
    found = counts.get(key)
    return found if isinstance(found, int) else 0
