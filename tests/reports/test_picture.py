"""Where the marks are drawn."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.model.report import TimelineEvent
from incident_pipeline.reports.picture import LEFT, RIGHT, duration, picture
from tests.reports.sample import DAY, commit_case


def _events(*minutes: float, suspicion: float = 0.0) -> tuple[TimelineEvent, ...]:
    return tuple(TimelineEvent(DAY + timedelta(minutes=m), "commit", "c", str(m), suspicion) for m in minutes)


@given(st.lists(st.floats(0, 1e6), max_size=30).map(sorted))
def test_marks_stay_in_order_and_inside(minutes: list[float]) -> None:
    marks = picture(_events(*minutes)).marks
    xs = [mark.x for mark in marks]
    assert xs == sorted(xs)
    assert all(LEFT <= x <= RIGHT for x in xs)


def test_a_weekend_does_not_press_the_incident_into_a_pixel() -> None:
    drawn = picture(_events(0, 3000, 3010, 3020, 3030))
    assert [each.label for each in drawn.breaks] == ["2 days"]
    xs = [mark.x for mark in drawn.marks]
    assert xs[2] - xs[1] > 10


def test_only_the_likeliest_commit_is_the_suspect() -> None:
    marks = picture(commit_case().build().timeline).marks
    assert [mark.event.ref[:7] for mark in marks if mark.suspect] == ["4be91f7"]
    assert not any(mark.suspect for mark in picture(_events(1, 2, suspicion=0.1)).marks)


def test_with_many_commits_the_keyboard_stops_at_the_important_ones() -> None:
    report = commit_case().build()
    marks = picture((*report.timeline[:-1], *_events(*range(900, 960)))).marks
    assert [mark.event.suspicion > 0 or mark.event.kind == "green" for mark in marks if mark.stop] == [True] * 3


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(40, "40 s"), (60, "1 min"), (5400, "2 h"), (3600, "1 h"), (100_000, "28 h"), (172_800, "2 days")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
