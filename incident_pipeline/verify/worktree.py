"""A repository in, throw-away trees of its commits out. The repository is read, never written.

The trees belong to a clone of their own in a temporary folder, which borrows the repository's objects and has its tags,
for tools that make a version of them; it has no remote, so a `git push` in a tree leads nowhere. Neither its config nor
its hooks come along, so no filter of theirs runs; submodules, large files (LFS), prompts and the network are off while
git works. A commit's tree is made anew in the same place each time: no bytecode, build folder or test cache of one
commit is there for the next, and paths in what the command prints are the same.

Surprising fact: a killed run leaves its folder, and the next one knows it by the lock that nobody holds any more. A
process id would not do: in another container it is somebody else's.
"""

import contextlib
import fcntl
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from pathlib import Path

from incident_pipeline.errors import AccessDenied, BadInput, IncidentError, NotFound

PREFIX = "incident-responder-verify-"
_LOCK = "lock"
_YOUNG_SECONDS = 60.0  # a folder may be made and its lock not yet taken
_OPTIONS = (
    "git", "--no-pager", "--no-replace-objects", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false",
    "-c", "submodule.recurse=false", "-c", "advice.detachedHead=false", "-c", "gc.auto=0",
)  # fmt: skip
_KEPT = ("GIT_CONFIG", "GIT_EXEC_PATH")
_SET = {
    "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "/bin/false", "SSH_ASKPASS": "/bin/false",
    "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "", "GIT_LFS_SKIP_SMUDGE": "1",
}  # fmt: skip


@contextlib.contextmanager
def open_trees(repo: Path) -> "Generator[Trees]":
    """Trees of the repository at `repo` (a folder in it, or a bare one); all is removed on leaving, however left.

    NotFound, BadInput, AccessDenied when it cannot be read.
    """
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    try:
        with (folder / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _borrow(repo, folder / "clone")
            yield Trees(repo, folder)
    finally:
        remove(folder)


def _borrow(repo: Path, clone: Path) -> None:
    """A clone by hand: `git clone --shared` refuses to share a shallow repository, and leaves out what no ref holds."""
    asked = ["rev-parse", "--path-format=absolute", "--show-object-format", "--git-path", "objects"]
    form, _, objects = _git(asked, repo, who=repo).decode("utf-8", "surrogateescape")[:-1].partition("\n")
    if "\n" in objects:
        raise BadInput("verify: the path of the repository has a line break in it: give another path with --git-path")
    shallow = Path(_git([*asked[:2], "--git-path", "shallow"], repo, who=repo).decode("utf-8", "surrogateescape")[:-1])
    tags = _git(["for-each-ref", "--format=create %(refname) %(objectname)", "refs/tags"], repo, who=repo)
    _git(["init", "--quiet", "--template=", f"--object-format={form}", str(clone)], clone.parent, who=repo)
    info = clone / ".git" / "objects" / "info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "alternates").write_text(f"{objects}\n", encoding="utf-8", errors="surrogateescape")
    if shallow.is_file():
        shutil.copyfile(shallow, clone / ".git" / "shallow")
    _git(["update-ref", "--stdin"], clone, who=repo, stdin=tags)


class Trees:
    """The commits of one repository, one tree at a time."""

    def __init__(self, repo: Path, folder: Path) -> None:
        self._repo, self._clone = repo, folder / "clone"
        self.tree, self.temporary = folder / "tree", folder / "tmp"

    def missing(self, hashes: Sequence[str]) -> tuple[str, ...]:
        """Those of the commits that the repository does not hold."""
        return tuple(sha for sha, name in self.names(hashes).items() if not name)

    def names(self, hashes: Sequence[str]) -> dict[str, str]:
        """The hash of each commit's tree: equal ones hold the same files. Empty for a commit that is not there."""
        asked = "".join(f"{sha}^{{tree}}\n" for sha in hashes).encode()
        out = _git(["cat-file", "--batch-check=%(objectname)"], self._clone, who=self._repo, stdin=asked)
        rows = [row.split() for row in out.decode("ascii", "replace").splitlines()]
        return {sha: row[0] if len(row) == 1 else "" for sha, row in zip(hashes, rows, strict=True)}

    def check_out(self, sha: str) -> Path:
        """A fresh tree of the commit in a fresh clone, the last ones gone; `temporary` is empty too."""
        for path in (self.tree, self.temporary, self._clone):
            remove(path)
        self._clone.parent.mkdir(exist_ok=True)  # the command can remove anything
        self.temporary.mkdir()
        _borrow(self._repo, self._clone)  # anew: a run may have left a filter in its config, or half of it
        _git(["worktree", "add", "--quiet", "--force", "--detach", str(self.tree), sha], self._clone, who=self._repo)
        return self.tree


def remove(path: Path) -> None:
    """Remove a folder and all in it, also what was closed to everyone; links are not followed.

    By `rm`, since folders can be nested deeper than Python recurses and than a path is long. What another user owns
    stays: the next run tries again.
    """
    _rm(path)
    if path.is_dir() and not path.is_symlink():
        _open_folders(path)
        _rm(path)


def _rm(path: Path) -> None:
    command = ["rm", "-rf", "--", str(path)]
    subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, start_new_session=True)


def _open_folders(path: Path) -> None:
    """Only folders: a file may be a hard link to one of the user's, and share its mode."""
    queue = [str(path)]
    while queue:
        with contextlib.suppress(OSError):
            Path(folder := queue.pop()).chmod(stat.S_IRWXU)
            with os.scandir(folder) as entries:
                queue += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]


def _sweep() -> None:
    """Remove what killed runs left."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError), lock.open("rb") as file:
            if lock.stat().st_uid == os.getuid() and time.time() - lock.stat().st_mtime > _YOUNG_SECONDS:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(lock.parent)


def _git(args: Sequence[str], folder: Path, *, who: Path, stdin: bytes = b"") -> bytes:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
    try:
        done = subprocess.run(
            [*_OPTIONS, *args], cwd=folder, env=kept | _SET, input=stdin, capture_output=True, check=False,
            start_new_session=True,
        )  # fmt: skip
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.is_dir():
            raise BadInput("verify: the git program is not on PATH: install git") from error
        raise NotFound(f"{who}: no such folder: give that of the repository with --git-path") from error
    except PermissionError as error:
        raise AccessDenied(f"{who}: permission denied: make the repository readable for this user") from error
    if done.returncode:
        raise _explained(args[0], who, done.stderr.decode("utf-8", "backslashreplace"))
    return done.stdout


def _explained(verb: str, who: Path, stderr: str) -> IncidentError:
    if "dubious ownership" in stderr:
        return AccessDenied(f"{who}: belongs to another user: run `git config --global --add safe.directory {who}`")
    if "not a git repository" in stderr:
        return BadInput(f"{who}: no git repository: give the folder of one with --git-path")
    said = _complaint(stderr)
    if re.search(r"unable to read|missing|invalid reference|not a valid|bad object|corrupt", stderr):
        return BadInput(f"{who}: objects are missing or damaged: `git fsck` names them, a full clone mends it ({said})")
    return BadInput(f"{who}: git {verb} failed: {said}")


def _complaint(stderr: str) -> str:
    """The first line that says what is wrong, in printable characters."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    told = [line.partition(": ")[2] for line in lines if line.startswith(("fatal: ", "error: "))]
    line = (told or lines[-1:] or ["it said nothing"])[0]
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
