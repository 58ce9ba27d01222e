"""Where in the run a line stands: its step, whether the step failed, script echoes, and the clean-up after the job.

Comes in: Lines and the rule of each line. Goes out: a Structure with row ranges. Knows GitHub (`##[group]Run`),
GitLab (`section_start:`), Travis (`travis_fold:start:`), Azure (`##[section]Starting:`) and Jenkins (`+ command`,
`[job] $ shell`); a log without any of these is one step.
"""

from bisect import bisect_right
from dataclasses import dataclass

import polars as pl

from incident_pipeline.evidence.grammar import RULES
from incident_pipeline.evidence.lines import Lines

_STEP = (
    r"^##\[group\]Run (.+)|^section_start:[0-9]+:([A-Za-z0-9_.-]+)|^travis_fold:start:(\S+)"
    r"|^##\[section\]Starting: (.+)|"
    r"^\[[^\]]+\] \$ (.+)|^\+ ([a-z./][^|]*)|^\[Pipeline\] \{ \((.+)\)|^\$ (.+)"
)
_JOB = r"^Complete job name: (.+)|^Job name: (.+)|^Running on \S+ .*in .*/workspace/(\S+)"
_CLEAN_UP = (
    r"^Post job cleanup\.$|^Cleaning up orphan processes|^Cleaning up project directory"
    r"|^section_start:[0-9]+:(?:cleanup|after_script)|"
    r"^travis_fold:start:after_|^##\[section\]Finishing: |^\[WS-CLEANUP\] Deleting|^Post (?:Run|[Cc]heckout) "
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
    badly; `clean_up` the first row after the work (len of the log when there is none); `echoes` are rows in which the
    CI prints the script itself, which proves nothing."""

    steps: tuple[Step, ...]
    failed: int | None
    exit_row: int | None
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


def read_structure(lines: Lines, rules: pl.Series) -> Structure:
    """Steps and the failed one. The first exit line decides: later steps run because of `always()`, or clean up."""
    total = len(lines)
    text = pl.col("text")
    marked = lines.frame.select(
        "row", text, step=text.str.contains(_STEP), clean=text.str.contains(_CLEAN_UP), job=text.str.contains(_JOB)
    )
    exits = [i for i, rule in enumerate(RULES) if rule.kind == "exit" and rule.weight > 0.4]
    exit_rows: list[int] = rules.is_in(exits).arg_true().to_list()
    clean = marked.filter("clean")["row"].to_list()
    exit_row = exit_rows[0] if exit_rows else None
    # Clean-up counts only behind the last line of real work: a workspace is also wiped before the work begins.
    clean_up = next((row for row in clean if row > (exit_row if exit_row is not None else total // 2)), total)
    steps = _steps(lines, marked, clean_up)
    structure_failed = None
    if exit_row is not None:
        structure_failed = bisect_right([s.start for s in steps], exit_row) - 1
        structure_failed = structure_failed if structure_failed >= 0 else None
    job = marked.filter("job")["row"].to_list()
    return Structure(steps, structure_failed, exit_row, clean_up, job[0] if job else None, _echoes(lines))


def _steps(lines: Lines, marked: pl.DataFrame, end: int) -> tuple[Step, ...]:
    if lines.frame["step"].null_count() < len(lines):
        named = lines.frame.select("row", "step", new=pl.col("step").ne_missing(pl.col("step").shift(1))).filter("new")
        starts = list(zip(named["row"].to_list(), named["step"].to_list(), strict=True))
    else:
        found = marked.filter("step")
        names = found.select(pl.coalesce(*(pl.col("text").str.extract(_STEP, i) for i in range(1, 9))))
        starts = list(zip(found["row"].to_list(), names.to_series().to_list(), strict=True))
    starts = [(row, name or "") for row, name in starts if row < end]
    ends = [row for row, _ in starts[1:]] + [end][: len(starts)]
    return tuple(Step(name, row, stop) for (row, name), stop in zip(starts, ends, strict=True))


def _echoes(lines: Lines) -> tuple[tuple[int, int], ...]:
    starts = lines.rows(pl.col("text").str.contains(_ECHO_START))
    ends = lines.rows(pl.col("text").str.contains(_ECHO_END))
    pairs: list[tuple[int, int]] = []
    for start in starts:
        at = bisect_right(ends, start)
        if at < len(ends) and ends[at] - start < 400:
            pairs.append((start, ends[at] + 1))
    return tuple(pairs)
