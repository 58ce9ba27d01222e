"""What one configured source holds becomes rows; what of it could not be read is said, not passed over."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_pipeline.flow.ingest import ingest
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.settings import load_settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHOLE = "2026-03-01T10:00:00Z INFO up\n2026-03-01T10:05:00Z ERROR no room\n"


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.log").write_text(WHOLE)
    (logs / "b.log.gz").write_bytes(gzip.compress(("".join(f"{WHOLE}{n}\n" for n in range(999))).encode())[:-9])
    (logs / "c.log").write_bytes(bytes(range(256)) * 40)
    (logs / "d.log").write_text("2026-03-01T10:00:00 a\n2099-01-01T00:00:00 b\n2026-03-01T09:00:00 c\n")
    config = tmp_path / "config"
    config.mkdir()
    (config / "sources.yaml").write_text(f"log_sources: [{{type: files, name: web, config: {{path: '{logs}/*'}}}}]\n")
    return open_workspace(load_settings(config), clock=lambda: NOW)


def test_files_that_are_broken_are_named_and_the_others_read(ws: Workspace) -> None:
    done = ingest(ws, "web", kind="logs", days=1, progress=quiet)
    assert done.counts["logs"] == 3
    assert [(Path(s.what).name, s.status) for s in done.unread] == [("b.log.gz", "truncated"), ("c.log", "failed")]
    assert "c.log: " in str(done.metadata()["not read whole"])
    stored = ws.warehouse.query("SELECT what, status FROM source_status WHERE incident = '' ORDER BY what").rows
    assert [(Path(what).name, status) for what, status in stored] == [("b.log.gz", "truncated"), ("c.log", "failed")]


def test_the_same_stretch_again_doubles_nothing(ws: Workspace) -> None:
    counts = [ingest(ws, "web", kind="logs", days=1, progress=quiet).counts for _ in range(2)]
    assert counts[0] == counts[1]
    assert ws.warehouse.query("SELECT count(*) FROM log_entries").rows == ((counts[0]["entries"],),)


def test_times_that_cannot_be_trusted_are_said_and_keep_their_order(ws: Workspace) -> None:
    ingest(ws, "web", kind="logs", days=1, progress=quiet)
    ((detail,),) = ws.warehouse.query("SELECT detail FROM logs WHERE name LIKE '%d.log'").rows
    assert detail == (
        "times without a zone were read as UTC; 1 entries carry a time in the future; 1 times go back (order was kept)"
    )
    rows = ws.warehouse.query("SELECT right(raw, 1) FROM log_entries JOIN logs USING (log_id) WHERE name LIKE '%d.log'")
    assert [row[0] for row in rows.rows] == ["a", "b", "c"]


def test_a_window_of_log_files_says_which_of_them_could_not_be_read(ws: Workspace) -> None:
    day = Request(logs="files", repo="web", since=NOW.replace(hour=0), until=NOW)
    (stored,) = investigate(ws, day)
    told = {Path(s.what).name: s.status for s in stored.report.sources if s.kind == "logs"}
    assert told == {"a.log": "read", "b.log.gz": "truncated", "d.log": "read", "c.log": "failed"}
