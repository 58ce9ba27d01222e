"""Every wrong input of a local repository: one line that says who, what and the next step; no name is an option."""

import os
from pathlib import Path

import pytest

from incident_pipeline.errors import AccessDenied, BadInput, NotFound, UsageError
from incident_pipeline.sources.git.local import LocalGit
from tests.sources.git.local_repo import Repo, one_line


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo.make(tmp_path / "repo")


@pytest.fixture
def source(repo: Repo) -> LocalGit:
    return LocalGit(repo.path)


HOSTILE_REVISIONS = ["--output=/tmp/x", "-n1", "--all", "", "main\nother", "main\0"]


@pytest.mark.parametrize("rev", HOSTILE_REVISIONS)
def test_a_revision_is_never_read_as_an_option(repo: Repo, source: LocalGit, rev: str) -> None:
    repo.commit("first", {"a": "1\n"})
    for call in (
        lambda: source.resolve("x", rev),
        lambda: source.get_commit("x", rev),
        lambda: source.get_commits_between("x", rev, "main"),
        lambda: source.get_commits("x", branch=rev),
        lambda: source.read_file("x", "a", rev),
        lambda: source.merge_base("x", "main", rev),
    ):
        with pytest.raises(UsageError) as error:
            call()
        one_line(error)


@pytest.mark.parametrize("rev", ["none", "^main", "main..main", "0" * 40, "HEAD:a", "HEAD@{7}", "main^{tree}", "@{u}"])
def test_an_unknown_revision_is_told_by_the_call_itself(repo: Repo, source: LocalGit, rev: str) -> None:
    repo.commit("first", {"a": "1\n"})
    with pytest.raises(NotFound) as error:
        source.get_commits_between("x", rev, "main")
    assert repr(rev) in one_line(error)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../a", "a/../../b", "a\0b", "."])
def test_a_path_that_leaves_the_repository_is_refused(repo: Repo, source: LocalGit, path: str) -> None:
    repo.commit("first", {"a": "1\n"})
    for call in (source.read_file, source.blame, source.get_file_history):
        with pytest.raises(UsageError) as error:
            call("x", path, "HEAD")
        one_line(error)


def test_a_path_nobody_touched_is_not_found(repo: Repo, source: LocalGit) -> None:
    repo.commit("first", {"a": "1\n"})
    with pytest.raises(NotFound) as blamed:
        source.blame("x", "--output=none", "HEAD")
    with pytest.raises(NotFound) as history:
        list(source.get_file_history("x", "--all"))
    assert "'--output=none'" in one_line(blamed)
    assert "'--all'" in one_line(history)
    with pytest.raises(UsageError):
        source.blame("x", "a", "HEAD", (3, 2))


def test_what_is_no_repository_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/.git").write_text("gitdir: /none")
    for name, kind, words in (
        ("none", NotFound, "no such folder"),
        ("plain", BadInput, "not a git repository"),
        ("file", BadInput, "a file, not a repository"),
        ("broken", BadInput, "not a git repository"),
    ):
        with pytest.raises(kind) as error:
            LocalGit(tmp_path / name).get_commits("x")
        assert words in one_line(error)
        assert not LocalGit(tmp_path / name).check().works


def test_a_repository_without_commits_is_told_in_one_line(repo: Repo, source: LocalGit) -> None:
    with pytest.raises(BadInput) as error:
        source.get_commits("x")
    assert one_line(error).endswith("the repository has no commits yet")
    assert list(source.get_branches("x")) == []
    assert "no commits yet" in source.check().advice


def test_a_repository_of_another_user_is_told_in_one_line(repo: Repo) -> None:
    repo.commit("first")
    source = LocalGit(repo.path, environment={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    for call in (lambda: source.resolve("x", "HEAD"), lambda: list(source.get_branches("x"))):
        with pytest.raises(AccessDenied) as error:
            call()
        assert "git config --global --add safe.directory" in one_line(error)


def test_a_damaged_repository_is_told_in_one_line(repo: Repo, source: LocalGit) -> None:
    repo.commit("first", {"a": "1\n"})
    repo.commit("second", {"a": "2\n"})
    blob = repo.git("rev-parse", "HEAD~1:a")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(BadInput) as error:
        list(source.get_commits_between("x", None, "HEAD"))
    assert "git fsck" in one_line(error)


def test_a_machine_without_git_is_told_in_one_line(
    repo: Repo, source: LocalGit, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first")
    source.resolve("x", "HEAD")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(BadInput) as error:
        source.resolve("x", "HEAD")
    assert one_line(error).endswith("install git")


def test_an_unreadable_repository_is_told_in_one_line(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def access(path: Path, mode: int) -> bool:
        return path != repo.path / ".git"

    monkeypatch.setattr(os, "access", access)
    with pytest.raises(AccessDenied) as error:
        LocalGit(repo.path).get_commits("x")
    assert "permission denied" in one_line(error)
