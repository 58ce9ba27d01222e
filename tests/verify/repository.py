"""A small repository whose `check` file says whether the command passes: one commit a word, oldest first."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from incident_pipeline.model.git import Commit
from tests.flow.sample import git

COMMAND = 'echo "checking"; test "$(cat check)" = good'
WHEN = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class History:
    """`hashes` oldest first, the base among them; `commits` as a window has them: newest first, without the base."""

    repo: Path
    hashes: tuple[str, ...]

    @property
    def base(self) -> str:
        return self.hashes[0]

    @property
    def head(self) -> str:
        return self.hashes[-1]

    @property
    def commits(self) -> tuple[Commit, ...]:
        pairs = zip(self.hashes[1:], self.hashes, strict=False)
        return tuple(Commit(sha, "Ana", WHEN, sha, parents=(parent,)) for sha, parent in pairs)[::-1]


def make_history(folder: Path, words: str) -> History:
    repo = folder / "repo"
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    hashes = [add(repo, word, number) for number, word in enumerate(words.split())]
    return History(repo, tuple(hashes))


def add(repo: Path, word: str, number: int) -> str:
    (repo / "check").write_text(word, encoding="utf-8")
    (repo / "number").write_text(str(number), encoding="utf-8")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", f"Commit {number}", at=f"2026-03-01T08:{number:02}:00Z")
    return git(repo, "rev-parse", "HEAD")
