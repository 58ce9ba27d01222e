"""Refs, history, blame and files of a local repository, whatever kind it is."""

import subprocess
import sys
from pathlib import Path

import pytest

from incident_pipeline.errors import BadInput, NotFound
from incident_pipeline.model.git import BlameLine, Ref
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.git.local import Config, LocalGit, open_source
from tests.sources.git.local_repo import Repo, one_line


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo.make(tmp_path / "repo")


@pytest.fixture
def source(repo: Repo) -> LocalGit:
    return LocalGit(repo.path)


def test_the_adapter_opens_a_path_relative_to_its_config(repo: Repo, tmp_path: Path) -> None:
    sha = repo.commit("first", {"a/b": "1\n"})
    context = SourceContext("mine", tmp_path / "cache", tmp_path)
    with open_source(Config(path=Path("repo/a")), context) as opened:
        assert opened.resolve("acme/shop", "HEAD") == sha
        assert opened.list_paths("acme/shop", "HEAD") == {"a/b"}
        status = opened.check()
    assert (status.source, status.works, status.found) == ("mine", True, f"HEAD is {sha[:12]}")


def test_branches_are_local_and_remote_tracking_and_tags_are_peeled(repo: Repo, tmp_path: Path) -> None:
    first = repo.commit("first", {"a": "1\n"})
    repo.git("tag", "light")
    repo.git("tag", "-a", "-m", "annotated", "v1")
    repo.git("tag", "tree", "HEAD^{tree}")
    repo.git("branch", "feature/x")
    clone = Repo(tmp_path / "clone")
    repo.git("clone", "-q", str(repo.path), str(clone.path))
    second = clone.commit("second")
    found = LocalGit(clone.path)
    assert list(found.get_branches("x")) == [
        Ref("main", "branch", second), Ref("origin/feature/x", "branch", first), Ref("origin/main", "branch", first),
    ]  # fmt: skip
    assert list(found.get_tags("x")) == [Ref("light", "tag", first), Ref("v1", "tag", first)]
    assert found.resolve("x", "v1") == found.resolve("x", "feature/x") == found.resolve("x", first[:8]) == first
    assert [c.hash for c in found.get_commits("x", branch="origin/main")] == [first]
    assert [c.hash for c in found.get_commits("x", branch="feature/x")] == [first]
    assert found.default_branch("x") == "main"


def test_a_branch_is_preferred_to_a_tag_of_the_same_name(repo: Repo, source: LocalGit) -> None:
    repo.commit("first")
    repo.git("tag", "release")
    repo.git("checkout", "-q", "-b", "release")
    second = repo.commit("second")
    assert next(source.get_commits("x", branch="release")).hash == second


def test_the_default_branch_is_the_one_checked_out_when_there_is_no_remote(repo: Repo, source: LocalGit) -> None:
    repo.commit("first")
    repo.git("checkout", "-q", "-b", "trunk")
    assert source.default_branch("x") == "trunk"
    repo.git("checkout", "-q", "--detach")
    assert source.default_branch("x") == "main"
    repo.git("branch", "-D", "main")
    with pytest.raises(NotFound) as error:
        source.default_branch("x")
    assert "say which branch" in one_line(error)


def test_merge_base(repo: Repo, source: LocalGit) -> None:
    fork = repo.commit("fork")
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("topic")
    repo.git("checkout", "-q", "main")
    repo.commit("main")
    assert source.merge_base("x", "main", "topic") == fork
    repo.git("checkout", "-q", "--orphan", "alone")
    repo.commit("alone")
    assert source.merge_base("x", "main", "alone") is None


def test_file_history_follows_renames_and_shows_that_file_only(repo: Repo, source: LocalGit) -> None:
    body = "".join(f"line {i}\n" for i in range(10))
    first = repo.commit("first", {"old name.py": body, "other": "1\n"})
    repo.git("mv", "old name.py", "[new] *.py")
    second = repo.commit("second", {"other": "2\n"})
    repo.commit("third", {"other": "3\n", "[new] x.py": "a decoy for the pattern\n"})
    fourth = repo.commit("fourth", {"[new] *.py": body + "more\n", "other": "4\n"})
    history = list(source.get_file_history("x", "[new] *.py"))
    assert [c.hash for c in history] == [fourth, second, first]
    files = [f for c in history for f in c.files or ()]
    assert [(f.path, f.status, f.old_path) for f in files] == [
        ("[new] *.py", "modified", None), ("[new] *.py", "renamed", "old name.py"), ("old name.py", "added", None),
    ]  # fmt: skip
    assert files[0].patch == "@@ -8,3 +8,4 @@ line 6\n line 7\n line 8\n line 9\n+more"
    assert [c.hash for c in source.get_file_history("x", "old name.py", first)] == [first]


