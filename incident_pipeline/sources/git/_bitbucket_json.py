"""Bitbucket's objects in, model values out. Recorded answers break the description: `old` of an added file is null.

Surprising fact: a commit has one date, its committer's, and many answers name no committer; the author's own date can
only be had from a clone (https://github.com/jenkinsci/bitbucket-branch-source-plugin/pull/1021).
"""

from typing import Any, cast

from incident_pipeline.model.git import ChangeStatus, Commit, FileChange
from incident_pipeline.sources._api import utc

_STATUS: dict[str, ChangeStatus] = {"added": "added", "removed": "deleted", "renamed": "renamed"}


def to_commit(data: dict[str, Any], *, files: tuple[FileChange, ...] | None = None, diff: str | None = None) -> Commit:
    """A commit of any endpoint. KeyError, TypeError or ValueError when it is none."""
    author, email = _person(data.get("author"))
    committer, _ = _person(data.get("committer"))
    date = utc(data["date"])
    if date is None:
        raise ValueError("a commit without a date")
    return Commit(
        hash=str(data["hash"]),
        author=author,
        date=date,
        message=str(data["message"]).replace("\r\n", "\n").rstrip("\n"),
        diff=diff,
        author_email=email,
        committer=committer,
        committed_at=date,
        parents=tuple(str(parent["hash"]) for parent in data.get("parents") or ()),
        files=files,
    )


def is_whole(data: dict[str, Any]) -> bool:
    """Whether a commit is more than a hash and links, as the entries of a file's history are."""
    return {"hash", "date", "message", "parents"} <= data.keys()


def _person(data: dict[str, Any] | None) -> tuple[str, str]:
    """Name and address of `{"raw": "Ann <ann@example.org>"}`; of an account where there is no more."""
    raw = str((data or {}).get("raw") or "").strip()
    name, bracket, address = raw.rpartition("<")
    if bracket and address.endswith(">"):
        return name.strip(), address[:-1].strip()
    user: dict[str, Any] = (data or {}).get("user") or {}
    return raw or str(user.get("display_name") or ""), ""


def to_unread_files(items: list[dict[str, Any]]) -> tuple[FileChange, ...]:
    """Files of a diffstat, where the patch could not be had: each is marked truncated."""
    return tuple(_unread(item) for item in items)


def _unread(item: dict[str, Any]) -> FileChange:
    old, new = _path(item, "old"), _path(item, "new")
    status = _STATUS.get(str(item["status"]), "modified")
    if not old and not new:
        raise ValueError("a file without a path")
    return FileChange(
        path=new or old,
        status=status,
        old_path=old if status == "renamed" and old else None,
        additions=int(item.get("lines_added") or 0),
        deletions=int(item.get("lines_removed") or 0),
        truncated=True,
    )


def _path(item: dict[str, Any], side: str) -> str:
    """Null or empty where the file is not on that side."""
    file: dict[str, Any] = item.get(side) or {}
    return str(file.get("path") or "")


def is_file(item: dict[str, Any]) -> bool:
    """Whether an entry of a folder is a file or a link: no folder, no submodule."""
    return item["type"] == "commit_file" and "subrepository" not in (item.get("attributes") or ())


def is_listing(value: Any) -> bool:  # noqa: ANN401 - the JSON edge
    """Whether what came for a path is a page of a folder, not a file that holds JSON."""
    if not isinstance(value, dict):
        return False
    page = cast("dict[str, Any]", value)
    entries: Any = page.get("values")
    if "pagelen" not in page or not isinstance(entries, list):
        return False
    return all(isinstance(e, dict) and "path" in e and "commit" in e for e in cast("list[Any]", entries))
