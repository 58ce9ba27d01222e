"""From raw logs to what failed: ranked findings, frames and names. Deterministic; no clock, no network, no model.

Comes in: the failed jobs' logs and, if there are, the green run's. Goes out: a Failure, findings best first. The
surprising fact: the *first* error of the failed step explains more than the loudest one.
"""

from collections.abc import Sequence

from incident_pipeline.evidence import test_ids
from incident_pipeline.evidence.context import find_context
from incident_pipeline.evidence.frames import read_frames
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.lines import Lines
from incident_pipeline.evidence.novelty import known_shapes
from incident_pipeline.evidence.rank import BLOCK, rank
from incident_pipeline.evidence.reading import Reading, read
from incident_pipeline.model.evidence import Failure, Finding, Frame

_MAX_FINDINGS = 1_000
_MAX_FRAME_BLOCKS = 200
_MAX_FRAME_ROWS = 200  # at either end of a block: that is where a deep recursion began and where it died
_NO_TOOL = frozenset({BLOCK, "exit", "summary", "cascade", "heading", "header", "output"})


def find_failure(logs: Sequence[LogText], greens: Sequence[LogText] = ()) -> Failure:
    """What failed, over all failed logs. An empty answer is an honest one: nothing in the logs looks like a failure."""
    known = known_shapes(Lines(green) for green in greens)
    readings = [read(Lines(log), known) for log in logs]
    findings: list[Finding] = []
    context: list[Finding] = []
    for reading in readings:
        explains = rank(reading)
        findings.extend(explains)
        context.extend(find_context(reading, explains))
    findings.sort(key=lambda f: (-f.score, f.label, f.line))
    del findings[_MAX_FINDINGS:]
    frames = [frame for reading in readings for frame in _frames(reading)]
    texts = [f.text for f in findings if f.kind != BLOCK]
    codes = (test_ids.exit_code(f.text) for f in findings if f.kind in {"exit", "crash", "memory"})
    return Failure(
        findings=tuple(findings),
        frames=tuple(frames),
        tests=tuple(dict.fromkeys(f.test for f in findings if f.test)),
        symbols=test_ids.symbols(texts),
        packages=test_ids.packages(texts),
        exit_code=next((code for code in codes if code), None),
        tool=_tool(readings, findings),
        compared_with_green=any(reading.novelty.trusted for reading in readings),
        context=tuple(context),
    )


def _frames(reading: Reading) -> list[Frame]:
    """Frames of the weightiest blocks, in the order of the log."""
    best = sorted(reading.blocks, key=lambda b: -max(reading.weight(row) for row in b.anchors))[:_MAX_FRAME_BLOCKS]
    frames: list[Frame] = []
    for block in sorted(best, key=lambda b: b.start):
        rows = [r for first, stop in block.pieces() for r in range(first, stop)]
        rows = [r for r in rows if min(r - block.start, block.end - r) < _MAX_FRAME_ROWS]
        frames.extend(read_frames(reading.lines.label, ((reading.lines.numbers[r], reading.lines[r]) for r in rows)))
    return frames


def _tool(readings: Sequence[Reading], findings: Sequence[Finding]) -> str | None:
    """The tool whose own shape the best finding has."""
    by_label = {reading.lines.label: reading for reading in readings}
    for finding in findings:
        if finding.kind in _NO_TOOL:
            continue
        reading = by_label[finding.label]
        tool = reading.rule(reading.lines.row_of(finding.line)).tool
        if tool:
            return tool
    return None
