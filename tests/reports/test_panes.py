"""The two panes: every line with what points at it."""

from dataclasses import replace

from incident_pipeline.reports.panes import code_panes, ids_shown, log_panes
from tests.reports.sample import commit_case


def test_lines_carry_their_citations_marks_and_folds() -> None:
    (pane,) = log_panes(commit_case().build())
    lines = {line.number: line for line in pane.lines}
    assert (pane.name, pane.note, pane.total, pane.fold) == ("log", "tests (3.12)", 5102, 0)
    assert (lines[2214].ids, lines[2214].mark) == (("E1",), "cited")
    assert (lines[2215].ids, lines[2215].mark) == ((), "finding")
    assert (lines[2190].fold, lines[2204].fold, lines[5101].fold) == (2189, 9, 2874)


def test_a_removed_line_is_found_on_its_own_side() -> None:
    panes = code_panes(commit_case().build())
    assert [(line.sign, line.number) for line in panes[1].lines if line.ids] == [("-", 84)]
    assert [pane.ids for pane in panes] == [("E2",), ("E3",), ("E4",)]


def test_a_line_that_two_hunks_show_is_the_first_ones() -> None:
    report = commit_case().build()
    first, *rest = report.hunks
    panes = code_panes(replace(report, hunks=(first, first, *rest)))
    assert [pane.ids for pane in panes] == [("E2",), (), ("E3",), ("E4",)]


def test_all_citations_of_a_usual_report_are_shown() -> None:
    report = commit_case().build()
    assert ids_shown((*log_panes(report), *code_panes(report))) == {each.id for each in report.citations}
