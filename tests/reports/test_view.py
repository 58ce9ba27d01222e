"""Sentences that every rendering shares."""

from dataclasses import replace

from incident_pipeline.model.evidence import RuledOut
from incident_pipeline.model.patch import numbered, parse_hunks
from incident_pipeline.model.report import CodeHunk
from incident_pipeline.reports import view
from tests.reports.cases import CASES, inconclusive_case, infrastructure_case
from tests.reports.sample import PATCH, commit_case


def test_the_head_says_what_and_when() -> None:
    report = commit_case().build()
    assert view.title_line(report) == "acme/shop · CI #1842 · tests (3.12) · main@9f3c2ab"
    assert view.when(report) == "red 2026-11-24 14:02 UTC, last green 11:40 (a81d0c4)"
    assert view.lead(report) == '4be91f7 "Round discounts per line" (12:31) broke tests/test_cart.py::test_total'
    assert view.range_line(report) == "14 commits between green and red, range complete"


def test_an_infrastructure_verdict_clears_every_commit_in_the_first_line() -> None:
    assert view.lead(infrastructure_case().build()) == "The disk was full: no commit is to blame; re-run"


def test_a_refused_credential_is_granted_before_a_re_run_and_nobody_is_cleared_unread() -> None:
    report = replace(infrastructure_case().build(), category="credentials")
    assert view.lead(report).endswith("no commit is to blame; renew or grant it, then re-run")
    unread = replace(infrastructure_case().build(), head=None, window_commits=0)
    assert view.lead(unread) == "The disk was full: re-run"


def test_each_verdict_has_a_lead_of_its_own() -> None:
    report = replace(commit_case().build(), summary="numpy 3 came out.")
    flaky = view.lead(replace(report, verdict="flaky"))
    assert flaky == "tests/test_cart.py::test_total fails by chance: no commit is to blame; re-run"
    assert view.lead(replace(report, verdict="drift")) == "Something outside the repository moved: numpy 3 came out"
    unknown = view.lead(replace(report, verdict="unknown"))
    assert unknown.startswith("tests/test_cart.py::test_total failed: AssertionError: assert")
    nothing = replace(report, verdict="unknown", findings=())
    assert view.lead(nothing) == "Why the job tests (3.12) failed is not known"
    doubt = replace(infrastructure_case().build(), status="INCONCLUSIVE")
    assert view.lead(doubt) == "The disk was full: perhaps no commit is to blame; re-run"


def test_the_summary_is_said_only_as_far_as_it_is_news() -> None:
    report = commit_case().build()
    assert view.aside(report).startswith("The total is rounded line by line")
    assert view.aside(replace(report, summary='4be91f7 "Round discounts per line" broke it.')) == ""
    machine = infrastructure_case().build()
    news = {
        "No commit is to blame: a full disk (a test).": "A full disk (a test).",
        "Perhaps no commit is to blame: test_a draws at random.": "test_a draws at random.",
    }
    assert {said: view.aside(replace(machine, summary=said)) for said in news} == news


def test_a_suspect_without_a_chance_is_one_of_the_others() -> None:
    report = commit_case().build()
    first, second, *_ = report.suspects
    rows = view.suspect_rows(replace(report, suspects=(first, replace(second, probability=0.01))))
    assert [row.subject for row in rows] == ["Round discounts per line", "no commit", "1 other"]


def test_where_no_commit_is_worth_a_row_there_are_no_suspects() -> None:
    assert view.suspect_rows(infrastructure_case().build()) == ()


def test_evidence_alone_is_never_told_as_certain() -> None:
    assert [view.chance(p) for p in (0.0, 0.001, 0.86, 0.999, 1.0)] == ["0.00", "<.01", "0.86", ">.99", "1.00"]
    assert view.confidence(replace(commit_case().build(), verdict="unknown", confidence=0.0)) == ""


