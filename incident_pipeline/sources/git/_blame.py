"""`git blame --porcelain` in, `BlameLine`s out; and the commits that `.git-blame-ignore-revs` wants passed over.

Surprising: git names a line's file once a commit, not once a line, and quotes the name like a C string.
"""

import re
from collections.abc import Iterator

from incident_pipeline.model.git import BlameLine
from incident_pipeline.sources.git._process import text_of

IGNORE_REVS_FILE = ".git-blame-ignore-revs"

_LINE = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?")
_HASH = re.compile(rb"[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?")
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def parse_blame(porcelain: bytes) -> Iterator[BlameLine]:
    """The lines in file order; text keeps a trailing carriage return, bad bytes are kept visibly."""
    paths: dict[bytes, str] = {}
    sha, original, line = b"", 0, 0
    for row in porcelain.split(b"\n"):
        if row.startswith(b"\t"):
            yield BlameLine(line, sha.decode("ascii"), paths.get(sha, ""), original, text_of(row[1:]))
        elif row.startswith(b"filename "):
            paths[sha] = text_of(unquoted(row[9:]))
        elif match := _LINE.fullmatch(row):
            sha, original, line = match[1], int(match[2]), int(match[3])


def ignored_hashes(text: bytes) -> bytes:
    """The full hashes of an ignore-revs file, one a line. Git itself refuses the whole blame over one odd line."""
    words = (row.partition(b"#")[0].strip() for row in text.splitlines())
    return b"".join(word + b"\n" for word in words if _HASH.fullmatch(word))


def unquoted(name: bytes) -> bytes:
    """A file's name as git prints it: quoted like a C string where it is odd."""
    if len(name) < 2 or not name.startswith(b'"') or not name.endswith(b'"'):
        return name
    return _ESCAPE.sub(lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else _ESCAPED.get(m[1], m[1]), name[1:-1])
