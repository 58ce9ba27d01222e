import importlib
from pathlib import Path
from typing import Any, Literal

import pytest

from incident_pipeline.errors import ConfigError
from incident_pipeline.settings import Settings, SourceEntry, load_settings
from incident_pipeline.sources import git, logs, registry
from incident_pipeline.sources.base import LogSource, SourceConfig

TOKEN = "ghp_" + "x" * 36

ADAPTER = """
from collections.abc import Iterator
from incident_pipeline.model.logs import LogEntry, SourceCheck
from incident_pipeline.sources.base import LogSource, SourceConfig

class Config(SourceConfig):
    address: str
    limit: int = 3

class Eleventh(LogSource):
    def __init__(self, config, context):
        self.name, self.config, self.context = context.name, config, context
    def get_logs(self, service, since, until, level=None):
        yield LogEntry(None, None, "hello")
    def check(self):
        return SourceCheck(self.name, "logs", "x", works=True)

def open_source(config, context):
    return Eleventh(config, context)
"""


def _entry(
    kind: Literal["git", "logs"], type_name: str, config: dict[str, Any] | None = None, *, enabled: bool = True
) -> SourceEntry:
    return SourceEntry(kind, type_name, type_name, enabled, config or {}, Path("c/sources.yaml"), {"": 2, "type": 3})


def _settings(home: Path) -> Settings:
    return Settings(home=home, config_dir=None)


