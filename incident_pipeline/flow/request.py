"""What a caller asks to be investigated: the CLI's flags, a partition's origin or an API body, in one value."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """Times are aware UTC. `notes` are said again in the report (e.g. that naive times were taken as UTC).

    `services`: whose production logs are read; without any, the repository's name is the service's.
    """

    logs: str | None = None
    repo: str | None = None
    run_url: str | None = None
    run_id: str | None = None
    attempt: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    git: str | None = None
    git_path: Path | None = None
    log_files: tuple[Path, ...] = ()
    green_logs: tuple[Path, ...] = ()
    last_green: str | None = None
    head: str | None = None
    notes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


_PATHS = ("log_files", "green_logs")


def to_origin(request: Request) -> str:
    """JSON kept with the incident, so that its window can be read again later. Holds no secret: a request has none."""
    fields = {name: getattr(request, name) for name in Request.__dataclass_fields__}
    return json.dumps(
        {k: _plain(v) for k, v in fields.items() if v not in (None, ())}, ensure_ascii=False, sort_keys=True
    )


def from_origin(origin: str) -> Request:
    """The request an incident came from."""
    fields = json.loads(origin)
    for name in _PATHS:
        fields[name] = tuple(Path(p) for p in fields.get(name, ()))
    if "git_path" in fields:
        fields["git_path"] = Path(fields["git_path"])
    for name in ("since", "until"):
        if name in fields:
            fields[name] = datetime.fromisoformat(fields[name])
    for name in ("notes", "services"):
        fields[name] = tuple(fields.get(name, ()))
    return Request(**fields)


def _plain(value: str | int | Path | datetime | tuple[Path | str, ...]) -> str | int | list[str]:
    if isinstance(value, tuple):
        return [str(v.absolute()) if isinstance(v, Path) else v for v in value]
    if isinstance(value, Path):
        return str(value.absolute())
    return value.isoformat() if isinstance(value, datetime) else value
