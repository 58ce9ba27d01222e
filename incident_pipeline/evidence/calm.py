"""What a log itself says went well: output of a test that passed, of a command that succeeded, of a green run.

Comes in: the rows that may hold a mark and the rows asked about. Goes out: which of those the log absolves. Tests of
failure print errors on purpose, so the loudest lines of a log often stand between `Running X` and `Failures: 0`.
"""

from collections.abc import Sequence

import polars as pl

from incident_pipeline.evidence.lines import Lines

FIRST = r"^[#+$\[sCJRPtBTED=\-Fp]"  # every mark below begins with one of these
_OPENS = r"^(?:\[INFO\] )?Running [A-Za-z_$][A-Za-z0-9_.$]+$|^\[ RUN +\] |^=== RUN "
_PASSES = r"^(?:\[(?:INFO|WARNING)\] )?Tests run: [0-9]+, Failures: 0, Errors: 0|^\[ +OK \] |^--- (?:PASS|SKIP): "
_WELL = (
    r"^(?:\[INFO\] )?BUILD SUCCESS|^The command .* exited with 0|^test result: ok"
    r"|^=+ (?:[0-9]+ (?:passed|skipped|deselected|xfailed|xpassed|warnings?),? ?)+in [0-9]"
)
_BADLY = (
    r"^(?:\[INFO\] )?BUILD FAIL|^The command .* exited with [1-9]|^test result: FAILED|^##\[error\]"
    r"|^=+ .*[1-9][0-9]* (?:failed|errors?)|^(?:FAILURE|FAILED)\b"
)
_PASSED = r"^Done\. Your build exited with 0|^Finished: SUCCESS|^Job succeeded"
_GITHUB_END, _GITHUB_ERROR = r"^Post job cleanup\.$|^Cleaning up orphan processes", r"^##\[error\]"


def passed(likely: pl.DataFrame) -> bool:
    """True when the log says that the whole run ended green. `likely` has `row` and `text` of lines matching FIRST."""
    text = pl.col("text")

    def last(pattern: str) -> int:
        return int(likely.filter(text.str.contains(pattern)).select(pl.col("row").max().fill_null(-1)).item())

    if last(_PASSED) >= 0:
        return True
    return last(_GITHUB_END) >= 0 > last(_GITHUB_ERROR)


def calm_rows(likely: pl.DataFrame, rows: Sequence[int], *, starts: Sequence[int]) -> frozenset[int]:
    """Those of `rows` (ascending) that stand in a passing test's output, or in a command that then succeeded.

    `starts` are the rows at which a step or a command begins.
    """
    if not rows:
        return frozenset()
    text = pl.col("text")
    kind = (
        pl.when(text.str.contains(_OPENS)).then(0)
        .when(text.str.contains(_PASSES)).then(1)
        .when(text.str.contains(r"Tests run: |^\[ +FAILED +\]|^--- FAIL|^FAIL\s|^panic: ")).then(2)
    )  # fmt: skip
    tests = likely.select("row", mark=kind).drop_nulls()
    asked = pl.DataFrame({"row": rows}, schema={"row": likely.schema["row"]})
    before = asked.join_asof(tests, on="row", strategy="backward")["mark"]
    after = asked.join_asof(tests, on="row", strategy="forward")["mark"]
    in_test = ((before == 0) & (after == 1)).fill_null(value=False)
    end = pl.when(text.str.contains(_WELL)).then(1).when(text.str.contains(_BADLY)).then(0)
    begun = pl.DataFrame(
        {"row": sorted(set(starts)), "mark": 0}, schema={"row": likely.schema["row"], "mark": pl.Int32}
    )
    ends = pl.concat([likely.select("row", mark=end).drop_nulls(), begun]).unique("row", keep="first").sort("row")
    succeeded = (asked.join_asof(ends, on="row", strategy="forward")["mark"] == 1).fill_null(value=False)
    return frozenset(asked["row"].filter(in_test | succeeded).to_list())


def likely_rows(lines: Lines) -> pl.DataFrame:
    """`row` and `text` of the lines that may hold a mark."""
    return lines.frame.filter(pl.col("text").str.contains(FIRST)).select("row", "text")
