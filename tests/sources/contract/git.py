"""Of every forge: the same `Commit` as git itself gives, whatever the host.

The history served is that of `history.make_history`; what the local source reads of it is the truth.
"""

import atexit
import shutil
import tempfile
from abc import abstractmethod
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import ClassVar, cast

import pytest

from incident_pipeline.errors import AccessDenied, NotFound
from incident_pipeline.model.git import Commit, FileChange
from incident_pipeline.sources.base import GitSource, Source
from incident_pipeline.sources.git.local import LocalGit
from tests.fakes.server import FakeVendor, json_reply
from tests.sources.contract.source import ReadContract, SourceContract
from tests.sources.git.history import make_history
from tests.sources.git.local_repo import Repo

REPO = "acme/shop"


class GitReads(ReadContract):
    """What needs no vendor. The fixture `truth` reads the same history (`history`) in a way of its own."""

    def history(self, tmp_path: Path) -> Path:
        """The repository to serve; copied at the first call: making it anew costs twenty processes."""
        path = tmp_path / "origin"
        if not path.exists():
            made, self.sha = _made()
            shutil.copytree(made, path)
        return path

    def read(self, source: Source) -> list[object]:
        return list(cast("GitSource", source).get_branches(REPO))

    @pytest.fixture
    def git(self, source: Source) -> GitSource:
        return cast("GitSource", source)

    @pytest.fixture
    @abstractmethod
    def truth(self, source: Source, tmp_path: Path) -> GitSource:
        """What git itself says."""

    @pytest.mark.proves("commits in a window", by="fake")
    def test_commits_in_a_window_have_both_ends_respected(self, git: GitSource, truth: GitSource) -> None:
        everything = list(truth.get_commits(REPO))
        since, until = everything[-2].committed_at, everything[0].committed_at
        assert since
        assert until
        assert [c.hash for c in git.get_commits(REPO)] == [c.hash for c in everything]
        inside = [c.hash for c in everything if c.committed_at and since <= c.committed_at < until]
        assert [c.hash for c in git.get_commits(REPO, since, until)] == inside
        assert list(git.get_commits(REPO, since + timedelta(days=400))) == []

    @pytest.mark.proves("commits in a window", by="fake")
    def test_a_listed_commit_is_the_same_as_git_gives(self, git: GitSource, truth: GitSource) -> None:
        assert [_bare(c) for c in git.get_commits(REPO)] == [_bare(c) for c in truth.get_commits(REPO)]

    @pytest.mark.proves("commits in a window", by="fake")
    def test_a_branch_has_its_own_commits(self, git: GitSource, truth: GitSource) -> None:
        assert [c.hash for c in git.get_commits(REPO, branch="side")] == [
            c.hash for c in truth.get_commits(REPO, branch="side")
        ]

    @pytest.mark.proves("commits between two hashes", by="fake")
    def test_commits_between_two_hashes_come_with_files_and_patches(self, git: GitSource, truth: GitSource) -> None:
        base, head = self.sha["first"], self.sha["head"]
        got = list(git.get_commits_between(REPO, base, head))
        wanted = list(truth.get_commits_between(REPO, base, head))
        assert {c.hash for c in got} == {c.hash for c in wanted}
        assert got[0].hash == head
        by_hash = {c.hash: c for c in wanted}
        for commit in got:
            assert _bare(commit) == _bare(by_hash[commit.hash])
            if not commit.is_merge:
                assert _files(commit) == _files(by_hash[commit.hash])

    @pytest.mark.proves("commits between two hashes", by="fake")
    def test_commits_between_without_patches_or_base(self, git: GitSource, truth: GitSource) -> None:
        head = self.sha["edit"]
        got = list(git.get_commits_between(REPO, None, head, patch=False))
        assert {c.hash for c in got} == {c.hash for c in truth.get_commits_between(REPO, None, head, patch=False)}
        assert all(f.patch is None for c in got for f in c.files or ())
        assert list(git.get_commits_between(REPO, head, head)) == []

    @pytest.mark.proves("files and patch of a commit", by="fake")
    def test_one_commits_files_and_patch_are_those_of_git(self, git: GitSource, truth: GitSource) -> None:
        for name in ("first", "edit", "rename", "head"):
            got, wanted = git.get_commit(REPO, self.sha[name]), truth.get_commit(REPO, self.sha[name])
            assert _bare(got) == _bare(wanted)
            assert _files(got) == _files(wanted)
            assert "diff --git" in (got.diff or "")

    @pytest.mark.proves("branches", by="fake")
    def test_branches_are_those_of_git(self, git: GitSource, truth: GitSource) -> None:
        assert sorted(r.name for r in git.get_branches(REPO)) == sorted(r.name for r in truth.get_branches(REPO))
        assert set(git.get_branches(REPO)) == set(truth.get_branches(REPO))

    @pytest.mark.proves("tags", by="fake")
    def test_tags_are_peeled(self, git: GitSource, truth: GitSource) -> None:
        assert set(git.get_tags(REPO)) == set(truth.get_tags(REPO)) != set()

    @pytest.mark.proves("file history", by="fake")
    def test_a_files_history_goes_on_behind_a_rename(self, git: GitSource, truth: GitSource) -> None:
        path, head = "src/basket.py", self.sha["head"]
        got = list(git.get_file_history(REPO, path, head))
        assert [c.hash for c in got] == [c.hash for c in truth.get_file_history(REPO, path, head)]
        assert all(c.files for c in got)

    @pytest.mark.proves("default branch", by="fake")
    def test_the_default_branch_and_what_a_name_stands_for(self, git: GitSource, truth: GitSource) -> None:
        assert git.default_branch(REPO) == "main"
        for rev in ("main", "side", "v1", self.sha["edit"], self.sha["edit"][:12]):
            assert git.resolve(REPO, rev) == truth.resolve(REPO, rev)
        with pytest.raises(NotFound):
            git.resolve(REPO, "0" * 40)
        with pytest.raises(NotFound):
            git.resolve(REPO, "no-such-branch")

    @pytest.mark.proves("merge base", by="fake")
    def test_the_merge_base_is_that_of_git(self, git: GitSource) -> None:
        assert git.merge_base(REPO, self.sha["side"], self.sha["edit"]) == self.sha["first"]
        assert git.merge_base(REPO, self.sha["edit"], self.sha["head"]) == self.sha["edit"]

    @pytest.mark.proves("files at a revision", by="fake")
    def test_files_are_read_and_listed_at_a_revision(self, git: GitSource, truth: GitSource) -> None:
        for name in ("first", "head"):
            assert git.list_paths(REPO, self.sha[name]) == truth.list_paths(REPO, self.sha[name])
        for path in ("src/basket.py", "src/cart.py", "logo.bin", "empty.txt", "src", "no/such"):
            assert git.read_file(REPO, path, self.sha["head"]) == truth.read_file(REPO, path, self.sha["head"])


