"""A workspace of its own for each test of the verbs, and the sample incident, made once a file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.settings import load_settings
from tests.flow.sample import Sample, make_sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_warehouse: Callable[[Path], Path]) -> Workspace:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INCIDENT_RESPONDER_HOME", str(tmp_path / "data"))
    ws = open_workspace(load_settings())
    make_warehouse(ws.warehouse.folder)
    return ws
