"""A small invented history for the judging tests: files before and after each commit, logs as lists of lines."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from difflib import unified_diff

import polars as pl

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.model.evidence import CodeFacts, Failure, Finding, Frame
from incident_pipeline.model.frames import LOG
from incident_pipeline.model.git import Commit, FileChange
from incident_pipeline.model.incident import Window

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
CART = '''"""Sums of carts."""

from decimal import Decimal

CENT = Decimal("0.01")


def rounded(amount):
    """To the cent."""
    return amount.quantize(CENT)


def total(lines):
    """Sum of a cart."""
    return rounded(sum(lines))


def count(lines):
    """How many lines there are."""
    return len(lines)
'''
TEST_CART = """from shop.cart import count, total


def test_total():
    assert total([1, 2]) == 3


def test_count():
    assert count([1, 2]) == 2
"""


def sha(number: int) -> str:
    """A full hash of the commit with that number."""
    return f"{number:02x}" * 20


def change(path: str, before: str, after: str) -> FileChange:
    """A modified file with its patch (hunks only, as a source gives it)."""
    diff = list(unified_diff(before.splitlines(), after.splitlines(), lineterm=""))[2:]
    return FileChange(path, "modified", additions=1, deletions=1, patch="\n".join(diff))


def commit(number: int, subject: str, *files: FileChange, parents: int = 1) -> Commit:
    """One commit."""
    return Commit(sha(number), "Ada", MONDAY, subject, parents=("0" * 40,) * parents, files=files)


def window(*commits: Commit, complete: bool = True) -> Window:
    """A window that ends at the first commit."""
    head = commits[0].hash if commits else sha(99)
    return Window("acme/shop", "b" * 40, head, "last_green", commits, complete)


def log(lines: Sequence[str], label: str = "log") -> LogText:
    """A normalized log, one row a line."""
    empty = [None] * len(lines)
    columns = {"line": range(1, len(lines) + 1), "timestamp": empty, "level": empty, "template": [0] * len(lines)}
    return LogText(label, "job", pl.DataFrame({**columns, "raw": lines, "text": lines, "metadata": empty}, schema=LOG))


def code(files: Mapping[str, str], *, blame: bool = False) -> CodeFacts:
    """Files at head, no blame."""
    return CodeFacts(frozenset(files), dict(files), {}, blame)


def frame(line: int, path: str, source_line: int, function: str = "f", depth: int = 0) -> Frame:
    """A frame printed on log line `line`, mapped to the same path at head."""
    return Frame("log", line, path, source_line, function, depth, "python", path)


def failure(lines: Sequence[str], first: int, last: int, *frames: Frame, tests: Sequence[str] = ()) -> Failure:
    """One finding over lines `first`..`last` of the log."""
    found = Finding("log", first, last, "\n".join(lines[first - 1 : last]), "error", 0.9, "the first error")
    return Failure((found,), frames, tuple(tests))
