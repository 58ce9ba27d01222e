from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from incident_pipeline.errors import NotFound
from incident_pipeline.evidence.began import Began
from incident_pipeline.flow.checks import citation_problems
from incident_pipeline.flow.collect import Collected, collect
from incident_pipeline.flow.history import query
from incident_pipeline.flow.incidents import find_incidents
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.logs import load_logs
from incident_pipeline.flow.production import baseline_start, by_event, find
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.request import Request, from_origin, to_origin
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.model.incident import LogRef
from incident_pipeline.model.report import Report
from incident_pipeline.settings import load_settings
from incident_pipeline.warehouse.incidents import load_incident
from incident_pipeline.warehouse.incidents import load_logs as stored_refs
from tests.evidence.logs import log
from tests.flow.outage import NOON, SERVICES, Outage, make_outage

CHRONIC = ("hung up", "postcode", "is slow")


def room(outage: Outage) -> Workspace:
    home = {"INCIDENT_RESPONDER_HOME": str(outage.config.parent / "home")}
    return open_workspace(load_settings(outage.config, home))


def asked(outage: Outage, **more: object) -> Request:
    fields = {"logs": "files", "repo": "acme/shop", "services": SERVICES, "since": outage.since, "until": outage.until}
    return Request(**(fields | more))  # pyright: ignore[reportArgumentType] - fields by name, checked by the dataclass


def read(outage: Outage, request: Request) -> tuple[Workspace, Collected]:
    ws = room(outage)
    (incident,) = find_incidents(ws, request, quiet)
    return ws, collect(ws, incident, quiet)


def began(ws: Workspace, collected: Collected) -> Began:
    incident = load_incident(ws.warehouse, collected.incident.id)
    logs, _ = load_logs(ws, stored_refs(ws.warehouse, incident.id), incident)
    return find(ws, incident, logs)


def notes(collected: Collected) -> str:
    return "\n".join(from_origin(collected.incident.origin).notes)


@pytest.fixture(scope="module", params=[("sha", 1), ("version", 2), ("nothing", 3)], ids=lambda p: p[0])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outage:
    """One whose log says which commit is live, one that says which version, one that says nothing."""
    told, seed = request.param
    return make_outage(tmp_path_factory.mktemp("told"), seed, told=told)


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Outage:
    return make_outage(tmp_path_factory.mktemp("outage"), 2, told="version")


def test_the_first_faulty_line_the_time_and_the_range_of_commits_are_found(told: Outage) -> None:
    ws, collected = read(told, asked(told))
    failure = began(ws, collected).failure
    first = failure.findings[0]
    labels = {service: log.label for service, log in _logs(ws, collected)}
    assert (first.label, first.line) == (labels[told.service], told.line)
    assert "its record says" in first.reason
    assert collected.incident.occurred_at == told.begins
    assert not [f.text for f in failure.findings[:5] if any(word in f.text for word in CHRONIC)]
    assert {f.path for f in failure.frames} >= {f"/srv/{told.service}/app.py"}
    hashes = [c.hash for c in collected.window.commits]
    assert told.culprit in hashes
    assert not set(told.later) & set(hashes)
    assert "2 commits were made after the errors had begun" in notes(collected)


def test_the_range_is_what_was_deployed_where_the_log_says_so(tmp_path: Path) -> None:
    for told in ("sha", "version"):
        outage = make_outage(tmp_path / told, 4, told=told)
        _, collected = read(outage, asked(outage))
        assert len(collected.window.commits) == 4
        assert collected.window.complete
        assert f"{outage.service} went live with" in notes(collected)


def test_the_whole_way_names_the_guilty_commit_and_its_report_holds(told: Outage) -> None:
    ws = room(told)
    (stored,) = investigate(ws, asked(told))
    report: Report = stored.report
    assert report.suspects[0].hash == told.culprit
    assert citation_problems(ws, report.incident) == ()
    assert not {s.hash for s in report.suspects} & set(told.later)


def test_what_happened_can_be_asked_in_sql(outage: Outage) -> None:
    ws, collected = read(outage, asked(outage))
    where = f"WHERE incident = '{collected.incident.id}'"
    sql = f"SELECT event, count(*) FROM incident_timeline {where} GROUP BY event"
    events = {str(row[0]): row[1] for row in query(ws, sql, max_rows=9, seconds=10).rows}
    assert events["commit"] == len(collected.window.commits)
    assert events["red"] == 1
    assert events["burst"] >= 2
    sql = f"SELECT service, sum(errors), sum(entries) FROM incident_error_rate {where} GROUP BY service ORDER BY 1"
    rates = query(ws, sql, max_rows=9, seconds=10).rows
    assert [row[0] for row in rates] == list(SERVICES)
    assert all(0 < row[1] < row[2] for row in rates)


