"""Incidents come back as they were, by id or part of it, and saving again changes nothing."""

import dataclasses

import pytest

from incident_pipeline.errors import NotFound, UsageError
from incident_pipeline.model.incident import Incident
from incident_pipeline.warehouse import incidents
from incident_pipeline.warehouse.store import Warehouse
from tests.warehouse.samples import GREEN, INCIDENT, LOGS, STATUSES, T0, WINDOW


def save(warehouse: Warehouse, incident: Incident = INCIDENT) -> None:
    incidents.save_incident(warehouse, incident, window=WINDOW, logs=LOGS, statuses=STATUSES)


def test_everything_comes_back_as_it_was(warehouse: Warehouse) -> None:
    save(warehouse)
    save(warehouse)
    assert incidents.load_incident(warehouse, "1842") == INCIDENT
    assert incidents.load_window(warehouse, INCIDENT.id) == WINDOW
    assert incidents.load_logs(warehouse, INCIDENT.id) == LOGS
    assert incidents.load_statuses(warehouse, INCIDENT.id) == STATUSES
    assert len(incidents.list_incidents(warehouse)) == 1


def test_the_sample_leaves_no_field_at_its_default() -> None:
    unset = [f.name for f in dataclasses.fields(INCIDENT) if getattr(INCIDENT, f.name) in (None, "", ())]
    assert not unset, (
        "a new field of Incident: give the sample a value, so that the test above sees whether it is stored"
    )


def test_an_incident_of_logs_alone_has_no_run_and_no_window(warehouse: Warehouse) -> None:
    bare = Incident(id="svc-1", tenant="default", kind="logs", source="files", repo="svc", title="errors", since=T0)
    incidents.save_incident(warehouse, bare)
    assert incidents.load_incident(warehouse, "svc-1") == bare
    assert incidents.load_window(warehouse, "svc-1") is None
    assert incidents.load_logs(warehouse, "svc-1") == ()


def test_a_part_that_fits_several_is_refused_and_names_them(warehouse: Warehouse) -> None:
    for name in ("shop-18", "shop-184", "cart-184"):
        save(warehouse, Incident(id=name, tenant="default", kind="ci", source="s", repo="r", title="t"))
    with pytest.raises(UsageError, match=r"several match .*cart-184"):
        incidents.find_incident(warehouse, "184")
    assert incidents.find_incident(warehouse, "shop-18") == "shop-18"  # whole ids win over parts
    assert incidents.find_incident(warehouse, "CART") == "cart-184"
    with pytest.raises(NotFound, match="incidents list"):
        incidents.find_incident(warehouse, "%")


def test_a_green_run_read_later_as_red_keeps_one_row(warehouse: Warehouse) -> None:
    save(warehouse)
    save(warehouse, Incident(id="x", tenant="default", kind="ci", source="s", repo="r", title="t", run=GREEN))
    assert warehouse.query("SELECT count(*) FROM ci_runs").rows == ((2,),)


def test_statuses_outside_incidents_keep_the_last_of_each_thing(warehouse: Warehouse) -> None:
    incidents.save_statuses(warehouse, STATUSES)
    incidents.save_statuses(warehouse, STATUSES[:1])
    assert warehouse.query("SELECT source, kind, reads, good FROM source_health ORDER BY kind").rows == (
        ("github", "git", 1, 0), ("github", "logs", 1, 1),
    )  # fmt: skip
