"""Cost of the warehouse: `python benchmarks/warehouse.py [--seconds 60] [--log FILE] [--incidents 10000]`.

Prints one line a figure. The concurrent part runs two writers and one reader as processes of their own.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from incident_pipeline.model.frames import LOG
from incident_pipeline.warehouse import publish
from incident_pipeline.warehouse.logs import LogFacts, load_log, save_log, stage_log
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write

TIME = "%Y-%m-%dT%H:%M:%S%.f"
T0 = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = (
    "PASSED",
    "collecting",
    "Downloading",
    "tests/test_cart.py::test_total",
    "warning:",
    "node_modules",
    "ok",
    "in",
)


def main() -> None:
    """Run all parts, or be one process of the concurrent part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--log", type=Path, help="a raw CI log to measure on (default: a generated one of 100 MB)")
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--role", choices=["writer", "reader"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.role == "writer":
        return write_until(asked.folder, asked.seconds, number=asked.number)
    if asked.role == "reader":
        return read_until(asked.folder, asked.seconds)
    folder = Path(tempfile.mkdtemp(prefix="warehouse-bench-"))
    try:
        log_size(Warehouse(folder / "log"), asked.log)
        short_verbs(Warehouse(folder / "short"), "empty warehouse")
        big_replace(Warehouse(folder / "big"))
        many_incidents(Warehouse(folder / "many"), asked.incidents)
        concurrent(folder / "busy", asked.seconds)
    finally:
        shutil.rmtree(folder)


def log_size(warehouse: Warehouse, path: Path | None) -> None:
    """Raw text to a segment, and back."""
    text = path.read_bytes() if path else "".join(log_lines(100_000_000)).encode()
    began, cpu = time.perf_counter(), time.process_time()
    frames = list(log_frames(text))
    parse = time.perf_counter() - began
    began, cpu = time.perf_counter(), time.process_time()
    result = save_log(warehouse, LogFacts(1, "bench", "x", "n", "read"), stage_log(warehouse, 1, frames))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    show("log", f"{len(text) / 1e6:.0f} MB, {result.rows} lines, stored {result.bytes / len(text):.3f} x raw")
    show("log write", f"{wall:.2f} s wall, {cpu:.2f} s CPU ({result.rows / wall:,.0f} lines/s; framing {parse:.2f} s)")
    began = time.perf_counter()
    load_log(warehouse, 1)
    show("log load", f"{time.perf_counter() - began:.2f} s")


def short_verbs(warehouse: Warehouse, title: str) -> None:
    """Open, write three rows, commit, checkpoint, close, publish; and a read."""
    frame = pl.DataFrame([{"repo": "a", "kind": "branch", "name": str(n), "hash": "x"} for n in range(3)])
    warehouse.read("counts")
    show(
        f"write, {title}",
        spread([timed(lambda: warehouse.replace([Write("refs", {"repo": "a"}, frame)])) for _ in range(15)]),
    )
    show(f"read, {title}", spread([timed(lambda: warehouse.read("counts")) for _ in range(15)]))
    show(f"query, {title}", spread([timed(lambda: warehouse.query("SELECT count(*) FROM refs")) for _ in range(15)]))


