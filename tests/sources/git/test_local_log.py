"""Commits of a local repository: every kind of change, read from one stream."""

import gc
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incident_pipeline.model.git import Commit, FileChange
from incident_pipeline.model.patch import numbered, parse_hunks
from incident_pipeline.sources.git import _log_stream
from incident_pipeline.sources.git._process import GitProgram
from incident_pipeline.sources.git.local import LocalGit
from tests.sources.git.local_repo import START, Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo.make(tmp_path / "repo")


def between(repo: Repo, base: str | None = None, head: str = "HEAD", *, patch: bool = True) -> list[Commit]:
    with LocalGit(repo.path) as source:
        return list(source.get_commits_between("any/name", base, head, patch=patch))


def newest_files(repo: Repo, *, patch: bool = True) -> dict[str, FileChange]:
    files = between(repo, patch=patch)[0].files
    assert files is not None
    return {file.path: file for file in files}


def test_a_root_commit_adds_its_files_and_carries_every_field(repo: Repo) -> None:
    sha = repo.commit("Add cart\n\nBecause of shops.\n", {"src/cart.py": "one\ntwo\n"})
    (commit,) = between(repo)
    moment = datetime.fromtimestamp(START + 60, UTC)
    patch = "@@ -0,0 +1,2 @@\n+one\n+two"
    assert commit == Commit(
        hash=sha, author="Ann", date=moment, message="Add cart\n\nBecause of shops.", author_email="ann@example.org",
        committer="Ann", committed_at=moment, parents=(),
        files=(FileChange("src/cart.py", "added", additions=2, deletions=0, patch=patch),),
    )  # fmt: skip


def test_an_empty_commit_has_no_files_and_an_unread_one_has_none(repo: Repo) -> None:
    repo.commit("first", {"a": "1\n"})
    repo.commit("empty")
    assert between(repo)[0].files == ()
    assert [c.files for c in LocalGit(repo.path).get_commits("x")] == [None, None]


def test_the_range_leaves_out_the_base_and_everything_before_it(repo: Repo) -> None:
    shas = [repo.commit(f"c{i}", {"a": f"{i}\n"}) for i in range(5)]
    found = between(repo, shas[1], shas[3])
    assert [c.hash for c in found] == [shas[3], shas[2]]
    assert found[0].parents == (shas[2],)


