"""From blocks to findings: which lines of each block say why, and how much they weigh.

Each block gives tight findings (a message, a test's name) and, when it is longer, one finding of kind BLOCK around
them, behind all tight ones. A message seen before weighs less: the first error explains, the rest is cascade.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from incident_pipeline.evidence import test_ids
from incident_pipeline.evidence.blocks import Block
from incident_pipeline.evidence.reading import CALM, NOT_NEW, VARIES, Reading
from incident_pipeline.model.evidence import Finding

BLOCK = "block"
LOWEST = 0.1  # every finding that claims to explain something scores at least this
_NAMES = frozenset({"test", "summary", "exit"})
_ONLY_THAT = frozenset({"summary", "exit", "heading", "header", "cascade"})
_MAX_TIGHT = 8
_MAX_LOOK = 40
_LAST_WORDS = 0.6
_ALIKE, _OFTEN = 24, 4  # rows that begin alike, and how many of them make chatter
_SAYS = re.compile(r"[^\W\d_]{2}")
_MACHINE = re.compile(r"travis_|section_|##\[|\[command\]|\[Pipeline\]|\$ ")
_TELLS = 0.5  # a finding at or over this says why
_MAX_MESSAGES = 3
_ELSEWHERE = 0.55
_ALLOWED = 0.6
_AS_GOOD = 0.03  # messages of one block whose weights differ by no more: the first one says it
_WARNING = 0.7
_EARLIER = 0.92  # before the last command that a shell echoed
_UNTIED = 0.68
_AFTER = 0.15
_WARNS = re.compile(r"\W{0,3}(?:WARN|WARNING|warning|Warning)\b|npm warn")


@dataclass(slots=True)
class _Seen:
    shapes: Counter[str] = field(default_factory=Counter[str])
    rules: Counter[str] = field(default_factory=Counter[str])

    def decay(self, shape: str, rule: str, *, keep: float) -> float:
        """`keep` ** repeats of the same shape, and a little less for each of the same rule."""
        value = max(0.4, keep ** self.shapes[shape]) * max(0.7, 1 - 0.02 * self.rules[rule])
        self.shapes[shape] += 1
        self.rules[rule] += 1
        return value


def rank(reading: Reading) -> list[Finding]:
    """What explains the failure in one log, in no particular order."""
    seen = _Seen()
    found: list[Finding] = []
    for block in reading.blocks:
        found.extend(_of_block(reading, block, seen=seen))
    untied = {reading.lines.numbers[row] for row in reading.untied}
    if not any(f.score >= _TELLS and f.kind not in _ONLY_THAT and f.line not in untied for f in found):
        found.extend(_last_words(reading))
    return found


def _last_words(reading: Reading) -> Iterator[Finding]:
    """Nothing says why, but a step failed: its last words of trouble, else what it printed last, else its script."""
    structure = reading.structure
    if structure.exit_row is None:
        return
    start = structure.steps[structure.failed].start if structure.failed is not None else 0
    stop = structure.exit_row
    rows = _rare(reading, max(start, stop - _MAX_LOOK), stop)
    trouble = [row for row in rows if row in reading.rules and row not in reading.calm]
    trouble = [row for row in trouble if not reading.lines[row].startswith("+")][-_MAX_MESSAGES:]
    if trouble:
        reason = "a word of trouble, the last before the step failed"
        for place, row in enumerate(trouble):
            score = round(_LAST_WORDS * 0.97**place, 4)
            yield make_finding(
                reading, row, row + 1, kind="output", score=score, reason=reason, new=reading.is_new(row)
            )
    elif rows:
        first = rows[-1]
        while first - 1 in rows and rows[-1] - first < _MAX_TIGHT - 1:
            first -= 1
        reason = "the last output before the step failed"
        yield make_finding(reading, first, rows[-1] + 1, kind="output", score=_LAST_WORDS, reason=reason)
    elif structure.echoed(stop - 1):
        reason = "the script of the step, which failed without a word"
        end = min(stop, start + _MAX_TIGHT)
        yield make_finding(reading, start, end, kind="output", score=_TELLS, reason=reason)


def _rare(reading: Reading, start: int, stop: int) -> list[int]:
    """Rows between `start` and `stop` that are new, say something in words, and are not one of many alike."""
    rows = [row for row in range(start, stop) if not reading.structure.echoed(row)]
    shapes = {row: VARIES.sub("#", reading.lines[row])[:_ALIKE] for row in rows}
    often = Counter(shapes.values())
    verbs = Counter(shape.split(" ", 1)[0] for shape in shapes.values() if shape[:1].isalpha())
    return [
        row
        for row in rows
        if often[shapes[row]] < _OFTEN
        and verbs[shapes[row].split(" ", 1)[0]] <= _OFTEN
        and _SAYS.search(reading.lines[row])
        and not _MACHINE.match(reading.lines[row])
        and reading.is_new(row) is not False
        and not (row in reading.rules and reading.rule(row).kind in _ONLY_THAT)
    ]


def _of_block(reading: Reading, block: Block, *, seen: _Seen) -> Iterator[Finding]:
    groups = _groups(reading, block)
    test = test_ids.test_of(reading.lines[block.start])
    messages = [g for g in groups if reading.rule(g[0]).kind not in _NAMES]
    messages = _by_worth(reading, messages)
    names = [g for g in groups if reading.rule(g[0]).kind in _NAMES]
    if messages and names and names[0][0] == block.start and reading.rule(block.start).weight < 0.8:
        names = names[1:]  # a heading that only names what the messages below it belong to
    tight = [
        _scored(reading, start, _with_reason(reading, start, end, block.end), seen=seen, test=test, factor=0.85**place)
        for place, (start, end) in enumerate(_told(reading, messages))
    ]
    for start, end in names:
        spans = [(row, row + 1) for row in range(start, end)] if reading.rule(start).kind == "test" else [(start, end)]
        tight.extend(_scored(reading, row, stop, seen=seen, test=None) for row, stop in spans)
    yield from tight
    best = max(tight, key=lambda f: f.score)
    if block.end - block.start > best.end_line - best.line + 1:
        score = max(LOWEST, round(best.score * 0.3, 4))
        reason = f"the block around line {best.line}"
        for start, end in block.pieces():
            yield make_finding(reading, start, end, kind=BLOCK, score=score, reason=reason, new=best.novel)


def _with_reason(reading: Reading, row: int, end: int, stop: int) -> int:
    """Where a message ends that only announces the next line (`... for task ':a:test'.`, `Module not found:`)."""
    if reading.rule(row).kind != "goal" and not reading.lines[end - 1].endswith(":"):
        return end
    return next((below + 1 for below in range(end, min(end + 2, stop)) if reading.lines[below]), end)


def _told(reading: Reading, messages: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Messages of a block worth telling: as strong as the first (the rest only carries it on), distinct ones first."""
    distinct: dict[str, tuple[int, int]] = {}
    strong = [g for g in messages if reading.rule(g[0]).weight >= 0.75 * reading.rule(messages[0][0]).weight]
    for group in strong:
        distinct.setdefault(VARIES.sub("#", reading.lines[group[0]]), group)
    first = list(distinct.values())
    return [*first, *(group for group in strong if group not in first)][:_MAX_MESSAGES]


