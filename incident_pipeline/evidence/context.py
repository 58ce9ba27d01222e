"""What an excerpt shows around the findings: the job, the failed step's command, its last lines, words of trouble,
and the versions of what failed. None of it explains the failure by itself.

Comes in: a Reading and its findings. Goes out: Findings of the CONTEXT kinds, all below `rank.LOWEST`.
"""

import re
from collections.abc import Iterator, Sequence

import polars as pl

from incident_pipeline.evidence.rank import make_finding
from incident_pipeline.evidence.reading import VARIES, Reading
from incident_pipeline.model.evidence import Finding

CONTEXT = frozenset({"job", "step", "tail", "word", "version"})
_MAX_COMMAND = 14
_MAX_WORDS = 60
_MAX_VERSIONS = 4
_TAIL = 14
_GENERIC = frozenset(
    {"test", "tests", "spec", "unit", "main", "index", "utils", "util", "core", "base", "init", "src", "lib"}
)
_STEM = re.compile(r"[A-Za-z][a-z0-9]+|[A-Z]{3,}")


def find_context(reading: Reading, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Nothing where nothing was found: context of what?"""
    if not findings:
        return
    structure = reading.structure
    if structure.job_row is not None:
        yield _one(reading, structure.job_row, kind="job", score=0.09, reason="the job's name")
    start, end = 0, structure.exit_row if structure.exit_row is not None else structure.clean_up
    if structure.failed is not None:
        start = structure.steps[structure.failed].start
        yield _command(reading, start)
    if structure.command_row is not None and structure.command_row > start:
        yield _one(reading, structure.command_row, kind="step", score=0.08, reason="the last command")
    tail = max(start, end - _TAIL)
    if end > tail:
        yield make_finding(reading, tail, end, kind="tail", score=0.08, reason="the last lines before the end")
    yield from _words(reading, start, end)
    yield from _versions(reading, findings, end)


def _one(reading: Reading, row: int, *, kind: str, score: float, reason: str) -> Finding:
    return make_finding(reading, row, row + 1, kind=kind, score=score, reason=reason, new=reading.is_new(row))


def _command(reading: Reading, start: int) -> Finding:
    """The failed step's heading and script, without the shell and environment that the CI prints below."""
    end = next((stop for first, stop in reading.structure.echoes if first == start), start + 1)
    end = next((row for row in range(start, end) if reading.lines[row].startswith("shell: ")), end)
    end = max(start + 1, min(end, start + _MAX_COMMAND))
    return make_finding(reading, start, end, kind="step", score=0.09, reason="the command of the failed step")


def _words(reading: Reading, start: int, end: int) -> Iterator[Finding]:
    """Suspicious lines of the failed step outside every block, the first of each shape."""
    inside = {row for block in reading.blocks for row in range(block.start, block.end)}
    shapes: dict[str, int] = {}
    for row in reading.rules:
        if start <= row < end and row not in inside and reading.is_new(row) is not False:
            shapes.setdefault(VARIES.sub("#", reading.lines[row]), row)
    for row in list(shapes.values())[-_MAX_WORDS:]:
        yield _one(reading, row, kind="word", score=0.05, reason=reading.rule(row).reason)


def _versions(reading: Reading, findings: Sequence[Finding], end: int) -> Iterator[Finding]:
    """Lines that install or fetch a version of something named like the failing tests."""
    tests = dict.fromkeys(f.test for f in findings if f.test)
    stems = dict.fromkeys(s.lower() for test in list(tests)[:3] for s in _STEM.findall(test) if len(s) >= 3)
    names = [re.escape(stem) for stem in stems if stem not in _GENERIC][:12]
    if not names:
        return
    verb = r"(?i)(?:fetch|download|install|us|updat|upgrad|resolv|add|compil|build|found)\w* (?:.*[^a-z])?"
    pattern = verb + r"(?:" + "|".join(names) + r")[a-z]*[ @=:v-]{1,3}[0-9]+\.[0-9]"
    found = reading.lines.frame.head(end).filter(pl.col("text").str.contains(pattern)).head(_MAX_VERSIONS)
    for row in found["row"].to_list():
        yield _one(reading, row, kind="version", score=0.06, reason="a version of what failed")
