"""One document out, the same report back; a newer or broken one is refused in one line."""

import json
from typing import Any

import pytest

from incident_pipeline.errors import BadInput
from incident_pipeline.model.report import SCHEMA_VERSION
from incident_pipeline.reports.json import from_json, json_schema, to_json
from incident_pipeline.reports.text import visible_lines
from tests.reports.cases import CASES, hostile_case
from tests.reports.sample import GUILTY, commit_case


@pytest.mark.parametrize("name", [name for name in CASES if name != "hostile"])
def test_a_report_survives_the_round_trip(name: str) -> None:
    report = CASES[name]().build()
    assert from_json(to_json(report)) == report


def test_bytes_that_were_no_text_do_not_stop_a_report() -> None:
    again = from_json(to_json(hostile_case().build()))
    assert again.citations[0].citation.quote.endswith("? www.evil.example | 2214")


def test_no_character_of_a_report_steers_a_terminal() -> None:
    text = to_json(hostile_case().build())
    assert visible_lines(text) == text


def test_the_keys_scripts_read_are_there() -> None:
    data: dict[str, Any] = json.loads(to_json(commit_case().build()))
    assert (data["verdict"], data["category"], data["status"], data["confidence"]) == ("commit", "code", "LIKELY", 0.86)
    assert data["suspects"][0]["hash"] == GUILTY
    assert data["findings"][0]["line"] == 2214
    assert data["citations"][0]["citation"]["ref"] == "log:2214"
    assert data["occurred_at"] == "2026-11-24T14:02:00Z"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'{{"schema_version": {SCHEMA_VERSION + 1}, "new": true}}', "newer than this program reads"),
        ("{", "not JSON (line 1)"),
        ("[" * 100_000, "nested too deep"),
        ("[]", "no schema_version"),
        ("{}", "no schema_version"),
        ('{"schema_version": "1"}', "not a whole number"),
        ('{"schema_version": true}', "not a whole number"),
        ('{"schema_version": 1}', "incident: Field required"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_json(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_value_is_named_by_its_place() -> None:
    data: dict[str, Any] = json.loads(to_json(commit_case().build()))
    data["suspects"][0]["probability"] = "high"
    with pytest.raises(BadInput, match=r"report: suspects\.0\.probability: "):
        from_json(json.dumps(data))


def test_the_schema_describes_every_key_of_a_report() -> None:
    schema: dict[str, Any] = json.loads(json_schema())
    report: dict[str, Any] = json.loads(to_json(commit_case().build()))
    assert set(report) == set(schema["properties"])
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["required"]) <= set(report)
