"""The byte stream of one `git log` in, commits out as they arrive.

`log_arguments` says which `git log` is meant. Merges are shown against their first parent: what they brought to the
branch. Memory holds at most one commit, whose patches are cut (`PATCH_LIMIT` a file, `COMMIT_LIMIT` a commit), while
additions and deletions are counted to the end.

Surprising: no `--numstat` beside a patch (it would make git compute each diff twice; counting signs is exact), and a
merge whose result equals its first parent has no files.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from incident_pipeline.errors import BadPayload
from incident_pipeline.model.git import ChangeStatus, Commit, FileChange
from incident_pipeline.sources.git._patch_stream import Cut, PatchStream
from incident_pipeline.sources.git._process import text_of

PATCH_LIMIT = 1 << 20
COMMIT_LIMIT = 32 << 20

_START = b"\x01"
_FORMAT = "--format=%x01%ct%n%H%n%P%n%at%n%aN%n%aE%n%cN%n%cE%n%B"
_SHAPE = (
    "-M", "-O/dev/null", "--diff-algorithm=myers", "--diff-merges=first-parent",
    "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--submodule=short", "--ignore-submodules=none",
    "--no-abbrev", "--full-index", "--raw",
)  # fmt: skip
_PATCH = ("-p", "-U3", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/")
_STATUS: Mapping[bytes, ChangeStatus] = {
    b"A": "added", b"M": "modified", b"D": "deleted", b"R": "renamed", b"C": "copied", b"T": "type-changed",
}  # fmt: skip
_SUBMODULE = b"160000"


def log_arguments(*, files: bool, patch: bool) -> list[str]:
    """`git log` as this module reads it; revisions and `--` follow."""
    common = ["log", "-z", "--encoding=UTF-8", "--no-show-signature", "--no-notes", _FORMAT]
    if not files:
        return [*common, "--no-patch"]
    return [*common, *_SHAPE, *(_PATCH if patch else ("--numstat",))]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to make of the stream; `files` and `patch` must equal those of `log_arguments`.

    Commits outside `since <= committed_at < until` (seconds since 1970) are passed over. `roots_unknown` are commits
    that only look like roots because a shallow clone ends there: their files are None, not "the whole tree".
    """

    files: bool = True
    patch: bool = True
    diff: bool = False
    since: float | None = None
    until: float | None = None
    roots_unknown: frozenset[str] = frozenset()


# Plain tuples: a named one costs as much to make as the whole parsing of a small file.
_Entry = tuple[ChangeStatus, str, str | None, bool]  # status, path, old path, submodule
_Patch = tuple[str | None, int | None, int | None, bool]  # text, additions, deletions, truncated
_UNREADABLE: _Patch = (None, None, None, True)


def read_commits(read: Callable[[int], bytes], wanted: Wanted) -> Iterator[Commit]:
    """Commits in stream order. `read(n)` gives up to n bytes, b"" at the end.

    BadPayload when the stream is not that of `log_arguments`.
    """
    stream = PatchStream(read)
    while stream.peek():
        header = stream.until(b"\0")
        fields = header.split(b"\n", 8)
        if len(fields) != 9 or not header.startswith(_START):
            raise BadPayload(f"git log: a commit starts with {header[:40]!r}: is this git newer than we know?")
        files: tuple[FileChange, ...] = ()
        diff = ""
        if stream.peek() == b"\n":
            stream.until(b"\n")
            files, diff = _patched(stream, wanted) if wanted.patch else (_counted(stream), "")
        if _inside(int(fields[0][1:] or 0), wanted):
            unknown = not wanted.files or (bool(wanted.roots_unknown) and fields[1].decode() in wanted.roots_unknown)
            yield _commit(fields, None if unknown else files, diff if wanted.diff and not unknown else None)


def _inside(committed: int, wanted: Wanted) -> bool:
    return (wanted.since is None or committed >= wanted.since) and (wanted.until is None or committed < wanted.until)


def _commit(fields: list[bytes], files: tuple[FileChange, ...] | None, diff: str | None) -> Commit:
    committed, sha, parents, written, author, author_email, committer, committer_email, message = fields
    del committer_email
    name, date = text_of(author), _time(written)  # mostly the committer's too
    return Commit(
        hash=sha.decode("ascii"),
        author=name,
        date=date,
        message=text_of(message.replace(b"\r\n", b"\n").rstrip(b"\n")),
        diff=diff,
        author_email=text_of(author_email),
        committer=name if committer == author else text_of(committer),
        committed_at=date if committed[1:] == written else _time(committed[1:]),
        parents=tuple(parents.decode("ascii").split()),
        files=files,
    )