def test_blame_names_commit_path_and_original_line(repo: Repo, source: LocalGit) -> None:
    body = [f"line number {i} of the file\n" for i in range(6)]
    first = repo.commit("first", {'o"ld\n.py': "".join(body)})
    repo.git("mv", 'o"ld\n.py', "new.py")
    second = repo.commit("second", {"new.py": "".join(["top\n", *body[:5], "last\r\n"])})
    lines = source.blame("x", "new.py", "HEAD")
    assert lines[0] == BlameLine(1, second, "new.py", 1, "top")
    assert lines[2] == BlameLine(3, first, 'o"ld\n.py', 2, "line number 1 of the file")
    assert lines[6] == BlameLine(7, second, "new.py", 7, "last\r")
    assert source.blame("x", "new.py", "HEAD", (3, 3)) == (lines[2],)
    assert source.blame("x", "new.py", "HEAD", (7, 99)) == (lines[6],)
    assert source.blame("x", "new.py", "HEAD", (8, 99)) == ()


@pytest.mark.parametrize("committed", [True, False])
def test_blame_passes_over_the_commits_to_ignore(repo: Repo, source: LocalGit, *, committed: bool) -> None:
    first = repo.commit("first", {"a.py": "x = 1\ny = 2\n"})
    second = repo.commit("reformat", {"a.py": "x  =  1\ny  =  2\n"})
    assert {line.hash for line in source.blame("x", "a.py", "HEAD")} == {second}
    repo.write(".git-blame-ignore-revs", f"# style\n{second}  # reformat\n{'0' * 40}\nnot a hash\n{second[:8]}\n")
    if committed:
        repo.commit("ignore it")
        (repo.path / ".git-blame-ignore-revs").unlink()
    assert {line.hash for line in source.blame("x", "a.py", "HEAD")} == {first}


def test_files_are_read_as_of_a_revision(repo: Repo, source: LocalGit) -> None:
    first = repo.commit("first", {"d/a.txt": b"caf\xe9\r\n", "bin": b"\0", "-dash": "d\n", "[x]": "x\n"})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{first},lib")
    (repo.path / "lib").mkdir()
    repo.commit("second", {"d/a.txt": "new\n"})
    assert source.read_file("x", "d/a.txt", first) == "caf\\xe9\r\n"
    assert source.read_file("x", "./d//a.txt", "HEAD") == "new\n"
    assert (source.read_file("x", "-dash", "HEAD"), source.read_file("x", "[x]", "HEAD")) == ("d\n", "x\n")
    assert [source.read_file("x", name, "HEAD") for name in ("bin", "d", "lib", "none", "*")] == [None] * 5
    assert source.list_paths("x", "HEAD") == {"d/a.txt", "bin", "-dash", "[x]"}


