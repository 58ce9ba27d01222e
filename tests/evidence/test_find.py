"""What failed, from raw logs: the lines that say why come first, and silence stays silence."""

import polars as pl

from incident_pipeline.evidence.find import find_failure
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.rank import BLOCK
from tests.evidence.logs import log

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
EXIT = "##[error]Process completed with exit code 1."
GREEN = """\
##[group]Run pytest
pytest
##[endgroup]
collected 3 items
tests/test_cart.py ...                                                   [100%]
============================== 3 passed in 0.02s ===============================
Post job cleanup.
"""


def test_what_pytest_compares_belongs_to_the_statement_above_it() -> None:
    told = "E       assert 'a year' == '1 year'\nE         \nE         - 1 year\nE         + a year"
    best = find_failure(
        [log(PYTEST.replace("E       assert 2 == 3\nE        +  where 2 = total([1, 2])", told))]
    ).findings[0]
    assert (best.line, best.end_line) == (11, 14)


def test_a_long_comparison_is_not_told_from_its_middle() -> None:
    told = "\n".join(["E       assert ['a'] == ['b']", *(f"E         - item {n}" for n in range(30))])
    best = find_failure([log(PYTEST.replace("E       assert 2 == 3", told))]).findings[0]
    assert best.line == 11


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
    assert failure.context == ()
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
    frame = pl.DataFrame(rows).with_columns(text=pl.col("raw"), level=pl.lit(None, pl.String))
    best = find_failure([LogText("log", "job", frame)]).findings[0]
    assert (best.line, best.text) == (5, "KeyError: 'x'")


def test_a_heading_only_lends_its_name_to_the_message_below() -> None:
    failure = find_failure([log(PYTEST)])
    assert failure.findings[0].test == "test_total"
    assert all(not f.text.startswith("____") for f in failure.findings if f.kind != BLOCK)


def test_the_same_message_again_weighs_less() -> None:
    text = "\n".join("E   ValueError: too large\n\nplain text\n" for _ in range(5))
    scores = [f.score for f in find_failure([log(text)]).findings if f.kind == "assertion"]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < scores[0]


def test_what_follows_the_failed_step_weighs_less_than_the_step() -> None:
    text = PYTEST.replace("Post job cleanup.", "##[group]Run upload\nupload\n##[endgroup]\nError: no such artifact")
    later = next(f for f in find_failure([log(text)]).findings if "no such artifact" in f.text)
    assert "after the step had failed" in later.reason
    assert later.score < 0.2


def test_several_jobs_are_ranked_together() -> None:
    failure = find_failure([log("E   ValueError: a"), log("make: *** [all] Error 2", "log2")])
    assert [f.label for f in failure.findings] == ["log", "log2"]


def test_one_enormous_line_is_no_trouble() -> None:
    failure = find_failure([log("x" * 5_000_000 + "\nE   ValueError: a")])
    assert failure.findings[0].line == 2


def test_context_names_the_job_and_the_command() -> None:
    context = find_failure([log("Complete job name: unit tests\n" + PYTEST)]).context
    shown = {f.kind: f.text.split("\n")[0] for f in context}
    assert shown["job"] == "Complete job name: unit tests"
    assert shown["step"] == "##[group]Run pytest"


def test_what_a_source_calls_an_error_is_one() -> None:
    plain = log("request served\nwallet drained\nrequest served")
    marked = plain.frame.with_columns(level=pl.Series(["info", "error", "info"]))
    assert find_failure([plain]).findings == ()
    assert [f.line for f in find_failure([LogText("log", "app", marked)]).findings] == [2]


def test_every_failing_test_of_a_list_is_named() -> None:
    text = "FAILED tests/test_a.py::test_one - x\nFAILED tests/test_a.py::test_two - x\n"
    assert find_failure([log(text)]).tests == ("tests/test_a.py::test_one", "tests/test_a.py::test_two")


def test_versions_of_what_failed_are_context() -> None:
    text = "Downloading numpy-1.2.tgz\nFetching tcltk-9.0.3...\nFAIL: test_eval (test.test_tcl.TclTest)\n"
    versions = [f.text for f in find_failure([log(text)]).context if f.kind == "version"]
    assert versions == ["Fetching tcltk-9.0.3..."]


def test_a_silent_step_is_explained_by_its_last_output() -> None:
    text = f"##[group]Run check\ncheck\n##[endgroup]\nplease format:\nsrc/cart.js\n{EXIT}\n"
    output = next(f for f in find_failure([log(text)]).findings if f.kind == "output")
    assert (output.line, output.end_line) == (4, 5)


def test_a_step_without_a_word_is_explained_by_its_script() -> None:
    text = f"##[group]Run if false\nif false; then :; else exit 1; fi\n##[endgroup]\n{EXIT}\n"
    output = next(f for f in find_failure([log(text)]).findings if f.kind == "output")
    assert output.text.startswith("##[group]Run if false")


def test_a_warning_weighs_less_than_the_error_it_resembles() -> None:
    text = "[WARNING] upload: Connection refused\nplain\n[ERROR] upload: Connection refused\n"
    assert [f.line for f in find_failure([log(text)]).findings if f.kind == "network"] == [3, 1]


def test_the_exit_that_closes_a_block_still_gives_the_exit_code() -> None:
    assert find_failure([log("E   ValueError: x\n##[error]Process completed with exit code 100.")]).exit_code == 100


def test_both_ends_of_a_deep_stack_give_frames() -> None:
    deep = "".join(f'  File "deep{n}.py", line {n}, in f{n}\n    f()\n' for n in range(1, 1_500))
    failure = find_failure([log(f"Traceback (most recent call last):\n{deep}RecursionError: too deep\n")])
    paths = [f.path for f in failure.frames]
    assert paths[0] == "deep1.py"
    assert paths[-1] == "deep1499.py"
    assert failure.frames[-1].depth == 0


def test_a_go_test_that_only_starts_or_passes_is_no_error_whatever_its_name() -> None:
    text = "=== RUN   TestReadTimeoutError\n--- PASS: TestReadTimeoutError (0.01s)\n--- FAIL: TestSum (0.00s)\nFAIL\n"
    failure = find_failure([log(text)])
    told = {line for f in failure.findings if f.kind not in {BLOCK, "tail"} for line in range(f.line, f.end_line + 1)}
    assert 3 in told
    assert not {1, 2} & told
