"""The store: windows replaced, published at once, busy, broken, newer, full."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incident_pipeline.errors import Busy, Unavailable, WarehouseError
from incident_pipeline.warehouse import lock, publish, segments, statements
from incident_pipeline.warehouse.logs import stage_log
from incident_pipeline.warehouse.migrate import newest_version
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write
from tests.warehouse.samples import log_frame


def refs(repo: str, names: dict[str, str]) -> Write:
    rows = [{"repo": repo, "kind": "branch", "name": name, "hash": value} for name, value in names.items()]
    return Write("refs", {"repo": repo}, pl.DataFrame(rows) if rows else pl.DataFrame())


def stored(warehouse: Warehouse) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for repo, name, value in warehouse.query("SELECT repo, name, hash FROM refs").rows:
        found.setdefault((repo, name), []).append(value)
    return found


REPOS = st.sampled_from(["a", "b", "it's"])
NAMES = st.lists(st.tuples(st.sampled_from("xyz"), st.text(max_size=3)), max_size=6)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), REPOS, NAMES), max_size=4))
def test_writes_agree_with_a_dict(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, str, list[tuple[str, str]]]]
) -> None:
    warehouse, model = Warehouse(tmp_path_factory.mktemp("w")), dict[tuple[str, str], str]()
    for whole_window, repo, names in steps:
        rows = [{"repo": repo, "kind": "branch", "name": name, "hash": value} for name, value in names]
        frame = pl.DataFrame(rows) if rows else pl.DataFrame()
        warehouse.replace([Write("refs", {"repo": repo} if whole_window else {}, frame)])
        if whole_window:
            model = {key: value for key, value in model.items() if key[0] != repo}
        model |= {(repo, name): value for name, value in names}
    assert stored(warehouse) == {key: [value] for key, value in model.items()}


def test_a_broken_write_takes_the_others_of_its_call_back(warehouse: Warehouse) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    with pytest.raises(ValueError, match="outside the window"):
        warehouse.replace([refs("a", {"x": "2"}), Write("refs", {"repo": "b"}, refs("c", {"x": "1"}).frame)])
    assert stored(warehouse) == {("a", "x"): ["1"]}


@pytest.mark.parametrize(
    "write",
    [
        Write("no_table", {}),
        Write("refs", {"hash": "1"}),
        Write("refs", {}, pl.DataFrame({"repo": ["a"]})),
        Write("refs; DROP TABLE refs", {}),
    ],
)
def test_a_write_outside_the_rules_is_refused(warehouse: Warehouse, write: Write) -> None:
    with pytest.raises(ValueError, match="warehouse"):
        warehouse.replace([write])


def test_a_null_in_the_window_is_a_value(warehouse: Warehouse) -> None:
    frame = pl.DataFrame({"feedback_id": ["1"], "answer": ["right"]})
    for _ in range(2):
        warehouse.replace([Write("feedback", {"feedback_id": "1"}, frame)])
    assert warehouse.query("SELECT count(*) FROM feedback").rows == ((1,),)


def test_bulk_windows_are_replaced_and_kept_apart(warehouse: Warehouse) -> None:
    def frames(log_id: int, lines: int) -> list[pl.DataFrame]:
        return [log_frame(lines).with_columns(log_id=pl.lit(log_id))]

    for window, lines in (("1", 5), ("2", 7), ("1", 3)):
        warehouse.replace((), staged=(warehouse.stage("log_entries", window, frames(int(window), lines)),))
    assert set(warehouse.query("SELECT log_id, count(*) FROM log_entries GROUP BY 1").rows) == {(1, 3), (2, 7)}


def test_frames_that_fail_half_way_leave_nothing(nothing: Warehouse) -> None:
    def broken() -> Iterator[pl.DataFrame]:
        yield log_frame(200_000).with_columns(log_id=pl.lit(1))
        raise OSError(28, "No space left on device")

    with pytest.raises(Unavailable, match="No space left on device: free some room"):
        nothing.stage("log_entries", "1", broken())
    assert list((nothing.segments / "log_entries").iterdir()) == []
    assert nothing.check().startswith(f"warehouse {nothing.folder}: ok, 0 incidents")


def test_a_lock_that_stays_taken_is_busy_and_names_the_holder(warehouse: Warehouse) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    with warehouse.writing():
        impatient = Warehouse(warehouse.folder, wait_seconds=0.2)
        with pytest.raises(Busy, match=f"process {os.getpid()} is writing, waited 0.2 s: try again"):
            impatient.replace([refs("a", {"x": "2"})])
        assert stored(impatient) == {("a", "x"): ["1"]}  # a reader does not wait


def test_threads_of_one_process_take_turns(warehouse: Warehouse) -> None:
    def write(number: int) -> None:
        warehouse.replace([refs(str(number), {"x": "1"})])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored(warehouse)) == 6


def test_a_reader_keeps_its_state_while_others_write(warehouse: Warehouse) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    staged = stage_log(warehouse, 1, [log_frame(5)])
    warehouse.replace((), staged=(staged,))
    with warehouse.snapshot() as connection:
        for n in range(4):
            warehouse.replace([refs("a", {"x": str(n + 2)})], staged=(stage_log(warehouse, 1, [log_frame(9)]),))
        assert connection.execute("SELECT hash FROM refs").fetchall() == [("1",)]
        assert connection.execute("SELECT count(*) FROM log_entries").fetchall() == [(5,)]
    assert stored(warehouse) == {("a", "x"): ["5"]}
    assert len(list(warehouse.published.glob("warehouse-*.duckdb"))) == 2


def test_only_old_files_without_a_row_are_swept(warehouse: Warehouse) -> None:
    for lines in (3, 5):
        warehouse.replace((), staged=(stage_log(warehouse, 1, [log_frame(lines)]),))
    orphan = stage_log(warehouse, 2, [log_frame(1)])
    folder = warehouse.segments / "log_entries"
    assert warehouse.sweep() == 0  # both are younger than an hour
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    assert warehouse.sweep() == 2
    assert not (folder / orphan.file).exists()
    assert warehouse.query("SELECT count(*) FROM log_entries").rows == ((5,),)


def test_superseding_starts_the_hour_anew(warehouse: Warehouse) -> None:
    first = stage_log(warehouse, 1, [log_frame(3)])
    warehouse.replace((), staged=(first,))
    os.utime(warehouse.segments / "log_entries" / first.file, (0, 0))
    warehouse.replace((), staged=(stage_log(warehouse, 1, [log_frame(5)]),))
    assert warehouse.sweep() == 0


def test_a_writer_sweeps_once_a_day(warehouse: Warehouse) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    orphan = stage_log(warehouse, 2, [log_frame(1)])
    path = warehouse.segments / "log_entries" / orphan.file
    os.utime(path, (0, 0))
    warehouse.replace([refs("a", {"x": "2"})])
    assert path.exists()
    os.utime(warehouse.folder / ".swept", (0, 0))
    warehouse.replace([refs("a", {"x": "3"})])
    assert not path.exists()


def test_check_finds_a_missing_segment(warehouse: Warehouse) -> None:
    staged = stage_log(warehouse, 1, [log_frame(3)])
    warehouse.replace((), staged=(staged,))
    assert "1 segments" in warehouse.check()
    (warehouse.segments / "log_entries" / staged.file).unlink()
    with pytest.raises(WarehouseError, match="missing or cut"):
        warehouse.check()


@pytest.mark.parametrize("content", [b"", b"not a database" * 1000, b"\x00" * 20_000])
def test_a_corrupt_file_is_one_line_and_readers_go_on(warehouse: Warehouse, content: bytes) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    if not content:
        content = warehouse.path.read_bytes()[:5000]
    warehouse.path.write_bytes(content)
    with pytest.raises(WarehouseError, match=r"cannot be used \(.*\): move it aside \(mv .*\.broken\)") as caught:
        warehouse.replace([refs("a", {"x": "2"})])
    assert "\n" not in str(caught.value)
    assert stored(warehouse) == {("a", "x"): ["1"]}
    warehouse.path.rename(warehouse.path.with_suffix(".broken"))
    warehouse.replace([refs("b", {"x": "2"})])
    assert stored(warehouse) == {("b", "x"): ["2"]}


def test_a_broken_copy_is_made_anew(warehouse: Warehouse) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    copy = publish.current(warehouse.published)
    assert copy is not None
    copy.write_bytes(b"torn")
    assert stored(warehouse) == {("a", "x"): ["1"]}


def test_a_newer_file_is_refused_by_writer_and_reader(warehouse: Warehouse) -> None:
    newer = newest_version() + 1
    with warehouse.writing() as connection:
        connection.execute("INSERT INTO schema_version (version, name) VALUES (?, 'later')", [newer])
    expected = f"schema {newer} is newer than this program's {newest_version()}: upgrade incident-responder"
    with pytest.raises(WarehouseError, match=expected):
        warehouse.replace([refs("a", {"x": "1"})])
    with pytest.raises(WarehouseError, match=expected):
        warehouse.read("counts")


def test_an_older_file_is_migrated_and_an_older_copy_still_read(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    steps = statements.migrations()
    later = (*steps, (steps[-1][0] + 1, "999_more", "CREATE TABLE more (x INTEGER)"))
    monkeypatch.setattr(statements, "migrations", lambda: later)
    with lock.exclusive(warehouse.folder / ".warehouse.lock", wait_seconds=0):  # a long writer: nobody can migrate now
        assert stored(warehouse) == {("a", "x"): ["1"]}
    assert warehouse.query("SELECT count(*) FROM more").rows == ((0,),)
    assert stored(warehouse) == {("a", "x"): ["1"]}


def test_a_migration_that_fails_changes_nothing(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    steps = statements.migrations()
    bad = (*steps, (steps[-1][0] + 1, "999_bad", "CREATE TABLE half (x INTEGER); SELECT nonsense;"))
    monkeypatch.setattr(statements, "migrations", lambda: bad)
    with pytest.raises(WarehouseError):
        warehouse.replace([refs("a", {"x": "2"})])
    monkeypatch.undo()
    assert warehouse.query("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'half'").rows == ((0,),)
    assert stored(warehouse) == {("a", "x"): ["1"]}


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unavailable, match="choose another home folder"):
        Warehouse(tmp_path / "file" / "tenant").read("counts")


FULL = """
import resource, signal, sys
from pathlib import Path
import polars as pl
from incident_pipeline.errors import Unavailable
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
warehouse = Warehouse(Path(sys.argv[1]))
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
n = pl.int_range(300_000, eager=True)
name, hash = n.hash(1).cast(pl.String), n.hash(2).cast(pl.String)
rows = pl.select(repo=pl.lit("a"), kind=pl.lit("branch"), name=name, hash=hash)
try:
    warehouse.replace([Write("refs", {"repo": "a"}, rows)])
