"""The questions of docs/sql.md are asked of a real warehouse, so that the page stays true."""

import re
from pathlib import Path

import pytest

from incident_pipeline.flow.feedback import give_feedback
from incident_pipeline.flow.history import query
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.subject import load_subject
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.settings import load_settings
from tests.flow.sample import GREEN, make_sample

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sql.md"
QUESTIONS = re.findall(r"\| `(SELECT [^`]+)` \|", PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("warehouse")
    sample = make_sample(folder)
    opened = open_workspace(load_settings(env={"INCIDENT_RESPONDER_HOME": str(folder / "data")}))
    request = Request(
        repo="acme/prices", git="local", git_path=sample.repo, log_files=(sample.failed_log,),
        green_logs=(sample.green_log,), last_green=sample.hashes[GREEN],
    )  # fmt: skip
    (stored,) = investigate(opened, request)
    subject = load_subject(opened, stored.report.incident)
    give_feedback(opened, subject.incident.id, answer="flaky", author="ana")  # which the report denies
    return opened


def test_the_page_asks_something() -> None:
    assert len(QUESTIONS) >= 10


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_of_the_page_is_answered(ws: Workspace, question: str) -> None:
    incident = query(ws, "SELECT incident FROM incidents", max_rows=1, seconds=10).rows[0][0]
    found = query(ws, question.replace("acme-shop-1842", incident).replace("2214", "5"), max_rows=100, seconds=10)
    assert found.columns
    if "src/%" not in question:
        assert found.rows, "the sample gives this question no answer"


def test_every_table_and_column_is_in_the_dictionary_with_its_meaning(ws: Workspace) -> None:
    found = query(ws, "SELECT * FROM data_dictionary", max_rows=10_000, seconds=10)
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    assert len(rows) > 150
    assert [(row["relation"], row["column"]) for row in rows if not row["comment"]] == []
