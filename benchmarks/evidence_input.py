"""A made failure of any size: numbers of lines and commits in, LOG frames, a window and the code at head out.

Lines are those of `labelled_lines`, of events that tell of no error, but for one in a thousand, which the green twin
has too. Each has a number of its own, so that none repeats. The failure stands two thirds down, and one commit in the
middle of the window is guilty of it.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import polars as pl

from benchmarks.labelled_lines import EVENTS, make_lines
from incident_pipeline.model.evidence import CodeFacts
from incident_pipeline.model.frames import LOG
from incident_pipeline.model.git import Commit, FileChange
from incident_pipeline.model.incident import Window
from incident_pipeline.normalize.clean import clean_expr

_BASE = 40_000  # lines made one by one; a longer log goes on with the same ones, numbered on
_ERRORS = re.compile(
    r"(?i)error|fail|fatal|exception|panick|traceback|refused|not found|cannot|declined|killed|fault|no space|unhandled"
    r"|would reformat|timed? ?out|exhausted|back-off|closed|could not|● |_test.go|symbol|retrying|warn|rspec"
    r"|expired|F401|E501|not defined|reformatted"
)
_RARE = 1_000
_FAILURE = (
    "=================================== FAILURES ===================================",
    "__________________________________ test_total __________________________________",
    "    def test_total():",
    ">       assert total(3) == 6",
    "E       assert 7 == 6",
    "E        +  where 7 = total(3)",
    "tests/test_part7.py:12: AssertionError",
    "src/part7.py:2: in total",
    "FAILED tests/test_part7.py::test_total - assert 7 == 6",
)
_FILES = 40


def make_raw(lines: int, *, failed: bool) -> pl.DataFrame:
    """A log of `lines` rows as it is stored (LOG columns without `text`), about 100 bytes a line."""
    row = pl.int_range(lines, eager=True)
    text = _base(failed=failed)
    text = text.gather(row % len(text)) + " #" + row.cast(pl.String)
    if failed:
        at = lines * 2 // 3
        text = pl.concat([text.head(at), pl.Series(_FAILURE), text.slice(at + len(_FAILURE))])
        text = pl.concat([text.head(lines - 1), pl.Series(["##[error]Process completed with exit code 1."])])
    time = (datetime(2026, 1, 2, 3, tzinfo=UTC) + row * timedelta(milliseconds=7)).dt.cast_time_unit("us")
    raw = time.dt.strftime("%Y-%m-%dT%H:%M:%S.%6f0Z ") + text
    columns = {"line": row + 1, "timestamp": time, "level": None, "template": text.hash(), "raw": raw, "metadata": None}
    return pl.DataFrame(columns, schema_overrides={name: kind for name, kind in LOG.items() if name != "text"})


def _base(*, failed: bool) -> pl.Series:
    made, truth = make_lines(_BASE, seed=int(failed))
    harmless = [line for line, event in zip(made, truth, strict=True) if not _ERRORS.search(EVENTS[event])]
    others, told = make_lines(_BASE, seed=2)
    errors = [line for line, event in zip(others, told, strict=True) if _ERRORS.search(EVENTS[event])]
    for n, error in enumerate(errors[: len(harmless) // _RARE]):
        harmless[(n + 1) * _RARE - 1] = error
    return pl.Series(harmless)


def as_loaded(stored: pl.DataFrame) -> pl.DataFrame:
    """The LOG columns, `text` derived as flow does when it loads a log."""
    return stored.with_columns(clean_expr(pl.col("raw")).alias("text")).select(list(LOG))


def make_window(commits: int) -> tuple[Window, CodeFacts]:
    """Commits of one hunk each over 40 files, newest first, and those files at head."""
    guilty, numbers, made = commits // 2, count(), list[Commit]()
    for n in range(commits):
        part, message = (7, "Count from one in total") if n == guilty else (n % _FILES, f"Change part {n % _FILES}")
        name = "total" if n == guilty else f"function_{n % 30}"
        patch = (
            f"@@ -1,4 +1,4 @@\n # part {part}\n def {name}(value):\n-    return value * 2 + {n}\n"
            f"+    return value * 2 + {n + 1}\n \n"
        )
        change = FileChange(f"src/part{part}.py", "modified", additions=1, deletions=1, patch=patch)
        when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=next(numbers))
        made.append(Commit(f"{n + 1:040x}", "Ana", when, message, committed_at=when, files=(change,)))
    linked = [replace(c, parents=(made[n - 1].hash,) if n else ("0" * 40,)) for n, c in enumerate(made)]
    window = Window("acme/web", "0" * 40, made[-1].hash, "given", tuple(reversed(linked)), complete=True)
    return window, _code(guilty)


def _code(guilty: int) -> CodeFacts:
    functions = "".join(f"def function_{k}(value):\n    return value * 2 + {k}\n\n\n" for k in range(30))
    total = f"def total(value):\n    return value * 2 + {guilty + 1}\n\n\n"
    files = {f"src/part{n}.py": (total if n == 7 else "") + functions for n in range(_FILES)}
    test = "from src.part7 import total\n" + "\n" * 9 + "def test_total():\n    assert total(3) == 6\n"
    files["tests/test_part7.py"] = test
    return CodeFacts(frozenset(files), files)
