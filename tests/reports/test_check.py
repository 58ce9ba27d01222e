"""The checker passes honest reports and names what is wrong with tampered ones, one rule a case."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from incident_pipeline.model.evidence import Citation, Reason
from incident_pipeline.model.report import Report
from incident_pipeline.reports.check import check_report
from tests.reports.cases import CASES
from tests.reports.sample import HEAD, LOG_LENGTH, commit_case


@pytest.mark.parametrize("name", CASES)
def test_a_report_built_from_evidence_passes(name: str) -> None:
    case = CASES[name]()
    assert check_report(case.build(), case.lookup) == ()


def _cite(report: Report, **changes: object) -> Report:
    first, *rest = report.citations
    return replace(report, citations=(replace(first, citation=replace(first.citation, **changes)), *rest))


def _find(report: Report, **changes: object) -> Report:
    first, *rest = report.findings
    return replace(report, findings=(replace(first, **changes), *rest))


def _excerpt(report: Report, text: str) -> Report:
    first = report.excerpts[0]
    line, *rest = first.lines
    return replace(report, excerpts=(replace(first, lines=(replace(line, text=text), *rest)),))


def _suspect(report: Report, **changes: object) -> Report:
    first, *rest = report.suspects
    return replace(report, suspects=(replace(first, **changes), *rest))


TAMPERED: dict[str, tuple[str, Callable[[Report], Report]]] = {
    "a quote that is not in the line": ("misquoted", lambda r: _cite(r, quote="assert 1 == 2")),
    "an empty quote of a line that is not empty": ("misquoted", lambda r: _cite(r, quote="  ")),
    "an ellipsis that stands for everything": ("misquoted", lambda r: _cite(r, quote="…")),
    "a cut quote whose start differs": ("misquoted", lambda r: _cite(r, quote="F       Assertion…")),
    "a log line past the end": ("unresolved", lambda r: _cite(r, ref=f"log:{LOG_LENGTH + 1}")),
    "a line of a file nobody has": ("unresolved", lambda r: _cite(r, ref=f"{HEAD}:src/gone.py:1")),
    "the wrong side of a removed line": ("unresolved", lambda r: _cite(r, ref=r.citations[2].citation.ref, side="new")),
    "a reference in no known form": ("unresolved", lambda r: _cite(r, ref="trust me")),
    "a citation of a log that is not in the report": ("unknown-label", lambda r: _cite(r, ref="log9:1")),
    "a citation of a log whose entry was dropped": ("unknown-label", lambda r: replace(r, logs=())),
    "a finding in no known log": ("unknown-label", lambda r: _find(r, label="log9")),
    "a finding past the end of its log": ("out-of-range", lambda r: _find(r, end_line=LOG_LENGTH + 1)),
    "a finding that ends before it starts": ("out-of-range", lambda r: _find(r, end_line=1)),
    "a finding at line 0": ("out-of-range", lambda r: _find(r, line=0)),
    "a finding whose text is invented": ("misquoted", lambda r: _find(r, text="MemoryError")),
    "an excerpt line that was edited": ("misquoted", lambda r: _excerpt(r, "all is well")),
    "an excerpt of no known log": (
        "unknown-label", lambda r: replace(r, excerpts=(replace(r.excerpts[0], label="log9"),))
    ),
    "a suspect's reason without a citation": ("uncited", lambda r: _suspect(r, reasons=(Reason("I feel it", 1.0),))),
    "a verdict whose reasons cite nothing": ("uncited", lambda r: replace(r, reasons=(Reason("I feel it", 1.0),))),
    "a verdict that cites nothing": ("uncited", lambda r: replace(r, citations=())),
    "a commit blamed and none named": ("uncited", lambda r: replace(r, suspects=())),
    "a reason's citation that is not numbered": (
        "unnumbered", lambda r: _suspect(r, reasons=(Reason("so", 1.0, (Citation("log:1", "x"),)),))
    ),
    "a suspect that is no commit": ("hash", lambda r: _suspect(r, hash="--upload-pack=evil")),
    "probabilities that add to more than 1": ("probability", lambda r: _suspect(r, probability=0.99)),
    "a probability below 0": ("probability", lambda r: _suspect(r, probability=-0.1)),
    "a confidence that is no number": ("probability", lambda r: replace(r, confidence=float("nan"))),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_report_is_refused(name: str) -> None:
    rule, tamper = TAMPERED[name]
    case = commit_case()
    problems = check_report(tamper(case.build()), case.lookup)
    assert rule in {problem.rule for problem in problems}


def test_a_problem_is_one_line_that_says_who_what_and_the_next_step() -> None:
    case = commit_case()
    problem, *_ = check_report(_cite(case.build(), quote="\x1b[31mred\nand more"), case.lookup)
    assert str(problem) == (
        "E1: log:2214 reads \"E AssertionError: assert Decimal('19.98') == Decimal('19.97')\", "
        'not "␛[31mred and more"; quote the line as it stands'
    )


def test_white_space_and_a_cut_end_do_not_make_a_quote_wrong() -> None:
    case = commit_case()
    for quote in ("E AssertionError: assert Decimal('19.98')", "E       Assert…", "  AssertionError:\tassert"):
        assert check_report(_cite(case.build(), quote=quote), case.lookup) == ()


def test_what_speaks_against_a_suspect_needs_no_citation() -> None:
    case = commit_case()
    report = case.build()
    cleared = (*report.suspects[0].reasons, Reason("touches no file of the stack", -0.5))
    assert check_report(_suspect(report, reasons=cleared), case.lookup) == ()


def test_chance_may_rest_on_runs_and_not_on_lines() -> None:
    case = commit_case()
    flaky = replace(
        case.build(), verdict="flaky", reasons=(Reason("the same commit passed in another run", 3.0),), suspects=()
    )
    assert check_report(flaky, case.lookup) == ()
    assert check_report(replace(flaky, findings=(), citations=()), case.lookup) == ()