def _patched(stream: PatchStream, wanted: Wanted) -> tuple[tuple[FileChange, ...], str]:
    entries = _entries(stream.until(b"\0\0").split(b"\0"))
    patches: list[_Patch] = []
    diff: list[str] = []
    room = COMMIT_LIMIT
    for section in stream.sections():
        patch = _patch(section, room)
        room -= len(patch[0] or "")
        patches.append(patch)
        if wanted.diff and room > 0:
            diff.append("diff --git " + text_of(section if isinstance(section, bytes) else section.text) + "\n")
    if len(patches) != len(entries):
        patches = _paired(entries, patches)
    files = [
        FileChange(path, status, old_path, added, deleted, text is None and not truncated, submodule, text, truncated)
        for (status, path, old_path, submodule), (text, added, deleted, truncated) in zip(entries, patches, strict=True)
    ]
    return tuple(files), "".join(diff)


def _paired(entries: list[_Entry], patches: list[_Patch]) -> list[_Patch]:
    """Entries and sections come in one order; only a change of type is shown as two sections, old gone and new made."""
    if len(patches) != sum(2 if entry[0] == "type-changed" else 1 for entry in entries):
        return [_UNREADABLE] * len(entries)
    following = iter(patches)
    return [
        _joined(next(following), next(following)) if entry[0] == "type-changed" else next(following)
        for entry in entries
    ]


def _joined(old: _Patch, new: _Patch) -> _Patch:
    truncated = old[3] or new[3]
    if old[0] is None or new[0] is None:
        return None, None, None, truncated
    text = "\n".join(filter(None, (old[0], new[0])))
    return text, (old[1] or 0) + (new[1] or 0), (old[2] or 0) + (new[2] or 0), truncated


def _patch(section: bytes | Cut, room: int) -> _Patch:
    text, added, deleted, cut = (section, 0, 0, False) if isinstance(section, bytes) else section
    start = text.find(b"\n@@ ")
    if start < 0:
        return (None, None, None, False) if b"\nBinary files " in text else ("", 0, 0, cut)
    hunks = text[start + 1 :]
    limit = PATCH_LIMIT if room > PATCH_LIMIT else max(room, 0)
    kept = hunks
    if len(hunks) > limit:
        kept, cut = hunks[: max(hunks.rfind(b"\n", 0, limit + 1), 0)], True
    return text_of(kept), added + hunks.count(b"\n+"), deleted + hunks.count(b"\n-"), cut


def _entries(tokens: list[bytes]) -> list[_Entry]:
    """`:oldmode newmode oldsha newsha S`, path, and for renames and copies the new path."""
    entries: list[_Entry] = []
    following = iter(tokens)
    for meta in following:
        letter = meta[meta.rindex(b" ") + 1 :][:1]
        old_path = text_of(next(following)) if letter in b"RC" else None
        submodule = _SUBMODULE in (meta[1:7], meta[8:14])
        entries.append((_STATUS.get(letter, "modified"), text_of(next(following)), old_path, submodule))
    return entries


def _counted(stream: PatchStream) -> tuple[FileChange, ...]:
    """Raw entries, then `added TAB deleted TAB path` for each in the same order (a rename's paths follow as tokens)."""
    tokens: list[bytes] = []
    while stream.peek() == b":":
        meta = stream.until(b"\0")
        tokens += [meta, stream.until(b"\0")]
        if meta[meta.rindex(b" ") + 1 :][:1] in b"RC":
            tokens.append(stream.until(b"\0"))
    files: list[FileChange] = []
    for status, path, old_path, submodule in _entries(tokens):
        added, deleted, name = stream.until(b"\0").split(b"\t", 2)
        if not name:
            stream.until(b"\0")
            stream.until(b"\0")
        binary = added == b"-"
        counts = (None, None) if binary else (int(added), int(deleted))
        files.append(FileChange(path, status, old_path, *counts, binary, submodule))
    return tuple(files)


def _time(seconds: bytes) -> datetime:
    """Git keeps any 64-bit number; what no calendar holds becomes the nearest time one does."""
    try:
        return datetime.fromtimestamp(int(seconds or 0), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC) if not seconds.startswith(b"-") else datetime.min.replace(tzinfo=UTC)