def test_a_shallow_clone_does_not_take_its_oldest_commit_for_a_root(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", {"a": "1\n"})
    cut = repo.commit("second", {"a": "1\n2\n"})
    third = repo.commit("third", {"a": "1\n2\n3\n"})
    repo.git("clone", "-q", "--depth=2", f"file://{repo.path}", str(tmp_path / "shallow"))
    source = LocalGit(tmp_path / "shallow")
    assert source.is_shallow("x")
    assert not LocalGit(repo.path).is_shallow("x")
    commits = list(source.get_commits_between("x", None, "HEAD"))
    assert [(c.hash, c.files is None) for c in commits] == [(third, False), (cut, True)]
    assert (source.get_commit("x", cut).files, source.get_commit("x", cut).diff) == (None, None)
    assert [(line.line, line.hash) for line in source.blame("x", "a", "HEAD")] == [(3, third)]
    assert "shallow" in source.check().found
    with pytest.raises(NotFound, match="unshallow"):
        source.resolve("x", "HEAD~2")


def test_bare_repositories_and_worktrees_read_the_same(repo: Repo, tmp_path: Path) -> None:
    sha = repo.commit("first", {"a": "1\n", ".mailmap": "Other <o@x> <ann@example.org>\n"})
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    for path in (tmp_path / "bare.git", tmp_path / "tree", repo.path / ".git"):
        source = LocalGit(path)
        (commit,) = source.get_commits_between("x", None, "HEAD")
        assert (commit.hash, commit.author, len(commit.files or ())) == (sha, "Other", 2)
        assert [line.hash for line in source.blame("x", "a", "HEAD")] == [sha]
        assert source.read_file("x", "a", "HEAD") == "1\n"


def test_the_callers_git_environment_does_not_lead_elsewhere(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repo.commit("first", {"a": "1\n"})
    other = Repo.make(tmp_path / "other")
    other.commit("other", {"b": "1\n"})
    for name, value in {
        "GIT_DIR": str(other.path / ".git"),
        "GIT_WORK_TREE": str(other.path),
        "GIT_DIFF_OPTS": "-u0",
    }.items():
        monkeypatch.setenv(name, value)
    source = LocalGit(repo.path)
    assert source.resolve("x", "HEAD") == sha
    assert source.read_file("x", "a", "HEAD") == "1\n"
    assert [line.hash for line in source.blame("x", "a", "HEAD")] == [sha]


def test_nothing_in_the_repository_is_run_or_bends_the_output(repo: Repo, source: LocalGit, tmp_path: Path) -> None:
    flag = tmp_path / "ran"
    repo.commit("first", {"a": "1\n", ".gitattributes": "* diff=evil filter=evil\n"})
    plain = repo.commit("second", {"a": "2\n"})
    expected = source.get_commit("x", plain)
    blamed = source.blame("x", "a", "HEAD")
    hostile = {
        "diff.external": f"touch {flag}", "diff.evil.command": f"touch {flag}",
        "diff.evil.textconv": f"touch {flag};cat", "diff.evil.binary": "false",
        "core.fsmonitor": f"touch {flag}", "core.pager": f"touch {flag}", "pager.log": f"touch {flag}",
        "filter.evil.smudge": f"touch {flag};cat", "filter.evil.clean": f"touch {flag};cat",
        "gpg.program": str(tmp_path / "gpg"), "core.hooksPath": str(tmp_path), "alias.log": f"!touch {flag}",
        "log.showSignature": "true", "diff.noprefix": "true", "diff.context": "9", "color.ui": "always",
        "diff.renames": "false", "diff.algorithm": "patience", "diff.submodule": "log", "diff.orderFile": "/none",
        "diff.suppressBlankEmpty": "true", "log.showRoot": "false", "log.diffMerges": "combined", "log.follow": "true",
        "log.date": "human", "format.pretty": "oneline", "diff.relative": "true",
        "i18n.logOutputEncoding": "UTF-16", "core.quotePath": "true", "core.abbrev": "5",
    }  # fmt: skip
    (tmp_path / "gpg").write_text(f"#!/bin/sh\ntouch {flag}\n")
    (tmp_path / "gpg").chmod(0o755)
    for name, value in hostile.items():
        repo.git("config", name, value)
    assert source.get_commit("x", plain) == expected
    assert source.blame("x", "a", "HEAD") == blamed
    assert [len(c.files or ()) for c in source.get_commits_between("x", None, "HEAD")] == [1, 2]
    assert not flag.exists()
    repo.git("config", "blame.ignoreRevsFile", "/none")
    with pytest.raises(BadInput) as error:
        source.blame("x", "a", "HEAD")
    assert "blame.ignoreRevsFile" in one_line(error)


def test_a_partial_clone_fetches_nothing_and_says_so(repo: Repo, tmp_path: Path) -> None:
    flag = tmp_path / "ran"
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.commit("first", {"a": "1\n"})
    repo.commit("second", {"a": "2\n"})
    clone = Repo(tmp_path / "partial")
    repo.git("clone", "-q", "--bare", "--filter=blob:none", f"file://{repo.path}", str(clone.path))
    clone.git("config", "remote.origin.uploadpack", f"touch {flag};git-upload-pack")
    source = LocalGit(clone.path)
    assert len(list(source.get_commits("x"))) == 2
    with pytest.raises(BadInput) as error:
        list(source.get_commits_between("x", None, "HEAD"))
    assert "objects are missing" in one_line(error)
    assert not flag.exists()


def test_importing_the_adapter_does_not_import_gitpython() -> None:
    code = "import sys, incident_pipeline.sources.git.local; sys.exit('git' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