class GitContract(GitReads, SourceContract):
    """`history` is made once a test; `exact`: fields of a file that the vendor's API can tell (sizes of binaries may
    be beyond it)."""

    page_size: ClassVar[int] = 2
    """What `open` asks for, so that a short history has pages."""

    lists_commits_by: ClassVar[str] = "committer"

    @pytest.fixture
    def truth(self, source: Source, tmp_path: Path) -> LocalGit:
        return LocalGit(self.history(tmp_path))

    @pytest.mark.proves("errors", by="fake")
    def test_a_token_that_runs_out_halfway_is_told_after_what_came(self, fake: FakeVendor, git: GitSource) -> None:
        fake.after = (1, json_reply(self.refusal, 401))
        got: list[Commit] = []
        with pytest.raises(AccessDenied):
            got.extend(git.get_commits(REPO))
        fake.after = None
        iterator = cast("Generator[Commit]", git.get_commits(REPO))
        next(iterator)
        asked = len(fake.requests)
        iterator.close()
        assert len(fake.requests) == asked


@cache
def _made() -> tuple[Path, dict[str, str]]:
    folder = Path(tempfile.mkdtemp(prefix="history-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    repo, sha = make_history(folder / "origin")
    return repo.path, sha


def odd_history(path: Path) -> Repo:
    """Names and messages that try to be something else: for adapters' own tests."""
    repo = Repo.make(path)
    repo.commit("<script>alert(1)</script>\n\n::error::no\x1b[31m", {"a b/ü#?%41.py": "x\n", "-rf": "y\n"})
    return repo


def _bare(commit: Commit) -> Commit:
    return replace(commit, files=None, diff=None, message=commit.message.rstrip("\n"))


def _files(commit: Commit) -> list[FileChange]:
    files = [replace(f, patch=f.patch.rstrip("\n") if f.patch else None) for f in commit.files or ()]
    return sorted(files, key=lambda f: f.path)
