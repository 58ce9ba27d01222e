"""Names of failures, stored by incident and found across incidents."""

from incident_pipeline.model.evidence import Entity
from incident_pipeline.warehouse.entities import entity_write
from incident_pipeline.warehouse.store import Warehouse

HOST = Entity("host", "mirror.example.org:443", "log", 7)
PACKAGE = Entity("package", "cart==1.2", "log2", 9, "asked")


def save(warehouse: Warehouse, incident: str, *entities: Entity) -> None:
    warehouse.replace([entity_write(incident, entities)])


def rows(warehouse: Warehouse, sql: str) -> list[tuple[object, ...]]:
    return list(warehouse.query(sql).rows)


def test_entities_are_rows_in_their_order(warehouse: Warehouse) -> None:
    save(warehouse, "a-1", PACKAGE, HOST)
    assert rows(warehouse, "SELECT * FROM entities ORDER BY position") == [
        ("a-1", 0, "package", "cart==1.2", "asked", "log2", 9),
        ("a-1", 1, "host", "mirror.example.org:443", "", "log", 7),
    ]


def test_the_same_incident_again_replaces_them(warehouse: Warehouse) -> None:
    save(warehouse, "a-1", PACKAGE, HOST)
    save(warehouse, "b-2", HOST)
    save(warehouse, "a-1")
    assert rows(warehouse, "SELECT incident, value FROM entities") == [("b-2", "mirror.example.org:443")]


def test_incidents_that_name_the_same_thing_are_found(warehouse: Warehouse) -> None:
    save(warehouse, "a-1", PACKAGE, HOST)
    save(warehouse, "b-2", HOST)
    found = rows(warehouse, "SELECT kind, value, incidents, which FROM repeated_entities ORDER BY incidents DESC")
    assert found[0] == ("host", "mirror.example.org:443", 2, ["a-1", "b-2"])
