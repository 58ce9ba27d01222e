from pathlib import Path

import pytest

from incident_pipeline.errors import ConfigError
from incident_pipeline.settings import Settings, load_settings

TOKEN = "ghp_" + "x" * 36


def _load(folder: Path, sources: str = "", *, app: str = "", env: dict[str, str] | None = None) -> Settings:
    (folder / "sources.yaml").write_text(sources)
    (folder / "app.yaml").write_text(app)
    return load_settings(folder, {"INCIDENT_RESPONDER_HOME": str(folder / "home"), **(env or {})})


def _refused(folder: Path, sources: str = "", *, app: str = "") -> list[str]:
    with pytest.raises(ConfigError) as error:
        _load(folder, sources, app=app)
    return str(error.value).replace(str(folder) + "/", "").splitlines()


def test_the_documented_keys_are_accepted_as_they_stand(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        "git_sources:\n"
        "  - type: github\n    enabled: true\n    config: {owner: myorg, repo: myapp, token: '${GITHUB_TOKEN}'}\n"
        "  - type: local\n    config: {path: /path/to/repo}\n"
        "log_sources:\n"
        "  - type: github-actions\n"
        "  - type: datadog\n    enabled: false\n    config: {api_key: '${DD_API_KEY}', app_key: '${DD_APP_KEY}'}\n"
        "  - type: elasticsearch\n    config: {hosts: ['${ES:-http://localhost:9200}']}\n",
        env={"GITHUB_TOKEN": TOKEN},
    )
    assert [(e.kind, e.type, e.name, e.enabled) for e in settings.git_sources] == [
        ("git", "github", "github", True),
        ("git", "local", "local", True),
    ]
    assert settings.git_sources[0].config == {"owner": "myorg", "repo": "myapp", "token": TOKEN}
    assert [(e.type, e.enabled) for e in settings.log_sources] == [
        ("github_actions", True),
        ("datadog", False),
        ("elasticsearch", True),
    ]
    assert settings.log_sources[2].config == {"hosts": ["http://localhost:9200"]}
    assert not any(e.problems for e in (*settings.git_sources, *settings.log_sources))
    assert settings.git_sources[0].lines[""] == 2
    assert settings.git_sources[0].lines["config.owner"] == 4


def test_toml_takes_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text('[[log_sources]]\ntype = "local"\n[log_sources.config]\npath = "${P}"\n')
    settings = load_settings(tmp_path, {"P": "x.log"})
    assert [(e.type, e.config, e.lines["config.path"]) for e in settings.log_sources] == [
        ("files", {"path": "x.log"}, 4)
    ]


def test_a_secret_is_in_no_repr(tmp_path: Path) -> None:
    settings = _load(tmp_path, "git_sources: [{type: github, config: {token: '${T}'}}]", env={"T": TOKEN})
    assert settings.git_sources[0].config["token"] == TOKEN
    assert TOKEN not in repr(settings)


def test_a_missing_variable_is_a_problem_of_enabled_entries_only(tmp_path: Path) -> None:
    entries = "{type: github, enabled: %s, config: {token: '${NOPE}'}}"
    settings = _load(tmp_path, f"git_sources: [{entries % 'false'}, {entries % 'true'}]")
    assert settings.git_sources[0].problems == ()
    (problem,) = settings.git_sources[1].problems
    said = "git_sources[1].config.token: variable NOPE is not set: export it, or give a default: ${NOPE:-...}"
    assert str(problem) == f"{tmp_path}/sources.yaml:1: {said}"


def test_enabled_may_come_from_a_variable(tmp_path: Path) -> None:
    text = "log_sources: [{type: files, enabled: '${ON:-no}'}]"
    assert [_load(tmp_path, text, env=e).log_sources[0].enabled for e in ({}, {"ON": "true"})] == [False, True]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{type: github, enabeld: true}", "git_sources[0]: unknown key 'enabeld', did you mean 'enabled'?"),
        ("{enabled: true}", "git_sources[0]: type is missing, such as type: github"),
        ("{type: }", "git_sources[0]: type is missing, such as type: github"),
        ("{type: github, name: ../x}", "git_sources[0].name: use letters, digits, hyphen, underscore and dot"),
        ("{type: 7}", "git_sources[0].type: expected a word in quotes"),
        ("{type: github, name: ' '}", "git_sources[0].name: expected a word in quotes"),
        ("{type: github, enabled: perhaps}", "git_sources[0].enabled: expected true or false"),
        ("{type: github, config: [a]}", "git_sources[0].config: expected keys and values"),
        ("github", "git_sources[0]: expected keys: type, enabled, name, config"),
    ],
)
def test_a_broken_entry_keeps_its_problem_and_stops_no_other(tmp_path: Path, entry: str, said: str) -> None:
    settings = _load(tmp_path, f"git_sources:\n  - {entry}\nlog_sources:\n  - type: files\n")
    assert [str(p) for p in settings.git_sources[0].problems] == [f"{tmp_path}/sources.yaml:2: {said}"]
    assert settings.log_sources[0].problems == ()