def test_a_merge_shows_what_it_brought_to_its_first_parent(repo: Repo) -> None:
    repo.commit("base", {"a": "a\n"})
    repo.git("checkout", "-q", "-b", "topic")
    topic = repo.commit("topic", {"t": "t\n"})
    repo.git("checkout", "-q", "main")
    main = repo.commit("main", {"m": "m\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    merge = between(repo)[0]
    assert merge.is_merge
    assert merge.parents == (main, topic)
    assert [(f.path, f.status, f.additions) for f in merge.files or ()] == [("t", "added", 1)]


@pytest.mark.parametrize("patch", [True, False])
def test_every_kind_of_change_is_named_the_same_with_and_without_patch(repo: Repo, *, patch: bool) -> None:
    repo.commit("first", {
        "old.txt": "".join(f"{i}\n" for i in range(20)), "gone": "x\n", "same": "s\n", "bin": b"\0\1\2", "mode": "m\n",
        "link": "target\n", "pure": "nothing changes here\n", "wasbin": b"\0",
    })  # fmt: skip
    gitlink = repo.git("rev-parse", "HEAD")
    repo.git("mv", "old.txt", "dir new.txt")
    repo.write("dir new.txt", "".join(f"{i}\n" for i in range(21)))
    (repo.path / "gone").unlink()
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("target")
    (repo.path / "mode").chmod(0o755)
    repo.git("mv", "pure", "moved")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{gitlink},lib")
    (repo.path / "lib").mkdir()
    repo.commit("second", {"bin": b"\0\1\3", "new": "n\nn\n", "empty": ""})
    files = newest_files(repo, patch=patch)
    assert {p: (f.status, f.old_path, f.additions, f.deletions, f.binary, f.submodule) for p, f in files.items()} == {
        "dir new.txt": ("renamed", "old.txt", 1, 0, False, False),
        "gone": ("deleted", None, 0, 1, False, False),
        "bin": ("modified", None, None, None, True, False),
        "link": ("type-changed", None, 1, 1, False, False),
        "mode": ("modified", None, 0, 0, False, False),
        "moved": ("renamed", "pure", 0, 0, False, False),
        "lib": ("added", None, 1, 0, False, True),
        "new": ("added", None, 2, 0, False, False),
        "empty": ("added", None, 0, 0, False, False),
    }
    assert {p for p, f in files.items() if f.patch is None} == ({"bin"} if patch else set(files))
    if patch:
        assert files["mode"].patch == files["moved"].patch == files["empty"].patch == ""
        assert files["lib"].patch == f"@@ -0,0 +1 @@\n+Subproject commit {gitlink}"
        assert len(parse_hunks(files["link"].patch or "")) == 2


ODD_NAMES: list[bytes] = [
    b"with space", b"tab\there", b'quo"te', b"new\nline", b"back\\slash", b"-dash", b":(top)magic", b"\x01start",
    "ünïcode".encode(), b"latin-\xe9", b"b/diff --git a", b"* glob",
]  # fmt: skip


@pytest.mark.parametrize("patch", [True, False])
def test_odd_file_names_come_out_as_they_are_and_bad_bytes_visibly(repo: Repo, *, patch: bool) -> None:
    for name in ODD_NAMES:
        repo.write(name, b"text of " + name.replace(b"\n", b" ") + b"\n")
    repo.commit("odd")
    repo.write(b"moved\t\xff\n", b"text of new line\n")
    (repo.path / "new\nline").unlink()
    repo.commit("move")
    moved, added = between(repo, patch=patch)
    expected = {name.decode("utf-8", "backslashreplace") for name in ODD_NAMES}
    assert {f.path for f in added.files or ()} == expected
    assert "latin-\\xe9" in expected
    assert [(f.status, f.old_path, f.path) for f in moved.files or ()] == [("renamed", "new\nline", "moved\t\\xff\n")]
    if patch:
        assert all(f.patch and f.patch.startswith("@@ -0,0 +1 @@\n+text of") for f in added.files or ())


def test_content_that_looks_like_our_marks_stays_content(repo: Repo) -> None:
    hostile = (
        b"\x01123\n\ndiff --git a/x b/x\n\x01\0@@ -1 +1 @@\n+++ b/x\n--- a/x\n:100644\nBinary files a and b differ\n"
    )
    repo.write(".gitattributes", "odd diff\n")
    repo.commit("first", {"odd": "start\n"})
    sha = repo.commit("second\n\n\x01 not a start\ndiff --git a/m b/m\n", {"odd": b"start\n" + hostile})
    second, first = between(repo)
    assert (second.hash, first.subject) == (sha, "first")
    assert second.message.endswith("\n\n\x01 not a start\ndiff --git a/m b/m")
    assert second.files
    file = second.files[0]
    assert (file.additions, file.deletions, file.binary) == (hostile.count(b"\n"), 0, False)
    added = [text for sign, _, text in numbered(parse_hunks(file.patch or "")[0]) if sign == "+"]
    assert "\n".join(added).encode() + b"\n" == hostile


def test_messages_and_authors_that_are_no_utf8_are_kept_visibly(repo: Repo) -> None:
    repo.git("config", "i18n.commitEncoding", "utf-8")
    tree = repo.git("write-tree")
    head = b"tree " + tree.encode() + b"\nauthor J\xfcrgen <j@x> 1700000000 +0000\ncommitter C <c@x> 1700000000 +0000\n"
    plain = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=head + b"\ncaf\xe9\r\nmore\r\n")
    told = head + b"encoding ISO-8859-1\n\ncaf\xe9\n"
    encoded = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=told)
    source = LocalGit(repo.path)
    repo.git("update-ref", "refs/heads/main", plain)
    assert (source.get_commit("x", plain).author, source.get_commit("x", plain).message) == (
        "J\\xfcrgen",
        "caf\\xe9\nmore",
    )
    assert (source.get_commit("x", encoded).author, source.get_commit("x", encoded).message) == ("Jürgen", "café")


def test_a_date_beyond_any_calendar_is_no_reason_to_stop(repo: Repo) -> None:
    tree = repo.git("write-tree")
    text = f"tree {tree}\nauthor A <a@x> 99999999999999 +0000\ncommitter C <c@x> 1 +0000\n\nfar\n"
    sha = repo.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text.encode())
    commit = LocalGit(repo.path).get_commit("x", sha)
    assert commit.date == datetime.max.replace(tzinfo=UTC)
    assert commit.committed_at == datetime.fromtimestamp(1, UTC)


