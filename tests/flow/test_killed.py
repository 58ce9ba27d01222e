"""A process killed with signal 9 at any step, then run again: the same rows as if nothing had happened, none twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from incident_pipeline.flow.history import query
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.request import Request, to_origin
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.settings import load_settings
from tests.flow.sample import GREEN, Sample

STEPS = (
    "incident_pipeline.flow.logs.normalize",
    "incident_pipeline.flow.logs.ReadLog",
    "incident_pipeline.flow.collect.save_incident",
    "incident_pipeline.flow.judge.judge_failure",
    "incident_pipeline.flow.judge.save_evidence",
    "incident_pipeline.flow.report.render_html",
    "incident_pipeline.flow.report.save_report",
)
KILLED = """
import os, signal, sys
from unittest import mock
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.request import from_origin
from incident_pipeline.flow.workspace import open_workspace
from incident_pipeline.settings import load_settings
with mock.patch(sys.argv[1], side_effect=lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)):
    list(investigate(open_workspace(load_settings()), from_origin(sys.argv[2])))
"""
ROWS = (
    "SELECT log_id, line, raw FROM log_entries ORDER BY ALL",
    "SELECT log_id, lines, status FROM logs ORDER BY ALL",
    "SELECT hash, message FROM commits ORDER BY ALL",
    "SELECT hash, path, patch FROM commit_files ORDER BY ALL",
    "SELECT incident, label, log_id FROM incident_logs ORDER BY ALL",
    "SELECT incident, position, hash FROM incident_commits ORDER BY ALL",
    "SELECT incident, verdict, evidence_hash, current FROM reports ORDER BY ALL",
    "SELECT incident, position, line, text FROM findings ORDER BY ALL",
    "SELECT incident, position, hash, probability FROM suspects ORDER BY ALL",
)


def request_of(sample: Sample) -> Request:
    return Request(
        repo="acme/prices", git="local", git_path=sample.repo, log_files=(sample.failed_log,),
        green_logs=(sample.green_log,), last_green=sample.hashes[GREEN], head=sample.hashes[-1],
    )  # fmt: skip


def rows(ws: Workspace) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in query(ws, sql, max_rows=10_000, seconds=30).rows] for sql in ROWS]


def run(sample: Sample, home: Path) -> Workspace:
    ws = open_workspace(load_settings(env={"INCIDENT_RESPONDER_HOME": str(home)}))
    list(investigate(ws, request_of(sample)))
    return ws


@pytest.fixture(scope="module")
def undisturbed(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> list[list[tuple[object, ...]]]:
    return rows(run(sample, tmp_path_factory.mktemp("undisturbed")))


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_killed_and_run_again_leaves_the_rows_of_an_undisturbed_run(
    sample: Sample, step: str, undisturbed: list[list[tuple[object, ...]]], tmp_path: Path
) -> None:
    home = tmp_path / "killed"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, to_origin(request_of(sample))],
        env={**os.environ, "INCIDENT_RESPONDER_HOME": str(home)}, check=False, capture_output=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert rows(run(sample, home)) == undisturbed
