"""No adapter without its test, its contract, its example and its row in the docs."""

from pathlib import Path

import pytest

from incident_pipeline.settings import load_settings
from incident_pipeline.sources import registry
from incident_pipeline.sources.base import SourceConfig
from tests.sources import proofs

ROOT = Path(__file__).resolve().parents[2]
TYPES = [*(("git", t) for t in registry.git_types()), *(("logs", t) for t in registry.log_types())]


@pytest.mark.parametrize(("kind", "name"), TYPES)
def test_every_adapter_has_tests_that_inherit_the_contract(kind: str, name: str) -> None:
    folder = ROOT / "tests" / "sources" / kind
    assert (folder / f"test_{name}.py").is_file()
    assert "Contract" in (folder / f"test_{name}_contract.py").read_text("utf-8")


@pytest.mark.parametrize(("kind", "name"), TYPES)
def test_every_adapter_has_an_example_that_its_config_takes(
    kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = ROOT / "examples" / "sources" / f"{name}.yaml"
    for variable in set(_variables(example.read_text("utf-8"))):
        monkeypatch.setenv(variable, "obviously-fake")
    settings = load_settings(example)
    entries = settings.git_sources if kind == "git" else settings.log_sources
    assert [e.type for e in entries if e.type == name] != []
    registry.check_entries(e for e in entries if e.enabled)


@pytest.mark.parametrize(("kind", "name"), TYPES)
def test_every_adapter_has_a_page_that_names_each_of_its_keys(kind: str, name: str) -> None:
    page = (ROOT / "docs" / "sources" / f"{name}.md").read_text("utf-8")
    model: type[SourceConfig] = registry.config_model(kind, name)
    assert [key for key in model.model_fields if f"`{key}`" not in page] == []


def test_the_docs_table_says_what_the_tests_prove() -> None:
    assert proofs.unknown() == set()
    assert proofs.tables() in (ROOT / "docs" / "sources.md").read_text("utf-8"), (
        "docs/sources.md is old: paste what `python -m tests.sources.proofs` prints"
    )


def _variables(text: str) -> list[str]:
    return [part.partition("}")[0].partition(":")[0] for part in text.split("${")[1:]]
