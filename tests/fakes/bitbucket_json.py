"""A local git repository in, Bitbucket's JSON for its commits, refs, files and differences out."""

import mimetypes
from pathlib import Path
from typing import Any

from tests.fakes import git_json
from tests.fakes.git_json import EMPTY_TREE, git

FORMAT = "%H%x00%P%x00%an <%ae>%x00%cn <%ce>%x00%cI%x00%B%x01"
SYMLINK, SUBMODULE, EXECUTABLE = "120000", "160000", "100755"


class Missing(Exception):
    """What git does not know; the text is Bitbucket's message."""


def rev_parse(path: Path, rev: str) -> str:
    try:
        return git_json.rev_parse(path, rev)
    except git_json.Missing:
        raise Missing("Commit not found") from None


def log(path: Path, *args: str, committers: bool = True) -> list[dict[str, Any]]:
    text = git(path, "log", "-z", f"--format={FORMAT}", *args).decode("utf-8", "replace")
    return [_commit(entry.strip("\0"), committers) for entry in text.split("\x01") if entry.strip("\0\n")]


def _commit(entry: str, committers: bool) -> dict[str, Any]:
    sha, parents, author, committer, date, message = entry.split("\0", 5)
    found: dict[str, Any] = {
        "type": "commit",
        "hash": sha,
        "date": date,
        "author": {"type": "author", "raw": author},
        "message": message.rstrip("\n") + "\n",
        "summary": {"type": "rendered", "raw": message, "markup": "markdown", "html": "<p></p>"},
        "links": {"self": {"href": f"https://api.example/commit/{sha}"}},
        "parents": [{"type": "commit", "hash": parent, "links": {}} for parent in parents.split()],
    }
    return found | ({"committer": {"type": "committer", "raw": committer}} if committers else {})


def refs(path: Path, kind: str, *, committers: bool = True) -> list[dict[str, Any]]:
    """Branches or tags in the order of `git tag --list`, annotated tags peeled."""
    folder = {"branches": "refs/heads", "tags": "refs/tags"}[kind]
    text = git(path, "for-each-ref", "--format=%(refname:lstrip=2)%00%(objectname)%00%(*objectname)", folder).decode()
    rows = [line.split("\0") for line in text.splitlines()]
    shas = {peeled or sha for _, sha, peeled in rows}
    commits = {c["hash"]: c for c in log(path, "--no-walk", *shas, committers=committers)} if shas else {}
    word = {"branches": "branch", "tags": "tag"}[kind]
    return [{"type": word, "name": name, "target": commits[peeled or sha], "links": {}} for name, sha, peeled in rows]


def diff(path: Path, sha: str) -> bytes:
    """As it comes, against the first parent."""
    return git(path, "show", "--format=", "-M", "--diff-merges=first-parent", sha)


def diffstat(path: Path, sha: str) -> list[dict[str, Any]]:
    parents = git(path, "log", "-1", "--format=%P", sha).decode().split()
    found: list[dict[str, Any]] = []
    for file in git_json.files(path, parents[0] if parents else EMPTY_TREE, sha):
        status = file["status"] if file["status"] in {"added", "removed", "renamed"} else "modified"
        new: dict[str, Any] = {
            "type": "commit_file",
            "path": file["filename"],
            "escaped_path": file["filename"],
            "links": {},
        }
        old: dict[str, Any] = {**new, "path": file.get("previous_filename", file["filename"])}
        found.append(
            {
                "type": "diffstat",
                "status": status,
                "lines_added": file["additions"],
                "lines_removed": file["deletions"],
                "old": None if status == "added" else old,
                "new": None if status == "removed" else new,
            }
        )
    return found


def file_history(path: Path, sha: str, name: str) -> list[dict[str, Any]]:
    """A hash and the path as it was then: no more is told of a commit."""
    args = ("log", "-z", "--follow", "--date-order", "--name-only", "--format=%x01%H", sha, "--", name)
    rows = git(path, *args).decode("utf-8", "replace").split("\x01")[1:]
    found: list[dict[str, Any]] = []
    for row in rows:
        commit, _, then = row.partition("\0")
        entry: dict[str, Any] = {"type": "commit_file", "path": then.strip("\n\0"), "attributes": [], "links": {}}
        found.append({**entry, "commit": {"type": "commit", "hash": commit, "links": {}}})
    return found


def entries(path: Path, sha: str, folder: str, depth: int) -> list[dict[str, Any]] | None:
    """What a folder holds, `depth` folders deep; None when it is no folder."""
    try:
        text = git(path, "ls-tree", "-r", "-t", "-z", "-l", f"{sha}:{folder}").decode("utf-8", "replace")
    except git_json.Missing:
        return None
    found: list[dict[str, Any]] = []
    for row in text.split("\0")[:-1]:
        about, _, name = row.partition("\t")
        if name.count("/") >= depth:
            continue
        mode, kind, _, size = about.split()
        item: dict[str, Any] = {
            "path": f"{folder}/{name}" if folder else name,
            "commit": {"type": "commit", "hash": sha},
        }
        if kind == "tree":
            found.append({**item, "type": "commit_directory", "links": {}})
            continue
        marks = {SYMLINK: ["link"], SUBMODULE: ["subrepository"], EXECUTABLE: ["executable"]}.get(mode, [])
        found.append({**item, "type": "commit_file", "attributes": marks, "size": int(size) if size != "-" else 0})
    return found


def blob(path: Path, sha: str, name: str) -> tuple[bytes, str]:
    """A file's bytes and the content type that its name stands for."""
    try:
        raw = git(path, "cat-file", "blob", f"{sha}:{name}")
    except git_json.Missing:
        raise Missing(f"No such file or directory: {name}") from None
    return raw, mimetypes.guess_type(name)[0] or "application/octet-stream"