def _groups(reading: Reading, block: Block) -> list[tuple[int, int]]:
    """Runs of directly following anchors of one kind, at most _MAX_TIGHT rows each; an empty `E` parts none."""
    groups: list[tuple[int, int]] = []
    for row in block.anchors:
        start, end = groups[-1] if groups else (-1, -1)
        while end < row and end > 0 and reading.lines[end].rstrip() == "E":
            end += 1
        if row == end and row - start < _MAX_TIGHT and reading.rule(row).kind == reading.rule(start).kind:
            groups[-1] = (start, row + 1)
        else:
            groups.append((row, row + 1))
    return groups


def _by_worth(reading: Reading, groups: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Heaviest first, then first come; of a test report's messages the last one is what the test died of."""
    ordered = sorted(groups, key=lambda g: (-reading.weight(g[0]), g[0]))
    if ordered:
        near = [g for g in ordered if reading.weight(g[0]) >= reading.weight(ordered[0][0]) - _AS_GOOD]
        first = min(near)
        ordered.remove(first)
        ordered.insert(0, first)
    report = sorted(g for g in ordered if _begins_report(reading, g[0]))
    if len(report) > 1 and ordered[0] in report:
        ordered.remove(report[-1])
        ordered.insert(0, report[-1])
    return ordered


def _begins_report(reading: Reading, row: int) -> bool:
    """pytest's message begins here: the lines it compares below are a part of it."""
    rule, above = reading.rule(row), reading.lines[row - 1] if row else ""
    return rule.kind == "assertion" and rule.tool == "pytest" and not above.startswith(("E ", "E\t")) and above != "E"


def _scored(reading: Reading, row: int, end: int, *, seen: _Seen, test: str | None, factor: float = 1.0) -> Finding:
    rule, new, structure = reading.rule(row), reading.is_new(row), reading.structure
    score, notes = rule.weight * factor, [rule.reason]
    if new:
        notes.append("new since the green run")
    elif new is False:
        score *= NOT_NEW
        notes.append("also in the green run")
    elif row in reading.calm:
        score *= CALM
        notes.append("though what printed it went well")
    if rule.kind != "crash" and _WARNS.match(reading.lines[row]):
        score *= _WARNING
        notes.append("printed as a warning")
    step = structure.step_of(row) if structure.failed is not None else None
    if step is not None and step in structure.also:
        notes.append("in a step that failed too")
    elif structure.exit_row is not None and row > structure.exit_row:
        score *= _AFTER
        notes.append("after the step had failed")
    elif step is not None and step in structure.continued:
        score *= _ALLOWED
        notes.append("in a step that was allowed to fail")
    elif step is not None:
        if step == structure.failed:
            notes.append("in the failed step")
        else:
            score *= _ELSEWHERE
    if structure.command_row is not None and row < structure.command_row:
        score *= _EARLIER
    if row in reading.untied:
        score *= _UNTIED
        notes.append("far above the end, which does not speak of it")
    keep = 0.95 if rule.kind == "test" else 0.85  # each test's name is news, the same message again is not
    # What did no harm must not make the real error look like its repetition.
    apart = "harmless " if new is False or row in reading.calm else ""
    score *= seen.decay(VARIES.sub("#", reading.lines[row]), apart + rule.reason, keep=keep)
    score = round(max(LOWEST, score), 4)
    test = test or test_ids.test_of(reading.lines[row])
    return make_finding(reading, row, end, kind=rule.kind, score=score, reason=", ".join(notes), new=new, test=test)


def make_finding(
    reading: Reading,
    row: int,
    end: int,
    *,
    kind: str,
    score: float,
    reason: str,
    new: bool | None = None,
    test: str | None = None,
) -> Finding:
    """The finding of rows `row`..`end` (end excluded); its text is cut to the first _MAX_TIGHT rows."""
    lines = reading.lines
    step = reading.structure.step_of(row)
    return Finding(
        label=lines.label,
        line=lines.numbers[row],
        end_line=lines.numbers[end - 1],
        text="\n".join(lines[r] for r in range(row, min(end, row + _MAX_TIGHT))),
        kind=kind,
        score=score,
        reason=reason,
        novel=new,
        test=test,
        step=reading.structure.steps[step].name if step is not None else None,
    )
