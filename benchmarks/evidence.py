"""Evidence, from logs and commits in memory to a judgement: CPU seconds and peak memory, and how they grow.

    python -m benchmarks.evidence [--curves]

Each figure is of a process of its own. `usual` is 5,000 lines and 30 commits, `large` 2,000,000 lines (200 MB) with
their green twin and 1,000 commits. The baseline is to read the same logs and scan them once with one pattern. With
--curves it also measures growth over lines and over commits and draws docs/cost.svg.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from benchmarks.cost_picture import draw
from benchmarks.evidence_input import as_loaded, make_raw, make_window
from incident_pipeline.evidence.failure import placed, what_failed
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.judge import judge
from incident_pipeline.evidence.places import places

USUAL, LARGE, RUNS = (5_000, 30), (2_000_000, 1_000), 5
USUAL_CPU, LARGE_CPU, LARGE_MIB = 0.4, 20.0, 1536.0
STRAIGHT = 1.15  # a slope in the logs over this is no line
LINES = (5_000, 20_000, 80_000, 320_000, 1_280_000, 2_000_000)
COMMITS = (10, 30, 100, 300, 1_000, 3_000, 10_000)
_SCAN = r"(?i)error|fail|exception"


def once(folder: Path, commits: int) -> dict[str, float]:
    """The whole path once; CPU seconds of its parts. The guilty commit must come first, or it measured nothing."""
    start = time.process_time()
    log, green = (LogText(n, n, as_loaded(pl.read_ipc(folder / n))) for n in ("log", "green"))
    window, code = make_window(commits)
    made = time.process_time()
    failure, logs = what_failed([log], [green])
    found = time.process_time()
    failure = placed(failure, logs, code.paths)
    places(failure, window)
    judgement = judge(failure, window, code, logs=logs, greens=[green])
    end = time.process_time()
    if judgement.suspects[0].hash != f"{commits // 2 + 1:040x}":
        raise SystemExit("the guilty commit did not come first")
    return {"make": made - start, "find": found - made, "judge": end - found, "evidence": end - made}


def scan(folder: Path) -> dict[str, float]:
    """The baseline: the same logs read, and each line looked at once."""
    start = time.process_time()
    frames = [pl.read_ipc(folder / name) for name in ("log", "green")]
    found = sum(int(frame["raw"].str.contains(_SCAN).sum()) for frame in frames)
    return {"scan": time.process_time() - start, "found": found}


def _role(role: str, folder: Path, commits: int) -> dict[str, float]:
    said = scan(folder) if role == "scan" else once(folder, commits)
    if role == "twice":
        said = {**said, **{f"again {name}": value for name, value in once(folder, commits).items()}}
    return {**said, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _alone(role: str, folder: Path, commits: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.evidence", "--role", role, "--folder", str(folder)]
    command += ["--commits", str(commits)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"a run of {role} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _write(folder: Path, lines: int) -> int:
    size = 0
    for name in ("log", "green"):
        frame = make_raw(lines, failed=name == "log")
        frame.write_ipc(folder / name)
        size += int((frame["raw"].str.len_bytes() + 1).sum())
    return size


def usual(folder: Path) -> bool:
    """Print what a usual case costs; the first time in a process is what counts."""
    lines, commits = USUAL
    _write(folder, lines)
    runs = [_alone("twice", folder, commits) for _ in range(RUNS)]
    first, again = (statistics.median(run[name] for run in runs) for name in ("evidence", "again evidence"))
    base = statistics.median(_alone("scan", folder, commits)["scan"] for _ in range(RUNS))
    print(f"usual: {lines:,} lines with a green twin, {commits} commits, medians of {RUNS}, after imports")
    print(f"  first in the process {first:6.2f} CPU s (at most {USUAL_CPU}), {first / base:.1f} x read and scan")
    print(f"  once more in it      {again:6.2f} CPU s, {again / base:.1f} x read and scan")
    return first <= USUAL_CPU


def large(folder: Path) -> bool:
    """Print what a large case costs in time and memory."""
    lines, commits = LARGE
    size = _write(folder, lines)
    run, base = _alone("once", folder, commits), _alone("scan", folder, commits)
    print(f"large: {lines:,} lines and as many of a green twin, {size / 1e6:,.0f} MB in all, {commits:,} commits")
    print(
        f"  evidence {run['evidence']:6.2f} CPU s (at most {LARGE_CPU:.0f}): find {run['find']:.2f}, judge "
        f"{run['judge']:.2f}; {run['evidence'] / base['scan']:.1f} x read and scan"
    )
    print(f"  peak     {run['peak']:6,.0f} MiB (at most {LARGE_MIB:,.0f}); read and scan {base['peak']:,.0f} MiB")
    return run["evidence"] <= LARGE_CPU and run["peak"] <= LARGE_MIB


def curves(folder: Path) -> bool:
    """Print and draw how cost grows; whether it grows no faster than its input."""
    by_lines: list[tuple[int, float]] = []
    for lines in LINES:
        _write(folder, lines)
        by_lines.append((lines, _warm(folder, USUAL[1], "evidence", large=lines > LINES[2])))
    _write(folder, USUAL[0])
    by_commits = [(n, _warm(folder, n, "judge", large=n > COMMITS[3])) for n in COMMITS]
    grows = [
        _table(f"lines, with a green twin and {USUAL[1]} commits", by_lines, per=1_000),
        _table(f"commits, with {USUAL[0]:,} lines", by_commits, per=1),
    ]
    picture = Path(__file__).resolve().parents[1] / "docs" / "cost.svg"
    picture.write_text(draw(by_lines, by_commits), encoding="utf-8")
    return max(grows) <= STRAIGHT


def _warm(folder: Path, commits: int, part: str, *, large: bool) -> float:
    """CPU seconds of a part when patterns are compiled already; for a large case once is enough."""
    return _alone("once", folder, commits)[part] if large else _alone("twice", folder, commits)[f"again {part}"]


def _table(what: str, points: Sequence[tuple[int, float]], *, per: int) -> float:
    """Print one curve; its slope in the logs from the third point on, where fixed costs no longer hide it."""
    print(f"{what}\n  {'size':>10} {'CPU s':>9} {f'ms per {per:,}':>13}")
    for size, spent in points:
        print(f"  {size:10,} {spent:9.3f} {spent / size * per * 1000:13.3f}")
    slope = statistics.linear_regression(*zip(*((math.log(s), math.log(t)) for s, t in points[2:]), strict=True)).slope
    print(f"  grows as size to the power of {slope:.2f}, from {points[2][0]:,} on (a line is 1)")
    return slope


def main() -> int:
    """Exit code 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curves", action="store_true", help="growth over lines and commits as well, with its picture")
    parser.add_argument("--role", choices=["once", "twice", "scan"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--commits", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.role:
        print(json.dumps(_role(asked.role, asked.folder, asked.commits)))
        return 0
    with tempfile.TemporaryDirectory(prefix="evidence-") as name:
        folder = Path(name)
        good = [usual(folder), large(folder)]
        if asked.curves:
            good.append(curves(folder))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
