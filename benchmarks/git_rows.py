"""Commits with files and patch to rows, against `git log -p --raw` to /dev/null: wall and CPU, ratios of one run.

Measured on the largest real history at hand (INCIDENT_RESPONDER_BENCH_REPO, else this checkout) and on a generated one.
Each side is taken in turns; ours runs in a fresh process whose imports are not counted, with git's time in its CPU.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from incident_pipeline.model.frames import UTC_TIME
from incident_pipeline.model.git import Commit
from incident_pipeline.sources.git.local import LocalGit
from incident_pipeline.warehouse.commits import save_commits
from incident_pipeline.warehouse.store import Warehouse

BOUND = 0.6
_ENOUGH = 500
REPO_VARIABLE = "INCIDENT_RESPONDER_BENCH_REPO"
_CHECKOUT = Path(__file__).resolve().parents[1]
_COMMITS: dict[str, pl.DataType] = {
    "repo": pl.String(), "hash": pl.String(), "author": pl.String(), "author_email": pl.String(), "date": UTC_TIME,
    "committer": pl.String(), "committed_at": UTC_TIME, "parents": pl.List(pl.String), "message": pl.String(),
}  # fmt: skip
_FILES: dict[str, pl.DataType] = {
    "repo": pl.String(), "hash": pl.String(), "path": pl.String(), "old_path": pl.String(), "status": pl.String(),
    "additions": pl.Int64(), "deletions": pl.Int64(), "binary": pl.Boolean(), "submodule": pl.Boolean(),
    "truncated": pl.Boolean(), "patch": pl.String(),
}  # fmt: skip


class Taken(NamedTuple):
    """Seconds, and for ours the commits read, their files and the peak memory in MiB."""

    wall: float
    cpu: float
    commits: int = 0
    files: int = 0
    peak: float = 0.0


def frames(
    repo: str, commits: Iterator[Commit], *, rows: int = 2_000, text: int = 16 << 20
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """(commits, commit_files) in batches of about `rows` commits or `text` characters of patch."""
    batch: list[Commit] = []
    held = 0
    for commit in commits:
        batch.append(commit)
        held += sum(len(file.patch or "") for file in commit.files or ())
        if len(batch) >= rows or held >= text:
            yield _commit_frame(repo, batch), _file_frame(repo, batch)
            batch, held = [], 0
    if batch:
        yield _commit_frame(repo, batch), _file_frame(repo, batch)


def _commit_frame(repo: str, batch: list[Commit]) -> pl.DataFrame:
    columns = {
        name: [getattr(commit, name) for commit in batch] for name in _COMMITS if name not in {"repo", "parents"}
    }
    parents = [list(commit.parents) for commit in batch]
    return pl.DataFrame({"repo": [repo] * len(batch), **columns, "parents": parents}, schema=_COMMITS)


def _file_frame(repo: str, batch: list[Commit]) -> pl.DataFrame:
    files = [file for commit in batch for file in commit.files or ()]
    hashes = [commit.hash for commit in batch for _ in commit.files or ()]
    columns = {name: [getattr(file, name) for file in files] for name in _FILES if name not in {"repo", "hash"}}
    return pl.DataFrame({"repo": [repo] * len(files), "hash": hashes, **columns}, schema=_FILES)


def generate(folder: Path, commits: int) -> None:
    """Small edits to 400 source-like files of 40 to 400 lines, one commit in twelve a merge; always the same."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    command = ["git", "fast-import", "--quiet", "--force"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for part in _history(commits):
            process.stdin.write(part)
    if process.returncode:
        raise SystemExit("git fast-import failed")


def _history(commits: int) -> Iterator[bytes]:
    chance = random.Random(20_000)
    words = [f"name_{n}" for n in range(500)]
    files = {f"src/part{n % 12}/module{n}.py": _body(chance, words, chance.randint(40, 400)) for n in range(400)}
    last: list[str] = []
    for mark in range(1, commits + 1):
        merge = mark > 10 and mark % 12 == 0
        changed = (
            list(files) if mark == 1 else last if merge else chance.sample(list(files), chance.choice((1, 1, 2, 3)))
        )
        message = f"Change {mark}\n\n{' '.join(chance.choices(words, k=12))}\n".encode()
        yield b"commit refs/heads/main\nmark :%d\n" % mark
        yield b"committer Dev %d <dev%d@example.org> %d +0000\n" % (mark % 40, mark % 40, 1_600_000_000 + mark * 600)
        yield b"data %d\n%s\n" % (len(message), message)
        if merge:
            yield b"from :%d\nmerge :%d\n" % (mark - 2, mark - 1)
        elif mark > 1:
            yield b"from :%d\n" % (mark - 1)
        for path in changed:
            lines = files[path]
            for _ in range(0 if mark == 1 or merge else chance.randint(1, 4)):
                at = chance.randrange(len(lines))
                lines[at : at + chance.randint(0, 3)] = _body(chance, words, chance.randint(0, 5))
            lines += _body(chance, words, 5) if len(lines) < 40 else []
            body = "".join(lines).encode()
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(body), body)
        last = changed


