import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from incident_pipeline.errors import BadInput, NotFound
from incident_pipeline.verify.worktree import PREFIX, open_trees
from tests.flow.sample import git
from tests.verify.repository import History, make_history


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def history(tmp_path: Path) -> History:
    return make_history(tmp_path, "good good bad")


def fingerprint(repo: Path) -> str:
    """Every path of the repository, its git folder too, with its bytes, mode and time.

    Of objects not the time: a command that runs `git add` on bytes the repository has makes git touch that object.
    """
    parts = [
        (str(p.relative_to(repo)), p.lstat().st_mode, p.read_bytes() if p.is_file() else b"",
         0 if p.parts[-3] == "objects" else p.lstat().st_mtime_ns)
        for p in repo.rglob("*")
    ]  # fmt: skip
    return hashlib.sha256(repr(sorted(parts)).encode()).hexdigest()


def test_each_commit_is_checked_out_in_turn_and_all_is_gone_afterwards(history: History, temporary: Path) -> None:
    with open_trees(history.repo) as trees:
        texts = [(trees.check_out(sha) / "number").read_text() for sha in (history.head, history.base, history.head)]
        assert git(trees.tree, "rev-parse", "HEAD") == history.head
    assert texts == ["2", "0", "2"]
    assert list(temporary.iterdir()) == []


def test_the_repository_is_not_written_to_not_even_by_a_push_from_the_tree(history: History) -> None:
    before = fingerprint(history.repo)
    with open_trees(history.repo) as trees:
        tree = trees.check_out(history.hashes[1])
        (tree / "new").write_text("x", encoding="utf-8")
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "-m", "In the tree")
        pushed = subprocess.run(["git", "-C", tree, "push", "origin", "HEAD:main"], capture_output=True, check=False)
        assert pushed.returncode
        trees.check_out(history.head)
    assert fingerprint(history.repo) == before


