"""Where in the run a line stands: its step, whether the step failed, script echoes, and the clean-up after the job.

Comes in: Lines. Goes out: a Structure with row ranges. Knows GitHub (`##[group]Run`),
GitLab (`section_start:`), Travis (`travis_fold:start:`), Azure (`##[section]Starting:`) and Jenkins (`+ command`,
`[job] $ shell`); a log without any of these is one step.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import polars as pl

from incident_pipeline.evidence.calm import likely_rows, passed
from incident_pipeline.evidence.lines import Lines

# What the CI itself prints around a step, and, where it prints nothing, the commands that a shell echoes.
_STEP = (
    r"^##\[group\]Run (.+)|^section_start:[0-9]+:([A-Za-z0-9_.-]+)|^travis_fold:start:(\S+)"
    r"|^##\[section\]Starting: (.+)|^\[Pipeline\] \{ \((.+)\)"
)
_COMMAND = r"^\[[^\]]+\] \$ (.+)|^\++ ([a-z./][A-Za-z0-9_./-]*(?: .*)?)$|^\$ (.+)"
_NOT_COMMAND = r"^\++ [@A-Za-z0-9_./-]+(?: |@|==)v?[0-9]|^\++ [A-Za-z]+:"
_JOB = r"^Complete job name: (.+)|^Job name: (.+)|^Running on \S+ .*in .*/workspace/(\S+)"
_EXIT = (
    r"^##\[error\](?:Process|The process|Bash|Cmd|PowerShell) .*(?:exit|fail).*[0-9]"
    r"|^##\[error\]The operation was canceled"
    r"|^Error: Process completed with exit code|^ERROR: script returned exit code [1-9]"
    r"|^Build step .* marked build as failure|^The command .* exited with [1-9]|^ERROR: Job failed"
    r"|^Done\. Your build exited with [1-9]|^Exited with code (?:exit status )?[1-9]"
)
_CLEAN_UP = (
    r"^Post job cleanup\.$|^Cleaning up orphan processes|^Cleaning up project directory"
    r"|^section_start:[0-9]+:(?:cleanup|after_script)|^travis_fold:start:after_|^##\[section\]Finishing: "
    r"|^\[WS-CLEANUP\] Deleting|^Post (?:Run|[Cc]heckout) "
)
# Steps that run whatever happened before them: their failing says nothing of the run's.
_TIDIES = re.compile(
    r"(?i)clean|tear.?down|\bdown\b|\bstop\b|delete|destroy|upload|artifact|report|publish|notify|slack|comment|annotat"
    r"|summar|coverage|codecov|coveralls|status|\blogs?\b|debug|describe|dump|cache|collect|archive|sarif|junit"
)
_ECHO_START, _ECHO_END = r"^##\[group\]Run ", r"^##\[endgroup\]"


@dataclass(frozen=True, slots=True)
class Step:
    """Rows `start`..`end` (end excluded) of one step; `header` is the row that names it."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Structure:
    """`failed` is the index of the failed step in `steps`, None when unknown; `exit_row` the row that says it ended
    badly; `command_row` the last command that a shell echoed before that; `clean_up` the first row after the work (len
    of the log when there is none); `echoes` are rows in which the CI prints the script itself, which proves nothing;
    `also` are other steps that failed and may be as guilty, `continued` those that were allowed to fail: ordinary work
    went on behind them. `passed`: the log says that the run ended green."""

    steps: tuple[Step, ...]
    failed: int | None
    exit_row: int | None
    command_row: int | None
    clean_up: int
    job_row: int | None
    echoes: tuple[tuple[int, int], ...]
    also: frozenset[int] = frozenset()
    continued: frozenset[int] = frozenset()
    passed: bool = False

    def step_of(self, row: int) -> int | None:
        """Index of the step that a row stands in."""
        index = bisect_right(self.steps, row, key=lambda step: step.start) - 1
        return index if index >= 0 else None

    def echoed(self, row: int) -> bool:
        """True for rows of a script that the CI only prints."""
        index = bisect_right(self.echoes, (row, 1 << 60)) - 1
        return index >= 0 and self.echoes[index][0] <= row < self.echoes[index][1]


