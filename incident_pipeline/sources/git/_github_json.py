"""GitHub's commit objects in, model commits out. Recorded answers lack fields that the description calls required.

Surprising fact: GitHub leaves a file's patch out when the file is binary, only renamed, or its change is too large;
which of these it was has to be told from the counts and the status.
"""

import re
from typing import Any

from incident_pipeline.model.git import ChangeStatus, Commit, FileChange
from incident_pipeline.sources._api import utc

MAX_FILES = 3_000
"""GitHub lists no more files of one commit: https://docs.github.com/en/rest/commits/commits#get-a-commit."""

EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
_SUBMODULE = re.compile(r"(?:^[-+]Subproject commit [0-9a-f]{40,64}(?:-dirty)?$)", re.MULTILINE)
_STATUS: dict[str, ChangeStatus] = {
    "added": "added",
    "removed": "deleted",
    "modified": "modified",
    "renamed": "renamed",
    "copied": "copied",
    "changed": "type-changed",
    "unchanged": "modified",
}


def to_commit(data: dict[str, Any], *, files: tuple[FileChange, ...] | None = None, diff: str | None = None) -> Commit:
    """A commit of any of GitHub's endpoints. KeyError, TypeError or ValueError when it is none."""
    inner = data["commit"]
    author: dict[str, Any] = inner.get("author") or {}
    committer: dict[str, Any] = inner.get("committer") or author
    date = utc(author.get("date")) or utc(committer.get("date"))
    if date is None:
        raise ValueError("a commit without a date")
    return Commit(
        hash=str(data["sha"]),
        author=str(author.get("name") or ""),
        date=date,
        message=str(inner["message"]),
        diff=diff,
        author_email=str(author.get("email") or ""),
        committer=str(committer.get("name") or ""),
        committed_at=utc(committer.get("date")) or date,
        parents=tuple(str(parent["sha"]) for parent in data.get("parents") or ()),
        files=files,
    )


def to_files(data: list[dict[str, Any]], *, patch: bool = True) -> tuple[FileChange, ...]:
    """Files of one commit. At GitHub's limit the last one is marked truncated: there may be more."""
    files = [_to_file(item, patch=patch, last=number >= MAX_FILES) for number, item in enumerate(data, 1)]
    return tuple(files)


def _to_file(data: dict[str, Any], *, patch: bool, last: bool) -> FileChange:
    status, text = str(data["status"]), data.get("patch")
    additions, deletions = int(data.get("additions") or 0), int(data.get("deletions") or 0)
    counted = additions + deletions > 0
    unseen = text is None and not counted and status in {"added", "removed", "modified"}
    binary = unseen and data.get("sha") != EMPTY_BLOB
    return FileChange(
        path=str(data["filename"]),
        status=_STATUS[status],
        old_path=str(data["previous_filename"]) if data.get("previous_filename") else None,
        additions=None if binary else additions,
        deletions=None if binary else deletions,
        binary=binary,
        submodule=bool(text and _is_submodule(text)),
        patch=str(text) if patch and text is not None else None,
        truncated=last or (text is None and counted),
    )


def _is_submodule(patch: str) -> bool:
    changed = [line for line in patch.split("\n") if line[:1] in {"+", "-"}]
    return bool(changed) and all(_SUBMODULE.fullmatch(line) for line in changed)
