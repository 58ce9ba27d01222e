"""Fixtures of the whole suite: a temporary home, no models, no network but loopback, and where the shared data lies."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.warehouse.store import Warehouse

SHARED_VARIABLE = "INCIDENT_RESPONDER_SHARED"
SHARED_DEFAULT = Path(__file__).resolve().parents[2] / "shared"
_TELLING = (
    "INCIDENT_RESPONDER_", "GITHUB_", "GH_", "GITLAB_", "CI_", "BITBUCKET_", "JENKINS_", "JOB_", "BUILD_", "DD_",
    "DATADOG_", "ELASTIC", "AWS_",
)  # fmt: skip
"""Variables by which a machine's own credentials or CI job would tell the program something."""

_LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def _quiet_environment(  # pyright: ignore[reportUnusedFunction]
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in [n for n in os.environ if n.startswith(_TELLING)]:
        if name != SHARED_VARIABLE:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("INCIDENT_RESPONDER_HOME", str(home / "incident-responder"))
    for name, value in {
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_TRACING_ENABLED": "false",
        "CREWAI_DISABLE_VERSION_CHECK": "true",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not str(address[0]).startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to reach {address[0]}: tests talk to this machine only")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with recordings and labelled incidents; tests that need it are skipped, loudly, where it is absent."""
    path = Path(os.environ.get(SHARED_VARIABLE, SHARED_DEFAULT))
    if not path.is_dir():
        pytest.skip(f"shared data not found at {path}: set {SHARED_VARIABLE}")
    return path


@pytest.fixture(scope="session")
def make_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Puts an empty warehouse into a folder: copied, since making its tables anew takes a tenth of a second each."""
    made = tmp_path_factory.mktemp("empty") / "tenant"
    with Warehouse(made).writing():
        pass
    return lambda folder: shutil.copytree(made, folder)
