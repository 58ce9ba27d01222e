"""What GitHub is asked for: an investigation over 30 commits, the same again, polls, 1,000 commits within its limits.

    python -m benchmarks.requests [--minute SECONDS]

The fake counts, and refuses what goes over a published limit. A minute is made shorter, for the limits of both sides;
60 is the truth. Storage hosts (logs, zips) are counted apart: they are not GitHub's API.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from benchmarks.investigate import make_log, make_repo
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import open_workspace
from incident_pipeline.http.auth import bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.limits import Limits
from incident_pipeline.settings import load_settings
from incident_pipeline.sources._api import Api
from incident_pipeline.sources._github import HEADERS, LIMITS, GitHubConfig
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.git.github import GitHub
from incident_pipeline.sources.logs.github_actions import Config, open_source
from tests.fakes.github import FakeGitHub
from tests.fakes.github_limits import Limiter
from tests.fakes.github_state import FakeJob, FakeRepo, FakeRun, pull
from tests.fakes.server import Asked, FakeVendor, Reply, json_reply

COMMITS, FIRST, AGAIN, MANY, SLOWER = 30, 45, 5, 1_000, 1.3
REPO, TOKEN = "acme/shop", "ghp_" + "x" * 36


def main() -> int:
    """Print each count beside its bound; 1 when one is over it or a limit was broken."""
    parser = argparse.ArgumentParser(prog="benchmarks.requests")
    parser.add_argument("--minute", type=float, default=10.0)
    minute = parser.parse_args().minute
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repo, _ = make_repo(folder / "repo", commits=2 * COMMITS)
        passed = [investigations(folder, repo, kind) for kind in ("push", "pull request", "fork's pull request")]
        passed += [investigations(folder, repo, "push, 40 failed jobs", jobs=40), polls(folder, repo), many(minute)]
    return 0 if all(passed) else 1


@contextmanager
def forge(repo: Path, kind: str = "push", *, jobs: int = 1) -> Generator[FakeGitHub]:
    """A red run COMMITS after a green one, with GitHub's limits kept."""
    words = ["git", "-C", str(repo), "rev-list", "main"]
    hashes = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    head, base = hashes[0], hashes[COMMITS]
    logs = [make_log(500, failed=failed).replace("T10:", "T14:").encode() for failed in (True, False)]
    red = FakeRun(1001, head, jobs=[FakeJob(5001 + n, f"tests ({n})", log=logs[0]) for n in range(jobs)])
    green = FakeRun(1000, base, "success", created_at="2026-03-01T11:40:00Z")
    green.jobs = [FakeJob(4001 + n, f"tests ({n})", "success", log=logs[1]) for n in range(jobs)]
    pulls = [pull(42, head="feature", head_sha=head, base="main", base_sha=base)]
    if kind.endswith("pull request"):
        red.branch, red.event = "feature", "pull_request"
        red.pulls, red.head_repo = ([], "stranger/shop") if kind.startswith("fork") else (pulls, None)
    with FakeGitHub({REPO: FakeRepo(repo, [green, red], pulls=pulls)}, token=TOKEN, limits=True) as fake:
        yield fake


def investigations(folder: Path, repo: Path, kind: str, *, jobs: int = 1) -> bool:
    """The same run investigated twice with what the first left behind, each as a process of its own would."""
    counts: list[tuple[int, int]] = []
    commits = 0
    with forge(repo, kind, jobs=jobs) as fake:
        env = {"GITHUB_API_URL": fake.url, "GITHUB_SERVER_URL": fake.url, "GITHUB_TOKEN": TOKEN}
        home = {"INCIDENT_RESPONDER_HOME": str(folder / kind.replace(" ", "-"))}
        os.environ.update(env | home)
        for _ in range(2):
            before = len(fake.requests), len(fake.storage_requests)
            workspace = open_workspace(load_settings(env={**os.environ}))
            (found,) = investigate(workspace, Request(logs="github_actions", repo=REPO, run_id="1001"))
            counts.append((len(fake.requests) - before[0], len(fake.storage_requests) - before[1]))
            commits = found.report.window_commits
        broken = len(fake.limiter.violations) if fake.limiter else 0
    (first, stored), (again, stored_again) = counts
    print(
        f"{kind:<21} {commits} commits: {first} requests (at most {FIRST}) and {stored} to storage; "
        f"again: {again} (at most {AGAIN}) and {stored_again}; limits broken: {broken}"
    )
    return first <= FIRST and again <= AGAIN and not broken