def read_structure(lines: Lines, likely: pl.DataFrame | None = None) -> Structure:
    """Steps and the failed one. `likely`: rows of `calm.likely_rows`, read once for both."""
    total, text = len(lines), pl.col("text")
    # Every marker begins with one of few characters: the patterns then see a small part of a large log.
    likely = likely_rows(lines) if likely is None else likely

    def rows(pattern: str) -> list[int]:
        return likely.filter(text.str.contains(pattern))["row"].to_list()

    jobs = rows(_JOB)
    exits = rows(_EXIT)
    if exits and jobs and jobs[-1] > exits[0]:
        exits = []  # the log of several jobs: the first to fail must not hide the others
    tidying = rows(_CLEAN_UP)
    commands = likely.filter(text.str.contains(_COMMAND) & ~text.str.contains(_NOT_COMMAND))
    after = exits[0] if exits else total // 2
    clean_up = _clean_up(tidying, after, jobs, total)
    steps = _named_steps(lines, total) or _steps(likely.filter(text.str.contains(_STEP)), _STEP, total)
    steps = steps or _steps(commands, _COMMAND, total)
    fell = _failing(steps, exits, tidying=frozenset(tidying), named=lines.failed_steps)
    if not rows("^##"):  # only there does a failed step end the job, unless it is allowed to fail
        fell = replace(fell, also=fell.also | fell.continued, continued=frozenset())
    exit_row = fell.exit_row
    if exit_row is not None and exit_row > after:
        clean_up = _clean_up(tidying, exit_row, jobs, total)
    end = exit_row if exit_row is not None else clean_up
    command = next((row for row in reversed(commands["row"].to_list()) if row < end), None)
    steps = tuple(replace(step, end=min(step.end, clean_up)) for step in steps if step.start < clean_up)
    return Structure(
        steps, fell.step, exit_row, command, clean_up, jobs[0] if jobs else None,
        _echoes(rows(_ECHO_START), rows(_ECHO_END)), fell.also, fell.continued, not exits and passed(likely),
    )  # fmt: skip


def _clean_up(tidying: Sequence[int], after: int, jobs: Sequence[int], total: int) -> int:
    """Clean-up counts only behind the last line of real work: a workspace is also wiped before the work begins."""
    return next((row for row in tidying if row > after and (not jobs or row > jobs[-1])), total)


@dataclass(frozen=True, slots=True)
class _Fell:
    step: int | None = None
    exit_row: int | None = None
    also: frozenset[int] = frozenset()
    continued: frozenset[int] = frozenset()


def _failing(steps: tuple[Step, ...], exits: Sequence[int], *, tidying: frozenset[int], named: Sequence[str]) -> _Fell:
    """Which step's failing made the run fail. A step after which ordinary work went on was allowed to fail.

    Of steps that fail in a row the first decides (the later ones run whatever happened); steps that only tidy up,
    upload or report count when no other failed. What the CI itself calls failed (`named`) goes before all that.
    """
    if not exits:
        return _Fell()
    if not steps:
        return _Fell(exit_row=exits[0])
    starts = [step.start for step in steps]
    found: dict[int, int] = {}
    for row in exits:
        at = bisect_right(starts, row) - 1
        while at > 0 and steps[at].start in tidying:  # GitLab says that the job failed after it has tidied up
            at -= 1
        found.setdefault(at, row)
    told = [at for at in found if at >= 0 and _is_named(steps[at].name, named)]
    real = told or [at for at in found if at >= 0 and not _TIDIES.search(steps[at].name)] or list(found)
    if real == [-1]:
        return _Fell(exit_row=exits[0])
    continued = {
        a
        for a, b in pairwise(real)
        if any(at not in found and not _TIDIES.search(steps[at].name) for at in range(a + 1, b))
    }
    first = next(at for at in real if at not in continued)
    return _Fell(first, found[first], frozenset(real) - continued - {first}, frozenset(continued))


def _is_named(step: str, names: Sequence[str]) -> bool:
    """A step without a name of its own is called `Run ` and its first line by the CI."""
    return any(name and step.strip() in {name.strip(), name.strip().removeprefix("Run ")} for name in names)


def _named_steps(lines: Lines, end: int) -> tuple[Step, ...]:
    """Steps of a log that names the step on every line."""
    if lines.frame["step"].null_count() == len(lines):
        return ()
    changed = pl.col("step").ne_missing(pl.col("step").shift(1))
    named = lines.frame.select("row", "step", changed=changed).filter("changed")
    return _spans(named["row"].to_list(), named["step"].to_list(), end)


def _steps(found: pl.DataFrame, pattern: str, end: int) -> tuple[Step, ...]:
    groups = range(1, re.compile(pattern).groups + 1)
    names = found.select(pl.coalesce(*(pl.col("text").str.extract(pattern, i) for i in groups))).to_series()
    return _spans(found["row"].to_list(), names.to_list(), end)


def _spans(rows: list[int], names: list[str | None], end: int) -> tuple[Step, ...]:
    starts = [(row, name or "") for row, name in zip(rows, names, strict=True) if row < end]
    ends = [*(row for row, _ in starts[1:]), end]
    return tuple(Step(name, row, stop) for (row, name), stop in zip(starts, ends, strict=False))


def _echoes(starts: list[int], ends: list[int]) -> tuple[tuple[int, int], ...]:
    pairs: list[tuple[int, int]] = []
    for start in starts:
        at = bisect_right(ends, start)
        if at < len(ends) and ends[at] - start < 400:
            pairs.append((start, ends[at] + 1))
    return tuple(pairs)
