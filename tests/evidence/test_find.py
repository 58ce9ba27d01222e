"""What failed, from raw logs: the lines that say why come first, and silence stays silence."""

import polars as pl

from incident_pipeline.evidence.find import BLOCK, find_failure
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.model.frames import LOG

PYTEST = """\
##[group]Run pytest
pytest
##[endgroup]
collected 3 items
tests/test_cart.py .F.                                                   [100%]
=================================== FAILURES ===================================
__________________________________ test_total __________________________________

    def test_total():
>       assert total([1, 2]) == 3
E       assert 2 == 3
E        +  where 2 = total([1, 2])

tests/test_cart.py:9: AssertionError
=========================== short test summary info ============================
FAILED tests/test_cart.py::test_total - assert 2 == 3
========================= 1 failed, 2 passed in 0.03s ==========================
##[error]Process completed with exit code 1.
Post job cleanup.
error: could not lock config file
"""
GREEN = """\
##[group]Run pytest
pytest
##[endgroup]
collected 3 items
tests/test_cart.py ...                                                   [100%]
============================== 3 passed in 0.02s ===============================
Post job cleanup.
"""


def log(text: str, label: str = "log") -> LogText:
    lines = text.splitlines()
    frame = pl.DataFrame({"line": range(1, len(lines) + 1), "raw": lines, "text": lines}, strict=False)
    missing = {name: pl.lit(None, kind).alias(name) for name, kind in LOG.items() if name not in frame.columns}
    frame = frame.with_columns(*missing.values()).select(pl.col(n).cast(k) for n, k in LOG.items())
    return LogText(label, "job", frame)


def test_the_assertion_comes_first_and_carries_its_reason() -> None:
    failure = find_failure([log(PYTEST)], [log(GREEN, "green")])
    best = failure.findings[0]
    assert (best.line, best.end_line, best.kind) == (11, 12, "assertion")
    assert best.novel is True
    assert "new since the green run" in best.reason
    assert failure.exit_code == 1
    assert failure.tool == "pytest"
    assert "tests/test_cart.py::test_total" in failure.tests
    assert failure.compared_with_green


def test_the_block_around_a_message_ranks_behind_every_message() -> None:
    findings = find_failure([log(PYTEST)]).findings
    kinds = [f.kind for f in findings]
    assert kinds.index(BLOCK) > kinds.index("exit")


def test_clean_up_after_the_job_is_not_evidence() -> None:
    assert all(f.line < 19 for f in find_failure([log(PYTEST)]).findings)


def test_a_log_without_trouble_gives_an_empty_answer() -> None:
    failure = find_failure([log(GREEN)])
    assert failure.findings == ()
    assert failure.exit_code is None


def test_an_empty_log_gives_an_empty_answer() -> None:
    assert find_failure([log("")]).findings == ()
    assert find_failure([]).findings == ()


def test_a_green_log_of_another_job_is_not_trusted() -> None:
    other = "\n".join(f"docker layer {name} pushed" for name in ("alpha", "beta", "gamma"))
    failure = find_failure([log(PYTEST)], [log(other, "green")])
    assert not failure.compared_with_green
    assert all(f.novel is None for f in failure.findings)


def test_only_colour_codes_is_not_a_failure() -> None:
    assert find_failure([log("\x1b[31m\x1b[0m\n\x1b[1m\n")]).findings == ()


def test_the_answer_is_the_same_every_time() -> None:
    assert find_failure([log(PYTEST)], [log(GREEN)]) == find_failure([log(PYTEST)], [log(GREEN)])


def test_an_entry_of_several_lines_is_cited_by_its_own_lines() -> None:
    rows = {
        "line": [1, 2, 6],
        "raw": ["start", "Traceback (most recent call last):\n  File \"a.py\", line 3\n    f()\nKeyError: 'x'", "end"],
    }
    frame = pl.DataFrame(rows).with_columns(text=pl.col("raw"))
    best = find_failure([LogText("log", "job", frame)]).findings[0]
    assert (best.line, best.text) == (5, "KeyError: 'x'")
