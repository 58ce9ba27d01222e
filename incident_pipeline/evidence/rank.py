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
from incident_pipeline.evidence.reading import NOT_NEW, Reading
from incident_pipeline.model.evidence import Finding

BLOCK = "block"
LOWEST = 0.1  # every finding that claims to explain something scores at least this
_NAMES = frozenset({"test", "summary", "exit"})
_MAX_TIGHT = 8
_MAX_LOOK = 40
_TELLS = 0.5  # a finding at or over this says why
_MAX_MESSAGES = 3
_ELSEWHERE = 0.55
_WARNING = 0.7
_EARLIER = 0.92  # before the last command that a shell echoed
_AFTER = 0.15
_WARNS = re.compile(r"\W{0,3}(?:WARN|WARNING|warning|Warning)\b|npm warn")
VARIES = re.compile(r"[\w.@+-]*/[\w./@+-]+|\d+|0x[0-9a-f]+|'[^']*'|\"[^\"]*\"")


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
    if not any(f.score >= _TELLS for f in found):
        found.extend(_last_words(reading))
    return found


def _last_words(reading: Reading) -> Iterator[Finding]:
    """Nothing says why, but a step failed: what it printed last, or its script when it printed nothing."""
    structure = reading.structure
    if structure.exit_row is None:
        return
    start = structure.steps[structure.failed].start if structure.failed is not None else 0
    stop = structure.exit_row
    rows = [
        row for row in range(max(start, stop - _MAX_LOOK), stop) if reading.lines[row] and not structure.echoed(row)
    ]
    rows = [row for row in rows if row not in reading.rules and reading.is_new(row) is not False][-_MAX_TIGHT:]
    if rows:
        reason = "the last output before the step failed"
        yield make_finding(reading, rows[0], rows[-1] + 1, kind="output", score=_TELLS, reason=reason)
    elif structure.echoed(stop - 1):
        reason = "the script of the step, which failed without a word"
        end = min(stop, start + _MAX_TIGHT)
        yield make_finding(reading, start, end, kind="output", score=_TELLS, reason=reason)


def _of_block(reading: Reading, block: Block, *, seen: _Seen) -> Iterator[Finding]:
    groups = _groups(reading, block)
    test = test_ids.test_of(reading.lines[block.start])
    messages = [g for g in groups if reading.rule(g[0]).kind not in _NAMES]
    messages = _by_worth(reading, messages)
    names = [g for g in groups if reading.rule(g[0]).kind in _NAMES]
    if messages and names and names[0][0] == block.start and reading.rule(block.start).weight < 0.8:
        names = names[1:]  # a heading that only names what the messages below it belong to
    tight = [
        _scored(reading, start, end, seen=seen, test=test, factor=0.85**place)
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
        yield make_finding(reading, block.start, block.end, kind=BLOCK, score=score, reason=reason, new=best.novel)


def _told(reading: Reading, messages: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Messages of a block worth telling: as strong as the first (the rest only carries it on), distinct ones first."""
    distinct: dict[str, tuple[int, int]] = {}
    strong = [g for g in messages if reading.rule(g[0]).weight >= 0.75 * reading.rule(messages[0][0]).weight]
    for group in strong:
        distinct.setdefault(VARIES.sub("#", reading.lines[group[0]]), group)
    first = list(distinct.values())
    return [*first, *(group for group in strong if group not in first)][:_MAX_MESSAGES]


def _groups(reading: Reading, block: Block) -> list[tuple[int, int]]:
    """Runs of directly following anchors of one kind, at most _MAX_TIGHT rows each."""
    groups: list[tuple[int, int]] = []
    for row in block.anchors:
        start, end = groups[-1] if groups else (-1, -1)
        if row == end and end - start < _MAX_TIGHT and reading.rule(row).kind == reading.rule(start).kind:
            groups[-1] = (start, row + 1)
        else:
            groups.append((row, row + 1))
    return groups


def _by_worth(reading: Reading, groups: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Heaviest first, then first come; of a test report's messages the last one is what the test died of."""
    ordered = sorted(groups, key=lambda g: (-reading.weight(g[0]), g[0]))
    report = [g for g in ordered if reading.rule(g[0]).kind == "assertion" and reading.rule(g[0]).tool == "pytest"]
    if len(report) > 1 and ordered[0] in report:
        ordered.remove(report[-1])
        ordered.insert(0, report[-1])
    return ordered


def _scored(reading: Reading, row: int, end: int, *, seen: _Seen, test: str | None, factor: float = 1.0) -> Finding:
    rule, new, structure = reading.rule(row), reading.is_new(row), reading.structure
    score, notes = rule.weight * factor, [rule.reason]
    if new:
        notes.append("new since the green run")
    elif new is False:
        score *= NOT_NEW
        notes.append("also in the green run")
    if _WARNS.match(reading.lines[row]):
        score *= _WARNING
        notes.append("printed as a warning")
    if structure.exit_row is not None and row > structure.exit_row:
        score *= _AFTER
        notes.append("after the step had failed")
    elif structure.failed is not None and structure.steps:
        if structure.step_of(row) == structure.failed:
            notes.append("in the failed step")
        else:
            score *= _ELSEWHERE
    if structure.command_row is not None and row < structure.command_row:
        score *= _EARLIER
    keep = 0.95 if rule.kind == "test" else 0.85  # each test's name is news, the same message again is not
    score *= seen.decay(VARIES.sub("#", reading.lines[row]), rule.reason, keep=keep)
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
