"""The part of a log worth reading under a budget of characters, and the ranges that were left out.

Comes in: a log and its Failure. Goes out: line numbers in order. A line is worth what its finding is worth, the lines
around it less with distance; a long line must be worth its length, and the fifth line of one shape tells little new.
"""

import heapq
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from incident_pipeline.evidence.context import CONTEXT
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.rank import BLOCK
from incident_pipeline.model.evidence import Failure, Finding

CHARS_A_TOKEN = 3  # models' tokenizers take 4 characters of prose to a token, and less of code, paths and numbers

# Lines that close the story are cheap and always wanted, whatever they weigh as an explanation.
_WANTED = {"exit": 0.95, "summary": 0.94, "job": 0.75, "step": 0.75}
_FIXED = {"word": 0.3, "version": 0.45}
_BEFORE, _AFTER = 4, 8
_NEAR, _INSIDE = 0.5, 0.7
_FADES = 0.97
_LONG = 1_500.0
_REPEAT = 0.75
_MAX_BLOCK_LINES = 400
_VARIES = re.compile(r"[0-9a-f]{7,}|\d+")


@dataclass(frozen=True, slots=True)
class Selection:
    """`lines` to show, ascending; `left_out` the 1-based ranges between and around them."""

    lines: tuple[int, ...]
    left_out: tuple[tuple[int, int], ...]


def select_lines(
    log: LogText, failure: Failure, *, max_chars: int | None = None, max_tokens: int | None = None
) -> Selection:
    """Lines of `log` worth showing in at most `max_chars` characters of the untouched lines, line breaks included.

    `max_tokens` bounds them too, at CHARS_A_TOKEN characters a token; without either bound nothing is shown.
    """
    budgets = (max_chars, None if max_tokens is None else max_tokens * CHARS_A_TOKEN)
    max_chars = min((budget for budget in budgets if budget is not None), default=0)
    worth = _worth([f for f in (*failure.findings, *failure.context) if f.label == log.label])
    rows, last = _texts(log, worth)
    heap = [(-worth[line] / (1 + len(text) / _LONG), line, 0) for line, text in rows.items()]
    heapq.heapify(heap)
    shapes: Counter[str] = Counter()
    chosen: set[int] = set()
    spared = max_chars // 16  # for the blank lines between, without which the excerpt reads badly
    left = max_chars - spared
    while heap and left > 0:
        value, line, seen = heapq.heappop(heap)
        text = rows[line]
        shape = _VARIES.sub("7", text[-400:])
        if shapes[shape] > seen:  # worth less than when it was put in: look again
            heapq.heappush(heap, (value * _REPEAT ** (shapes[shape] - seen), line, shapes[shape]))
        elif len(text) + 1 <= left:
            chosen.add(line)
            shapes[shape] += 1
            left -= len(text) + 1
    chosen.update(_small_gaps(rows, chosen, left + spared))
    lines = sorted(chosen)
    return Selection(tuple(lines), tuple(_gaps(lines, last)))


def _worth(findings: Sequence[Finding]) -> dict[int, float]:
    """What each line near a finding is worth, 0..1."""
    worth: dict[int, float] = {}
    wanted = dict(_WANTED)

    def offer(line: int, value: float) -> None:
        worth[line] = max(value, worth.get(line, 0.0))

    tight = sorted(
        {line for f in findings if f.kind not in CONTEXT and f.kind != BLOCK for line in (f.line, f.end_line)}
    )
    for finding in findings:
        value = finding.score
        if finding.kind == BLOCK:
            for line in range(finding.line, min(finding.end_line, finding.line + _MAX_BLOCK_LINES) + 1):
                offer(line, _INSIDE * value / 0.3 * _FADES ** _distance(tight, line))
            continue
        if finding.kind == "tail":
            for back, line in enumerate(range(finding.end_line, finding.line - 1, -1)):
                offer(line, 0.62 - 0.03 * back)
            continue
        if finding.kind in _FIXED:
            offer(finding.line, _FIXED[finding.kind])
            continue
        value = max(value, wanted.pop(finding.kind, 0.0))
        for below, line in enumerate(range(finding.line, finding.end_line + 1)):
            offer(line, value * (0.7 if finding.kind == "step" and below else _FADES**below))
        if finding.kind not in CONTEXT and finding.kind != "exit":
            for away in range(1, _AFTER + 1):
                offer(finding.end_line + away, _NEAR * value * 0.85**away)
            for away in range(1, _BEFORE + 1):
                offer(finding.line - away, _NEAR * value * 0.8**away)
    return worth


def _small_gaps(rows: Mapping[int, str], chosen: Collection[int], left: int) -> Iterator[int]:
    """Short lines that stand alone between two chosen ones, as long as they fit."""
    for line in sorted(chosen):
        if line + 1 in rows and line + 1 not in chosen and line + 2 in chosen:
            cost = len(rows[line + 1]) + 1
            if cost <= min(left, 80):
                left -= cost
                yield line + 1


def _distance(lines: Sequence[int], line: int) -> int:
    at = bisect_left(lines, line)
    return min((abs(lines[i] - line) for i in (at - 1, at) if 0 <= i < len(lines)), default=0)


def _texts(log: LogText, numbers: Collection[int]) -> tuple[dict[int, str], int]:
    """Untouched text of the lines wanted, and the log's last line number."""
    frame = log.frame.select("line", pl.col("raw").fill_null(""))
    if frame["raw"].str.contains("\n", literal=True).any():
        parts = frame.with_columns(pl.col("raw").str.split("\n"))
        parts = parts.with_columns(pl.int_ranges(0, pl.col("raw").list.len()).alias("offset")).explode("raw", "offset")
        frame = parts.select(pl.col("line") + pl.col("offset"), "raw")
    last = int(frame["line"][-1]) if frame.height else 0
    wanted = frame.filter(pl.col("line").is_in(list(numbers)))
    return dict(zip(wanted["line"].to_list(), wanted["raw"].to_list(), strict=True)), last


def _gaps(lines: Sequence[int], last: int) -> Iterator[tuple[int, int]]:
    before = 0
    for line in [*lines, last + 1]:
        if line > before + 1:
            yield before + 1, line - 1
        before = line