except Unavailable as error:
    print("refused:", error)
"""


@pytest.mark.parametrize("room", [10_000, 2_000_000, 5_000_000])
def test_a_full_disk_is_one_line_and_the_old_rows_stay(warehouse: Warehouse, room: int) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    size = warehouse.path.stat().st_size
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(warehouse.folder), str(size + room)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("refused: warehouse"), done.stderr[-2000:]
    assert done.stdout.count("\n") == 1
    assert len(stored(warehouse)) in {1, 300_000}
    warehouse.replace([refs("a", {"y": "2"})])
    assert stored(warehouse) == {("a", "y"): ["2"]}


def test_the_first_reader_of_all_finds_an_empty_one(nothing: Warehouse) -> None:
    assert nothing.read("segment_list").is_empty()
    assert nothing.check().endswith("0 segments (0.0 MB)")


def test_the_live_file_is_never_left_locked(warehouse: Warehouse) -> None:
    warehouse.replace([refs("a", {"x": "1"})])
    warehouse.query("SELECT 1")
    # A configuration of its own, so that it is opened anew.
    with duckdb.connect(str(warehouse.path), config={"threads": 1}) as connection:
        assert connection.execute("SELECT count(*) FROM refs").fetchall() == [(1,)]


def test_segments_have_the_declared_columns(tmp_path: Path) -> None:
    segments.ensure_empty(tmp_path)
    for table in ("log_entries", "commit_files", "documents"):
        assert pl.read_parquet(tmp_path / table / segments.EMPTY).schema == segments.schema(table)


def test_a_new_folder_is_its_users_own(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "tenant"
    Warehouse(folder).replace([refs("a", {"x": "1"})])
    assert folder.stat().st_mode & 0o077 == 0
