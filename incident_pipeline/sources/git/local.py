"""A repository on this machine: bare, shallow, a worktree or a plain checkout. GitPython finds and opens it.

Commits are read from one `git log` process, never one a commit, and the process ends with its iterator. The answer to
"which revision" is found first, so an unknown one is raised by the call and not in the middle of reading.

Surprising: what a shallow clone cut off is not made up. Its oldest commits look like roots that add every file; here
their `files` are None, and `blame` leaves out the lines it could only pin on them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from incident_pipeline.errors import BadInput, IncidentError, NotFound, UsageError
from incident_pipeline.model.git import BlameLine, Commit, Ref
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources.base import GitSource, SourceConfig, SourceContext
from incident_pipeline.sources.git._blame import IGNORE_REVS_FILE, ignored_hashes, parse_blame
from incident_pipeline.sources.git._log_stream import Wanted, log_arguments, read_commits
from incident_pipeline.sources.git._process import GitProgram, text_of
from incident_pipeline.sources.git._repository import (
    commit_hash,
    find_repository,
    inside,
    read_blob,
    read_refs,
    refuse_option,
)

FILE_LIMIT = 16 << 20
_IGNORE_REVS_LIMIT = 1 << 20


class Config(SourceConfig):
    """`path`: the repository's folder, or any folder in it."""

    path: Path


def open_source(config: Config, context: SourceContext) -> "LocalGit":
    """The repository is opened by the first read. A relative path starts at the config's folder."""
    return LocalGit(context.root / config.path.expanduser(), name=context.name)


