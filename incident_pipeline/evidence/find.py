"""From raw logs to what failed: ranked findings, frames and names. Deterministic; no clock, no network, no model.

Comes in: the failed jobs' logs and, if there are, the green run's. Goes out: a Failure, findings best first.
Each block gives a tight finding (the lines that say why) and, when it is longer, one for the block around it, ranked
behind all tight ones. The surprising fact: the *first* error of the failed step explains more than the loudest one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from incident_pipeline.evidence import test_ids
from incident_pipeline.evidence.blocks import Block, grow
from incident_pipeline.evidence.frames import read_frames
from incident_pipeline.evidence.grammar import RULES, classify
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.lines import Lines
from incident_pipeline.evidence.novelty import Novelty, compare
from incident_pipeline.evidence.structure import Structure, read_structure
from incident_pipeline.model.evidence import Failure, Finding, Frame

BLOCK = "block"  # kind of the finding that holds the whole block around a tight one
_MAX_TIGHT = 8
_MAX_ANCHORS = 20_000
_NOT_NEW = 0.25
_ELSEWHERE = 0.55
_AFTER = 0.15


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything known about one log before ranking."""

    lines: Lines
    rules: dict[int, int]
    structure: Structure
    novelty: Novelty
    blocks: tuple[Block, ...]

    def is_new(self, row: int) -> bool | None:
        """None when there is no green log to trust."""
        return self.novelty.new[row] if self.novelty.trusted else None


def find_failure(logs: Sequence[LogText], greens: Sequence[LogText] = ()) -> Failure:
    """What failed, over all failed logs. An empty answer is an honest one: nothing in the logs looks like a failure."""
    green_lines = [Lines(green) for green in greens]
    readings = [read(Lines(log), green_lines) for log in logs]
    findings: list[Finding] = []
    frames: list[Frame] = []
    for reading in readings:
        found = _findings(reading)
        findings.extend(found)
        frames.extend(_frames(reading))
    findings.sort(key=lambda f: (-f.score, f.label, f.line))
    texts = [f.text for f in findings if f.kind != BLOCK]
    top = [f for f in findings if f.kind not in {BLOCK, "exit", "summary", "cascade"}]
    codes = [code for f in findings if f.kind == "exit" and (code := test_ids.exit_code(f.text)) is not None]
    return Failure(
        findings=tuple(findings),
        frames=tuple(frames),
        tests=tuple(dict.fromkeys(f.test for f in findings if f.test)),
        symbols=test_ids.symbols(texts),
        packages=test_ids.packages(texts),
        exit_code=next((code for code in codes if code), None),
        tool=next((tool for f in top if (tool := _tool(readings, f))), None),
        compared_with_green=any(reading.novelty.trusted for reading in readings),
    )


def read(lines: Lines, greens: Sequence[Lines] = ()) -> Reading:
    """Classify, place and compare one log."""
    rules = classify(lines.frame["text"])
    structure = read_structure(lines, rules)
    strong = [i for i, rule in enumerate(RULES) if rule.weight >= 0.8]
    first = next(iter(rules.is_in(strong).arg_true().head(1).to_list()), None)
    novelty = compare(lines, greens, before=first)
    rows = (rules >= 0).arg_true().to_list()
    picked = {row: int(rules[row]) for row in rows[-_MAX_ANCHORS:] if not structure.echoed(row)}
    reading = Reading(lines, picked, structure, novelty, ())
    blocks = grow(lines, picked, is_new=reading.is_new, stop=structure.clean_up)
    return Reading(lines, picked, structure, novelty, blocks)


def _findings(reading: Reading) -> list[Finding]:
    found: list[Finding] = []
    seen: dict[str, int] = {}
    for block in reading.blocks:
        head = max(block.anchors, key=lambda row: (_weight(reading, row), -row))
        end = _tight_end(reading, head, block.end)
        finding = _finding(reading, head, end, seen=seen)
        found.append(finding)
        if block.end - block.start > end - head:
            found.append(
                _as_finding(reading, block.start, block.end, kind=BLOCK, score=round(finding.score * 0.3, 4),
                            reason=f"the block around line {finding.line}", new=finding.novel)
            )  # fmt: skip
        for row in block.anchors:
            rule = RULES[reading.rules[row]]
            if not head <= row < end and rule.kind in {"test", "summary", "exit", "exception"}:
                found.append(_finding(reading, row, row + 1, seen=seen))
    return found


def _weight(reading: Reading, row: int) -> float:
    weight = RULES[reading.rules[row]].weight
    return weight * _NOT_NEW if reading.is_new(row) is False else weight


def _tight_end(reading: Reading, head: int, stop: int) -> int:
    """Rows that carry the message itself: the anchor and directly following rows of the same kind."""
    kind = RULES[reading.rules[head]].kind
    end = head + 1
    while end < min(stop, head + _MAX_TIGHT) and end in reading.rules and RULES[reading.rules[end]].kind == kind:
        end += 1
    return end


def _finding(reading: Reading, row: int, end: int, *, seen: dict[str, int]) -> Finding:
    rule = RULES[reading.rules[row]]
    new = reading.is_new(row)
    score, notes = rule.weight, [rule.reason]
    if new:
        notes.append("new since the green run")
    elif new is False:
        score *= _NOT_NEW
        notes.append("also in the green run")
    structure = reading.structure
    if structure.exit_row is not None and row > structure.exit_row:
        score *= _AFTER
        notes.append("after the step had failed")
    elif structure.failed is not None and structure.steps:
        if structure.step_of(row) == structure.failed:
            notes.append("in the failed step")
        else:
            score *= _ELSEWHERE
    repeats = seen.get(rule.reason, 0)
    seen[rule.reason] = repeats + 1
    # The first of a kind tells most; the hundredth still counts a little.
    score *= max(0.5, 1.0 - 0.04 * repeats)
    return _as_finding(reading, row, end, kind=rule.kind, score=round(score, 4), reason=", ".join(notes), new=new)


def _as_finding(
    reading: Reading, row: int, end: int, *, kind: str, score: float, reason: str, new: bool | None
) -> Finding:
    lines = reading.lines
    step = reading.structure.step_of(row)
    shown = min(end, row + _MAX_TIGHT)
    return Finding(
        label=lines.label,
        line=lines.numbers[row],
        end_line=lines.numbers[end - 1],
        text="\n".join(lines[r] for r in range(row, shown)),
        kind=kind,
        score=score,
        reason=reason,
        novel=new,
        test=test_ids.test_of(lines[row]) if kind != BLOCK else None,
        step=reading.structure.steps[step].name if step is not None else None,
    )


def _frames(reading: Reading) -> list[Frame]:
    best = sorted(reading.blocks, key=lambda b: -max(_weight(reading, row) for row in b.anchors))[:200]
    frames: list[Frame] = []
    for block in sorted(best, key=lambda b: b.start):
        rows = range(block.start, min(block.end, block.start + 400))
        frames.extend(read_frames(reading.lines.label, ((reading.lines.numbers[r], reading.lines[r]) for r in rows)))
    return frames


def _tool(readings: list[Reading], finding: Finding) -> str | None:
    reading = next(r for r in readings if r.lines.label == finding.label)
    row = reading.lines.frame["line"].search_sorted(finding.line)
    return RULES[reading.rules[row]].tool if row in reading.rules else None
