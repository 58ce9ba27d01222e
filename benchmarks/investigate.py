"""`investigate` on a local log of 50,000 lines with 300 commits: CPU seconds beyond imports, and what was imported.

The baseline is a process that imports every module an investigation ends with, and does nothing.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

LINES, COMMITS, RUNS, BOUND = 50_000, 300, 5, 2.0
IMPORTS = """
import contextlib, importlib, pathlib, sys
for name in pathlib.Path(sys.argv[1]).read_text().split():
    with contextlib.suppress(Exception):
        importlib.import_module(name)
"""
PROBE = """
import pathlib, sys
from incident_pipeline.surfaces.cli.main import run
modules = pathlib.Path(sys.argv.pop(1))
try:
    run()
finally:
    modules.write_text(" ".join(sys.modules))
"""


def main() -> int:
    """Print medians of 5; 1 when an investigation failed, imported Dagster or CrewAI, or took over its bound."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repo, green = make_repo(folder / "repo", commits=COMMITS)
        log, green_log, modules = folder / "failed.log", folder / "green.log", folder / "modules.txt"
        log.write_text(make_log(LINES, failed=True), encoding="utf-8")
        green_log.write_text(make_log(LINES, failed=False), encoding="utf-8")
        words = ["investigate", "--log-file", str(log), "--git", "local", "--git-path", str(repo)]
        words += ["--last-green", green, "--format", "json"]
        env = {**os.environ, "INCIDENT_RESPONDER_HOME": str(folder / "home")}
        probe = [sys.executable, "-c", PROBE, str(modules)]
        commands = {
            "one": [*probe, *words],
            "two": [*probe, *words, "--green-log", str(green_log)],
            "imports": [sys.executable, "-c", IMPORTS, str(modules)],
        }
        _cpu(commands["two"], env)  # makes the warehouse and the list of modules
        runs: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(RUNS):  # in turn: this kind of machine changes its speed by the minute
            for which, command in commands.items():
                runs[which].append(_cpu(command, env))
        heavy = {"dagster", "crewai"} & set(modules.read_text().split())
    one, two, imports = (statistics.median(taken) for taken in runs.values())
    print(f"{LINES:,} lines, {COMMITS} commits, medians of {RUNS}: imports {imports:.2f} CPU s")
    print(f"one log:              {one:.2f} CPU s, beyond imports {one - imports:.2f} (at most {BOUND:.0f})")
    print(f"with its green twin:  {two:.2f} CPU s, beyond imports {two - imports:.2f}")
    print(f"imported although they must not be: {', '.join(sorted(heavy)) or 'none'}")
    return 1 if heavy or one - imports > BOUND else 0


def _cpu(command: list[str], env: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"a run ended with {done.returncode}: {done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def make_log(lines: int, *, failed: bool) -> str:
    """A test run's log in the layout of a raw job log, its failure two thirds down."""
    body = [f"tests/test_part{n % 97}.py::test_case_{n} PASSED in {n % 13 / 100:.2f}s" for n in range(lines)]
    if failed:
        at = lines * 2 // 3
        body[at : at + 6] = [
            "=================================== FAILURES ===================================",
            "    def test_total():",
            ">       assert total(3) == 6",
            "E       assert 7 == 6",
            "tests/test_part7.py:12: AssertionError",
            "FAILED tests/test_part7.py::test_total - assert 7 == 6",
        ]
        body[-1] = "##[error]Process completed with exit code 1."
    return "".join(
        f"2026-03-01T10:{n // 6000 % 60:02}:{n // 100 % 60:02}.{n % 100:02}00000Z {x}\n" for n, x in enumerate(body)
    )


def make_repo(path: Path, *, commits: int) -> tuple[Path, str]:
    """A straight history by `git fast-import`; (its folder, the hash of its first commit)."""
    path.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], check=True, input=_stream(commits).encode())
    subprocess.run(["git", "-C", str(path), "reset", "-q", "--hard"], check=True)
    first = subprocess.run(
        ["git", "-C", str(path), "rev-list", "--max-parents=0", "main"], check=True, capture_output=True, text=True
    )
    return path, first.stdout.strip()


def _stream(commits: int) -> str:
    parts: list[str] = []
    for n in range(commits):
        name = "tests/test_part7.py" if n == 0 else f"src/part{n % 40}.py"
        body = "".join(f"def function_{k}(x):\n    return x + {n if k == n % 30 else k}\n\n" for k in range(30))
        message = f"Change part {n % 40}, step {n}"
        parts.append(
            f"commit refs/heads/main\ncommitter Ana <ana@acme.example> {1_770_000_000 + n * 600} +0000\n"
            f"data {len(message)}\n{message}\nM 100644 inline {name}\ndata {len(body)}\n{body}\n"
        )
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main())