def big_replace(warehouse: Warehouse) -> None:
    """A window of 2,000 rows among 2,000,000 of a small table; and 2,000,000 rows at once."""
    n = pl.int_range(2_000_000, eager=True)
    name = (n % 2000).cast(pl.String)
    frame = pl.select(repo=(n // 2000).cast(pl.String), kind=pl.lit("branch"), name=name, hash=n.hash().cast(pl.String))
    show("insert 2,000,000 rows", f"{timed(lambda: warehouse.replace([Write('refs', {}, frame)])):.2f} s")
    part = frame.filter(pl.col("repo") == "500")
    window = Write("refs", {"repo": "500"}, part)
    show("replace 2,000 of 2,000,000", spread([timed(lambda: warehouse.replace([window])) for _ in range(7)]))
    show("  of it publishing", f"{copy_time(warehouse)} ({warehouse.path.stat().st_size / 1e6:.0f} MB)")


def many_incidents(warehouse: Warehouse, count: int) -> None:
    """Small tables and a catalogue as `count` incidents leave them, then one more among them."""
    frames = incident_frames(count)
    took = timed(lambda: warehouse.replace([Write(table, {}, frame) for table, frame in frames.items()]))
    show(f"{count:,} incidents at once", f"{took:.1f} s")
    size = warehouse.path.stat().st_size / 1e6
    show(f"{count:,} incidents", f"{size:.0f} MB, published copy {copy_time(warehouse)}")
    short_verbs(warehouse, f"{count:,} incidents")
    writes = [Write(table, {}, frame.head(20)) for table, frame in frames.items()]
    show("save one incident among them", spread([timed(lambda: warehouse.replace(writes)) for _ in range(9)]))
    listing = [timed(lambda: warehouse.read("incident_list", limit=50, repo=None)) for _ in range(9)]
    show("list the newest 50", spread(listing))


def incident_frames(count: int) -> dict[str, pl.DataFrame]:
    """20 jobs of 10 steps, 30 commits, 5 findings, 10 suspects and 5 segments each."""
    chance = random.Random(1)
    key = [f"shop-{n}" for n in range(count)]
    sha = [f"{chance.getrandbits(160):040x}" for _ in range(count * 30)]
    text = [" ".join(chance.choices(WORDS, k=12)) + f" {chance.random()}" for _ in range(count * 30)]
    when = [T0 + timedelta(minutes=n) for n in range(count)]
    one = pl.DataFrame({"incident": key, "run_id": key, "at": when, "text": text[:count], "sha": sha[:count]})
    many = pl.DataFrame({"hash": sha, "text": text, "incident": [k for k in key for _ in range(30)]}).with_columns(
        position=pl.int_range(pl.len()) % 30, repo=pl.lit("acme/shop"), report_id=pl.lit("r")
    )
    run = {"source": pl.lit("github"), "repo": pl.lit("acme/shop"), "attempt": pl.lit(1)}
    step = [{"number": n, "name": f"Step {n}", "conclusion": "success", "started_at": T0} for n in range(10)]
    jobs = pl.DataFrame({"run_id": [k for k in key for _ in range(20)]}).with_columns(
        **run,
        job_id=pl.int_range(pl.len()).cast(pl.String),
        name=pl.lit("job"),
        steps=pl.lit(pl.Series([step])).first(),
    )
    return {
        "incidents": one.select("incident", "run_id", **run, title="text", occurred_at="at"),
        "ci_runs": one.select("run_id", **run, head_sha="sha", url="text", created_at="at"),
        "ci_jobs": jobs,
        "commits": many.select("repo", "hash", author="text", message="text", date=pl.lit(T0)),
        "incident_commits": many.select("incident", "position", "repo", "hash"),
        "findings": many.filter(pl.col("position") < 5).select("incident", "position", "report_id", "text"),
        "suspects": many.filter(pl.col("position") < 10).select("incident", "position", "report_id", "hash"),
        "reports": one.select("incident", report_id=pl.lit("r"), current=True, created_at="at", summary="text"),
        "segments": many.filter(pl.col("position") < 5).select(
            table_name=pl.lit("documents"), window_key="hash", segment=1, file="hash", bytes=1
        ),
    }


def concurrent(folder: Path, seconds: float) -> None:
    """Two processes write logs and refs, a third reads; afterwards the rows are counted."""
    Warehouse(folder).read("counts")
    base = [sys.executable, __file__, "--folder", str(folder), "--seconds", str(seconds)]
    jobs = [[*base, "--role", "writer", "--number", str(n)] for n in (1, 2)] + [[*base, "--role", "reader"]]
    running = [subprocess.Popen(job, stdout=subprocess.PIPE, text=True) for job in jobs]
    first, second, reader = [json.loads(process.communicate()[0]) for process in running]
    warehouse = Warehouse(folder)
    rows = warehouse.query("SELECT count(*), count(DISTINCT (log_id, line)) FROM log_entries").rows[0]
    wanted = first["rows"] + second["rows"]
    show(f"two writers, {seconds:g} s", f"{first['writes']} + {second['writes']} writes, {wanted:,} rows written")
    show(
        "rows in the warehouse",
        f"{rows[0]:,}, distinct {rows[1]:,}: {'all, none twice' if rows == (wanted, wanted) else 'WRONG'}",
    )
    show("write", ", ".join(f"p50 {w['p50']:.0f} p95 {w['p95']:.0f} max {w['max']:.0f} ms" for w in (first, second)))
    show("read", f"{reader['reads']} reads, p50 {reader['p50']:.0f} p95 {reader['p95']:.0f} max {reader['max']:.0f} ms")
    show("staleness", f"at most {reader['stale']:.0f} ms between the end of a write and a read that lacks it")
    if rows != (wanted, wanted) or reader["wrong"]:
        raise SystemExit(f"wrong rows: {rows} for {wanted}; reads that saw a half: {reader['wrong']}")


def write_until(folder: Path, seconds: float, *, number: int) -> None:
    """A log of 5,000 lines again and again under 20 ids, each with the time it was finished."""
    warehouse, times, done = Warehouse(folder), list[float](), set[int]()
    frame = next(log_frames("".join(log_lines(1_000_000)).encode())).head(5_000)
    end = time.time() + seconds
    while time.time() < end:
        log_id = number * 100 + len(times) % 20
        facts = LogFacts(log_id, "bench", "x", f"writer {number}", "read", lines=len(times) + 1)
        times.append(timed(lambda facts=facts: save_log(warehouse, facts, stage_log(warehouse, facts.log_id, [frame]))))
        done.add(log_id)
        (folder / f"done-{number}").write_text(f"{len(times)} {time.time()}")
    print(json.dumps({"writes": len(times), "rows": 5_000 * len(done), **figures(times)}))


def read_until(folder: Path, seconds: float) -> None:
    """The gate's SQL and a named query in turn; a log that is there in part is wrong."""
    warehouse, times, wrong, stale = Warehouse(folder), list[float](), 0, 0.0
    end = time.time() + seconds
    while time.time() < end:
        finished = [mark for number in (1, 2) if (mark := last_done(folder, number))]
        began = time.time()
        sql = "SELECT name, max(lines) FROM logs GROUP BY name"
        seen = dict(warehouse.query(sql).rows)
        times.append(time.time() - began)
        for number, writes, at in finished:
            if seen.get(f"writer {number}", 0) < writes:
                stale = max(stale, began - at)
        parts = warehouse.query("SELECT count(*) FROM log_entries GROUP BY log_id").rows
        wrong += sum(row[0] != 5_000 for row in parts)
    print(json.dumps({"reads": len(times), "wrong": wrong, "stale": stale * 1000, **figures(times)}))


def last_done(folder: Path, number: int) -> tuple[int, int, float] | None:
    """(writer, writes, when the last one ended)."""
    try:
        writes, at = (folder / f"done-{number}").read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return number, int(writes), float(at)


def log_lines(size: int) -> Iterator[str]:
    """Lines like a job log's: a time of 28 characters, then words and numbers."""
    chance, at, written = random.Random(1), T0, 0
    while written < size:
        at += timedelta(microseconds=chance.choice((40, 150, 900, 60_000)) + chance.randrange(100))
        words = " ".join(chance.choices(WORDS, k=chance.randrange(2, 9)))
        line = f"{at:%Y-%m-%dT%H:%M:%S.%f}{chance.randrange(10)}Z {words} {chance.randrange(10**6)}\n"
        written += len(line)
        yield line


def log_frames(text: bytes) -> Iterator[pl.DataFrame]:
    """LOG frames of 50,000 lines; what normalize does, as far as size is concerned."""
    lines = pl.Series("raw", text.decode("utf-8", "replace").split("\n")[:-1])
    for start in range(0, len(lines), 50_000):
        raw = lines.slice(start, 50_000)
        frame = raw.to_frame().with_columns(
            line=pl.int_range(start + 1, start + 1 + len(raw)),
            timestamp=pl.col("raw").str.slice(0, 26).str.to_datetime(TIME, strict=False).dt.replace_time_zone("UTC"),
            template=pl.col("raw").str.slice(29).str.replace_all(r"\d+", "#").hash(),
            text=pl.col("raw").str.slice(29),
            level=pl.when(pl.col("raw").str.contains("error")).then(pl.lit("error")),
            metadata=pl.lit(None, dtype=pl.String),
        )  # fmt: skip
        yield frame.select(list(LOG))


def copy_time(warehouse: Warehouse) -> str:
    """Median of five copies into the published folder."""
    return spread([timed(lambda: publish.publish(warehouse.path, warehouse.published)) for _ in range(5)])


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def figures(times: Sequence[float]) -> dict[str, float]:
    """p50, p95 and max in milliseconds."""
    ordered = sorted(times)
    return {
        "p50": ordered[len(ordered) // 2] * 1e3,
        "p95": ordered[int(len(ordered) * 0.95)] * 1e3,
        "max": ordered[-1] * 1e3,
    }


def spread(times: Sequence[float]) -> str:
    """Median and worst."""
    return f"median {statistics.median(times) * 1e3:.0f} ms, max {max(times) * 1e3:.0f} ms"


def show(what: str, value: str) -> None:
    """One figure, one line."""
    print(f"{what:32} {value}", flush=True)


if __name__ == "__main__":
    main()
