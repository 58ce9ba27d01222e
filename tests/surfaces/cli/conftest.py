import importlib
from pathlib import Path

import pytest

from tests.surfaces.cli.fakes import FakeInvestigation


@pytest.fixture(autouse=True)
def _empty_folder(  # pyright: ignore[reportUnusedFunction]
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every test runs in a folder of its own, without a config, outside any CI job."""
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> FakeInvestigation:
    """An investigation that answers with one invented report."""
    fake = FakeInvestigation()
    monkeypatch.setattr(importlib.import_module("incident_pipeline.flow.investigate"), "investigate", fake)
    return fake
