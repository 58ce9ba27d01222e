"""Lines that a commit took away and brought in, the kind of edit they are out, with the lines that really differ."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from incident_pipeline.evidence.interpolation import plain
from incident_pipeline.evidence.tokens import flat, is_import, unwrapped, without_annotations

EditKind = Literal[
    "formatting", "comment", "annotation", "import", "rename", "constant", "condition", "call", "argument", "addition",
    "removal", "rewrite",
]  # fmt: skip
_CONDITION = frozenset(
    """< > <= >= == != === !== is in not and or && || ! if elif while unless + - * / // % ** = += -= & | ^ ~ any all
    min max break continue return raise yield""".split()  # noqa: SIM905 - words read best as words
)
_CONSTANT = frozenset({"True", "False", "None", "true", "false", "null", "nil", "undefined", "NaN"})
MOST_OF_ONE_CHANGE = 24  # tokens
_SEPARATORS = frozenset(",()[]{}")
_ARGUMENT = re.compile(r"^\s*[A-Za-z_]\w*\s*(?::[^=]{1,200})?=[^=].*,\s*$")
_INDENTED = (".py", ".pyi", ".yml", ".yaml")
_GOES_ON = (",", "(", "[", "{", "\\", "=", "+", "or", "and", "|", "&")
_NUMBER = re.compile(r"[\d\"'`]")


@dataclass(frozen=True, slots=True)
class Line:
    """One changed line: its number in the new file (`+`) or the old one (`-`)."""

    sign: str
    number: int
    text: str


def differ(
    old: list[str], new: list[str], lines: tuple[Line, ...], mark: str, *, path: str, above: str
) -> tuple[EditKind, tuple[Line, ...]]:
    """The kind of edit, and of its `lines` those that differ. `mark` starts a comment in `path`.

    `above` is the line over the block: after an open bracket, indentation says nothing.
    """
    python = path.endswith((".py", ".pyi"))
    before, after = flat(old, mark), flat(new, mark)
    if not before and not after:
        return "comment", lines
    if path.endswith(_INDENTED) and _reindented(old, new, above):
        return "condition", lines
    if before == after or _same_text(before, python=python) == _same_text(after, python=python):
        return "formatting", lines
    if python and before and after and _bare(before) == _bare(after):
        return "annotation", lines
    lines = _residue(lines, mark, python=python)
    texts = [x.text for x in lines]
    if all(is_import(t) or not flat([t], mark) for t in texts):
        return "import", lines
    return _kind([x.text for x in lines if x.sign == "-"], [x.text for x in lines if x.sign == "+"], mark), lines


def _reindented(old: list[str], new: list[str], above: str) -> bool:
    """The same lines stand further in or out, where that decides what they belong to; not a file indented anew."""
    depth = int(above.rstrip().endswith(_GOES_ON))
    steps: set[tuple[int, int]] = set()
    for a, b in same_lines(old, new):
        if depth <= 0:
            steps.add((indent(a), indent(b)))
        depth += sum(a.count(c) for c in "([{") - sum(a.count(c) for c in ")]}")
    ratios = {round(y / x, 3) for x, y in steps if x}
    anew = len(ratios) == 1 and len({x for x, _ in steps if x}) > 1
    return any(x != y for x, y in steps) and not anew


def same_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of lines equal but for white space; () unless all are."""
    if len(old) != len(new) or any(a.strip() != b.strip() for a, b in zip(old, new, strict=True)):
        return []
    return [(a, b) for a, b in zip(old, new, strict=True) if a.strip()]


def indent(line: str) -> int:
    """Columns before the first sign, a tab to the next fourth one."""
    line = line.expandtabs(4)
    return len(line) - len(line.lstrip())


def _same_text(found: list[str], *, python: bool) -> list[str]:
    return unwrapped(plain(found) if python else found)


def _bare(found: list[str]) -> list[str]:
    bare = _same_text(without_annotations(found), python=True)
    return bare[:-1] if bare[-1:] == [","] else bare


def _residue(lines: tuple[Line, ...], mark: str, *, python: bool) -> tuple[Line, ...]:
    """Lines left when lines equal in tokens on both sides, comments and blanks are taken out."""
    keys = [tuple(_bare(f) if python else f) for f in (flat([x.text], mark) for x in lines)]
    counts = {sign: Counter(k for k, x in zip(keys, lines, strict=True) if x.sign == sign) for sign in "+-"}
    both = counts["+"] & counts["-"]
    spare = {"+": both.copy(), "-": both.copy()}
    left: list[Line] = []
    for key, line in zip(keys, lines, strict=True):
        if not key:
            continue
        if spare[line.sign][key] > 0:
            spare[line.sign][key] -= 1
            continue
        left.append(line)
    return tuple(left) or lines


def _kind(old: list[str], new: list[str], mark: str) -> EditKind:
    if not old:
        return "argument" if all(_ARGUMENT.match(line[:400]) for line in new) else "addition"
    if not new:
        return "removal"
    before, after = flat(old, mark), flat(new, mark)
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    if not gone and _extends(before, after):
        return "argument"
    return _changed(gone, come)


def _changed(gone: Counter[str], come: Counter[str]) -> EditKind:
    changed = {*gone, *come}
    if sum(gone.values()) + sum(come.values()) > MOST_OF_ONE_CHANGE:
        return "rewrite"
    if changed & _CONDITION:
        return "condition"
    if changed & _CONSTANT or any(_NUMBER.match(t) or '"' in t for t in changed):
        return "constant"
    return "call"


def _extends(before: list[str], after: list[str]) -> bool:
    """All that comes is arguments with a name and a value."""
    new = Counter(_items(after)) - Counter(_items(before))
    return bool(new) and all(len(x) > 2 and x[0].isidentifier() and "=" in x[1:-1] for x in new)


def _items(found: list[str]) -> list[tuple[str, ...]]:
    """Tokens between commas and brackets."""
    items: list[list[str]] = [[]]
    for word in found:
        if word in _SEPARATORS:
            items.append([])
        else:
            items[-1].append(word)
    return [tuple(x) for x in items if x]