def test_the_lead_names_the_whole_test_and_counts_the_others() -> None:
    report = commit_case().build()
    first = report.findings[0]
    long = f"tests/test_cart.py::test_total[{'x' * 150}]"
    names = ("while", "test_total", long, "tests/test_cart.py::test_tax", long)
    found = tuple(replace(first, test=name) for name in names)
    assert view.what_failed(replace(report, findings=found)) == f"{long} and 1 more"
    assert view.what_failed(replace(report, findings=found[1:2])) == "test_total"
    step = replace(first, test="while", step="pytest tests")
    assert view.what_failed(replace(report, findings=(step,))) == 'the step "pytest tests"'


def test_without_a_repository_no_commit_is_cleared_or_blamed() -> None:
    report = replace(
        commit_case().build(), verdict="unknown", status="INCONCLUSIVE", suspects=(), head=None, base=None,
        window_commits=0, window_complete=False,
    )  # fmt: skip
    assert view.stories(report) == ()
    assert view.aside(report) == ""
    assert view.range_line(report) == "no repository was read: no commit is judged"


def test_cleared_commits_are_one_sentence() -> None:
    groups = (
        RuledOut("2 commits", "touch only documentation", ("a" * 40, "b" * 40)),
        RuledOut("1 commit", "touches only settings", ("c" * 40,)),
        RuledOut("drift", "no version differs"),
    )
    report = replace(commit_case().build(), ruled_out=groups)
    assert view.ruled_out(report) == (
        "3 commits: 2 touch only documentation; 1 touches only settings", "drift: no version differs",
    )  # fmt: skip


def test_only_an_undecided_report_tells_two_stories() -> None:
    assert [story.title for story in view.stories(inconclusive_case().build())] == ["4be91f7 did it", "c02aa19 did it"]
    assert view.stories(commit_case().build()) == ()
    report = inconclusive_case().build()
    alone = replace(report, suspects=report.suspects[:1])
    assert view.stories(alone)[0].title == "no commit did it: the machine, the network or chance"


def test_probabilities_of_all_rows_add_to_one() -> None:
    for make in CASES.values():
        rows = view.suspect_rows(make().build())
        assert not rows or abs(sum(row.probability for row in rows) - 1) < 1e-9
        named = [row.probability for row in rows if row.hash or row.subject == "no commit"]
        assert named == sorted(named, reverse=True)


def test_folds_count_what_is_left_out() -> None:
    assert view.folds([3, 4, 9], 12) == (2, 0, 4, 3)
    assert view.folds([], 5) == (5,)


def test_a_whole_hunk_has_no_folds_however_its_sides_are_numbered() -> None:
    hunk, *_ = parse_hunks(PATCH)
    whole = CodeHunk("a" * 40, "p", "", tuple(numbered(hunk)))
    assert view.hunk_folds(whole) == (0,) * len(whole.lines)


def test_a_cut_hunk_has_one_fold() -> None:
    lines = tuple(("+", number, "x") for number in (1, 2, 3, 8, 9))
    assert view.hunk_folds(CodeHunk("a" * 40, "p", "", lines)) == (0, 0, 0, 4, 0)


def test_past_a_fold_the_other_side_is_not_counted_again() -> None:
    lines = (("-", 1, "x"), ("+", 1, "y"), ("+", 9, "y"), ("-", 10, "x"))
    assert view.hunk_folds(CodeHunk("a" * 40, "p", "", lines)) == (0, 0, 7, 0)


def test_a_report_without_run_or_times_can_be_headed() -> None:
    report = replace(
        commit_case().build(),
        run=None,
        green_run=None,
        occurred_at=None,
        jobs=(),
        head=None,
        findings=(),
        base_kind="none",
    )
    assert view.title_line(report) == "acme/shop · CI #1842"
    assert view.when(report) == "red at an unknown time, range from a81d0c4"
    assert view.when(replace(report, base=None)) == "red at an unknown time, no green run known"
    assert view.what_failed(report) == "the run"
    assert view.replay(report) == ("incident-responder incidents show acme-shop-1842",)


def test_suspects_that_nothing_singles_out_are_no_stories() -> None:
    report = inconclusive_case().build()
    faint = tuple(replace(each, probability=0.05) for each in report.suspects)
    assert view.stories(replace(report, suspects=faint)) == ()
