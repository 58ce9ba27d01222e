"""The part of a log worth reading under a budget of characters, and the ranges that were left out.

Comes in: a log and its Failure. Goes out: line numbers in order. Lines are taken by what they are worth, not by where
they stand: first what decides (tight findings), then the end of the failed step, its command, then what surrounds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from incident_pipeline.evidence.find import BLOCK
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.model.evidence import Failure, Finding


@dataclass(frozen=True, slots=True)
class Selection:
    """`lines` to show, ascending; `left_out` the 1-based ranges between and around them."""

    lines: tuple[int, ...]
    left_out: tuple[tuple[int, int], ...]


def select_lines(log: LogText, failure: Failure, *, max_chars: int) -> Selection:
    """Lines of `log` worth `max_chars` characters in all (line breaks count)."""
    sizes = dict(zip(log.frame["line"].to_list(), log.frame["raw"].str.len_chars().fill_null(0).to_list(), strict=True))
    own = [f for f in failure.findings if f.label == log.label]
    chosen: set[int] = set()
    left = max_chars
    for line in _by_worth(own, max(sizes, default=0)):
        if line in chosen or line not in sizes:
            continue
        cost = sizes[line] + 1
        if cost <= left:
            chosen.add(line)
            left -= cost
    return Selection(tuple(sorted(chosen)), _gaps(sorted(chosen), max(sizes, default=0)))


def _by_worth(findings: list[Finding], last: int) -> Iterator[int]:
    for finding in findings[:25]:
        if finding.kind != BLOCK:
            yield from range(finding.line, finding.end_line + 1)
    for finding in findings:
        if finding.kind == "exit" and finding.score > 0.1:
            yield from range(finding.line, finding.line - 8, -1)
            break
    for around in (1, 2, 4):
        for finding in findings[:40]:
            if finding.kind != BLOCK:
                yield from range(finding.line - around, finding.end_line + 2 * around + 1)
    for finding in findings[:60]:
        yield from range(finding.line, min(finding.end_line, finding.line + 60) + 1)
    yield from range(last, max(0, last - 60), -1)


def _gaps(lines: list[int], last: int) -> tuple[tuple[int, int], ...]:
    gaps: list[tuple[int, int]] = []
    before = 0
    for line in [*lines, last + 1]:
        if line > before + 1:
            gaps.append((before + 1, line - 1))
        before = line
    return tuple(gaps)
