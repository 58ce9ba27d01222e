"""A folder in, the repository's top folder out; names in, hashes, refs and bytes out. No name is read as an option.

Surprising: GitPython only finds the repository. Its own commands inherit GIT_DIR and the like from the caller's
environment, and its refs know no reftable; `GitProgram` runs git with neither trouble.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

from incident_pipeline.errors import AccessDenied, BadInput, NotFound, UsageError
from incident_pipeline.model.git import Ref
from incident_pipeline.sources.git._process import GitProgram, text_of

_NO_BLOB = re.compile(r"does not exist in|exists on disk, but not in|: bad file|could not get object info")
_READ_BYTES = 1 << 20
_HASH = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REF_FORMAT = "--format=%(refname)%00%(symref)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"
_FOLDERS = {"branch": ("refs/heads/", "refs/remotes/"), "tag": ("refs/tags/",)}


def find_repository(path: Path, who: str) -> Path:
    """Top of the working tree that `path` lies in; of a bare repository, the repository itself."""
    try:
        if not path.exists():
            raise NotFound(f"{who}: no such folder: check the path")
        if not path.is_dir():
            raise BadInput(f"{who}: a file, not a repository: give the folder of one")
    except PermissionError as error:
        raise AccessDenied(f"{who}: permission denied: make the repository readable for this user") from error
    if not os.access(path, os.R_OK | os.X_OK) or _closed(path / ".git"):
        raise AccessDenied(f"{who}: permission denied: make the repository readable for this user")
    try:
        import git  # noqa: PLC0415 - a quarter of a second that --help must not pay
    except ImportError as error:
        raise BadInput(f"{who}: the git program is not on PATH: install git") from error
    try:
        with git.Repo(path, search_parent_directories=True, expand_vars=False) as repo:
            top, git_dir = repo.working_tree_dir, Path(repo.git_dir)
    except (git.GitError, OSError, ValueError) as error:
        raise BadInput(f"{who}: not a git repository: give the folder of one") from error
    # A repository's config may name any folder its working tree; only one around `path` is believed.
    return Path(top) if top and path.resolve().is_relative_to(Path(top).resolve()) else git_dir


def _closed(folder: Path) -> bool:
    return folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK)


def refuse_option(name: str, who: str) -> None:
    """UsageError for a revision that could be read as an option, or holds control characters."""
    if not name or name.startswith("-") or _CONTROL.search(name):
        raise UsageError(f"{who}: {name!r} is no revision: give a branch, tag or hash")


def inside(path: str, who: str) -> str:
    """`path` in git's spelling. UsageError when it is empty or leads out of the repository."""
    pure = PurePosixPath(path)
    if not pure.parts or pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise UsageError(f"{who}: {path!r} is no path in the repository: give one relative to its top")
    return str(pure)


def commit_hash(git: GitProgram, name: str) -> str | None:
    """Full hash of the commit that `name` names, None when it names none (or several)."""
    found = git.run(["rev-parse", "--verify", "-q", "--end-of-options", name + "^{commit}"], ok=(0, 1, 128))
    sha = found.out.strip()
    if found.code == 128 and isinstance(error := git.error("rev-parse", found.said), AccessDenied):
        raise error
    return sha.decode("ascii") if found.code == 0 and _HASH.fullmatch(sha) else None


def read_refs(git: GitProgram, kind: Literal["branch", "tag"]) -> Iterator[Ref]:
    """Peeled to commits; symbolic ones (`origin/HEAD`) and those of trees and blobs are left out."""
    for row in git.run(["for-each-ref", _REF_FORMAT, *_FOLDERS[kind]]).out.splitlines():
        name, symbolic, object_type, sha, peeled_type, peeled = text_of(row).split("\0")
        commit = {object_type: sha, peeled_type: peeled}.get("commit")
        if commit and not symbolic:
            yield Ref(name.split("/", 2)[2], kind, commit)


def read_blob(git: GitProgram, commit: str, path: str, *, limit: int) -> bytes | None:
    """Bytes of a file; None when there is none of that name or it is larger than `limit`."""
    parts: list[bytes] = []
    left = limit + 1
    try:
        with git.stream(["cat-file", "blob", f"{commit}:{path}"]) as out:
            while left > 0 and (part := out.read(min(left, _READ_BYTES))):
                parts.append(part)
                left -= len(part)
    except BadInput as error:
        if _NO_BLOB.search(str(error)):
            return None
        raise
    return b"".join(parts) if left > 0 else None