def test_without_a_fault_no_burst_is_said_and_the_asked_window_is_kept(tmp_path: Path) -> None:
    outage = make_outage(tmp_path, 5, fault=False)
    ws, collected = read(outage, asked(outage))
    failure = began(ws, collected).failure
    assert failure.bursts == ()
    assert "no burst of errors stands out" in notes(collected)
    assert collected.incident.occurred_at == outage.until
    assert max((f.score for f in failure.findings), default=0.0) < 0.5


def test_a_set_of_files_is_told_apart_by_their_names(outage: Outage) -> None:
    ws, collected = read(outage, asked(outage, services=(), repo=None))
    assert {service for service, _ in _logs(ws, collected)} == set(SERVICES)


def test_a_service_without_a_log_is_a_status_and_stops_nothing(outage: Outage) -> None:
    _, collected = read(outage, asked(outage, services=(*SERVICES, "stock")))
    (missing,) = [s for s in collected.statuses if s.status == "missing"]
    assert missing.what == "stock"
    with pytest.raises(NotFound, match="stock"):
        read(outage, asked(outage, services=("stock",)))


def test_reading_again_replaces_what_was_noted_and_seen(outage: Outage) -> None:
    ws, collected = read(outage, asked(outage, notes=("asked for by a test",)))
    again = collect(ws, load_incident(ws.warehouse, collected.incident.id), quiet)
    assert notes(again) == notes(collected)
    assert notes(again).count("Window: the errors began") == 1
    found = query(ws, "SELECT count(*), count(DISTINCT (incident, position)) FROM bursts", max_rows=1, seconds=9)
    assert found.rows[0][0] == found.rows[0][1] > 0


def test_logs_without_commits_still_tell_when_it_began(outage: Outage, tmp_path: Path) -> None:
    config = tmp_path / "sources.yaml"
    config.write_text(f"log_sources:\n  - {{type: files, name: shop, config: {{path: {outage.logs}}}}}\n")
    _, collected = read(replace(outage, config=config), asked(outage))
    assert collected.incident.occurred_at == outage.begins
    assert any("no git source" in problem for problem in collected.window.problems)


@pytest.mark.parametrize("shift", [timedelta(days=-400), timedelta(days=400)], ids=["long before", "long after"])
def test_a_window_without_an_entry_is_empty_not_an_error(outage: Outage, shift: timedelta) -> None:
    request = asked(outage, since=outage.since + shift, until=outage.until + shift)
    ws, collected = read(outage, request)
    assert began(ws, collected).failure.findings == ()


def test_a_window_of_one_second_is_read_with_an_hour_before_it(outage: Outage) -> None:
    begins = outage.begins or NOON
    ws, collected = read(
        outage, asked(outage, since=begins + timedelta(minutes=30), until=begins + timedelta(minutes=30, seconds=1))
    )
    assert collected.incident.occurred_at == outage.begins
    assert began(ws, collected).failure.bursts


@pytest.mark.parametrize(("minutes", "before"), [(1, 60), (90, 90), (60 * 48, 60 * 24)])
def test_what_is_usual_is_read_from_before_the_window(minutes: int, before: int) -> None:
    assert NOON - baseline_start(NOON, NOON + timedelta(minutes=minutes)) == timedelta(minutes=before)


def test_services_survive_being_stored_with_the_incident() -> None:
    request = Request(logs="files", services=("a", "b"))
    assert from_origin(to_origin(request)) == request


def _logs(ws: Workspace, collected: Collected) -> list[tuple[str, LogRef]]:
    sql = f"SELECT service, label FROM incident_services WHERE incident = '{collected.incident.id}'"
    refs = {ref.label: ref for ref in stored_refs(ws.warehouse, collected.incident.id)}
    return [(str(s), refs[str(label)]) for s, label in query(ws, sql, max_rows=9, seconds=9).rows]


def test_lines_that_differ_in_a_name_are_one_event() -> None:
    names = ["ada", "bea", "cyd", "dov", "eli", "fay", "gus", "hal", "ivy", "jan", "kim", "leo", "mia", "ned"]
    told = by_event(log("\n".join([*(f"no rate known for {name} today" for name in names), "card was declined"])))
    assert told.frame["template"][: len(names)].n_unique() == 1
    assert told.frame["template"].n_unique() == 2
