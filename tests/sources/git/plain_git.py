"""A repository read by git's simplest commands, one a commit: slow, and nothing of the package's own reading in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CalledProcessError

from incident_pipeline.model.git import ChangeStatus, Commit, FileChange, Ref
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources.base import GitSource
from tests.sources.git.local_repo import Repo

_STATUS: dict[str, ChangeStatus] = {"A": "added", "M": "modified", "D": "deleted", "R": "renamed"}


class PlainGit(GitSource):
    """Whatever `repo` is called. For histories without odd names."""

    name = "plain git"

    def __init__(self, path: Path) -> None:
        self._repo = Repo(path)
        self._git = self._repo.git

    def check(self) -> SourceCheck:
        raise NotImplementedError

    def get_commits(
        self, repo: str, since: datetime | None = None, until: datetime | None = None, branch: str | None = None
    ) -> Iterator[Commit]:
        return (self._commit(sha) for sha in self._git("rev-list", branch or "HEAD").split())

    def get_commits_between(self, repo: str, base: str | None, head: str, *, patch: bool = True) -> Iterator[Commit]:
        span = f"{base}..{head}" if base else head
        return (self.get_commit(repo, sha) for sha in self._git("rev-list", span).split())

    def get_commit(self, repo: str, rev: str) -> Commit:
        return self._commit(rev, files=True)

    def get_branches(self, repo: str) -> Iterator[Ref]:
        for line in self._git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads").split("\n"):
            name, sha = line.split()
            yield Ref(name, "branch", sha)

    def get_tags(self, repo: str) -> Iterator[Ref]:
        for name in self._git("tag").split():
            yield Ref(name, "tag", self.resolve(repo, name))

    def get_file_history(self, repo: str, path: str, rev: str | None = None) -> Iterator[Commit]:
        return (
            self._commit(sha) for sha in self._git("log", "--follow", "--format=%H", rev or "HEAD", "--", path).split()
        )

    def resolve(self, repo: str, rev: str) -> str:
        return self._git("rev-parse", f"{rev}^{{commit}}")

    def default_branch(self, repo: str) -> str:
        return self._git("symbolic-ref", "--short", "HEAD")

    def merge_base(self, repo: str, first: str, second: str) -> str | None:
        return self._git("merge-base", first, second)

    def read_file(self, repo: str, path: str, rev: str) -> str | None:
        try:
            content = self._repo.git_bytes("cat-file", "blob", f"{rev}:{path}")
        except CalledProcessError:
            return None
        return None if b"\0" in content else content.decode()

    def list_paths(self, repo: str, rev: str) -> frozenset[str]:
        return frozenset(self._git("ls-tree", "-r", "--name-only", rev).split("\n"))

    def _commit(self, sha: str, *, files: bool = False) -> Commit:
        shape = "%H%x00%an%x00%ae%x00%cn%x00%at%x00%ct%x00%P%x00%B"
        full, author, email, committer, made, committed, parents, message = self._git(
            "show", "-s", f"--format={shape}", sha
        ).split("\0")
        at, committed_at = (datetime.fromtimestamp(int(seconds), UTC) for seconds in (made, committed))
        changes = tuple(self._files(full)) if files else None
        return Commit(
            full, author, at, message, None, email, committer, committed_at, tuple(parents.split()), changes
        )  # fmt: skip

    def _files(self, sha: str) -> Iterator[FileChange]:
        arguments = ("diff-tree", "--root", "-r", "-M", "--no-commit-id")
        states = [line.split("\t") for line in self._git(*arguments, "--name-status", sha).splitlines()]
        counts = [line.split("\t")[:2] for line in self._git(*arguments, "--numstat", sha).splitlines()]
        patches = self._git(*arguments, "-p", sha).split("diff --git ")[1:]
        for (state, *paths), (added, deleted), patch in zip(states, counts, patches, strict=True):
            binary = added == "-"
            hunks = patch[patch.index("@@ ") :] if "@@ " in patch else None
            yield FileChange(
                paths[-1], _STATUS[state[0]], paths[0] if len(paths) > 1 else None,
                None if binary else int(added), None if binary else int(deleted), binary, patch=hunks,
            )  # fmt: skip