def test_neither_hooks_nor_filters_of_the_repository_run(history: History, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for hook in ("post-checkout", "post-commit", "reference-transaction", "post-index-change"):
        path = history.repo / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
        path.chmod(0o755)
    (history.repo / ".gitattributes").write_text("* filter=evil\n", encoding="utf-8")
    git(history.repo, "-c", "core.hooksPath=/dev/null", "add", "-A")
    git(history.repo, "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "Filter")
    git(history.repo, "config", "filter.evil.smudge", f"touch {mark}; cat")
    git(history.repo, "config", "core.fsmonitor", f"touch {mark}")
    with open_trees(history.repo) as trees:
        tree = trees.check_out(git(history.repo, "rev-parse", "HEAD"))
        assert (tree / ".gitattributes").exists()
    assert not mark.exists()


def test_nothing_of_one_tree_is_there_for_the_next(history: History) -> None:
    with open_trees(history.repo) as trees:
        tree = trees.check_out(history.head)
        for made in (tree / "__pycache__" / "a.pyc", tree / "build" / "x", trees.temporary / "y"):
            made.parent.mkdir(exist_ok=True)
            made.write_text("stale", encoding="utf-8")
        again = trees.check_out(history.head)
        assert again == tree
        assert sorted(p.name for p in again.iterdir()) == [".git", "check", "number"]
        assert list(trees.temporary.iterdir()) == []


def test_read_only_folders_and_links_out_of_the_tree_are_removed_but_not_followed(
    history: History, tmp_path: Path, temporary: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x", encoding="utf-8")
    with open_trees(history.repo) as trees:
        tree = trees.check_out(history.head)
        (tree / "deep" / "closed").mkdir(parents=True)
        (tree / "deep" / "closed" / "file").write_text("x", encoding="utf-8")
        (tree / "link").symlink_to(outside)
        for folder in (tree / "deep" / "closed", tree / "deep"):
            folder.chmod(0o500 if folder.name == "deep" else 0)
    assert list(temporary.iterdir()) == []
    assert (outside / "kept").exists()


def test_folders_nested_deeper_than_a_path_is_long_are_removed(history: History, temporary: Path) -> None:
    dig = "import os\nfor _ in range(1500): os.mkdir('deeper'); os.chdir('deeper')"
    try:
        with open_trees(history.repo) as trees:
            subprocess.run([sys.executable, "-c", dig], cwd=trees.check_out(history.head), check=True)
            trees.check_out(history.base)
        assert list(temporary.iterdir()) == []
    finally:  # pytest's own clean-up recurses: what is left here would end a later session
        subprocess.run(["rm", "-rf", str(temporary)], check=True)


@pytest.mark.parametrize(
    "attack",
    [
        "G=../clone/.git; mkdir $G/info; echo '* filter=x' > $G/info/attributes; git config filter.x.smudge ': > {0}'",
        'rm -rf "$(git rev-parse --git-common-dir)"', "cd .. && rm -rf clone tree tmp lock",
        "cd .. && rm -rf clone && ln -s {0} clone",
    ],
)  # fmt: skip
def test_what_a_command_does_to_the_clone_is_gone_with_its_tree(history: History, tmp_path: Path, attack: str) -> None:
    with open_trees(history.repo) as trees:
        script = attack.format(tmp_path / "seen")
        subprocess.run(["/bin/sh", "-c", script], cwd=trees.check_out(history.head), check=True)
        assert (trees.check_out(history.base) / "number").read_text() == "0"
    assert not (tmp_path / "seen").exists()


def test_a_line_break_in_the_path_of_the_repository_is_said(tmp_path: Path) -> None:
    repo = make_history(tmp_path / "a\nb", "good").repo
    with pytest.raises(BadInput, match="line break"), open_trees(repo):
        pass


def test_an_error_or_ctrl_c_leaves_nothing(history: History, temporary: Path) -> None:
    for kind in (KeyboardInterrupt, ValueError):
        with pytest.raises(kind), open_trees(history.repo) as trees:  # noqa: PT012 - the body is what ends early
            trees.check_out(history.head)
            raise kind
    assert list(temporary.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(history: History, temporary: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from incident_pipeline.verify.worktree import open_trees\n"
        "with open_trees(Path(sys.argv[1])) as trees:\n"
        "    trees.check_out(sys.argv[2]); print('ready', flush=True); time.sleep(99)"
    )
    before = fingerprint(history.repo)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(history.repo), history.head], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGKILL)
    assert list(temporary.iterdir()) != []
    assert fingerprint(history.repo) == before
    (left,) = temporary.iterdir()
    os.utime(left / "lock", (0, 0))
    with open_trees(history.repo) as trees:
        assert [p for p in temporary.iterdir() if p.name.startswith(PREFIX)] == [trees.tree.parent]


def test_a_run_that_still_goes_on_is_left_alone(history: History) -> None:
    with open_trees(history.repo) as first:
        os.utime(first.tree.parent / "lock", (0, 0))
        with open_trees(history.repo) as second:
            assert (first.check_out(history.head) / "check").read_text() == "bad"
            assert (second.check_out(history.base) / "check").read_text() == "good"


def test_a_shallow_bare_or_nested_repository_serves_too(history: History, tmp_path: Path) -> None:
    shallow, bare = tmp_path / "shallow", tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{history.repo}", str(shallow))
    git(tmp_path, "clone", "-q", "--bare", str(history.repo), str(bare))
    (history.repo / "folder").mkdir()
    for place in (shallow, bare, history.repo / "folder"):
        with open_trees(place) as trees:
            assert (trees.check_out(history.head) / "check").read_text() == "bad"
    with open_trees(shallow) as trees:
        assert trees.missing(history.hashes) == (history.base,)
        assert git(trees.check_out(history.head), "log", "--format=%s") == "Commit 2\nCommit 1"


def test_tags_are_there_for_tools_that_make_a_version_of_them(history: History) -> None:
    git(history.repo, "tag", "-a", "v1.2", "-m", "Release", history.hashes[1])
    with open_trees(history.repo) as trees:
        assert git(trees.check_out(history.head), "describe").startswith("v1.2-1-g")


def test_commits_with_the_same_files_have_the_same_name(history: History) -> None:
    git(history.repo, "commit", "-q", "--allow-empty", "-m", "Nothing")
    empty = git(history.repo, "rev-parse", "HEAD")
    with open_trees(history.repo) as trees:
        names = trees.names([*history.hashes, empty, "f" * 40])
    assert names[empty] == names[history.head] != names[history.base]
    assert names["f" * 40] == ""


def test_no_folder_no_repository_and_lost_objects_are_told_apart(history: History, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such folder"), open_trees(tmp_path / "none"):
        pass
    (tmp_path / "plain").mkdir()
    with pytest.raises(BadInput, match="no git repository"), open_trees(tmp_path / "plain"):
        pass
    blob = git(history.repo, "rev-parse", f"{history.head}:check")
    (history.repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(BadInput, match="missing or damaged"), open_trees(history.repo) as trees:
        trees.check_out(history.head)


def test_git_variables_of_the_caller_lead_nowhere(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_history(history.repo.parent / "other", "other")
    shutil.rmtree(other.repo / ".git" / "hooks", ignore_errors=True)
    before = fingerprint(other.repo)
    monkeypatch.setenv("GIT_DIR", str(other.repo / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.repo / ".git" / "index"))
    with open_trees(history.repo) as trees:
        assert (trees.check_out(history.head) / "check").read_text() == "bad"
    assert fingerprint(other.repo) == before