def _said(entry: SourceEntry) -> str:
    with pytest.raises(ConfigError) as error:
        registry.check_entry(entry)
    return str(error.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A second folder of log adapters, as if files had been added to `sources/logs`."""
    monkeypatch.setattr(logs, "__path__", [*logs.__path__, str(tmp_path)])
    return tmp_path


def test_the_types_are_the_names_of_the_files() -> None:
    assert set(registry.git_types()) == {"bitbucket", "github", "gitlab", "local"}
    known = {"cloudwatch", "datadog", "elasticsearch", "files", "github_actions", "jenkins"}
    assert set(registry.log_types()) >= known
    files = (p.stem for folder in logs.__path__ for p in Path(folder).glob("*.py"))
    assert set(registry.log_types()) == {name for name in files if not name.startswith("_")}


def test_a_new_adapter_is_one_file(folder: Path, tmp_path: Path) -> None:
    (folder / "eleventh_a.py").write_text(ADAPTER)
    (folder / "_hidden.py").write_text("raise AssertionError('never imported')")
    assert "eleventh_a" in registry.log_types()
    assert "_hidden" not in registry.log_types()
    entry = _entry("logs", "eleventh_a", {"address": "here", "limit": "4"})
    with registry.open_logs(entry, settings=_settings(tmp_path)) as source:
        assert isinstance(source, LogSource)
        assert source.name == "eleventh_a"
        assert vars(source)["config"].limit == 4
        assert vars(source)["context"].cache_dir == tmp_path / "cache/logs/eleventh_a"
        assert vars(source)["context"].root == Path("c").absolute()


def test_listing_types_imports_no_adapter(folder: Path) -> None:
    (folder / "eleventh_b.py").write_text("raise AssertionError('imported')")
    assert "eleventh_b" in registry.log_types()


@pytest.mark.parametrize(
    ("kind", "word", "meant"),
    [
        ("logs", "github-actions", "github_actions"),
        ("logs", "GitHub_Actions", "github_actions"),
        ("logs", "local", "files"),
        ("git", "local", "local"),
    ],
)
def test_spellings_of_a_type(kind: str, word: str, meant: str) -> None:
    assert registry.canonical(kind, word) == meant


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            _entry("git", "bitbukcet"),
            "c/sources.yaml:3: bitbukcet: unknown type 'bitbukcet', did you mean 'bitbucket'?",
        ),
        (
            _entry("git", "gitlab", {"onwer": "x"}),
            "c/sources.yaml:2: gitlab.config: unknown key 'onwer', did you mean 'owner'?",
        ),
        (_entry("logs", "datadog", {"api_key": "a"}), "c/sources.yaml:2: datadog.config: key 'app_key' is missing"),
        (
            _entry("logs", "elasticsearch", {"hosts": []}),
            "c/sources.yaml:2: elasticsearch.config.hosts: Tuple should have at least 1 item",
        ),
    ],
)
def test_a_wrong_entry_is_one_line_with_the_nearest_name(entry: SourceEntry, said: str) -> None:
    assert _said(entry).startswith(said)


def test_an_unknown_type_far_from_all_names_lists_them() -> None:
    assert registry.unknown_type("git", "zzz") == "unknown type 'zzz'; known: bitbucket, github, gitlab, local"


def test_a_secret_of_the_wrong_kind_is_not_quoted() -> None:
    said = _said(_entry("logs", "datadog", {"api_key": [TOKEN], "app_key": {"x": TOKEN}}))
    assert "datadog.config.api_key" in said
    assert TOKEN not in said


def test_a_disabled_entry_is_held_to_type_and_key_names_only() -> None:
    registry.check_entry(_entry("logs", "datadog", enabled=False))
    with pytest.raises(ConfigError, match="unknown key 'api_kye', did you mean 'api_key'"):
        registry.check_entries([_entry("logs", "datadog", {"api_kye": "x"}, enabled=False)])


def test_the_documented_keys_pass_and_all_problems_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(
        "git_sources:\n"
        "  - {type: github, config: {owner: o, repo: r, token: '${T}'}}\n"
        "  - {type: local, config: {path: /path/to/repo}}\n"
        "log_sources:\n"
        "  - {type: datadog, config: {api_key: a, app_key: b}}\n"
        "  - {type: elasticsearch, config: {hosts: ['http://localhost:9200']}}\n"
    )
    settings = load_settings(path, {"T": TOKEN})
    registry.check_entries((*settings.git_sources, *settings.log_sources))
    path.write_text(
        "git_sources:\n  - {type: gitlab, config: {onwer: o, token: '${T}'}}\nlog_sources:\n  - {type: jenkisn}\n"
    )
    settings = load_settings(path, {})
    with pytest.raises(ConfigError) as error:
        registry.check_entries((*settings.git_sources, *settings.log_sources))
    assert str(error.value).splitlines() == [
        f"{path}:2: git_sources[0].config.token: variable T is not set: export it, or give a default: ${{T:-...}}",
        f"{path}:2: git_sources[0].config: unknown key 'onwer', did you mean 'owner'?",
        f"{path}:4: log_sources[0]: unknown type 'jenkisn', did you mean 'jenkins'?",
    ]
    assert (error.value.path, error.value.line) == (path, 2)


def test_a_missing_optional_dependency_names_its_extra(folder: Path, tmp_path: Path) -> None:
    body = ADAPTER.replace("return Eleventh", "import no_such_package\n    return Eleventh")
    (folder / "eleventh_c.py").write_text('EXTRA = "lake"\n' + body)
    with pytest.raises(ConfigError) as error:
        registry.open_logs(_entry("logs", "eleventh_c", {"address": "x"}), settings=_settings(tmp_path))
    assert str(error.value).endswith("eleventh_c needs no_such_package: pip install 'incident-responder[lake]'")


def test_a_missing_package_at_import_is_named(folder: Path) -> None:
    (folder / "eleventh_d.py").write_text("import no_such_package\n" + ADAPTER)
    assert _said(_entry("logs", "eleventh_d")).endswith("eleventh_d needs no_such_package: pip install no_such_package")
    registry.check_entries([_entry("logs", "eleventh_d", enabled=False)])


def test_a_defect_of_ours_is_not_dressed_up_as_a_missing_package(folder: Path) -> None:
    (folder / "eleventh_e.py").write_text("import incident_pipeline.nowhere\n")
    with pytest.raises(ModuleNotFoundError):
        registry.check_entry(_entry("logs", "eleventh_e"))


def test_every_adapter_has_a_typed_config_and_can_be_opened() -> None:
    for package, names in ((git, registry.git_types()), (logs, registry.log_types())):
        for name in names:
            module = importlib.import_module(f"{package.__name__}.{name}")
            assert issubclass(module.Config, SourceConfig)
            assert callable(module.open_source)


def test_a_disabled_entry_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="datadog: is disabled"):
        registry.open_logs(_entry("logs", "datadog", enabled=False), settings=_settings(tmp_path))
