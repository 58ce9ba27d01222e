"""Is what a pattern found really a secret? Matches in, yes or no out; what no regular expression can tell.

Surprising fact: most `token:` and `password=` of a log are code, prose, masks or placeholders. Evidence lives on those
lines, so a value is taken for a secret only when it looks like one, or is what a password stands for in a set-up line.
"""

import re
from itertools import pairwise

_PLACEHOLDERS = frozenset((
    "none", "null", "nil", "undefined", "true", "false", "yes", "no", "on", "off", "required", "optional",
    "string", "str", "bytes", "bool", "int", "number", "object", "any", "example", "placeholder", "redacted",
    "hidden", "masked", "removed", "empty", "unset", "missing", "invalid", "expired", "found", "changed",
    "updated", "default", "test", "input", "output", "value", "file", "stdin", "prompt", "env", "environ",
    "process", "self", "this", "secretstr", "sensitive", "unknown",
))  # fmt: skip
_MASKED = re.compile(r"[*xX.#•_-]+|\[REDACTED.*")
_REFERENCE = re.compile(r"[$%{<@!&].*")
_WORDS = re.compile(r"(?i)pass(?:word|wd|phrase)|token|secret|credential|apikey|api_key|\bkey\b|\bauth\b")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+")
_IDENTIFIER = re.compile(
    r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+(?:-[a-z]+)+|[a-z]+(?:[A-Z][a-z]+)+"
)
_PATH = re.compile(r"(?:~|\.{1,2})?/[\w.@-]+(?:/[\w.@-]*)*|[A-Za-z]:[\\/].*|[\w.-]+(?:/[\w.-]+)*\.[a-z]{1,5}(?::\d+)*")
_TIME_OR_NUMBER = re.compile(r"[+-]?[\d.,:_eExX%-]+(?:[TZ ][\d:.Z+-]*)?|0[xX][0-9a-fA-F]+")
_PASSWORD_KEY = re.compile(r"(?i)pass(?:word|wd|phrase|wort)$|pwd$")
_URL = "://"


def is_not_placeholder(match: re.Match[str]) -> bool:
    """The value is neither a mask (`***`) nor a reference (`$TOKEN`, `{password}`, `<token>`)."""
    value = match["secret"]
    return not (_MASKED.fullmatch(value) or _REFERENCE.match(value) or value.lower() in _PLACEHOLDERS)


def is_mixed(match: re.Match[str]) -> bool:
    """The value mixes letters and digits as generated tokens do; words joined by hyphens do not."""
    return is_not_placeholder(match) and _generated(match["secret"])


def is_credential(match: re.Match[str]) -> bool:
    """The value of a key such as `password=` or `token:` is a secret, not code, prose, a number or a path."""
    value, groups = match["secret"].rstrip(".:!?"), match.groupdict()
    if len(value) < 4 or groups.get("lead") or match["after"] in {"(", "[", "{"} or not is_not_placeholder(match):
        return False
    if _DOTTED.fullmatch(value) or _PATH.fullmatch(value) or _URL in value:
        return False
    is_password = _PASSWORD_KEY.search(match["key"]) is not None
    if _TIME_OR_NUMBER.fullmatch(value):
        return is_password and value.isdigit() and not match["assign"].endswith(" ")
    if _generated(value):
        return not _IDENTIFIER.fullmatch(value) or len(value) >= 32
    return is_password and _stands_for_a_password(match, value)


def _stands_for_a_password(match: re.Match[str], value: str) -> bool:
    """Plain letters count only where a set-up line gives them: quoted, or right after the sign; never a variable."""
    if _WORDS.search(value) or _IDENTIFIER.fullmatch(value):
        return False
    quoted = match["quote"] != "" and match["after"] != ""
    return quoted or not match["assign"].endswith((" ", "\t")) or match["key"].startswith("-")


def _generated(value: str) -> bool:
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isalpha() for c in value)
    if len(value) >= 20 and letters and (digits >= 2 or _changes_case(value)):
        return True
    return len(value) >= 8 and digits >= 1 and letters >= 2 and not _WORDS.search(value)


def _changes_case(value: str) -> bool:
    return sum(a.islower() and b.isupper() for a, b in pairwise(value)) >= 4
