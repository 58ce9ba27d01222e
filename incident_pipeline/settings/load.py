"""A config folder (or none) and the environment in, `Settings` out.

Found by `--config`, else `INCIDENT_RESPONDER_CONFIG`, else `./config`. No config at all is fine: flags suffice.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from incident_pipeline.errors import ConfigError
from incident_pipeline.settings.app import AppConfig, Settings
from incident_pipeline.settings.document import read_document
from incident_pipeline.settings.entries import read_entries
from incident_pipeline.settings.problems import Problem, config_error
from incident_pipeline.settings.validate import validate
from incident_pipeline.settings.variables import Value, fill

CONFIG_VARIABLE = "INCIDENT_RESPONDER_CONFIG"
HOME_VARIABLE = "INCIDENT_RESPONDER_HOME"
DEFAULT_FOLDER = Path("config")
_SUFFIXES = (".yaml", ".yml", ".toml")


def load_settings(config: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Settings of this installation; `config` is a folder or a sources file. Broken entries keep their problems.

    ConfigError for what no entry owns: an unreadable file, an unknown section, a wrong `app.yaml`, a named config that
    is not there.
    """
    env = os.environ if env is None else env
    sources, app_file, folder = _find(config, env)
    document = read_document(sources) if sources else None
    entries, problems = read_entries(document, env) if document else ((), ())
    app, app_problems = _app(app_file, env)
    if problems or app_problems:
        # Whoever mends the file wants to hear of its entries in the same breath.
        raise config_error([*problems, *app_problems, *(p for e in entries for p in e.problems)])
    return Settings(
        home=_home(env),
        config_dir=folder,
        git_sources=tuple(e for e in entries if e.kind == "git"),
        log_sources=tuple(e for e in entries if e.kind == "logs"),
        app=app,
    )


def _find(config: Path | None, env: Mapping[str, str]) -> tuple[Path | None, Path | None, Path | None]:
    """(sources file, app file, folder), each None when absent."""
    named, by = config, "--config"
    if named is None and env.get(CONFIG_VARIABLE):
        named, by = Path(env[CONFIG_VARIABLE]).expanduser(), CONFIG_VARIABLE
    path = named or DEFAULT_FOLDER
    if path.is_dir():
        sources, app = _one_of(path, "sources"), _one_of(path, "app")
        if named and not (sources or app):
            raise ConfigError(f"{by}: no sources.yaml here; `incident-responder init` writes one", path=path)
        return sources, app, path if sources or app else None
    if named is None:
        return None, None, None
    if not path.exists():
        raise ConfigError(f"{by}: no such file or folder; `incident-responder init` writes a config", path=path)
    if path.suffix not in _SUFFIXES:
        raise ConfigError(f"{by}: expected a folder, or a file that ends in {', '.join(_SUFFIXES)}", path=path)
    return path, _one_of(path.parent, "app"), path.parent


def _one_of(folder: Path, stem: str) -> Path | None:
    found = [folder / (stem + s) for s in _SUFFIXES if (folder / (stem + s)).is_file()]
    if len(found) > 1:
        raise ConfigError(f"both {found[0].name} and {found[1].name} are here: keep one", path=folder)
    return found[0] if found else None


def _app(path: Path | None, env: Mapping[str, str]) -> tuple[AppConfig, tuple[Problem, ...]]:
    if path is None:
        return AppConfig(), ()
    document = read_document(path)
    problems = list(document.problems)
    values: dict[str, Value] = {}
    for key, value in document.data.items():
        if value is not None:
            values[key], wrong = fill(value, env, key=key)
            problems += [Problem(path, document.line(at), f"{at}: {text}") for at, text in wrong]
    app, off = validate(AppConfig, values)
    problems += [Problem(path, document.line(at), f"{key}: {text}" if key else text) for key, at, text in off]
    return app or AppConfig(), tuple(problems)


def _home(env: Mapping[str, str]) -> Path:
    if env.get(HOME_VARIABLE):
        return Path(env[HOME_VARIABLE]).expanduser().absolute()
    from platformdirs import user_data_path  # noqa: PLC0415 - a set variable spares the import

    return user_data_path("incident-responder", appauthor=False).absolute()
