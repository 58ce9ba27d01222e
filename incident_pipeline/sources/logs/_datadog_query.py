"""What is asked of Datadog in, a query in its log search syntax out.

https://docs.datadoghq.com/logs/explorer/search_syntax/ and, for the statuses,
https://docs.datadoghq.com/logs/log_configuration/processors/log_status_remapper/. Surprising fact: Datadog stores nine
statuses and no other; `fatal` became `emergency` and `trace` became `debug` on their way in, and `ok` is a success.
"""

from incident_pipeline.errors import UsageError
from incident_pipeline.model.levels import at_least
from incident_pipeline.model.logs import Level

# Both spellings where the documentation has two: one that no entry has matches nothing.
_STATUSES: dict[Level, tuple[str, ...]] = {
    "trace": (),
    "debug": ("debug",),
    "info": ("info", "ok"),
    "notice": ("notice",),
    "warn": ("warn", "warning"),
    "error": ("error",),
    "fatal": ("critical", "alert", "emergency", "emerg"),
}
_LOWEST: tuple[Level, ...] = ("trace", "debug")


def query_of(*, service: str | None = None, level: str | None = None, own: str | None = None) -> str:
    """Entries of exactly `service`, of `level` and above, that fit the query `own`. UsageError for an unknown level."""
    parts = [f"service:{_quoted(service)}"] if service else []
    if level is not None:
        parts += _status(level)
    if own and own.strip() not in {"", "*"}:
        parts.append(f"({own.strip()})")
    return " ".join(parts) or "*"  # beside each other means AND


def _status(level: str) -> list[str]:
    levels = at_least(level)
    if levels is None:
        raise UsageError(f"datadog: {level[:40]!r} is no known level")
    if levels[0] in _LOWEST:
        return []
    return [f"status:({' OR '.join(status for known in levels for status in _STATUSES[known])})"]


def _quoted(text: str) -> str:
    """A text in which nothing is special: neither wildcards nor operators work between quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
