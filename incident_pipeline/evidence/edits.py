"""One changed file of a commit in, its edits out: blocks of lines that really differ, and how they differ.

Surprising fact: most changed lines of real history change nothing that runs. Blocks whose tokens are equal, comments,
docstrings, type annotations and lines only moved are told apart, since they can hardly be guilty.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from incident_pipeline.evidence.edit_kind import EditKind, Line, differ, indent, same_lines
from incident_pipeline.evidence.outline import FENCES, Definition, Outline
from incident_pipeline.evidence.roles import role
from incident_pipeline.evidence.tokens import comment_mark, flat
from incident_pipeline.evidence.weights import EDIT
from incident_pipeline.model.git import FileChange, Hunk
from incident_pipeline.model.patch import numbered, parse_hunks

MAX_PATCH_CHARS = 200_000
ANEW = 3  # blocks indented by the same other width
_AROUND = 6
_FENCE, _BEFORE_DOC = re.compile("|".join(FENCES)), " \trRuU"
_BEHIND_STRING = frozenset(").,]}%")
_CODE = re.compile(
    r"\s*(?:@\w|(?:async )?(?:def|class) \w+\b.{0,200}[:(,]$"
    r"|(?:if|elif|for|while|with|except|else|try|finally)\b.{0,200}:$"
    r"|(?:return|raise|import|yield|assert|del|pass|break|continue|global|nonlocal)\b|from \S+ import\b"
    r"|[\w.]+(?:\[[^\]]{0,80}\])?(?:: ?[\w\[\], .|\"']{1,80})? ?[-+*/|&%^@]?=(?!=)|[\w.]+\(|[)\]}#])"
)
_SENTENCE = re.compile(r"\s*[\w`*:-][^=(){}\s]*(?: [^=(){}\s]+){2}")
DEFINES = re.compile(
    r"^\s*(?:(?:export|default|async|public|private|protected|static|final|abstract|pub|unsafe|inline)\s+)*"
    r"(?:(?:def|class|function\*?|func|fn|fun|interface|struct|enum|trait|type|module)\s+(?:\([^)]*\)\s*)?(\w+)"
    r"|(?:const|let|var|val)\s+(\w+)\s*[:=])"
)
"""A line that defines a name; the name is the first or the second group."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One block of changed lines: those that differ. `around`: (offset to the block, text) of the new side."""

    path: str
    kind: EditKind
    lines: tuple[Line, ...]
    section: str
    around: tuple[tuple[int, str], ...]
    head_line: int | None = None
    scope: Definition | None = None

    @property
    def weight(self) -> float:
        """How surely it changes what runs (weights.EDIT)."""
        return EDIT[self.kind]

    @property
    def names(self) -> str:
        """Name of the definition it stands in, as well as known."""
        return self.scope.label if self.scope else self.section


def edits_of(change: FileChange) -> tuple[Edit, ...]:
    """Edits of one file; () without a patch or in documentation. A patch is read up to MAX_PATCH_CHARS."""
    if not change.patch or role(change.path) == "docs":
        return ()
    mark = comment_mark(change.path)
    hunks = parse_hunks(change.patch[:MAX_PATCH_CHARS])
    found = [edit for hunk in hunks for edit in _edits(change.path, hunk, mark)]
    return tuple(_renames(_indented_anew(found), mark))


def placed(edit: Edit, outline: Outline) -> Edit:
    """The same edit with its line and definition in the file at head, found by the lines around it."""
    votes: Counter[int] = Counter()
    for offset, text in edit.around:
        spots = outline.places.get(text.strip(), ())
        if 0 < len(spots) <= 12:
            for spot in spots:
                votes[spot - offset] += 24 // len(spots) // (1 + abs(offset) // 3)
    if not votes:
        return edit
    line = max(sorted(votes), key=lambda n: votes[n])
    scope = outline.at(max(1, min(line, len(outline.lines))))
    kind = edit.kind
    if (
        line in outline.prose
        and all(x.sign == "-" or outline.lines[line - 1 : line] for x in edit.lines)
        and _prosaic(edit, outline)
    ):
        kind = "comment"
    return Edit(edit.path, kind, edit.lines, edit.section, edit.around, line, scope)


def _prosaic(edit: Edit, outline: Outline) -> bool:
    added = [x.text.strip() for x in edit.lines if x.sign == "+"]
    spots = [outline.places.get(t) for t in added if len(t) > 3]
    return all(n in outline.prose for s in spots if s for n in s[:3])


