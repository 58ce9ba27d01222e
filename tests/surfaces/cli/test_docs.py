"""docs/cli.md and docs/configuration.md say what the program does."""

import re
import textwrap
from pathlib import Path

import pytest

from incident_pipeline.settings import AppConfig, load_settings
from incident_pipeline.sources.registry import check_entries
from incident_pipeline.surfaces.cli.main import main

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_every_option_of_investigate_is_documented_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    main(["investigate", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    section = (DOCS / "cli.md").read_text().partition("## investigate")[2].partition("\n## ")[0]
    assert set(re.findall(r"--[a-z-]+[a-z]", section)) == options


def test_the_sources_example_loads_as_it_stands(tmp_path: Path) -> None:
    example = (DOCS / "configuration.md").read_text().partition("## sources.yaml\n")[2].partition("\n`sources.toml`")[0]
    path = tmp_path / "sources.yaml"
    path.write_text(textwrap.dedent(example))
    settings = load_settings(path, {"GITHUB_TOKEN": "x"})
    check_entries((*settings.git_sources, *settings.log_sources))
    assert [e.name for e in settings.git_sources] == ["github", "checkout"]
    assert [e.name for e in settings.log_sources] == ["github_actions", "datadog", "elasticsearch"]


def test_the_app_table_names_every_key_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \| (\S+) \|", (DOCS / "configuration.md").read_text(), re.MULTILINE)
    documented = {(section, key): float(default) for section, key, default in rows}
    actual = {(s, k): float(v) for s, values in AppConfig().model_dump().items() for k, v in values.items()}
    assert documented == actual
