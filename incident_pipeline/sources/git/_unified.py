"""The text of one commit's git diff in, file changes out. Pure; knows no host.

Surprising fact: a line that begins with `diff --git ` or `@@ ` cannot be content (content has a sign before it), so
files and hunks are found without counting; the counts in the hunks' heads then tell whether the text was cut.
Format: https://git-scm.com/docs/diff-format#generate_patch_text_with_p.
"""

import re
from dataclasses import replace

from incident_pipeline.model.git import ChangeStatus, FileChange
from incident_pipeline.sources.git._blame import unquoted
from incident_pipeline.sources.git._log_stream import PATCH_LIMIT
from incident_pipeline.sources.git._process import text_of

_MARK = b"diff --git "
_HUNK = re.compile(rb"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", re.MULTILINE)
_SUBMODULE = b"160000"
_EMPTY = b"e69de29"
_STATUS: tuple[tuple[bytes, ChangeStatus], ...] = (
    (b"new file mode", "added"), (b"deleted file mode", "deleted"), (b"rename from", "renamed"),
    (b"copy from", "copied"),
)  # fmt: skip


def is_diff(raw: bytes) -> bool:
    """Whether this is a git diff at all; a commit that changes nothing has an empty one."""
    return not raw.strip() or raw.startswith(_MARK)


def parse_diff(raw: bytes) -> tuple[tuple[FileChange, ...], bool]:
    """The files with their patches, and whether the text is whole (False: it ends in mid file, more files may be gone).

    A patch over PATCH_LIMIT bytes is cut and marked, its lines counted to the end. ValueError for what is no diff.
    """
    if not is_diff(raw):
        raise ValueError("no git diff")
    if not raw.strip():
        return (), True
    files: list[FileChange] = []
    whole = True
    for section in raw.removesuffix(b"\n").removeprefix(_MARK).split(b"\n" + _MARK):
        file, whole = _file(section)
        if files and _is_new_kind(files[-1], file):
            file = _joined(files.pop(), file)
        files.append(file)
    return tuple(files), whole


def _file(section: bytes) -> tuple[FileChange, bool]:
    start = _HUNK.search(section)
    head = section[: start.start()] if start else section
    names, *lines = head.rstrip(b"\n").split(b"\n")
    told = dict(_told(line) for line in lines)
    status = _status(told)
    old, new = _paths(names, told)
    modes = [told.get(b"new file mode"), told.get(b"deleted file mode"), told.get(b"index", b"").partition(b" ")[2]]
    binary = any(line.startswith((b"Binary files ", b"GIT binary patch")) for line in lines)
    file = FileChange(
        path=text_of(old if status == "deleted" else new),
        status=status,
        old_path=text_of(old) if status in {"renamed", "copied"} else None,
        binary=binary,
        submodule=_SUBMODULE in modes,
    )
    if binary:
        return file, True
    if start is None:
        # Only a file of no bytes has an `index` line and no hunk after it.
        whole = b"index" not in told or (status in {"added", "deleted"} and _EMPTY in told[b"index"])
        counts = (0, 0, "") if whole else (None, None, None)
        return replace(file, additions=counts[0], deletions=counts[1], patch=counts[2], truncated=not whole), whole
    return _with_hunks(file, section[start.start() :])


def _with_hunks(file: FileChange, hunks: bytes) -> tuple[FileChange, bool]:
    added, deleted = hunks.count(b"\n+"), hunks.count(b"\n-")
    same = hunks.count(b"\n ")
    heads = [[int(count) for count in match.groups(b"1")] for match in _HUNK.finditer(hunks)]
    whole = [sum(side) for side in zip(*heads, strict=True)] == [deleted + same, added + same]
    text, cut = hunks, len(hunks) > PATCH_LIMIT
    if cut:
        text = hunks[: max(hunks.rfind(b"\n", 0, PATCH_LIMIT + 1), 0)]
    file = replace(file, additions=added, deletions=deleted, patch=text_of(text), truncated=cut or not whole)
    return file, whole


def _status(told: dict[bytes, bytes]) -> ChangeStatus:
    for mark, status in _STATUS:
        if mark in told:
            return status
    return "modified"


def _told(line: bytes) -> tuple[bytes, bytes]:
    """`new file mode 100644` and the like: what is told, and its value."""
    for key in (b"--- ", b"+++ ", b"index ", b"rename from ", b"rename to ", b"copy from ", b"copy to "):
        if line.startswith(key):
            return key.rstrip(), line[len(key) :]
    key, _, value = line.rpartition(b" ")
    return key, value


def _paths(names: bytes, told: dict[bytes, bytes]) -> tuple[bytes, bytes]:
    """The old and the new path. `a/x b/x` alone tells them only where both are the same."""
    for kind in (b"rename", b"copy"):
        if kind + b" from" in told and kind + b" to" in told:
            return unquoted(told[kind + b" from"]), unquoted(told[kind + b" to"])
    both = names[: len(names) // 2], names[len(names) // 2 + 1 :]
    old, new = (_path(told.get(key, name)) for key, name in zip((b"---", b"+++"), both, strict=True))
    if old == b"/dev/null" or new == b"/dev/null":
        old = new = new if old == b"/dev/null" else old
    return old, new


def _path(name: bytes) -> bytes:
    """Git quotes odd names like C, and puts a tab behind one with spaces."""
    plain = unquoted(name.removesuffix(b"\t"))
    return plain[2:] if plain[:2] in {b"a/", b"b/"} else plain


def _is_new_kind(old: FileChange, new: FileChange) -> bool:
    """A file that became a link (or the like) is shown as two: the old one gone, the new one made."""
    return (old.path, old.status, new.status) == (new.path, "deleted", "added")


def _joined(old: FileChange, new: FileChange) -> FileChange:
    truncated, binary = old.truncated or new.truncated, old.binary or new.binary
    submodule = old.submodule or new.submodule
    file = replace(new, status="type-changed", binary=binary, submodule=submodule, truncated=truncated)
    if binary:
        return replace(file, additions=None, deletions=None, patch=None)
    return replace(
        file,
        additions=(old.additions or 0) + (new.additions or 0),
        deletions=(old.deletions or 0) + (new.deletions or 0),
        patch="\n".join(filter(None, (old.patch, new.patch))),
    )