def polls(folder: Path, repo: Path) -> bool:
    """Ticks of a sensor that look for new runs since the same time, where there are none."""
    counts: list[int] = []
    since = datetime(2026, 3, 1, tzinfo=UTC)
    with forge(repo, "fork's pull request") as fake:
        for _ in range(3):
            before = len(fake.requests)
            config = Config(base_url=fake.url, token=SecretStr(TOKEN))
            with open_source(config, SourceContext("ci", folder / "poll", folder)) as source:
                list(source.get_runs(REPO, since))
            counts.append(len(fake.requests) - before)
        conditional = "if-none-match" in fake.requests[-1].headers
        used = fake.limiter.used if fake.limiter else 0
    print(f"polls                 {counts} requests (at most 1 once nothing is new); {used} of them were not free")
    return counts[1:] == [1, 1] and conditional


class ManyCommits(FakeVendor):
    """MANY commits after `base`, made up, with GitHub's limits kept."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.hashes = [f"{n:040x}" for n in range(1, MANY + 1)]
        super().__init__()

    def answer(self, asked: Asked) -> Reply:
        return self.limiter.answer(asked, self._real)

    def _real(self, asked: Asked) -> Reply:
        if "/compare/" not in asked.path:
            return json_reply(self._commit(asked.path.rpartition("/")[2]))
        page, size = int(asked.query["page"]), int(asked.query["per_page"])
        listed = [self._commit(sha) for sha in self.hashes[(page - 1) * size : page * size]]
        reply = json_reply({"commits": listed, "total_commits": MANY, "merge_base_commit": {"sha": "0" * 40}})
        link = f'<{self.url}{asked.path}?per_page={size}&page={page + 1}>; rel="next"'
        return Reply(200, reply.body, {**reply.headers, **({"Link": link} if page * size < MANY else {})})

    def _commit(self, sha: str) -> dict[str, object]:
        who = {"name": "Ana", "email": "ana@acme.example", "date": "2026-03-01T12:00:00Z"}
        patch = "@@ -1,20 +1,20 @@\n" + "-old line of code\n+new line of code\n" * 20
        file = {"filename": f"src/{sha[-2:]}.py", "status": "modified", "additions": 20, "deletions": 20, "sha": sha}
        parents = [{"sha": f"{int(sha, 16) - 1:040x}"}]
        commit = {"author": who, "committer": who, "message": "Change"}
        return {"sha": sha, "commit": commit, "parents": parents, "files": [{**file, "patch": patch}]}


def many(minute: float) -> bool:
    """MANY commits over REST as fast as the limits allow: their points are spent at once, then the minute is waited
    for."""
    scale = minute / 60
    limits = Limits(LIMITS.at_once, LIMITS.requests, LIMITS.seconds * scale)
    with ManyCommits(Limiter(seconds=minute)) as fake:
        client = Client(fake.url, credentials=bearer(SecretStr(TOKEN)), headers=HEADERS, limits=limits)
        with GitHub(GitHubConfig(base_url=fake.url), api=Api(client)) as source:
            cpu, start = time.process_time(), time.perf_counter()
            commits = sum(1 for _ in source.get_commits_between(REPO, "0" * 40, fake.hashes[-1]))
            took, cpu = time.perf_counter() - start, time.process_time() - cpu
        asked, limiter = len(fake.requests), fake.limiter
    allowed = (asked - 1) // limiter.points * minute
    print(
        f"{commits:,} commits over REST: {asked:,} requests in {took:.1f} s ({cpu:.1f} s of CPU for both sides), "
        f"{took / allowed:.2f} x the {allowed:.0f} s that {limiter.points} points a minute of {minute:.0f} s allow "
        f"(at most {SLOWER}); at most {limiter.peak} at once; limits broken: {len(limiter.violations)}"
    )
    return commits == MANY and took <= SLOWER * allowed and not limiter.violations


if __name__ == "__main__":
    sys.exit(main())