def test_names_default_to_the_type_and_stay_unique(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        "git_sources: [{type: github}, {type: github}, {type: github, name: web}, {type: local, name: web}]",
    )
    assert [e.name for e in settings.git_sources] == ["github", "github-2", "web", "web-2"]
    assert [[p.text for p in e.problems] for e in settings.git_sources] == [
        [], [], [], ["git_sources[3].name: 'web' is taken: each source of a section has its own"],
    ]  # fmt: skip


def test_all_problems_of_the_files_are_said_at_once_in_order(tmp_path: Path) -> None:
    sources = "git_source:\n  - type: github\nlog_sources:\n  - enabeld: true\n    type: files\nlog_sources: 3\n"
    assert _refused(tmp_path, sources, app="warehouse:\n  wait_secs: 3\n") == [
        "app.yaml:2: warehouse: unknown key 'wait_secs', did you mean 'wait_seconds'?",
        "sources.yaml:1: unknown key 'git_source', did you mean 'git_sources'?",
        "sources.yaml:4: log_sources[0]: unknown key 'enabeld', did you mean 'enabled'?",
        "sources.yaml:6: key 'log_sources' is given twice (first in line 3)",
    ]


def test_a_section_must_be_a_list(tmp_path: Path) -> None:
    assert _refused(tmp_path, "git_sources: {type: github}\n") == [
        "sources.yaml:1: git_sources: expected a list (- type: ...)"
    ]


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("query: {max_rows: many}", "app.yaml:1: query.max_rows: should be a valid integer"),
        ("query:\n  seconds: -1", "app.yaml:2: query.seconds: should be greater than 0"),
        ("quary: {}", "app.yaml:1: unknown key 'quary', did you mean 'query'?"),
        ("zzz: 1", "app.yaml:1: unknown key 'zzz'; known: query, warehouse"),
        ("query:\n  max_rows: ${NOPE}", "app.yaml:2: query.max_rows: variable NOPE is not set"),
        ("query: 3", "app.yaml:1: query: "),
    ],
)
def test_a_wrong_app_file_is_one_line(tmp_path: Path, app: str, said: str) -> None:
    lines = _refused(tmp_path, app=app)
    assert lines[0].startswith(said)


def test_app_values_may_come_from_variables(tmp_path: Path) -> None:
    settings = _load(tmp_path, app="warehouse: {wait_seconds: '${W}'}\nquery:\n", env={"W": "1.5"})
    assert settings.app.warehouse.wait_seconds == 1.5
    assert settings.app.query.max_rows == 10_000


def test_no_config_at_all_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None, {"INCIDENT_RESPONDER_HOME": "data"})
    assert settings.config_dir is None
    assert settings.git_sources == settings.log_sources == ()
    assert settings.home == tmp_path / "data"
    assert settings.tenant_home("default") == tmp_path / "data/tenants/default"
    assert settings.cache_dir == tmp_path / "data/cache"


def test_the_flag_wins_over_the_variable_over_the_folder_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("config", "named", "flagged"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sources.yaml").write_text(f"log_sources: [{{type: files, name: {name}}}]")
    env = {"INCIDENT_RESPONDER_CONFIG": str(tmp_path / "named")}
    asked: list[tuple[Path | None, dict[str, str]]] = [(None, {}), (None, env), (tmp_path / "flagged", env)]
    found = [load_settings(path, variables).log_sources[0].name for path, variables in asked]
    assert found == ["config", "named", "flagged"]
    assert load_settings(None, {}).log_sources[0].path == Path("config/sources.yaml")


def test_the_config_may_be_the_sources_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("log_sources: [{type: files}]")
    (tmp_path / "app.yaml").write_text("query: {max_rows: 5}")
    settings = load_settings(path, {})
    assert (settings.log_sources[0].path, settings.config_dir, settings.app.query.max_rows) == (path, tmp_path, 5)


def test_a_named_config_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    for path, said in (
        (tmp_path / "none", "--config: no such file or folder; `incident-responder init` writes a config"),
        (tmp_path, "--config: no sources.yaml here; `incident-responder init` writes one"),
        (tmp_path / "notes.txt", "--config: expected a folder, or a file that ends in .yaml, .yml, .toml"),
    ):
        with pytest.raises(ConfigError) as error:
            load_settings(path, {})
        assert str(error.value) == f"{path}: {said}"
    with pytest.raises(ConfigError, match="INCIDENT_RESPONDER_CONFIG: no such file"):
        load_settings(None, {"INCIDENT_RESPONDER_CONFIG": str(tmp_path / "none")})


def test_two_files_for_one_thing_are_refused(tmp_path: Path) -> None:
    for name in ("sources.yaml", "sources.toml"):
        (tmp_path / name).write_text("")
    with pytest.raises(ConfigError, match=r"both sources\.yaml and sources\.toml are here: keep one"):
        load_settings(tmp_path, {})


def test_the_data_folder_is_the_platforms_own_without_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert load_settings(None, {}).home.name == "incident-responder"
    assert load_settings(None, {}).home.is_absolute()
