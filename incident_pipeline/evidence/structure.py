"""Where in the run a line stands: its step, whether the step failed, script echoes, and the clean-up after the job.

Comes in: Lines. Goes out: a Structure with row ranges. Knows GitHub (`##[group]Run`),
GitLab (`section_start:`), Travis (`travis_fold:start:`), Azure (`##[section]Starting:`) and Jenkins (`+ command`,
`[job] $ shell`); a log without any of these is one step.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

import polars as pl

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
    r"|^Done\. Your build exited with [1-9]"
)
_CLEAN_UP = (
    r"^Post job cleanup\.$|^Cleaning up orphan processes|^Cleaning up project directory"
    r"|^section_start:[0-9]+:(?:cleanup|after_script)|^travis_fold:start:after_|^##\[section\]Finishing: "
    r"|^\[WS-CLEANUP\] Deleting|^Post (?:Run|[Cc]heckout) "
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
    of the log when there is none); `echoes` are rows in which the CI prints the script itself, which proves nothing."""

    steps: tuple[Step, ...]
    failed: int | None
    exit_row: int | None
    command_row: int | None
    clean_up: int
    job_row: int | None
    echoes: tuple[tuple[int, int], ...]

    def step_of(self, row: int) -> int | None:
        """Index of the step that a row stands in."""
        index = bisect_right([s.start for s in self.steps], row) - 1
        return index if index >= 0 else None

    def echoed(self, row: int) -> bool:
        """True for rows of a script that the CI only prints."""
        index = bisect_right(self.echoes, (row, 1 << 60)) - 1
        return index >= 0 and self.echoes[index][0] <= row < self.echoes[index][1]


def read_structure(lines: Lines) -> Structure:
    """Steps and the failed one. The first exit line decides: later steps run because of `always()`, or clean up."""
    total, text = len(lines), pl.col("text")
    # Every marker begins with one of few characters: the patterns then see a small part of a large log.
    likely = lines.frame.filter(text.str.contains(r"^[#+$\[sCJRPtBTED]")).select("row", "text")

    def rows(pattern: str) -> list[int]:
        return likely.filter(text.str.contains(pattern))["row"].to_list()

    jobs = rows(_JOB)
    exit_row = next(iter(rows(_EXIT)), None)
    if exit_row is not None and jobs and jobs[-1] > exit_row:
        exit_row = None  # the log of several jobs: the first to fail must not hide the others
    # Clean-up counts only behind the last line of real work: a workspace is also wiped before the work begins.
    after = exit_row if exit_row is not None else total // 2
    clean_up = next((row for row in rows(_CLEAN_UP) if row > after and (not jobs or row > jobs[-1])), total)
    end = exit_row if exit_row is not None else clean_up
    echoes = _echoes(rows(_ECHO_START), rows(_ECHO_END))
    commands = likely.filter(text.str.contains(_COMMAND) & ~text.str.contains(_NOT_COMMAND))
    steps = _named_steps(lines, clean_up) or _steps(likely.filter(text.str.contains(_STEP)), _STEP, clean_up)
    steps = steps or _steps(commands, _COMMAND, clean_up)
    failed = bisect_right([s.start for s in steps], exit_row) - 1 if exit_row is not None and steps else -1
    tidying = set(rows(_CLEAN_UP))
    while failed > 0 and steps[failed].start in tidying:  # GitLab says that the job failed after it has tidied up
        failed -= 1
    command = next((row for row in reversed(commands["row"].to_list()) if row < end), None)
    return Structure(
        steps, failed if failed >= 0 else None, exit_row, command, clean_up, jobs[0] if jobs else None, echoes
    )


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
