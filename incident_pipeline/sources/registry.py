"""A configured entry in, an opened source out. A type is the name of a file in `sources/git` or `sources/logs`.

A new adapter is one file there (no edit here); a file that starts with `_` is no adapter. Modules are imported when an
entry of their type is checked or opened, never before. Surprising fact: an adapter imports its optional dependency
inside its functions; then `EXTRA = "elasticsearch"` in the module names the extra to install when it is missing.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from incident_pipeline.errors import ConfigError
from incident_pipeline.settings import Settings, SourceEntry, canonical_type
from incident_pipeline.settings.problems import Problem, config_error, unknown
from incident_pipeline.settings.validate import validate
from incident_pipeline.sources import git, logs
from incident_pipeline.sources.base import GitSource, LogSource, SourceConfig, SourceContext

_FOLDERS = {"git": git, "logs": logs}

canonical = canonical_type

_Kind = TypeVar("_Kind", GitSource, LogSource)


def git_types() -> tuple[str, ...]:
    """Every `type` that `git_sources` may name."""
    return _types("git")


def log_types() -> tuple[str, ...]:
    """Every `type` that `log_sources` may name (`local` is another word for `files`)."""
    return _types("logs")


def unknown_type(kind: str, name: str) -> str:
    """One line for a type that no file has: `unknown type 'githb', did you mean 'github'?`."""
    return unknown("type", name, _types(kind))


def config_model(kind: str, name: str) -> type[SourceConfig]:
    """The typed config of a type, whose class variables say more about it. ConfigError for an unknown type."""
    if name not in _types(kind):
        raise ConfigError(unknown_type(kind, name))
    return module_of(kind, name).Config


def open_git(entry: SourceEntry, *, settings: Settings) -> GitSource:
    """The git source of an entry. ConfigError when the entry is off; the adapter's own errors otherwise."""
    return _open(entry, settings, GitSource)


def open_logs(entry: SourceEntry, *, settings: Settings) -> LogSource:
    """The log source of an entry. ConfigError when the entry is off; the adapter's own errors otherwise."""
    return _open(entry, settings, LogSource)


def check_entry(entry: SourceEntry) -> None:
    """ConfigError with file, line and the nearest valid name when the entry is off, all its problems at once."""
    check_entries([entry])


def check_entries(entries: Iterable[SourceEntry]) -> None:
    """The same for many entries: one error with a line for each problem."""
    problems = [problem for entry in entries for problem in _check(entry)[1]]
    if problems:
        raise config_error(problems)


def _types(kind: str) -> tuple[str, ...]:
    found = pkgutil.iter_modules(_FOLDERS[kind].__path__)
    return tuple(sorted(m.name for m in found if not m.name.startswith("_")))


def _open(entry: SourceEntry, settings: Settings, kind: type[_Kind]) -> _Kind:
    config, problems = _check(entry)
    if config is None or problems:
        raise config_error(problems or [entry.problem("", "is disabled", at="enabled")])
    module = _module(entry)
    root = entry.path.absolute().parent if entry.path else Path.cwd()
    context = SourceContext(entry.name, settings.cache_dir / entry.kind / entry.name, root)
    try:
        source = module.open_source(config, context)
    except ModuleNotFoundError as error:
        raise config_error([_missing_dependency(entry, module, error)]) from error
    if not isinstance(source, kind):
        raise TypeError(f"{module.__name__}.open_source gave a {type(source).__name__}, not a {kind.__name__}")
    return source


def _check(entry: SourceEntry) -> tuple[SourceConfig | None, list[Problem]]:
    """A disabled entry is held to its type and the names of its keys only: its variables may not be set."""
    if not entry.type:
        return None, list(entry.problems)
    if entry.type not in _types(entry.kind):
        return None, [*entry.problems, entry.problem("", unknown_type(entry.kind, entry.type), at="type")]
    try:
        model: type[SourceConfig] = _module(entry).Config
    except ModuleNotFoundError as error:
        missing = [_missing_dependency(entry, None, error)] if entry.enabled else []
        return None, [*entry.problems, *missing]
    config, wrong = validate(model, entry.config)
    if not entry.enabled:
        wrong = tuple(w for w in wrong if w[2].startswith("unknown key"))
    return config, [*entry.problems, *(entry.problem(_key(k), text, at=_key(at)) for k, at, text in wrong)]


def _key(dotted: str) -> str:
    return f"config.{dotted}" if dotted else "config"


def _module(entry: SourceEntry) -> ModuleType:
    return module_of(entry.kind, entry.type)


def module_of(kind: str, name: str) -> ModuleType:
    """The adapter's module, imported now."""
    return importlib.import_module(f"{_FOLDERS[kind].__name__}.{name}")


def _missing_dependency(entry: SourceEntry, module: ModuleType | None, error: ModuleNotFoundError) -> Problem:
    missing = str(error.name).partition(".")[0]
    if missing == __name__.partition(".")[0]:
        raise error
    extra: Any = getattr(module, "EXTRA", None)
    package = f"'incident-responder[{extra}]'" if extra else missing
    return entry.problem("", f"{entry.type} needs {missing}: pip install {package}", at="type")
