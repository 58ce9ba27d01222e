"""Text of strangers in, text that is safe to look at out.

Surprising fact: escaping markup is not enough. A right-to-left override or a lone escape byte changes what a reader
sees without being markup, so such characters are replaced by a name of themselves.
"""

import json
import re
from datetime import datetime

ELLIPSIS = "…"

# C0, C1, soft hyphen, bidi and zero-width controls, line separators, interlinear and tag characters, lone surrogates.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACE = re.compile(r"\s+")
_HEX = re.compile(r"[0-9a-f]{7,64}")


def visible(text: str) -> str:
    """Every unseen character is shown by name (`␛`, `[U+202E]`), a tab is four spaces; so one line stays one line."""
    return _UNSEEN.sub(_name, text)


def _name(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x09:
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"[U+{code:04X}]"


def visible_lines(text: str) -> str:
    """The same for text of many lines: line breaks stay."""
    return "\n".join(map(visible, text.split("\n")))


def escape_unseen(document: str) -> str:
    """A JSON document with every unseen character as `\\uXXXX`: the same value, and nothing a terminal would obey."""
    return _UNSEEN.sub(lambda match: match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1], document)


def has_unseen(text: str) -> bool:
    """Holds a character that a reader could not see; such text goes into no command."""
    return _UNSEEN.search(text) is not None


def collapse(text: str) -> str:
    """Runs of white space to one space, none at the ends: how quotes are compared and shown."""
    return _SPACE.sub(" ", text).strip()


def cut(text: str, width: int) -> str:
    """At most `width` characters; what is cut ends in an ellipsis."""
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + ELLIPSIS


def cut_path(path: str, width: int) -> str:
    """At most `width` characters of a path; the end is what tells files apart, so the front goes."""
    return path if len(path) <= width else ELLIPSIS + path[len(path) - width + 1 :]


def short(sha: str | None) -> str:
    """Seven characters of a hash; anything that is no hash is returned as it is."""
    return sha[:7] if sha and _HEX.fullmatch(sha) else sha or ""


def is_hash(text: str) -> bool:
    """A full or abbreviated lower-case hash, fit to be put into a command."""
    return _HEX.fullmatch(text) is not None


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 commit`, `1,204 lines`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def moment(at: datetime | None, near: datetime | None = None) -> str:
    """`2026-11-24 14:02`; the date is dropped when `near` is on the same day. Times are UTC; the view says so once."""
    if at is None:
        return "at an unknown time"
    same_day = near is not None and near.date() == at.date()
    return f"{at:%H:%M}" if same_day else f"{at:%Y-%m-%d %H:%M}"
