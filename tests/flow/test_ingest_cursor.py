"""An ingest goes on where the last one stopped, looks back for what comes late, and doubles nothing."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incident_pipeline.errors import Unavailable
from incident_pipeline.flow.ingest import Ingested, ingest
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.model.logs import LogEntry, SourceCheck
from incident_pipeline.settings import load_settings
from incident_pipeline.sources import registry
from incident_pipeline.sources.base import LogSource
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeRepo, FakeRun

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Shop(LogSource):
    """Entries by their time; `asked` is each window that was read; reading the window that starts at `broken` fails."""

    name: str = "shop"
    entries: list[datetime] = field(default_factory=list[datetime])
    asked: list[tuple[datetime, datetime]] = field(default_factory=list[tuple[datetime, datetime]])
    broken: datetime | None = None

    def get_logs(self, service: str, since: datetime, until: datetime, level: str | None = None) -> Iterator[LogEntry]:
        self.asked.append((since, until))
        for at in sorted(self.entries):
            if since <= at < until:
                yield LogEntry(at, "info", f"at {at:%H:%M}")
        if since == self.broken:
            raise Unavailable("shop: gone")

    def check(self) -> SourceCheck:
        return SourceCheck(self.name, "logs", "shop", works=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop()
    monkeypatch.setattr(registry, "open_logs", lambda entry, settings: shop)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    return shop


@pytest.fixture
def ws(tmp_path: Path, clock: Clock) -> Workspace:
    return _workspace(tmp_path, clock, "{type: files, name: shop, config: {path: x}}")


def _workspace(tmp_path: Path, clock: Clock, entry: str) -> Workspace:
    (tmp_path / "sources.yaml").write_text(f"log_sources: [{entry}]\n")
    return open_workspace(load_settings(tmp_path / "sources.yaml"), clock=clock)


def _read(ws: Workspace, *, days: float = 0.125) -> Ingested:
    return ingest(ws, "shop", kind="logs", days=days, progress=quiet)


def _stored(ws: Workspace) -> list[str]:
    return [row[0] for row in ws.warehouse.query("SELECT raw FROM log_entries ORDER BY timestamp").rows]


def test_the_second_ingest_reads_the_open_hour_and_finds_late_records(ws: Workspace, shop: Shop, clock: Clock) -> None:
    shop.entries = [NOON - 170 * MINUTE, NOON - 5 * MINUTE]
    _read(ws)
    assert [start for start, _ in shop.asked] == [NOON - n * HOUR for n in (3, 2, 1)]
    shop.asked.clear()
    clock.now += 7 * MINUTE
    shop.entries += [NOON - 4 * MINUTE, NOON + MINUTE]
    _read(ws)
    assert [start for start, _ in shop.asked] == [NOON - HOUR, NOON]
    assert _stored(ws) == ["at 09:10", "at 11:55", "at 11:56", "at 12:01"]
    shop.asked.clear()
    clock.now += 30 * MINUTE
    _read(ws)
    assert [start for start, _ in shop.asked] == [NOON - HOUR, NOON]
    clock.now += 30 * MINUTE
    shop.asked.clear()
    _read(ws)
    assert shop.asked[0][0] == NOON


def test_an_ingest_that_breaks_off_goes_on_where_it_was(ws: Workspace, shop: Shop, clock: Clock) -> None:
    shop.entries = [NOON - 170 * MINUTE, NOON - 110 * MINUTE, NOON - 50 * MINUTE]
    shop.broken = NOON - HOUR
    with pytest.raises(Unavailable):
        _read(ws)
    assert _stored(ws) == ["at 09:10", "at 10:10"]
    shop.broken = None
    shop.asked.clear()
    clock.now += MINUTE
    _read(ws)
    assert [start for start, _ in shop.asked] == [NOON - 2 * HOUR, NOON - HOUR, NOON]
    assert _stored(ws) == ["at 09:10", "at 10:10", "at 11:10"]


def test_a_longer_reach_than_before_is_read_whole_and_an_outage_is_caught_up(
    ws: Workspace, shop: Shop, clock: Clock
) -> None:
    _read(ws, days=1 / 24)
    shop.asked.clear()
    _read(ws, days=0.25)
    assert shop.asked[0][0] == NOON - 6 * HOUR
    shop.asked.clear()
    clock.now += timedelta(days=3)
    _read(ws, days=1 / 24)
    assert shop.asked[0][0] == NOON - HOUR
    assert len(shop.asked) == 73


@contextmanager
def _github(tmp_path: Path, clock: Clock, runs: list[FakeRun]) -> Generator[tuple[FakeGitHub, Workspace]]:
    with FakeGitHub({"acme/shop": FakeRepo(tmp_path, runs)}) as fake:
        config = f"{{owner: acme, repo: shop, base_url: '{fake.url}'}}"
        yield fake, _workspace(tmp_path, clock, f"{{type: github_actions, name: shop, config: {config}}}")


def _run(number: int, hour: int, *, conclusion: str | None = "success") -> FakeRun:
    return FakeRun(number, "a" * 40, conclusion=conclusion, created_at=f"2026-03-01T{hour:02}:00:00Z")


def test_a_tick_that_finds_nothing_new_asks_the_same_question(tmp_path: Path, clock: Clock) -> None:
    with _github(tmp_path, clock, [_run(1, 9), _run(2, 10, conclusion="failure")]) as (fake, ws):
        done = _read(ws, days=3)
        assert (done.counts["runs"], len(done.incidents)) == (2, 1)
        asked: list[str] = []
        for _ in range(3):
            clock.now += 5 * MINUTE
            start = len(fake.requests)
            _read(ws, days=3)
            asked += [request.url for request in fake.requests[start:]]
        assert len(asked) == 3
        assert len(set(asked)) == 1


def test_a_run_that_has_not_ended_is_read_until_it_has(tmp_path: Path, clock: Clock) -> None:
    running = _run(1, 3, conclusion=None)
    with _github(tmp_path, clock, [running, _run(2, 11)]) as (_, ws):
        assert _read(ws).incidents == ()
        clock.now += 6 * HOUR
        running.conclusion = "failure"
        assert [key.rpartition("-")[2] for key in _read(ws).incidents] == ["1"]
        rows = ws.warehouse.query("SELECT run_id, conclusion FROM ci_runs ORDER BY run_id").rows
        assert rows == (("1", "failure"), ("2", "success"))