class LocalGit(GitSource):
    """Any `repo` means the one at `path`. `environment` is laid over the safe one that git runs in.

    Errors: NotFound (folder, revision, path), BadInput (not a repository, no commits, damaged), AccessDenied,
    UsageError (a name that git would read as an option).
    """

    streams_patches = True

    def __init__(self, path: Path, *, name: str = "local", environment: Mapping[str, str] | None = None) -> None:
        self.path, self.name, self._environment = path, name, environment or {}
        self._known: set[str] = set()

    @property
    def _who(self) -> str:
        return f"{self.name} {self.path}"

    @cached_property
    def _git(self) -> GitProgram:
        return GitProgram(self._who, find_repository(self.path, self._who), self._environment)

    def close(self) -> None:
        """End the processes whose iterators are still held."""
        if "_git" in self.__dict__:
            self._git.stop()

    def check(self) -> SourceCheck:
        """Reads HEAD's commit."""
        try:
            head = self.resolve("", "HEAD")
            cut = "; a shallow clone: older history is not here" if self.is_shallow("") else ""
        except IncidentError as error:
            return SourceCheck(self.name, "git", str(self.path), works=False, advice=str(error))
        return SourceCheck(self.name, "git", str(self.path), works=True, found=f"HEAD is {head[:12]}{cut}")

    def get_commits(
        self, repo: str, since: datetime | None = None, until: datetime | None = None, branch: str | None = None
    ) -> Iterator[Commit]:
        """Of HEAD unless a branch is named. Reads all dates: git's own --since stops at the first clock gone wrong."""
        head = self.resolve(repo, "HEAD") if branch is None else self._branch(branch)
        wanted = Wanted(
            files=False, patch=False,
            since=since.timestamp() if since else None, until=until.timestamp() if until else None,
        )  # fmt: skip
        return self._log(wanted, [head])

    def get_commits_between(self, repo: str, base: str | None, head: str, *, patch: bool = True) -> Iterator[Commit]:
        """A merge shows its files against its first parent."""
        revisions = [self.resolve(repo, head)]
        if base is not None:
            revisions.append("^" + self.resolve(repo, base))
        return self._log(Wanted(patch=patch), revisions)

    def get_commit(self, repo: str, rev: str) -> Commit:
        """`diff` is git's text, cut like the patches."""
        for commit in self._log(Wanted(diff=True), ["-1", self.resolve(repo, rev)]):
            return commit
        raise NotFound(f"{self._who}: no commit {rev!r}")

    def get_branches(self, repo: str) -> Iterator[Ref]:  # noqa: ARG002 - one repository, whatever its name
        """Local ones by name, then remote-tracking ones as `origin/name`."""
        return read_refs(self._git, "branch")

    def get_tags(self, repo: str) -> Iterator[Ref]:  # noqa: ARG002 - one repository, whatever its name
        """Tags of trees and blobs are left out: they name no commit."""
        return read_refs(self._git, "tag")

    def get_file_history(self, repo: str, path: str, rev: str | None = None) -> Iterator[Commit]:
        """`files` holds this file only, with its patch. NotFound, on reading, when no commit touched it."""
        head, path = self.resolve(repo, rev or "HEAD"), inside(path, self._who)
        return self._touching(path, self._log(Wanted(), ["--follow", head], path))

    def resolve(self, repo: str, rev: str) -> str:
        """A name that is no local ref is looked for as a branch of `origin` too, as a CI checkout has only those."""
        if rev in self._known:
            return rev
        refuse_option(rev, self._who)
        for name in (rev, f"refs/remotes/origin/{rev}"):
            if sha := commit_hash(self._git, name):
                self._known.add(sha)  # a whole hash stays what it is; asking git again for every file is dear
                return sha
        if not self._git.run(["rev-list", "-n", "1", "--all"]).out.strip():
            raise BadInput(f"{self._who}: the repository has no commits yet")
        cut = "; the clone is shallow, `git fetch --unshallow` may bring it" if self.is_shallow(repo) else ""
        raise NotFound(f"{self._who}: unknown or ambiguous revision {rev!r}: give a branch, tag or hash it holds{cut}")

    def default_branch(self, repo: str) -> str:
        """What `origin` calls its HEAD, else the checked-out branch, else main or master."""
        for ref, prefix in (("refs/remotes/origin/HEAD", "refs/remotes/origin/"), ("HEAD", "refs/heads/")):
            target = text_of(self._git.run(["symbolic-ref", "-q", ref], ok=(0, 1, 128)).out).strip()
            if target.startswith(prefix):
                return target.removeprefix(prefix)
        names = {ref.name.removeprefix("origin/") for ref in self.get_branches(repo)}
        for name in ("main", "master"):
            if name in names:
                return name
        raise NotFound(f"{self._who}: HEAD is on no branch and origin names none: say which branch")

    def merge_base(self, repo: str, first: str, second: str) -> str | None:
        """The first one git names, when there are several."""
        found = self._git.run(["merge-base", self.resolve(repo, first), self.resolve(repo, second)], ok=(0, 1))
        return text_of(found.out).strip() or None

    def is_shallow(self, repo: str) -> bool:  # noqa: ARG002 - one repository, whatever its name
        """History was cut off when it was cloned."""
        return bool(self._shallow())

    def blame(
        self, repo: str, path: str, rev: str, lines: tuple[int, int] | None = None, *, ignore: Sequence[str] = ()
    ) -> tuple[BlameLine, ...]:
        """Honours `.git-blame-ignore-revs` of that revision, else of the working tree. Past the file's end: ()."""
        head, path = self.resolve(repo, rev), inside(path, self._who)
        if lines and not 1 <= lines[0] <= lines[1]:
            raise UsageError(f"{self._who}: blame of lines {lines[0]}-{lines[1]}: count from 1, first to last")
        ignored = self._ignored(head) + ignored_hashes("\n".join(ignore).encode())
        options = [f"-L{lines[0]},{lines[1]}"] if lines else []
        options += ["--ignore-revs-file=/dev/stdin"] if ignored else []
        command = ["blame", "--porcelain", "--no-textconv", *options, head, "--", path]
        done = self._git.run(command, stdin=ignored, ok=(0, 128))
        if done.code and re.search(r"has only \d+ lines?", done.said):
            return ()
        if done.code and "no such path" in done.said:
            raise NotFound(f"{self._who}: no file {path!r} at {rev}")
        if done.code:
            raise self._git.error("blame", done.said)
        cut = self._shallow()
        return tuple(line for line in parse_blame(done.out) if line.hash not in cut)

    def read_file(self, repo: str, path: str, rev: str) -> str | None:
        """None, too, for a folder, a submodule and a file over `FILE_LIMIT` bytes."""
        raw = read_blob(self._git, self.resolve(repo, rev), inside(path, self._who), limit=FILE_LIMIT)
        return None if raw is None or b"\0" in raw[:8000] else text_of(raw)

    def list_paths(self, repo: str, rev: str) -> frozenset[str]:
        """Files and symbolic links, not submodules."""
        rows = self._git.run(["ls-tree", "-r", "-z", "--full-tree", self.resolve(repo, rev)]).out.split(b"\0")
        entries = (row.partition(b"\t") for row in rows if row)
        return frozenset(text_of(path) for meta, _, path in entries if b" commit " not in meta)

    def _log(self, wanted: Wanted, revisions: list[str], path: str | None = None) -> Iterator[Commit]:
        command = [*log_arguments(files=wanted.files, patch=wanted.patch), *revisions, "--", *([path] if path else [])]
        wanted = replace(wanted, roots_unknown=self._shallow())
        with self._git.stream(command) as out:
            yield from read_commits(out.read, wanted)

    def _touching(self, path: str, commits: Iterator[Commit]) -> Iterator[Commit]:
        none = True
        for commit in commits:
            none = False
            yield commit
        if none:
            raise NotFound(f"{self._who}: no commit touches {path!r}")

    def _branch(self, branch: str) -> str:
        refuse_option(branch, self._who)
        for ref in (f"refs/heads/{branch}", f"refs/remotes/{branch}", f"refs/remotes/origin/{branch}"):
            if sha := commit_hash(self._git, ref):
                return sha
        return self.resolve("", branch)

    def _shallow(self) -> frozenset[str]:
        """The commits whose parents were left out."""
        place = text_of(self._git.run(["rev-parse", "--git-path", "shallow"]).out).rstrip("\n")
        file = self._git.folder / place
        return frozenset(file.read_text("ascii").split()) if file.is_file() else frozenset()

    def _ignored(self, commit: str) -> bytes:
        raw = read_blob(self._git, commit, IGNORE_REVS_FILE, limit=_IGNORE_REVS_LIMIT)
        file = self._git.folder / IGNORE_REVS_FILE
        if raw is None and file.is_file() and not file.is_symlink() and file.stat().st_size <= _IGNORE_REVS_LIMIT:
            raw = file.read_bytes()
        return ignored_hashes(raw or b"")
