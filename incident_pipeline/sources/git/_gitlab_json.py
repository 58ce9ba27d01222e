"""GitLab's commit and diff objects in, model commits out. Recorded answers lack fields that the description requires.

Surprising fact: GitLab leaves a file's diff empty when the file is empty, only renamed, or its change is too large, and
leaves out the files after 50,000 lines; servers before 18.4 do not tell which. The commit's own count of lines does.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from incident_pipeline.model.git import BlameLine, ChangeStatus, Commit, FileChange
from incident_pipeline.model.patch import numbered, parse_hunks
from incident_pipeline.sources._api import utc

LARGE_FILES, LARGE_CHARS = 1_000, 100_000
"""From here on the limits of a diff may have cut it (1,000 files, 50,000 lines):
https://docs.gitlab.com/administration/diff_limits/."""

_SUBMODULE = "160000"
_BINARY = re.compile(r"Binary files .* differ\s*")
_FIRST_HUNK = re.compile(r"^@@ ", re.MULTILINE)


def to_commit(data: dict[str, Any], *, files: tuple[FileChange, ...] | None = None, diff: str | None = None) -> Commit:
    """A commit of any of GitLab's endpoints. KeyError, TypeError or ValueError when it is none."""
    committed = utc(data.get("committed_date")) or utc(data.get("created_at"))
    date = utc(data.get("authored_date")) or committed
    if date is None:
        raise ValueError("a commit without a date")
    return Commit(
        hash=str(data["id"]),
        author=str(data.get("author_name") or ""),
        date=date,
        message=str(data["message"]),
        diff=diff,
        author_email=str(data.get("author_email") or ""),
        committer=str(data.get("committer_name") or ""),
        committed_at=committed or date,
        parents=tuple(map(str, data.get("parent_ids") or ())),
        files=files,
    )


def to_files(data: list[dict[str, Any]]) -> tuple[FileChange, ...]:
    """Files of one commit, with patches, each path once: a change of type comes as a deletion and an addition."""
    files: dict[str, FileChange] = {}
    for file in map(_to_file, data):
        before = files.get(file.path)
        files[file.path] = _retyped(before, file) if before and before.status == "deleted" else file
    return tuple(files.values())


def _retyped(gone: FileChange, new: FileChange) -> FileChange:
    patch = "\n".join(part.rstrip("\n") for part in (gone.patch, new.patch) if part) or None
    return replace(new, status="type-changed", deletions=gone.deletions, patch=patch)


def _to_file(data: dict[str, Any]) -> FileChange:
    text, old, new = str(data.get("diff") or ""), str(data["old_path"]), str(data["new_path"])
    modes = str(data.get("a_mode") or ""), str(data.get("b_mode") or "")
    status = _status(data, modes)
    binary = _BINARY.fullmatch(text) is not None
    first = None if binary else _FIRST_HUNK.search(text)
    patch = text[first.start() :] if first else None
    # A file that is neither new, gone, renamed nor of another mode has changed lines: they were left out.
    cut = not text and status == "modified" and modes[0] == modes[1]
    cut = cut or bool(data.get("too_large") or data.get("collapsed"))
    known = patch is not None or not (binary or cut)
    signs = [line[:1] for line in patch.split("\n")] if patch else []
    return FileChange(
        path=new,
        status=status,
        old_path=old if status == "renamed" else None,
        additions=signs.count("+") if known else None,
        deletions=signs.count("-") if known else None,
        binary=binary,
        submodule=_SUBMODULE in modes,
        patch=patch,
        truncated=cut,
    )


def _status(data: dict[str, Any], modes: tuple[str, str]) -> ChangeStatus:
    if data.get("new_file"):
        return "added"
    if data.get("deleted_file"):
        return "deleted"
    if data.get("renamed_file") and data["old_path"] != data["new_path"]:
        return "renamed"
    kinds = [mode.zfill(6)[:3] for mode in modes if mode.strip("0")]
    return "type-changed" if len(set(kinds)) > 1 else "modified"


def may_be_cut(data: Sequence[dict[str, Any]]) -> bool:
    """Whether only the commit's own count can tell if its diff is whole."""
    size = sum(len(item.get("diff") or "") for item in data)
    return bool(_unsaid(data)) or len(data) >= LARGE_FILES or size >= LARGE_CHARS


def _unsaid(data: Sequence[dict[str, Any]]) -> set[str]:
    """Paths of files without a diff of which an old server does not say why."""
    return {str(item["new_path"]) for item in data if not item.get("diff") and "too_large" not in item}


def with_cuts(
    files: tuple[FileChange, ...], data: Sequence[dict[str, Any]], stats: dict[str, Any]
) -> tuple[FileChange, ...]:
    """`files` with those marked truncated that may hold the lines which are counted in the commit but not here."""
    missing = int(stats["total"]) - sum((f.additions or 0) + (f.deletions or 0) for f in files)
    unsaid = _unsaid(data)
    if missing <= 0 or not files or (not unsaid and any(f.truncated for f in files)):
        return files
    if not unsaid:
        return (*files[:-1], replace(files[-1], truncated=True))
    return tuple(replace(f, truncated=True, additions=None, deletions=None) if f.path in unsaid else f for f in files)


def to_blame(groups: list[dict[str, Any]], path: str, *, first: int) -> list[BlameLine]:
    """GitLab's groups of lines in file order. It does not say where a line stood in its commit: see `placed`."""
    lines = [(str(group["commit"]["id"]), str(text)) for group in groups for text in group["lines"]]
    return [BlameLine(n, sha, path, n, text.removesuffix("\n")) for n, (sha, text) in enumerate(lines, first)]


def placed(lines: Sequence[BlameLine], commit: Commit) -> dict[int, BlameLine]:
    """Those of `lines` (of one file, all blamed on `commit`, in order) that its patch holds, with path and line there,
    by their present line.

    A commit's lines keep their order, so each is looked for behind the one before. The file may have had another name:
    of those that the commit changed, the one that holds most of the lines is taken, at best of the same name.
    """
    best: dict[int, BlameLine] = {}
    for file in sorted(commit.files or (), key=lambda f: f.path != lines[0].path):
        added = [(n, text) for h in parse_hunks(file.patch or "") for sign, n, text in numbered(h) if sign == "+"]
        found: dict[int, BlameLine] = {}
        start = 0
        for line in lines:
            at = next((i for i in range(start, len(added)) if added[i][1] == line.text), None)
            if at is not None:
                found[line.line] = replace(line, path=file.path, original_line=added[at][0])
                start = at + 1
        best = found if len(found) > len(best) else best
    return best
