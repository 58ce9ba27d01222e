import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from incident_pipeline.surfaces.cli.main import main


class _Became(BaseException):
    """Raised in place of becoming Dagster."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Sequence[str], Mapping[str, str]]]:
    """What `up` would have become."""
    calls: list[tuple[str, Sequence[str], Mapping[str, str]]] = []

    def execve(path: str, words: Sequence[str], env: Mapping[str, str]) -> None:
        calls.append((path, words, env))
        raise _Became

    monkeypatch.setattr(os, "execve", execve)
    return calls


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_up_becomes_dagster_with_this_packages_definitions(
    started: list[tuple[str, Sequence[str], Mapping[str, str]]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    port = _free_port()
    with pytest.raises(_Became):
        main(["up", "--port", str(port)])
    ((path, words, env),) = started
    assert path == sys.executable
    assert list(words[3:]) == [
        "-m", "dagster", "dev", "-m", "incident_pipeline.definitions", "-h", "127.0.0.1", "-p", str(port),
    ]  # fmt: skip
    home = Path(env["DAGSTER_HOME"])
    assert home.is_relative_to(env["INCIDENT_RESPONDER_HOME"])
    assert home.stat().st_mode & 0o077 == 0
    assert "enabled: false" in (home / "dagster.yaml").read_text().partition("telemetry:")[2].splitlines()[1]
    assert "INCIDENT_RESPONDER_CONFIG" not in env
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().err


def test_a_dagster_yaml_that_is_there_is_the_users(
    started: list[tuple[str, Sequence[str], Mapping[str, str]]],
) -> None:
    home = Path(os.environ["INCIDENT_RESPONDER_HOME"]) / "dagster"
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text("mine: true")
    with pytest.raises(_Became):
        main(["up", "--port", str(_free_port())])
    assert (home / "dagster.yaml").read_text() == "mine: true"


def test_a_config_with_a_broken_entry_still_starts_and_is_passed_on(
    started: list[tuple[str, Sequence[str], Mapping[str, str]]], tmp_path: Path
) -> None:
    Path("config").mkdir()
    Path("config/sources.yaml").write_text("git_sources: [{type: nonsense}]")
    with pytest.raises(_Became):
        main(["up", "--port", str(_free_port())])
    assert started[0][2]["INCIDENT_RESPONDER_CONFIG"] == str(tmp_path / "config")


def test_a_port_in_use_is_one_line(
    started: list[tuple[str, Sequence[str], Mapping[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["up", "--port", str(port)]) == 2
    said = f"incident-responder: 127.0.0.1:{port}: Address already in use; choose another --host or --port\n"
    assert capsys.readouterr().err == said
    assert started == []


def test_an_open_address_warns_that_there_is_no_login(
    started: list[tuple[str, Sequence[str], Mapping[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(_Became):
        main(["up", "--host", "0.0.0.0", "--port", str(_free_port())])
    assert "no login" in capsys.readouterr().err


def test_a_background_job_of_a_script_can_be_ended_all_the_same(
    started: list[tuple[str, Sequence[str], Mapping[str, str]]],
) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(_Became):
            main(["up", "--port", str(_free_port())])
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)
