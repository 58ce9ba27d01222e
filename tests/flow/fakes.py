"""A git source made of a list of commits: enough to ask the flow what it does with odd histories."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from incident_pipeline.errors import NotFound
from incident_pipeline.model.git import BlameLine, Commit, FileChange, Ref
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources.base import GitSource

START = datetime(2026, 3, 1, tzinfo=UTC)


def commit(number: int, *, patch: str | None = None, path: str = "a.py") -> Commit:
    """Commit `number` of a straight history; its hash is its number, forty digits long."""
    files = (FileChange(path, "modified", patch=patch),) if patch else ()
    return Commit(
        hash=f"{number:040x}", author="Ana", date=START + timedelta(hours=number), message=f"Change {number}",
        committed_at=START + timedelta(hours=number), parents=(f"{number - 1:040x}",) if number else (), files=files,
    )  # fmt: skip


class FakeGit(GitSource):
    """Newest last. `apart` are hashes that share no history with the rest."""

    def __init__(self, commits: Sequence[Commit], *, apart: Sequence[str] = ()) -> None:
        self.name, self._commits, self._apart = "fake", list(commits), set(apart)

    def check(self) -> SourceCheck:
        return SourceCheck(self.name, "git", "fake", works=True)

    def get_commits(
        self, repo: str, since: datetime | None = None, until: datetime | None = None, branch: str | None = None
    ) -> Iterator[Commit]:
        for found in reversed(self._commits):
            at = found.committed_at or found.date
            if (since is None or at >= since) and (until is None or at < until):
                yield found

    def get_commits_between(self, repo: str, base: str | None, head: str, *, patch: bool = True) -> Iterator[Commit]:
        hashes = [c.hash for c in self._commits]
        start = hashes.index(base) + 1 if base else 0
        yield from reversed(self._commits[start : hashes.index(head) + 1])

    def get_commit(self, repo: str, rev: str) -> Commit:
        return next(c for c in self._commits if c.hash == self.resolve(repo, rev))

    def get_branches(self, repo: str) -> Iterator[Ref]:
        yield Ref("main", "branch", self._commits[-1].hash)

    def get_tags(self, repo: str) -> Iterator[Ref]:
        yield from ()

    def get_file_history(self, repo: str, path: str, rev: str | None = None) -> Iterator[Commit]:
        yield from ()

    def resolve(self, repo: str, rev: str) -> str:
        if rev in {"HEAD", "main"}:
            return self._commits[-1].hash
        found = [h for h in (*(c.hash for c in self._commits), *self._apart) if h.startswith(rev)]
        if not found:
            raise NotFound(f"fake {repo}: no commit {rev}")
        return found[0]

    def default_branch(self, repo: str) -> str:
        return "main"

    def merge_base(self, repo: str, first: str, second: str) -> str | None:
        hashes = [c.hash for c in self._commits]
        if {first, second} & self._apart:
            return None
        return hashes[min(hashes.index(first), hashes.index(second))]

    def blame(
        self, repo: str, path: str, rev: str, lines: tuple[int, int] | None = None, *, ignore: Sequence[str] = ()
    ) -> tuple[BlameLine, ...]:
        return ()
