"""Spellings of log levels in, canonical levels (model.logs.LEVELS) out. A table, shared by sources and normalize.

Surprising fact: numbers clash between conventions. 0-7 are read as syslog severities (RFC 5424, table 2), 10-60 as
those of pino and bunyan; Python's own numbers (10 DEBUG .. 50 CRITICAL) are one step off and cannot be told from them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from incident_pipeline.model.logs import LEVELS, Level

_WORDS: dict[Level, str] = {
    "trace": "trace trc finest finer silly verbose v t 10",
    "debug": "debug dbg debg fine d config 7 20",
    "info": "info information informational inf i log success default 6 30",
    "notice": "notice note 5",
    "warn": "warn warning wrn w 4 40",
    "error": "error err eror severe failure fail failed e 3 50",
    "fatal": "fatal ftl critical crit alert emerg emergency panic dpanic f c 0 1 2 60",
}

SPELLINGS: Mapping[str, Level] = MappingProxyType(
    {word: level for level, words in _WORDS.items() for word in words.split()}
)


def canonical(level: str | None) -> Level | None:
    """The canonical level of what a source said (`"[WARNING]"` -> `"warn"`), None when it is no known spelling."""
    return None if level is None else SPELLINGS.get(level.strip(" []<>():\t").lower())


def at_least(level: str) -> tuple[Level, ...] | None:
    """The canonical levels at or above `level`; None when `level` is no known spelling."""
    known = canonical(level)
    return None if known is None else LEVELS[LEVELS.index(known) :]
