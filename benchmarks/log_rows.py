"""File to rows: how fast one log becomes typed, redacted, hashed rows in the warehouse, and in how much memory.

Run as `python -m benchmarks.log_rows [--big] [--megabytes N]`. It writes a job log as GitHub Actions would (seeded, so
the same every time), times each stage, then the whole and the bare thing in turns: Polars `extract_groups` -> Arrow ->
DuckDB insert of the same file. Each run is a process of its own; figures are medians of RUNS; the ratio is what counts.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import duckdb
import polars as pl

from incident_pipeline.normalize.clean import clean_series
from incident_pipeline.normalize.frames import normalize
from incident_pipeline.normalize.redact import redact_series
from incident_pipeline.normalize.template import template_series
from incident_pipeline.sources.logs.files import read_log_file
from incident_pipeline.warehouse.logs import LogFacts, save_log, stage_log
from incident_pipeline.warehouse.store import Warehouse

RUNS = 5
MEGABYTE = 1_000_000
TARGET_RATIO = 0.4
MAX_MEMORY_MIB = 1024
_SEED = 20260102
_T = TypeVar("_T")
_BARE = r"^(?P<time>\S+)Z (?:##\[(?P<level>\w+)\])?(?P<message>.*)$"

_SHAPES = (
    (30, "tests/{word}/test_{word}.py::test_{word}_{word}[{word}-{n}] PASSED [ {percent}%]"),
    (12, "  Downloading {word}_{word}-{n}.{n}.{n}-cp311-cp311-manylinux_2_17_x86_64.whl ({n}.{n} MB)"),
    (10, "[INFO] Downloaded from central: https://repo.example.org/maven2/org/{word}/{n}.{n}/{word}-{n}.pom ({n} kB)"),
    (8, "\x1b[36;1m{word} --{word}={word} --jobs {n}\x1b[0m"),
    (8, "[{n}/{n}] Compiling C object {word}/_{word}.cpython-311-x86_64-linux-gnu.so.p/{word}.c.o"),
    (6, "{time} {word} DEBUG request {uuid} took {n} ms"),
    (6, "##[group]Run {word}/{word}@{sha}"),
    (5, "##[endgroup]"),
    (5, "Requirement already satisfied: {word}>={n}.{n} in /opt/hostedtoolcache/Python/3.11.9/x64/lib ({n}.{n})"),
    (4, ""),
    (3, "warning: unused variable `{word}` in src/{word}/{word}.rs:{n}:{n}"),
    (2, "##[warning]{word} is deprecated, use {word} (line {n})"),
    (1, "E       AssertionError: assert {n} == {n}"),
    (0.5, "##[error]Process completed with exit code {n}."),
    (0.3, "  token: ***"),
    (0.1, "curl -H 'Authorization: Bearer {secret}' https://{word}.example.org/{word}"),
    (0.1, "export {word}_PASSWORD={secret}"),
)  # fmt: skip
_WORDS = [
    "cart", "order", "parser", "socket", "array", "frame", "index", "cache", "worker", "batch", "token_bucket",
    "numeric", "serialize", "checkout", "storage", "resolver", "matrix", "schema", "widget", "compile",
]  # fmt: skip


def write_log(path: Path, size: int) -> int:
    """Write about `size` bytes of a job log and give the number of lines."""
    rng, clock, lines, written = random.Random(_SEED), datetime(2026, 1, 2, 3, tzinfo=UTC), 0, 0
    weights, shapes = zip(*_SHAPES, strict=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("\ufeff")
        while written < size:
            block: list[str] = []
            for shape in rng.choices(shapes, weights, k=10_000):
                clock += timedelta(microseconds=rng.randrange(3_000))
                stamp = f"{clock:%Y-%m-%dT%H:%M:%S}.{clock.microsecond:06}{rng.randrange(10)}Z"
                block.append(f"{stamp} {_fill(shape, rng)}\n")
            text = "".join(block)
            file.write(text)
            lines, written = lines + len(block), written + len(text)
    return lines


def _fill(shape: str, rng: random.Random) -> str:
    parts = shape.split("{")
    out = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        out.append(_VALUES[name](rng) + rest)
    return "".join(out)


_VALUES: dict[str, Callable[[random.Random], str]] = {
    "word": lambda rng: rng.choice(_WORDS),
    "n": lambda rng: str(rng.randrange(1000)),
    "percent": lambda rng: str(rng.randrange(100)),
    "sha": lambda rng: f"{rng.getrandbits(160):040x}",
    "uuid": lambda rng: f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4a6f-8000-{rng.getrandbits(48):012x}",
    "time": lambda rng: f"2026-01-02 03:{rng.randrange(60):02}:{rng.randrange(60):02},{rng.randrange(1000):03}",
    "secret": lambda rng: "x" + f"{rng.getrandbits(160):040X}"[:30] + "q7",
}


def stages(path: Path) -> dict[str, float]:
    """CPU seconds of each stage over the whole file."""
    spent: dict[str, float] = {}
    frames = read_log_file(path).frames
    while (frame := _timed(spent, "parse", lambda: next(frames, None))) is not None:
        _stages_of(frame, spent)
    return spent


def _stages_of(frame: pl.DataFrame, spent: dict[str, float]) -> None:
    message = frame["message"]
    _timed(spent, "redact", lambda: redact_series(message))
    text = _timed(spent, "clean", lambda: clean_series(message))
    _timed(spent, "mask and hash", lambda: template_series(text))
    _timed(spent, "normalize, all", lambda: normalize(frame))


def _timed(spent: dict[str, float], name: str, call: Callable[[], _T]) -> _T:
    start = time.process_time()
    result = call()
    spent[name] = spent.get(name, 0.0) + time.process_time() - start
    return result


def whole(path: Path, folder: Path) -> dict[str, float]:
    """File to rows in the warehouse, as an investigation does it."""
    secrets = 0

    def normal() -> Iterator[pl.DataFrame]:
        nonlocal secrets
        for frame in read_log_file(path).frames:
            done, found = normalize(frame)
            secrets += found
            yield done

    warehouse = Warehouse(folder / "warehouse")
    result = save_log(warehouse, LogFacts(1, "bench", "bench", path.name, "read"), stage_log(warehouse, 1, normal()))
    return {"rows": result.rows, "stored": result.bytes, "secrets": secrets}


def bare(path: Path, folder: Path) -> dict[str, float]:
    """The baseline: the least that gives typed rows, without redaction, templates, cleaning or care for breaks."""
    lines = pl.scan_csv(path, has_header=False, separator="\x01", quote_char=None, schema={"m": pl.String})
    groups = lines.select(pl.col("m").str.extract_groups(_BARE)).unnest("m")
    typed = groups.with_columns(pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False))
    rows = typed.collect(engine="streaming")
    with duckdb.connect(str(folder / "bare.duckdb")) as connection:
        connection.register("rows", rows)  # by way of Arrow
        connection.execute("CREATE TABLE entries AS SELECT * FROM rows")
        count: tuple[int] = connection.execute("SELECT count(*) FROM entries").fetchone() or (0,)
    return {"rows": count[0]}


def _alone(role: str, path: Path) -> dict[str, float]:
    """One run in a process of its own: wall and CPU seconds, peak memory and what the role says of itself."""
    command = [sys.executable, "-m", "benchmarks.log_rows", "--role", role, "--log", str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _role(role: str, path: Path) -> dict[str, float]:
    if role == "stages":
        return stages(path)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        said = {"whole": whole, "bare": bare}[role](path, Path(folder))
        spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return {**spent, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, **said}


def measure(path: Path, lines: int, *, runs: int) -> bool:
    """Print the figures of one log; whether every target is met."""
    size = path.stat().st_size
    print(f"{size / MEGABYTE:,.0f} MB, {lines:,} lines, {size / lines:.0f} bytes a line, {runs} runs")
    spent = [_alone("stages", path) for _ in range(min(runs, RUNS))]
    for name in spent[0]:
        print(f"  {name:16} {lines / statistics.median(one[name] for one in spent):12,.0f} lines a CPU second")
    turns = [(_alone("bare", path), _alone("whole", path)) for _ in range(runs)]
    base, full = ({key: statistics.median(turn[at][key] for turn in turns) for key in turns[0][at]} for at in (0, 1))
    ratio = base["wall"] / full["wall"]
    for name, one in (("bare", base), ("file to rows", full)):
        print(
            f"  {name:16} {lines / one['wall']:12,.0f} lines/s wall, {lines / one['cpu']:,.0f} lines a CPU second,"
            f" peak {one['peak']:,.0f} MiB"
        )
    print(
        f"  {'ratio':16} {ratio:12.2f} of bare (target {TARGET_RATIO}); {full['stored'] / size:.3f} of the raw text",
        end="",
    )
    print(f" stored; {full['secrets']:,.0f} secrets redacted")
    complete = full["rows"] == lines
    print(f"  {'rows':16} {full['rows']:12,.0f}" + ("" if complete else f", {lines:,} EXPECTED"))
    return complete and ratio >= TARGET_RATIO and full["peak"] <= MAX_MEMORY_MIB


def main() -> int:
    """Exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--big", action="store_true", help="2 GB as well, one run, for the memory")
    parser.add_argument("--role", choices=["stages", "bare", "whole"], help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help="measure this log instead of a generated one")
    asked = parser.parse_args()
    if asked.role:
        print(json.dumps(_role(asked.role, asked.log)))
        return 0
    good = True
    with tempfile.TemporaryDirectory(prefix="log-rows-") as folder:
        path = Path(folder, "job.log")
        if asked.log:
            lines = sum(frame.height for frame in read_log_file(asked.log).frames)
            return 0 if measure(asked.log, lines, runs=RUNS) else 1
        good = measure(path, write_log(path, asked.megabytes * MEGABYTE), runs=RUNS)
        if asked.big:
            good = measure(path, write_log(path, 2000 * MEGABYTE), runs=1) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
