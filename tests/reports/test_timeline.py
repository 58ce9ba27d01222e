"""Events in order of time."""

from dataclasses import replace
from datetime import timedelta

from incident_pipeline.model.evidence import Burst, Deploy
from incident_pipeline.reports.timeline import timeline
from tests.reports.sample import GREEN, GUILTY, RED, commit_case


def test_events_run_from_green_through_the_commits_to_red() -> None:
    case = commit_case()
    events = timeline(case.incident, case.window, case.judgement.suspects, case.failure)
    assert [events[0].kind, events[-1].kind] == ["green", "red"]
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert len(events) == 16
    assert next(e for e in events if e.ref == GUILTY).suspicion == 0.86
    assert (events[0].label, events[-1].label) == ("last green: CI #1839", "failed: CI #1842")


def test_a_commit_stands_where_it_was_committed() -> None:
    case = commit_case()
    old = replace(case.window.commits[0], date=GREEN - timedelta(days=30))
    events = timeline(case.incident, replace(case.window, commits=(old,)), (), case.failure)
    assert events[1].at == old.committed_at


def test_a_long_window_keeps_the_suspects_and_the_newest() -> None:
    case = commit_case()
    many = tuple(
        replace(case.window.commits[0], hash=f"{n:040x}", committed_at=RED - timedelta(minutes=n)) for n in range(1000)
    )
    suspect = replace(case.judgement.suspects[0], hash=many[-1].hash)
    events = timeline(case.incident, replace(case.window, commits=many), (suspect,), case.failure)
    commits = {event.ref for event in events if event.kind == "commit"}
    assert commits == {suspect.hash, *(commit.hash for commit in many[:199])}


def test_without_runs_or_times_only_commits_are_left() -> None:
    case = commit_case()
    bare = replace(case.incident, run=None, green_run=None, occurred_at=None)
    assert {event.kind for event in timeline(bare, case.window, (), case.failure)} == {"commit"}


def test_what_went_live_and_what_began_stand_between_the_commits() -> None:
    case = commit_case()
    at = RED - timedelta(minutes=9)
    burst = Burst("orders", "log", 12, "boom", 7, at, RED, 40, 0.0, 8.0, first_seen=True)
    live = replace(case.failure, bursts=(burst,), deploys=(Deploy(at, "orders", "2.4.1", hash=GUILTY),))
    events = timeline(case.incident, case.window, (), live)
    found = [(e.kind, e.label, e.ref) for e in events if e.at == at]
    assert found == [("deploy", "orders 2.4.1", GUILTY), ("error", "orders: boom", "log:12")]
