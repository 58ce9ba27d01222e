"""Reports: all kept, one current; evidence and texts come back whole."""

import pytest

from incident_pipeline.errors import NotFound
from incident_pipeline.warehouse import reports
from incident_pipeline.warehouse.store import Warehouse
from tests.warehouse.samples import CODE, FAILURE, INCIDENT, JUDGEMENT, report, sha

HOSTILE = "</script>'; DROP TABLE reports;-- {x} %s \x00 \x1b[31m é 日本"


def save(warehouse: Warehouse, report_id: str, text: str = "{}") -> None:
    reports.save_report(warehouse, report(), report_id=report_id, json=text, markdown=f"# {text}")


def test_the_last_report_is_current_and_all_are_kept(warehouse: Warehouse) -> None:
    for report_id in ("r1", "r2", "r3", "r2"):
        save(warehouse, report_id)
    assert warehouse.query("SELECT report_id, current FROM reports ORDER BY 1").rows == (
        ("r1", False), ("r2", True), ("r3", False),
    )  # fmt: skip
    assert reports.load_report(warehouse, INCIDENT.id).report_id == "r2"
    assert reports.load_report(warehouse, INCIDENT.id, "r1").current is False


def test_texts_come_back_to_the_letter(warehouse: Warehouse) -> None:
    save(warehouse, "r'1", HOSTILE)
    stored = reports.load_report(warehouse, INCIDENT.id)
    assert (stored.json, stored.markdown) == (HOSTILE, f"# {HOSTILE}")
    assert warehouse.query("SELECT text FROM documents WHERE name = 'json'").rows == ((HOSTILE,),)


def test_findings_and_suspects_can_be_asked_for(warehouse: Warehouse) -> None:
    save(warehouse, "r1")
    save(warehouse, "r1")
    assert warehouse.query("SELECT hash, author, incidents FROM top_suspects").rows == ((sha(9), "Zoë", 1),)
    assert warehouse.query("SELECT what, is_test, incidents FROM repeated_findings").rows == (
        ("t.py::test_a", True, 1),
    )
    assert warehouse.query("SELECT verdict, category, incidents FROM failures_by_category").rows == (
        ("commit", "code", 1),
    )


def test_evidence_comes_back_as_it_was(warehouse: Warehouse) -> None:
    given = reports.Evidence("e1", FAILURE, CODE, JUDGEMENT)
    assert reports.load_evidence(warehouse, INCIDENT.id) is None
    reports.save_evidence(warehouse, INCIDENT.id, reports.Evidence("e0", FAILURE, CODE, JUDGEMENT))
    reports.save_evidence(warehouse, INCIDENT.id, given)
    assert reports.load_evidence(warehouse, INCIDENT.id) == given


def test_no_report_is_one_clear_line(warehouse: Warehouse) -> None:
    with pytest.raises(NotFound, match="investigate it first"):
        reports.load_report(warehouse, "nope")


def test_feedback_resolves_an_incident(warehouse: Warehouse) -> None:
    for _ in range(2):
        reports.save_feedback(warehouse, INCIDENT.id, feedback_id="f", answer="resolved", note=HOSTILE)
    assert warehouse.query("SELECT count(*) FROM feedback WHERE answer = 'resolved'").rows == ((1,),)
    assert warehouse.query("SELECT count(*) FROM open_incidents").rows == ((0,),)
