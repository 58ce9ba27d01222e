"""kill -9 at any moment, then run again: the same rows, none twice. And several processes at once."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write

INGEST = """
import sys
from pathlib import Path
from incident_pipeline.warehouse.commits import save_commits
from incident_pipeline.warehouse.incidents import save_incident
from incident_pipeline.warehouse.logs import LogFacts, save_log, stage_log
from incident_pipeline.warehouse.store import Warehouse
from tests.warehouse.samples import INCIDENT, LOGS, REPO, STATUSES, WINDOW, commit, log_frame
warehouse = Warehouse(Path(sys.argv[1]))
print("start", flush=True)
for log_id in (11, 12):
    frames = (log_frame(20_000, start=n * 20_000 + 1) for n in range(3))
    save_log(warehouse, LogFacts(log_id, "s", REPO, "n", "read", lines=60_000), stage_log(warehouse, log_id, frames))
save_commits(warehouse, REPO, (commit(n) for n in range(1, 200)))
save_incident(warehouse, INCIDENT, window=WINDOW, logs=LOGS, statuses=STATUSES)
print("done", flush=True)
"""
COUNTS = """
SELECT (SELECT count(*) FROM log_entries), (SELECT count(DISTINCT (log_id, line)) FROM log_entries),
       (SELECT count(*) FROM logs), (SELECT count(*) FROM commits), (SELECT count(DISTINCT hash) FROM commits),
       (SELECT count(*) FROM commit_files), (SELECT count(*) FROM incidents), (SELECT count(*) FROM incident_commits),
       (SELECT count(*) FROM ci_runs), (SELECT count(*) FROM ci_jobs)
"""
WHOLE = (120_000, 120_000, 2, 199, 199, 597, 1, 3, 2, 2)


def start(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", INGEST, str(folder)], stdout=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> str:
    out, _ = process.communicate(timeout=60)
    return out


def test_killed_at_any_moment_and_run_again_leaves_the_same_rows(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "t")
    chance = random.Random(7)
    killed = 0
    for _ in range(4):
        process = start(warehouse.folder)
        assert process.stdout is not None
        process.stdout.readline()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=chance.uniform(0.01, 0.5))
        os.kill(process.pid, signal.SIGKILL)
        killed += "done" not in finish(process)
        row = warehouse.query(COUNTS).rows[0]
        assert row[0] == row[1]
        assert row[0] % 60_000 == 0  # a log is there as a whole or not at all
        assert row[3] == row[4]
        assert row[5] in {0, 597}
        assert row[6:] in {(0, 0, 0, 0), (1, 3, 2, 2)}
    assert killed >= 2
    assert "done" in finish(start(warehouse.folder))
    assert warehouse.query(COUNTS).rows == (WHOLE,)
    assert "done" in finish(start(warehouse.folder))
    assert warehouse.query(COUNTS).rows == (WHOLE,)
    warehouse.check()


DIE = """
import os, signal, sys
from pathlib import Path
import polars as pl
from incident_pipeline.warehouse import publish, segments
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write, put
from tests.warehouse.samples import log_frame
warehouse, where = Warehouse(Path(sys.argv[1])), sys.argv[2]
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
rows = pl.DataFrame([{"repo": "a", "kind": "branch", "name": "x", "hash": "new"}])
if where == "bulk":
    def frames():
        yield log_frame(300_000).with_columns(log_id=pl.lit(1))
        die()
    warehouse.stage("log_entries", "1", frames())
if where == "staged":
    warehouse.stage("log_entries", "1", [log_frame(5).with_columns(log_id=pl.lit(1))])
    die()
if where == "transaction":
    with warehouse.writing() as connection:
        put(connection, Write("refs", {"repo": "a"}, rows))
        die()
if where == "copying":
    publish.shutil.copyfile = die
if where == "committed":
    publish.publish = die
warehouse.replace([Write("refs", {"repo": "a"}, rows)])
"""


@pytest.mark.parametrize(
    ("where", "expected"),
    [("bulk", "old"), ("staged", "old"), ("transaction", "old"), ("copying", "new"), ("committed", "new")],
)
def test_killed_at_each_point_leaves_the_old_or_the_new_state(tmp_path: Path, where: str, expected: str) -> None:
    warehouse = Warehouse(tmp_path / "t", wait_seconds=2)
    old = pl.DataFrame([{"repo": "a", "kind": "branch", "name": "x", "hash": "old"}])
    warehouse.replace([Write("refs", {"repo": "a"}, old)])
    done = subprocess.run([sys.executable, "-c", DIE, str(warehouse.folder), where], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert warehouse.query("SELECT hash FROM refs").rows == ((expected,),)
    assert warehouse.query("SELECT count(*) FROM log_entries").rows == ((0,),)
    warehouse.replace([Write("refs", {"repo": "a"}, old)])
    assert warehouse.query("SELECT hash FROM refs").rows == (("old",),)


def test_two_processes_write_while_a_third_reads(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "t")
    warehouse.read("counts")
    writers = [start(warehouse.folder), start(warehouse.folder)]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        row = warehouse.query(COUNTS).rows[0]
        reads += 1
        assert row[0] == row[1]
        assert row[0] % 60_000 == 0
        assert row[5] in {0, 597}
    assert all("done" in finish(writer) for writer in writers)
    assert warehouse.query(COUNTS).rows == (WHOLE,)
    assert reads >= 2