def test_names_are_those_of_the_mailmap(repo: Repo) -> None:
    repo.commit("first", {".mailmap": "Ann Other <other@example.org> <ann@example.org>\n"})
    (commit,) = between(repo)
    assert (commit.author, commit.author_email, commit.committer) == ("Ann Other", "other@example.org", "Ann Other")


def test_the_window_includes_since_and_excludes_until_whatever_the_order_of_clocks(repo: Repo) -> None:
    shas = [repo.commit(f"c{i}") for i in range(4)]
    repo.clock = 1000
    repo.commit("clock gone wrong")
    repo.clock = START + 240
    last = repo.commit("last")
    since, until = (datetime.fromtimestamp(START + n, UTC) for n in (120, 240))
    source = LocalGit(repo.path)
    assert [c.hash for c in source.get_commits("x", since, until)] == [shas[2], shas[1]]
    assert [c.hash for c in source.get_commits("x", until)] == [last, shas[3]]
    assert [c.hash for c in source.get_commits("x", since, until + timedelta(microseconds=1))] == shas[3:0:-1]


def test_one_commit_comes_with_its_diff(repo: Repo) -> None:
    repo.commit("first", {"a": "1\n", "b": "1\n"})
    sha = repo.commit("second", {"a": "2\n", "b": "2\n"})
    shown = repo.git("show", "--full-index", "--format=", sha)
    commit = LocalGit(repo.path).get_commit("x", sha)
    assert commit.diff == shown + "\n"
    assert between(repo)[0].diff is None


def test_a_large_patch_is_cut_at_a_line_and_marked_but_counted_to_the_end(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = 400_000
    repo.commit("first", {"small": "s\n"})
    repo.commit("big", {
        "a big": "".join(f"+{i} and some more\n" for i in range(lines)),
        "b small": "b\n", "c wide": "w" * (5 << 20) + "\n",
    })  # fmt: skip
    repo.commit("last", {"small": "t\n"})
    last, big, first = between(repo)
    files = {f.path: f for f in big.files or ()}
    assert (files["a big"].additions, files["a big"].truncated) == (lines, True)
    patch = files["a big"].patch or ""
    assert len(patch) <= _log_stream.PATCH_LIMIT
    assert patch.endswith(" and some more")
    assert (files["c wide"].additions, files["c wide"].truncated, files["c wide"].patch) == (1, True, "@@ -0,0 +1 @@")
    assert files["b small"] == FileChange("b small", "added", None, 1, 0, patch="@@ -0,0 +1 @@\n+b")
    assert [len(c.files or ()) for c in (last, first)] == [1, 1]
    monkeypatch.setattr(_log_stream, "COMMIT_LIMIT", 100)
    cut = {f.path: f for f in between(repo)[1].files or ()}
    assert (cut["b small"].patch, cut["b small"].truncated, cut["b small"].additions) == ("", True, 1)


def test_commits_of_a_real_mix_equal_what_git_says_one_by_one(repo: Repo) -> None:
    for i in range(30):
        repo.commit(f"c{i}", {f"d{i % 3}/f{i % 5}": "".join(f"{j * i % 7}\n" for j in range(20)), f"n{i}": ""})
    for commit in between(repo):
        counts = repo.git("show", "--numstat", "--format=", commit.hash).splitlines()
        assert [f"{f.additions}\t{f.deletions}\t{f.path}" for f in commit.files or ()] == counts


def test_the_process_ends_with_its_iterator(repo: Repo) -> None:
    for i in range(3):
        repo.commit(f"c{i}", {"a": "".join(f"{i}{j}\n" for j in range(300_000))})
    source = LocalGit(repo.path)
    commits = source.get_commits_between("x", None, "HEAD")
    next(commits)
    (process,) = running(source)
    assert process.poll() is None
    del commits
    gc.collect()
    assert process.returncode is not None
    held = source.get_commits_between("x", None, "HEAD")
    next(held)
    (process,) = running(source)
    source.close()
    assert process.wait() != 0


def running(source: LocalGit) -> list[subprocess.Popen[bytes]]:
    git: GitProgram = source._git  # pyright: ignore[reportPrivateUsage] - its processes are what is tested
    return [p for p in git.running if p.poll() is None]
