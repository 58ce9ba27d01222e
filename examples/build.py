"""Builds the sample incident: a git repository, the log of its red test run at HEAD and of the green run before it.

In: an empty folder. Out: `Sample`. The tests really run; only the runner's own lines are made up here.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HISTORY = Path(__file__).parent / "shop" / "history.mbox"
GREEN_COMMITS = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """Where the pieces lie and which commits are the ends of the window."""

    repo: Path
    failed_log: Path
    green_log: Path
    green_sha: str
    head_sha: str


def build(folder: Path) -> Sample:
    """Replay the history into `folder/shop` and run its tests twice. Raises when a run ends other than it must."""
    repo = folder / "shop"
    repo.mkdir(parents=True)
    _git(repo, "init", "--quiet", "--initial-branch=main")
    _git(repo, "am", "--quiet", "--committer-date-is-author-date", "--keep-cr", str(HISTORY))
    head = _git(repo, "rev-parse", "HEAD")
    green = _git(repo, "rev-list", "--reverse", "HEAD").split()[GREEN_COMMITS - 1]
    failed_log, green_log = folder / "failed.log", folder / "green.log"
    _git(repo, "checkout", "--quiet", green)
    _record(repo, green_log, green, red=False)
    _git(repo, "checkout", "--quiet", "main")
    _record(repo, failed_log, head, red=True)
    return Sample(repo, failed_log, green_log, green, head)


def _git(repo: Path, *words: str) -> str:
    identity = {f"GIT_COMMITTER_{k}": v for k, v in {"NAME": "Shop", "EMAIL": "shop@shop.example"}.items()}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", "-C", str(repo), *words],
        env={**os.environ, **identity, **quiet},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"git {words[0]} failed in {repo}: {done.stderr.strip()}")
    return done.stdout.strip()


def _record(repo: Path, log: Path, sha: str, *, red: bool) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", "-o", "addopts="]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_", "COLUMNS"))}
    run = subprocess.run(
        command,
        cwd=repo,
        env={**clean, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode != (1 if red else 0):
        raise SystemExit(f"the sample's tests at {sha[:7]} ended with {run.returncode}:\n{run.stdout}")
    with log.open("w", encoding="utf-8-sig") as file:
        for line in _runner_lines(sha, run.stdout, run.returncode):
            file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z {line}\n")


def _runner_lines(sha: str, output: str, code: int) -> Iterator[str]:
    yield from (
        "Current runner version: '2.330.0'",
        "##[group]Run actions/checkout@v4",
        "with:",
        "  repository: acme/shop",
        "##[endgroup]",
    )
    yield from (
        "[command]/usr/bin/git log -1 --format=%H",
        sha,
        "##[group]Run python -m pytest",
        "python -m pytest",
        "##[endgroup]",
    )
    yield from output.splitlines()
    if code:
        yield f"##[error]Process completed with exit code {code}."
    yield "Post job cleanup."
    yield "Cleaning up orphan processes"
