"""A request and the settings in, opened sources out: a configured entry where one fits, else one made of the flags.

Surprising fact: without `--git`, commits come from the enabled git source for the repository, else from the forge that
the logs come from.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from incident_pipeline.errors import ConfigError, IncidentError, UsageError
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.settings import Settings, SourceEntry
from incident_pipeline.sources import registry
from incident_pipeline.sources.base import CiLogSource, GitSource, LogSource


def open_logs(ws: Workspace, request: Request) -> LogSource:
    """The log source of a request, CI or not."""
    return registry.open_logs(_logs_entry(ws.settings, request), settings=ws.settings)


def open_ci_logs(ws: Workspace, request: Request) -> CiLogSource:
    """The CI system of a request. UsageError when its logs have no runs."""
    source = open_logs(ws, request)
    if not isinstance(source, CiLogSource):
        source.close()
        raise UsageError(f"{source.name}: has logs but no CI runs; give --since and --until, or --log-file")
    return source


def logs_type(ws: Workspace, request: Request) -> str:
    """Which type of log source a request means, in the registry's spelling."""
    return _logs_entry(ws.settings, request).type


def repo_of(ws: Workspace, request: Request) -> str | None:
    """The repository a request means: its own word, else the one its log source's entry names."""
    return request.repo or _repo_of(_logs_entry(ws.settings, request))


def repo_name(entry: SourceEntry) -> str:
    """What a source's repository is called: `owner/repo` of a forge, the folder's name of a local one."""
    path = entry.config.get("path")
    return _repo_of(entry) or (Path(str(path)).absolute().name if entry.type == "local" and path else entry.name)


def configured_repo(entry: SourceEntry) -> str:
    """`owner/repo` as an entry names it; empty where it names none (a Jenkins controller has many)."""
    return _repo_of(entry) or ""


def open_git(ws: Workspace, request: Request) -> GitSource | None:
    """The git source of a request; None when neither flags nor config name one."""
    entry = _git_entry(ws.settings, request)
    return registry.open_git(entry, settings=ws.settings) if entry else None


def check_sources(ws: Workspace) -> Iterator[SourceCheck]:
    """Try each enabled source with one small read. Errors become advice: one bad entry hides no other."""
    for entry in (*ws.settings.git_sources, *ws.settings.log_sources):
        if not entry.enabled:
            continue
        opener = registry.open_git if entry.kind == "git" else registry.open_logs
        try:
            with opener(entry, settings=ws.settings) as source:
                yield source.check()
        except IncidentError as error:
            yield SourceCheck(entry.name, entry.kind, entry.type, works=False, advice=str(error))


def run_owner(url: str) -> str | None:
    """The type of CI system that a run's page is of, where its host alone tells it (github.com)."""
    host = (urlsplit(url).hostname or "").lower()
    return next((t for t in registry.log_types() if host in registry.config_model("logs", t).run_hosts), None)


def ci_job(env: Mapping[str, str]) -> tuple[str, Mapping[str, str]] | None:
    """The type of CI system in whose job this runs, and what `job_variables` say of it; None outside of one."""
    for name in registry.log_types():
        found = {
            key: env.get(variable, "") for key, variable in registry.config_model("logs", name).job_variables.items()
        }
        if found.get("repo") and found.get("run_id"):
            return name, found
    return None


def _logs_entry(settings: Settings, request: Request) -> SourceEntry:
    if request.logs is None:
        enabled = [e for e in settings.log_sources if e.enabled]
        if len(enabled) == 1:
            return enabled[0]
        if request.run_url and (owner := _owner_of(request.run_url, enabled, settings)):
            return owner
        kinds = ", ".join(e.name for e in enabled) or "none is enabled in the config"
        raise UsageError(f"which logs? give --logs TYPE or --log-file FILE (configured: {kinds})")
    kind = registry.canonical("logs", request.logs)
    return _configured(settings.log_sources, kind, request.repo) or _from_flags("logs", kind, {})


def _owner_of(url: str, entries: Sequence[SourceEntry], settings: Settings) -> SourceEntry | None:
    """The first of several configured CI systems that knows the run's page; those that cannot be opened know none."""
    for entry in entries:
        try:
            with registry.open_logs(entry, settings=settings) as source:
                if isinstance(source, CiLogSource):
                    source.parse_run_url(url)
                    return entry
        except IncidentError:
            continue
    return None


def _git_entry(settings: Settings, request: Request) -> SourceEntry | None:
    if request.git_path is not None:
        if request.git and registry.canonical("git", request.git) != "local":
            raise UsageError(f"--git-path goes with --git local, not with --git {request.git}")
        return _from_flags("git", "local", {"path": str(request.git_path)})
    if request.git is not None:
        kind = registry.canonical("git", request.git)
        entry = _configured(settings.git_sources, kind, request.repo)
        if entry is None and kind == "local":
            raise UsageError("--git local needs --git-path DIR (or an enabled git source of type local in the config)")
        return entry or _from_flags("git", kind, {})
    if request.repo and (entry := _for_repo(settings.git_sources, request.repo)):
        return entry
    forge = registry.config_model("logs", registry.canonical("logs", request.logs)).forge if request.logs else None
    if forge:
        return _configured(settings.git_sources, forge, request.repo) or _from_flags("git", forge, {})
    enabled = [e for e in settings.git_sources if e.enabled]
    return enabled[0] if len(enabled) == 1 else None


def _configured(entries: tuple[SourceEntry, ...], kind: str, repo: str | None) -> SourceEntry | None:
    fitting = [e for e in entries if e.enabled and e.type == kind and _repo_of(e) in {None, repo or _repo_of(e)}]
    return next((e for e in fitting if repo and _repo_of(e) == repo), fitting[0] if fitting else None)


def _for_repo(entries: tuple[SourceEntry, ...], repo: str) -> SourceEntry | None:
    return next((e for e in entries if e.enabled and _repo_of(e) == repo), None)


def _repo_of(entry: SourceEntry) -> str | None:
    owner, repo = entry.config.get("owner"), entry.config.get("repo")
    return f"{owner}/{repo}" if owner and repo else None


def _from_flags(kind: str, type_name: str, config: Mapping[str, str]) -> SourceEntry:
    known = registry.git_types() if kind == "git" else registry.log_types()
    if type_name not in known:
        raise ConfigError(registry.unknown_type(kind, type_name))
    variables = registry.config_model(kind, type_name).variables
    found = {key: next((v for n in names if (v := os.environ.get(n))), None) for key, names in variables.items()}
    return SourceEntry(
        kind="git" if kind == "git" else "logs",
        type=type_name,
        name=type_name,
        enabled=True,
        config={**config, **{key: value for key, value in found.items() if value}},
        path=None,
        lines={},
    )