def _edits(path: str, hunk: Hunk, mark: str) -> Iterator[Edit]:
    rows = list(numbered(hunk))
    new_side = [text for sign, _, text in rows if sign != "-"]
    prose = _prose_rows(rows) if path.endswith((".py", ".pyi")) else frozenset[int]()
    block: list[int] = []
    seen = 0
    section = hunk.section
    for index, (sign, _, text) in enumerate([*rows, (" ", 0, "")]):
        if sign in "+-":
            block.append(index)
            continue
        if block:
            yield _edit(
                path,
                [rows[i] for i in block],
                section,
                _near(new_side, seen),
                mark,
                above=rows[block[0] - 1][2] if block[0] else "",
                prose=all(i in prose for i in block),
            )
            seen += sum(rows[i][0] == "+" for i in block)
            section = next(
                (m[1] or m[2] for i in reversed(block) if rows[i][0] == "+" and (m := DEFINES.match(rows[i][2]))),
                section,
            )
            block = []
        if match := DEFINES.match(text):
            section = match[1] or match[2]
        seen += 1


def _near(new_side: Sequence[str], at: int) -> tuple[tuple[int, str], ...]:
    low = max(0, at - _AROUND)
    return tuple((i - at, new_side[i]) for i in range(low, min(len(new_side), at + _AROUND * 2)))


def _prose_rows(rows: Sequence[tuple[str, int, str]]) -> frozenset[int]:
    """Rows inside a docstring, on either side. Whether a hunk opens inside one is told by what its lines look like."""
    found: set[int] = set()
    for side in ("+", "-"):
        mine = [(i, row[2]) for i, row in enumerate(rows) if row[0] in {side, " "}]
        if any(_FENCE.search(text) for _, text in mine):
            starts = ("",) if rows[0][1] == 1 else ("", *FENCES)
            _, prose = max((_read_as(mine, start) for start in starts), key=lambda reading: reading[0])
            found |= prose
    return frozenset(found)


def _read_as(rows: Sequence[tuple[int, str]], inside: str) -> tuple[int, set[int]]:
    """(how plausible it is, the docstrings' rows) when the first row stands in a string that `inside` will end."""
    plausible, prose = 0, set[int]()
    doc, above = bool(inside), bool(inside)
    for number, text in rows:
        was, began = inside, False
        for fence in _FENCE.finditer(text):
            if not inside:
                inside, doc = fence[0], not text[: fence.start()].strip(_BEFORE_DOC)
                began = began or doc
                plausible -= 3 * (doc and text[fence.end() :].lstrip()[:1] in _BEHIND_STRING)
            elif fence[0] == inside:
                inside = ""
                if above and text[fence.end() :].strip():  # an argument or an operand, so all above was data
                    prose, doc = set[int](), False
                above = False
        if began or (was and doc):
            prose.add(number)
        if was == inside and not began:
            looks = 1 if _CODE.match(text) else -1 if _SENTENCE.match(text) else 0
            plausible += -looks if was else looks
    return plausible, prose


def _edit(
    path: str,
    rows: Sequence[tuple[str, int, str]],
    section: str,
    around: tuple[tuple[int, str], ...],
    mark: str,
    *,
    above: str,
    prose: bool,
) -> Edit:
    old = [r[2] for r in rows if r[0] == "-"]
    new = [r[2] for r in rows if r[0] == "+"]
    lines = tuple(Line(*r) for r in rows)
    kind: EditKind
    if prose:
        kind = "comment"
    else:
        kind, lines = differ(old, new, lines, mark, path=path, above=above)
    return Edit(path, kind, lines, section, around)


def _indented_anew(edits: list[Edit]) -> list[Edit]:
    """Blocks that only stand further in or out are formatting when the whole file was indented by another width."""
    steps: dict[int, set[float]] = {}
    for index, edit in enumerate(edits):
        sides = [[x.text for x in edit.lines if x.sign == sign] for sign in "-+"]
        if edit.kind == "condition" and (pairs := same_lines(*sides)):
            steps[index] = {round(indent(b) / indent(a), 3) for a, b in pairs if indent(a)}
    if len(steps) < ANEW or len(set[float]().union(*steps.values())) != 1:
        return edits
    return [replace(e, kind="formatting") if i in steps else e for i, e in enumerate(edits)]


def _renames(edits: list[Edit], mark: str) -> Iterator[Edit]:
    """A `call` edit whose only change is one name for another, the same pair everywhere in the file, is a rename."""
    pairs: dict[int, tuple[str, str]] = {}
    for index, edit in enumerate(edits):
        if edit.kind == "call":
            before = flat([x.text for x in edit.lines if x.sign == "-"], mark)
            after = flat([x.text for x in edit.lines if x.sign == "+"], mark)
            differing = {(a, b) for a, b in zip(before, after, strict=False) if a != b}
            if len(before) == len(after) and len(differing) == 1:
                pairs[index] = differing.pop()
    often = Counter(pairs.values())
    defined = {p for i, p in pairs.items() if any(DEFINES.match(x.text) and p[0] in x.text for x in edits[i].lines)}
    for index, edit in enumerate(edits):
        pair = pairs.get(index)
        if pair and (pair in defined or often[pair] > 1):
            yield Edit(edit.path, "rename", edit.lines, edit.section, edit.around)
        else:
            yield edit
