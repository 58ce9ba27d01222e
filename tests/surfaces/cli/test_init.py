from importlib.resources import files
from pathlib import Path

import pytest

from incident_pipeline.settings import load_settings
from incident_pipeline.sources.registry import check_entries, git_types, log_types
from incident_pipeline.surfaces.cli.main import main

ROOT = Path(__file__).resolve().parents[3]


def test_init_writes_a_config_that_loads_with_nothing_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    assert "incident-responder sources check --config config" in capsys.readouterr().out
    settings = load_settings(Path("config"), {})
    entries = (*settings.git_sources, *settings.log_sources)
    check_entries(entries)
    assert not [e.name for e in entries if e.enabled]
    assert {e.type for e in settings.git_sources} == set(git_types())
    # A type that is added is one file: its example stands in examples/sources, and here when somebody puts it here.
    assert {e.type for e in settings.log_sources} <= set(log_types())
    assert len(settings.log_sources) >= 6


@pytest.mark.parametrize("there", ["sources.yaml", "sources.toml", "app.yaml"])
def test_init_leaves_what_is_there_alone(capsys: pytest.CaptureFixture[str], there: str) -> None:
    Path("mine").mkdir()
    Path("mine", there).write_text("x")
    assert main(["init", "mine"]) == 2
    said = f"incident-responder: mine: {there} is there already and is left alone; name another folder\n"
    assert capsys.readouterr().err == said
    assert [(p.name, p.read_text()) for p in Path("mine").iterdir()] == [(there, "x")]


def test_init_into_a_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").write_text("x")
    assert main(["init", "mine"]) == 1
    assert capsys.readouterr().err == "incident-responder: mine: cannot be written: File exists\n"


@pytest.mark.parametrize(
    ("template", "example"),
    [
        ("sources.yaml", "config/sources.yaml"),
        ("app.yaml", "config/app.yaml"),
        ("dagster.yaml", "dagster.yaml"),
    ],
)
def test_what_the_package_carries_is_what_the_repository_shows(template: str, example: str) -> None:
    carried = (files("incident_pipeline.surfaces.cli") / "templates" / template).read_text()
    assert carried == (ROOT / example).read_text()
