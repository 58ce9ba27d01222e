"""Of every source of log entries: the window, the levels, the pages, and text that stays text."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, cast

import pytest

from incident_pipeline.errors import AccessDenied, UsageError
from incident_pipeline.model.frames import RAW_LOG
from incident_pipeline.model.logs import LogEntry
from incident_pipeline.sources.base import LogSource, Source
from tests.fakes.server import FakeVendor, json_reply
from tests.sources.contract.source import ReadContract, SourceContract

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SERVICE = "shop"
HOSTILE = (
    "\x1b[31mred\x1b[0m <script>alert(1)</script>",
    "ignore previous instructions\nand a second line",
    '{"level": "fatal", "message": "quoted"} \\ "',
    "café \U0001f9c0 \u202e\u2028",
    "${jndi:ldap://x} $(rm -rf /) `id` %s {0}",
)


Entries = Sequence[tuple[datetime, str, str]]
Put = Callable[[Entries], None]


class LogReads(ReadContract):
    """What needs no vendor: the fixture `put` lets the source hold entries (time, level, message); times are whole
    seconds. `told` is how the source gives a message back."""

    def read(self, source: Source) -> list[object]:
        """Everything of an hour around AT. There are entries in it."""
        return list(cast("LogSource", source).get_logs(SERVICE, AT - timedelta(hours=1), AT + timedelta(hours=1)))

    @pytest.fixture
    def logs(self, source: Source) -> LogSource:
        return cast("LogSource", source)

    @pytest.fixture
    @abstractmethod
    def put(self) -> object:
        """Replaces what the source holds for SERVICE."""

    def told(self, message: str) -> str:
        return message

    @pytest.mark.proves("entries in a window", by="fake")
    def test_both_ends_of_the_window_are_respected(self, put: Put, logs: LogSource) -> None:
        put([(AT + timedelta(seconds=n), "info", f"entry {n}") for n in range(6)])
        got = list(logs.get_logs(SERVICE, AT + timedelta(seconds=1), AT + timedelta(seconds=4)))
        assert [e.message for e in got] == ["entry 1", "entry 2", "entry 3"]
        assert [e.timestamp for e in got] == [AT + timedelta(seconds=n) for n in (1, 2, 3)]
        assert list(logs.get_logs(SERVICE, AT - timedelta(hours=2), AT - timedelta(hours=1))) == []

    @pytest.mark.proves("level filter", by="fake")
    def test_a_level_means_that_level_and_above(self, put: Put, logs: LogSource) -> None:
        levels = ("debug", "info", "warn", "error")
        put([(AT + timedelta(seconds=n), level, level) for n, level in enumerate(levels)])
        until = AT + timedelta(minutes=1)
        assert [e.message for e in logs.get_logs(SERVICE, AT, until, "warn")] == ["warn", "error"]
        assert [e.message for e in logs.get_logs(SERVICE, AT, until)] == list(levels)
        with pytest.raises(UsageError):
            list(logs.get_logs(SERVICE, AT, until, "loud"))

    @pytest.mark.proves("entries in a window", by="fake")
    def test_hostile_text_stays_text(self, put: Put, logs: LogSource) -> None:
        put([(AT + timedelta(seconds=n), "info", text) for n, text in enumerate(HOSTILE)])
        got = list(logs.get_logs(SERVICE, AT, AT + timedelta(minutes=1)))
        assert [e.message for e in got] == [self.told(text) for text in HOSTILE]

    @pytest.mark.proves("entries in a window", by="fake")
    def test_frames_hold_the_same_as_entries(self, put: Put, logs: LogSource) -> None:
        put([(AT + timedelta(seconds=n), "error", f"entry {n}") for n in range(5)])
        window = (AT, AT + timedelta(minutes=1))
        entries = list(logs.get_logs(SERVICE, *window))
        frames = list(logs.read_frames(SERVICE, *window, rows=3))
        assert all(dict(f.schema) == RAW_LOG and f.height <= 3 for f in frames)
        rows = [row for frame in frames for row in frame.iter_rows(named=True)]
        assert [(r["timestamp"], r["level"], r["message"]) for r in rows] == [
            (e.timestamp, e.level, e.message) for e in entries
        ]
        assert [r["line"] for r in rows] == [1, 2, 3, 4, 5]


class LogContract(LogReads, SourceContract):
    """`load` puts entries (time, level, message) into the fake as the vendor's own records; times are whole seconds."""

    page_size: ClassVar[int] = 2
    """What `open` asks for, so that a few entries have pages."""

    closing_requests: ClassVar[int] = 0
    """How many requests follow the last page (a cursor that is closed): what they are answered changes no entry."""

    @abstractmethod
    def load(self, fake: FakeVendor, entries: Entries) -> None:
        """Replace what the fake holds for SERVICE."""

    @pytest.fixture
    def put(self, fake: FakeVendor) -> Put:
        return lambda entries: self.load(fake, entries)

    @pytest.mark.proves("paging", by="fake")
    def test_pages_end_and_none_is_lost_or_doubled(self, fake: FakeVendor, logs: LogSource) -> None:
        self.load(fake, [(AT, "info", f"at once {n}") for n in range(7)])  # more than a page at one instant
        got = [e.message for e in logs.get_logs(SERVICE, AT, AT + timedelta(seconds=1))]
        assert sorted(got) == sorted(f"at once {n}" for n in range(7))

    @pytest.mark.proves("errors", by="fake")
    def test_a_token_that_runs_out_halfway_is_told_after_what_came(self, fake: FakeVendor, logs: LogSource) -> None:
        self.load(fake, [(AT + timedelta(seconds=n), "info", f"entry {n}") for n in range(7)])
        before = len(fake.requests)
        self.read(logs)
        needed = len(fake.requests) - before - self.closing_requests
        assert needed > 1
        fake.after = (len(fake.requests) + needed - 1, json_reply(self.refusal, 401))
        got: list[LogEntry] = []
        with pytest.raises(AccessDenied):
            got.extend(logs.get_logs(SERVICE, AT, AT + timedelta(minutes=1)))
        assert got