def _body(chance: random.Random, words: list[str], lines: int) -> list[str]:
    return [f"    {chance.choice(words)} = {chance.choice(words)}({chance.choice(words)})\n" for _ in range(lines)]


def baseline(repo: Path, limit: int) -> Taken:
    """`git log -p --raw` to /dev/null."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = ["git", "log", "-p", "--raw", f"-n{limit}"]
    subprocess.run(command, cwd=repo, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Taken(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def ours(repo: Path, limit: int, *, store: bool) -> Taken:
    """The same commits to frames, or to the warehouse too, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.git_rows", "--one", str(repo), "--commits", str(limit)]
    done = subprocess.run([*command, *(["--store"] if store else [])], check=True, capture_output=True, cwd=_CHECKOUT)
    return Taken(*json.loads(done.stdout))


def _one(repo: Path, limit: int, *, store: bool) -> Taken:
    counted = [0, 0]

    def commits(source: LocalGit) -> Iterator[Commit]:
        for commit in source.get_commits_between("", None, "HEAD"):
            counted[0] += 1
            counted[1] += len(commit.files or ())
            yield commit
            if counted[0] == limit:
                return

    with TemporaryDirectory() as folder, LocalGit(repo) as source:
        source.resolve("", "HEAD")
        warehouse = Warehouse(Path(folder))
        start, busy = time.perf_counter(), _cpu()
        if store:
            save_commits(warehouse, "bench", commits(source))
        else:
            for _ in frames("bench", commits(source)):
                pass
        wall, cpu = time.perf_counter() - start, _cpu() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Taken(wall, cpu, *counted, peak=peak)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def measure(title: str, repo: Path, limit: int, *, rounds: int) -> bool:
    """Print medians of both sides; whether ours is within the bound."""
    total = int(
        subprocess.run(["git", "rev-list", "--count", "HEAD"], cwd=repo, check=True, capture_output=True).stdout
    )
    limit = min(limit, total)
    print(f"{title}: {limit:,} commits")
    baseline(repo, limit)  # warms the file cache
    taken: dict[str, list[Taken]] = {"git log -p --raw": [], "to frames": [], "to warehouse": []}
    for _ in range(rounds):
        taken["git log -p --raw"].append(baseline(repo, limit))
        taken["to frames"].append(ours(repo, limit, store=False))
        taken["to warehouse"].append(ours(repo, limit, store=True))
    base = _median(taken["git log -p --raw"])
    good = True
    for name, runs in taken.items():
        one = _median(runs)
        ratio = min(base.wall / one.wall, base.cpu / one.cpu)
        good &= ratio >= BOUND
        print(
            f"  {name:<18} {limit / one.wall:8,.0f} commits/s wall  {limit / one.cpu:8,.0f} commits/s CPU   "
            f"{base.wall / one.wall:5.2f} x wall  {base.cpu / one.cpu:5.2f} x CPU"
            + (f"   peak {one.peak:4.0f} MiB, {one.files:,} files" if one.files else "")
        )
    quarter = ours(repo, max(limit // 4, 1), store=False)
    whole = _median(taken["to frames"])
    print(f"  peak memory at a quarter of the commits {quarter.peak:.0f} MiB, at all {whole.peak:.0f} MiB")
    if limit < _ENOUGH:
        print(f"  under {_ENOUGH} commits the start of a process is most of it: shown, not judged; set {REPO_VARIABLE}")
    return good or limit < _ENOUGH


def _median(runs: list[Taken]) -> Taken:
    return Taken(*(type(values[0])(statistics.median(values)) for values in zip(*runs, strict=True)))


def main() -> int:
    """1 when a ratio of commits per second, wall or CPU, is under the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=20_000, help="size of the generated history")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--store", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(_one(asked.one, asked.commits, store=asked.store)))
        return 0
    real = Path(os.environ.get(REPO_VARIABLE, _CHECKOUT))
    good = measure(f"real history ({real.name})", real, sys.maxsize, rounds=asked.rounds)
    with TemporaryDirectory() as folder:
        generated = Path(folder) / "generated.git"
        generate(generated, asked.commits)
        good &= measure("generated history", generated, asked.commits, rounds=asked.rounds)
    print(f"bound {BOUND} x: {'kept' if good else 'missed'}")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
