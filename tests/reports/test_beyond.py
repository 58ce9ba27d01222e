"""Replays, bursts and earlier incidents are told in plain words; CONFIRMED is never said without a proof."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from incident_pipeline.model.evidence import Burst
from incident_pipeline.model.memory import Fingerprint, Memory, PastIncident, Similar
from incident_pipeline.model.proof import Proof, Trial
from incident_pipeline.model.report import Report
from incident_pipeline.reports import beyond
from incident_pipeline.reports.check import check_report
from incident_pipeline.reports.html import render_html
from incident_pipeline.reports.markdown import render_markdown
from incident_pipeline.reports.terminal import render_terminal
from incident_pipeline.reports.view import what_failed
from tests.reports.sample import BASE, GUILTY, RED, commit_case

PAST = PastIncident(
    "acme-shop-1801", "acme/shop", "CI #1801", Fingerprint("0" * 16), "commit", "code", "LIKELY", "person",
    occurred_at=RED - timedelta(days=4), culprit=GUILTY,
)  # fmt: skip
TRIALS = (
    Trial(GUILTY, "failed", "the suspect", 1, 3.14),
    Trial(BASE, "passed", "its parent", 0, 2.0),
)
PROOF = Proof(
    "acme-shop-1842", "pytest -x", "confirmed", "4be91f7 fails and its parent passes", GUILTY, GUILTY, TRIALS, seconds=5
)


def _report(**changes: object) -> Report:
    return replace(commit_case().build(), **changes)


def test_an_unasked_memory_is_not_told_and_an_empty_one_says_no() -> None:
    assert beyond.seen_before(_report()) == ()
    assert beyond.seen_before(_report(memory=Memory())) == ("no",)


def test_a_repeated_failure_names_the_incident_it_repeats() -> None:
    memory = Memory(joins="acme-shop-1841", times=3, first_at=RED, similar=(Similar(PAST, 0.8, ("test_total",)),))
    assert beyond.seen_before(_report(memory=memory)) == (
        "the same failure as acme-shop-1841 since 2026-11-24 14:02 UTC, 3 red runs so far",
        "acme-shop-1801 (2026-11-20 14:02): 4be91f7 did it, confirmed by a person; shares test_total",
    )


def test_a_replay_is_told_run_by_run() -> None:
    assert beyond.replayed(_report(proof=PROOF)) == (
        "4be91f7 fails and its parent passes; pytest -x, 2 runs in 5 s",
        "4be91f7 fails (the suspect, 3.1 s)",
        "a81d0c4 passes (its parent, 2.0 s)",
    )


def test_a_burst_cites_its_first_line() -> None:
    burst = Burst("shop", "log", 12, "boom\n x", 7, RED, RED, 40, 0.0, 8.0, first_seen=True)
    assert beyond.bursts(_report(bursts=(burst,))) == (
        "shop: boom x (new since 2026-11-24 14:02 UTC, 40 entries; log:12)",
    )


@pytest.mark.parametrize("render", [render_terminal, render_markdown, render_html])
def test_every_view_tells_them(render: Callable[[Report], str]) -> None:
    text = render(_report(memory=Memory(), proof=PROOF))
    assert "Seen before" in text
    assert "Replayed" in text


def test_confirmed_needs_a_proof_of_the_first_suspect() -> None:
    case = commit_case()
    said = replace(case.build(), status="CONFIRMED")
    assert [p.rule for p in check_report(said, case.lookup)] == ["unproved"]
    assert check_report(replace(said, proof=PROOF), case.lookup) == ()
    other = replace(PROOF, culprit=BASE)
    assert [p.rule for p in check_report(replace(said, proof=other), case.lookup)] == ["unproved"]


def test_where_no_test_failed_the_service_that_broke_is_named() -> None:
    report = _report(run=None, jobs=())
    bare = tuple(replace(f, test=None, step=None) for f in report.findings)
    burst = Burst("orders", bare[0].label, 12, "boom", 7, RED, RED, 40, 0.0, 8.0, first_seen=True)
    assert what_failed(replace(report, findings=bare)) == "the run"
    assert what_failed(replace(report, findings=bare, bursts=(burst,))) == "orders"
