"""Which addresses may become links; which findings get a number."""

import pytest

from incident_pipeline.model.evidence import Citation, Failure, Finding, Judgement, Reason, Verdict
from incident_pipeline.reports.citations import is_web, number


@pytest.mark.parametrize(
    ("url", "fit"),
    [
        ("https://github.com/acme/shop/actions/runs/1", True),
        ("http://ci.acme.example:8080/job/1", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("https://", False),
        ("https://github.com@evil.example/", False),
        ("https://x:secret@ci.acme.example/", False),
        ('https://ci.acme.example/"><script>', False),
        ("https://ci.acme.example/a b", False),
        ("https://ci.acme.example/a)b", False),
        ("https://ci.acme.example/\n", False),
        ("https://[bad/", False),
        ("https://g\u0456thub.com/acme", False),
        ("", False),
    ],
)
def test_addresses(url: str, fit: bool) -> None:
    assert is_web(url) is fit


def _verdict(kind: str, *reasons: Reason) -> Judgement:
    return Judgement(Verdict("unknown", "unknown", "INCONCLUSIVE", 0.0, kind, reasons))


def _findings(*kinds: str) -> Failure:
    return Failure(tuple(Finding("log", n, n, f"line {n}", k, 0.9, "why") for n, k in enumerate(kinds, 1)))


def test_findings_that_repeat_another_get_no_number() -> None:
    reason = Reason("said so", 1.0, (Citation("log:9", "x"),))
    failure = _findings("assertion", "test", "test", "block", "assertion", "exit", "location", "error")
    cited = number(failure, _verdict("x", reason), run=None, logs=())
    assert [each.citation.ref for each in cited] == ["log:9", "log:1", "log:2", "log:7"]


def test_where_findings_are_the_only_proof_five_are_numbered() -> None:
    assert len(number(_findings(*["error"] * 9), _verdict("x"), run=None, logs=())) == 5


def test_the_end_of_a_step_is_cited_where_there_is_nothing_better() -> None:
    assert [each.citation.ref for each in number(_findings("exit", "block"), _verdict("x"), run=None, logs=())] == [
        "log:1"
    ]


def test_one_failing_test_stands_for_all() -> None:
    cited = number(_findings("test", "test", "error", "stack", "test"), _verdict("x"), run=None, logs=())
    assert [each.citation.ref for each in cited] == ["log:1", "log:3"]
