"""From single error lines to the whole block that belongs to each: the message, its stack, its code, its notes.

Comes in: Lines, the rule of each row and a way to ask whether a row is new. Goes out: Blocks in row order that do not
overlap (blocks of several streams may interleave). A block grows in two ways: a *section* runs from an opener to its
closer (a test's report, a tool's own frame); everything else grows by continuation lines (deeper indented, stack
frames, causes, gutters, the same level prefix).
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import polars as pl

from incident_pipeline.evidence.grammar import ANCHOR, RULES
from incident_pipeline.evidence.lines import Lines

_MAX_BLOCK = 5_000  # rows: a recursion error's stack is worth keeping whole, a runaway dump is not
_MAX_SECTION = 20_000
_MAX_ROWS = 200_000  # walked in all, so that a log made of errors stays linear and cheap


@dataclass(frozen=True, slots=True)
class Section:
    """`opener` begins it, `closer` is the first line after it. `kind` of the finding it makes."""

    opener: re.Pattern[str]
    closer: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows `start`..`end` (end excluded). `anchors` are its rows with a rule of weight ANCHOR or more.

    `own` are its rows where other workers or services print in between; empty: all rows from `start` to `end`.
    """

    start: int
    end: int
    anchors: tuple[int, ...]
    own: tuple[int, ...] = ()

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Its own rows, as spans (end excluded)."""
        if not self.own:
            yield self.start, self.end
        for _, run in groupby(enumerate(self.own), key=lambda at: at[1] - at[0]):
            rows = [row for _, row in run]
            yield rows[0], rows[-1] + 1


def _section(opener: str, closer: str) -> Section:
    return Section(re.compile(opener), re.compile(closer))


SECTIONS = (
    _section(r"_{3,} .+ _{3,}$", r"_{3,} .+ _{3,}$|={3,} "),
    _section(r"(?:FAIL|ERROR): \w.*\(", r"={20,}$|Ran \d+ tests?|-{20,}$(?<!-)"),
    _section(r"\* What went wrong", r"\* (?:Try|Exception is|Get more help)|> Run with --"),
    _section(r" +● \S", r" +● \S|Test Suites?: |(?:PASS|FAIL) +\S|-{5,}\|"),
    _section(r"\s*⎯+ Failed|\s*FAIL +\S.* > ", r"\s*⎯{10,}|\s*FAIL +\S|\s*Test Files "),
    _section(r"---- .+ ----$", r"---- .+ ----$|failures:$|test result: "),
    _section(
        r"\s*--- FAIL: ", r"\s*--- (?:PASS|FAIL|SKIP): |=== (?:RUN|CONT|PAUSE)|(?:FAIL|PASS|ok|exit status)(?:\s|$)"
    ),
    _section(r"(?:panic|fatal error): ", r"(?:exit status|FAIL|ok)\s|##\[|={3,} "),
    _section(
        r"\s+\d+\) \S", r"\s+\d+\) \S|\d+ (?:passing|failing|examples?|runs)|Finished in|rspec \./|Failed examples|##\["
    ),
    _section(r"Fatal Python error", r"={3,} |##\[|\w+: line \d+: "),
    _section(r"• .*(?:FAILED|PANICKED|TIMEDOUT)", r"-{20,}$"),
    _section(r"WARNING: DATA RACE", r"={10,}$"),
    _section(r"Input was:|<{6,}$", r">{6,}$"),
)
_CONTINUES = re.compile(
    r"\s*(?:at |\.\.\. \d+ (?:more|common)|Caused(?: by)?: |Suppressed: |Also: |File \"|from .+:\d+:in |Thread 0x)"
    r"|\s*(?:[|│╷╵]|\d+ [|│]|-->|= (?:note|help)|:::|[~^]{2,}|\^+$|\d+\s\|)"
    r"|E  |>  |(?:stdout|stderr): ?|During handling of the above|The above exception was the direct"
    r"|(?:PHP )?Stack trace:|#\d+ |\s+thrown in |Call Stack \("
    r"|\s*(?:required|found|reason|symbol|location|expected|actual|received)\b ?:",
    re.IGNORECASE,
)  # fmt: skip
_FRAME = re.compile(r"\s+at \S+\(|\s*File \"")
_PREFIX = re.compile(r"\[(?:ERROR|FATAL|SEVERE)\]|npm (?:ERR!|error)|ERR!|E  |error:(?= )|(?:\S+ \| )|│|╷|!!!")
_WENT_WELL = re.compile(r"\s*(?:✓|✔|√|✅)|\s*--- PASS|\[ +OK \]|=== RUN")
_DIFF = re.compile(r"\s*(?:[-+]{3} \S|@@)")
_DIFF_LINE = re.compile(r"\s*[-+ @]")
_LEADS = re.compile(
    r".*: [Ii]n (?:\w+ )*function\b|In file included from|\s+from \S+:\d+[,:]$|FAILED: \S|# [\w./-]+/[\w./-]+$|={10,}$"
)
_CARET = re.compile(r"\s+\^+\s*$")
_MAX_LEADS = 12
_TRACEBACK = re.compile(r"\s*(?:\| )?Traceback \(most recent call last\)")


def grow(
    lines: Lines, rules: Mapping[int, int], *, is_new: Callable[[int], bool | None], stop: int
) -> tuple[Block, ...]:
    """Blocks around all anchors in `rules` (row -> index into RULES). No block reaches row `stop` or beyond."""
    if not lines.mixed:
        return _grow(lines, rules, is_new=is_new, stop=stop)
    blocks: list[Block] = []
    streams: dict[str | None, dict[int, int]] = {}
    for (row, rule), stream in zip(rules.items(), lines.frame["stream"].gather(list(rules)).to_list(), strict=True):
        streams.setdefault(stream, {})[row] = rule
    for stream, ruled in streams.items():
        rows = lines.rows(pl.col("stream").eq_missing(pl.lit(stream, pl.String)))
        own = {bisect_left(rows, row): rule for row, rule in ruled.items()}
        found = _grow(
            _Strand(lines, rows), own, is_new=lambda at, rows=rows: is_new(rows[at]), stop=bisect_left(rows, stop)
        )
        for block in found:
            inside = tuple(rows[block.start : block.end])
            anchors = tuple(rows[at] for at in block.anchors)
            blocks.append(Block(inside[0], inside[-1] + 1, anchors, inside))
    return tuple(sorted(blocks, key=lambda b: b.start))


@dataclass(frozen=True, slots=True)
class _Strand:
    """The lines of one stream alone, numbered from 0."""

    lines: Lines
    rows: Sequence[int]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> str:
        return self.lines[self.rows[at]]


def _grow(
    lines: Lines | _Strand, rules: Mapping[int, int], *, is_new: Callable[[int], bool | None], stop: int
) -> tuple[Block, ...]:
    anchors = [row for row in sorted(rules) if row < stop and (_counts(rules, row) or _follows(rules, row))]
    blocks: list[Block] = []
    done, walked = -1, 0
    for anchor in anchors:
        if anchor < done:
            continue
        end = _end_of(lines, anchor, rules=rules, is_new=is_new, stop=stop) if walked < _MAX_ROWS else anchor + 1
        walked += end - anchor
        inside = tuple(r for r in range(anchor, end) if r in rules and (r == anchor or _counts(rules, r)))
        blocks.append(Block(_start_of(lines, anchor, above=max(done, 0)), end, inside))
        done = end
    return tuple(blocks)


def _start_of(lines: Lines | _Strand, anchor: int, *, above: int) -> int:
    """The row that leads to `anchor`, not above row `above`: where the compiler was, the code with a caret under it."""
    start = anchor
    caret = next((row for row in (anchor - 1, anchor - 2) if row >= above and _CARET.match(lines[row])), None)
    if caret is not None:
        return max(above, caret - 2)
    while start > above and anchor - start < _MAX_LEADS and _LEADS.match(lines[start - 1]):
        start -= 1
    return start


def _counts(rules: Mapping[int, int], row: int) -> bool:
    """Rows that say something by themselves wherever they stand."""
    rule = RULES[rules[row]]
    return rule.weight >= ANCHOR or rule.kind in {"exit", "summary"}


def _follows(rules: Mapping[int, int], row: int) -> bool:
    """Rows that open a block when they stand alone, and within another one add nothing."""
    return RULES[rules[row]].kind in {"cascade", "header"}


def _end_of(
    lines: Lines | _Strand, anchor: int, *, rules: Mapping[int, int], is_new: Callable[[int], bool | None], stop: int
) -> int:
    """First row after the block that begins at `anchor`."""
    text = lines[anchor]
    stop = min(stop, len(lines))
    for section in SECTIONS:
        if section.opener.match(text):
            for row in range(anchor + 1, min(stop, anchor + _MAX_SECTION)):
                if section.closer.match(lines[row]) or _hard_end(rules, row):
                    return _trim(lines, anchor, row)
            break
    if RULES[rules[anchor]].kind in {"exit", "summary"}:
        return anchor + 1
    return _continue(lines, anchor, rules=rules, is_new=is_new, stop=min(stop, anchor + _MAX_BLOCK))


def _hard_end(rules: Mapping[int, int], row: int) -> bool:
    return row in rules and RULES[rules[row]].kind == "exit"


def _continue(
    lines: Lines | _Strand, anchor: int, *, rules: Mapping[int, int], is_new: Callable[[int], bool | None], stop: int
) -> int:
    first = lines[anchor]
    indent = len(first) - len(first.lstrip())
    prefix = _prefix(first)
    traceback = bool(_TRACEBACK.match(first))
    known, diff = is_new(anchor) is False, bool(_DIFF.match(first))
    row, end = anchor + 1, anchor + 1
    while row < stop:
        text = lines[row]
        if not text:
            if row - end >= 2:
                break
            row += 1
            continue
        here = len(text) - len(text.lstrip())
        if _WENT_WELL.match(text) or (known and row in rules and _counts(rules, row) and is_new(row)):
            break
        if _hard_end(rules, row):
            return row + 1 if row == end else end  # the exit that directly follows closes the block
        diff = bool(_DIFF.match(text)) or (diff and row == end and bool(_DIFF_LINE.match(text)))
        strong = bool(diff or _CONTINUES.match(text) or (prefix and text.lstrip().startswith(prefix)))
        if here > indent or strong:
            # After a gap only a strong sign carries on: deeper text may be the next tool's output.
            if row > end and not strong and (is_new(row) is False or here <= indent):
                break
            end = row + 1
        elif row == end and row + 1 < stop and _FRAME.match(lines[row + 1]):
            end = row + 1  # a plain line with a stack below it carries on
        elif traceback and row == end and here <= indent:
            end, traceback = row + 1, False  # the exception line closes a Python traceback
        elif row == end and row in rules and RULES[rules[row]].weight >= 0.4 and RULES[rules[row]].kind != "summary":
            end = row + 1
        else:
            break
        if _TRACEBACK.match(text):
            traceback = True
        row += 1
    return end


def _prefix(text: str) -> str:
    match = _PREFIX.match(text.lstrip())
    return match[0] if match else ""


def _trim(lines: Lines | _Strand, start: int, end: int) -> int:
    while end > start + 1 and not lines[end - 1]:
        end -= 1
    return end
