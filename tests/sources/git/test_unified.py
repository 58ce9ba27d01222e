"""A diff's text read by itself gives the files that the local source reads of the same commit, whatever their names."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.model.git import FileChange
from incident_pipeline.sources.git import _unified as module
from incident_pipeline.sources.git._unified import parse_diff
from incident_pipeline.sources.git.local import LocalGit
from tests.sources.git.local_repo import Repo

ODD_NAMES = (
    "plain.py",
    "a b/c d.txt",
    "ü#?%41.py",
    "-rf",
    'quo"te',
    "tab\there",
    "new\nline",
    "diff --git a b/x",
    "a/b",
)


def odd(path: Path) -> Repo:
    """Additions, edits, renames, deletions, modes, kinds, a submodule, an empty commit, lines that look like marks."""
    repo = Repo.make(path)
    texts: dict[str, str | bytes] = {name: f"{name!r}\none\ntwo\nthree\nfour\n" for name in ODD_NAMES}
    repo.commit("first", {**texts, "empty": "", "logo.bin": b"\0\1", "end": "no newline", "link-to-be": "x\n"})
    for name in ODD_NAMES:
        repo.write(name, f"{name!r}\none\n-- two\n++ two\n@@ -1 +1 @@\ndiff --git a/x b/x\nfour\n")
    repo.commit("edit", {"logo.bin": b"\0\2", "end": "no newline\nstill\n"})
    for name in ("a b/c d.txt", "tab\there", "plain.py"):
        os.renames(repo.path / name, repo.path / f"moved/{name}")
    repo.write("moved/plain.py", "'plain.py'\none\n-- two\n++ two\n@@ -1 +1 @@\ndiff --git a/x b/x\nfour\nmore\n")
    (repo.path / "link-to-be").unlink()
    (repo.path / "link-to-be").symlink_to("end")
    (repo.path / "empty").unlink()
    (repo.path / "-rf").chmod(0o755)
    repo.commit("move", {"new-empty": ""})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},sub")
    repo.git("commit", "-q", "-m", "submodule")
    repo.git("rm", "-q", "-r", "--cached", "sub", "logo.bin", "new\nline")
    repo.git("commit", "-q", "-m", "gone")
    repo.git("commit", "-q", "--allow-empty", "-m", "nothing")
    return repo


def plain(files: tuple[FileChange, ...] | None) -> list[FileChange]:
    return sorted((replace(f, patch=(f.patch or "").rstrip("\n")) for f in files or ()), key=lambda f: f.path)


@pytest.mark.parametrize("quoted", ["true", "false"])
def test_every_kind_of_change_is_read_as_the_local_source_reads_it(tmp_path: Path, quoted: str) -> None:
    repo = odd(tmp_path / "repo")
    with LocalGit(repo.path) as local:
        commits = list(local.get_commits_between("", None, "HEAD"))
    assert len(commits) == 6
    for commit in commits:
        raw = repo.git_bytes("-c", f"core.quotePath={quoted}", "show", "--format=", "-M", commit.hash)
        files, whole = parse_diff(raw)
        assert whole
        assert plain(files) == plain(commit.files)


def test_a_diff_that_ends_in_mid_file_says_so_and_marks_that_file(tmp_path: Path) -> None:
    raw = odd(tmp_path / "repo").git_bytes("show", "--format=", "-M", "HEAD~4")
    whole, _ = parse_diff(raw)
    start = raw.index(b"diff --git a/plain.py")
    ends = [n for n in range(raw.index(b"\nindex ", start) + 8, raw.index(b"\ndiff --git ", start)) if raw[n] == 10]
    assert len(ends) > 10
    for end in ends:
        files, complete = parse_diff(raw[:end])
        assert not complete
        assert (files[-1].path, files[-1].truncated) == ("plain.py", True)
        assert files[:-1] == whole[: len(files) - 1]


def test_a_submodule_a_new_kind_and_a_rename_are_told(tmp_path: Path) -> None:
    repo = odd(tmp_path / "repo")
    moved = {f.path: f for f in parse_diff(repo.git_bytes("show", "--format=", "-M", "HEAD~3"))[0]}
    assert (moved["moved/plain.py"].status, moved["moved/plain.py"].old_path) == ("renamed", "plain.py")
    assert moved["link-to-be"].status == "type-changed"
    assert (moved["link-to-be"].additions, moved["link-to-be"].deletions) == (1, 1)
    (sub,) = parse_diff(repo.git_bytes("show", "--format=", "-M", "HEAD~2"))[0]
    assert (sub.path, sub.submodule, sub.status) == ("sub", True, "added")


def test_a_file_that_turns_from_bytes_into_a_link_has_no_counts() -> None:
    gone = b"diff --git a/x b/x\ndeleted file mode 100644\nindex 1..0\nBinary files a/x and /dev/null differ\n"
    made = b"diff --git a/x b/x\nnew file mode 120000\nindex 0..1\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n"
    (file,) = parse_diff(gone + made)[0]
    assert (file.status, file.binary, file.additions, file.patch) == ("type-changed", True, None, None)


def test_bytes_in_another_encoding_stay_visible_and_a_binary_patch_is_binary() -> None:
    raw = b"diff --git a/l b/l\nindex 1..2 100644\n--- a/l\n+++ b/l\n@@ -1 +1 @@\n-caf\xe9\n+x\n"
    binary = (
        b"diff --git a/b b/b\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKcmZQzWMT#Y01f~L\n\nliteral 0\nHcmV?d\n"
    )
    (latin, packed), whole = parse_diff(raw + binary)
    assert whole
    assert latin.patch == "@@ -1 +1 @@\n-caf\\xe9\n+x"
    assert (packed.binary, packed.patch, packed.path) == (True, None, "b")


def test_a_large_patch_is_cut_at_a_line_and_counted_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATCH_LIMIT", 40)
    lines = b"".join(b"+line %d\n" % n for n in range(100))
    raw = b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -0,0 +1,100 @@\n" + lines
    (file,), whole = parse_diff(raw)
    assert (file.truncated, file.additions, whole) == (True, 100, True)
    assert file.patch == "@@ -0,0 +1,100 @@\n+line 0\n+line 1"


@pytest.mark.parametrize("raw", [b"<html>Sign in</html>", b"diff --cc x\n", b'{"type": "error"}'])
def test_what_is_no_diff_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="no git diff"):
        parse_diff(raw)


_LINES = (
    b"diff --git a/x b/x", b"index 1..2 100644", b"new file mode 160000", b"--- a/x", b"+++ /dev/null", b"+added",
    b"@@ -1,9 +1 @@ f", b"-gone", b" same", b"", b"rename from x", b"rename to", b'+++ "b/\\777\\q"', b"Binary files",
    b"\\ No newline",
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_LINES), max_size=25))
def test_lines_in_no_order_are_read_as_something_or_refused(lines: list[bytes]) -> None:
    files, _ = parse_diff(b"\n".join((b"diff --git a/y b/y", *lines)))
    assert files
    for file in files:
        assert file.truncated or file.binary or file.patch is not None


def test_an_empty_diff_has_no_files() -> None:
    assert parse_diff(b"") == ((), True)
    assert parse_diff(b"\n") == ((), True)
