"""What the formats of log files look like: the table of them, and which one a file's first lines speak.

A format says where an entry starts and how its entries become RAW_LOG rows. Surprising fact: in formats with times, a
line that starts no entry belongs to the one above (a stack trace is one entry); in a CI log and in plain text each line
is its own entry, since there a line says nothing about the next.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from incident_pipeline.errors import UsageError
from incident_pipeline.sources.logs import _java, _pairs, _rows, _syslog, _web
from incident_pipeline.sources.logs._times import STAMP, Days

NAMES = (
    "github_actions", "json", "logfmt", "syslog", "python", "log4j", "access_log", "nginx_error", "apache_error",
    "plain",
)  # fmt: skip
ALIASES = {"logback": "log4j", "spring_boot": "log4j", "java_util_logging": "log4j", "tomcat": "log4j"}
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line itself does not say: the zone of naive times (IANA name), when the file was last written, and the
    days of a file whose lines tell the hour only."""

    zone: str = "UTC"
    modified: datetime | None = None
    days: Days | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """`start` marks an entry's first line, None when each line is one. `parse` gets line and message columns.

    `records`: a line that is no record is an entry of its own, unless it looks like the rest of a stack trace.
    `dateless`: what a line that tells the hour only looks like, the hour captured.
    """

    name: str
    parse: Callable[[pl.DataFrame, Reading], pl.DataFrame]
    start: str | None = None
    records: bool = False
    dateless: str | None = None


_STAMP = re.sub(r"\?P<[a-z]+>", "?:", STAMP)
_LEVEL = r"(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)"
_GITHUB = r"^(?:[^\t\n]*\t[^\t\n]*\t)?" + "\ufeff?" + r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z(?: |$)"
_PYTHON = rf"^(?:{_STAMP}|{_LEVEL}:[\w.-]+:)"
_TIMED = rf"^[\[(]?{_STAMP}"
_JSON = r"^\s*\{"
_LOGFMT = r"^[\w.@/-]+=\S"

FORMATS: dict[str, Format] = {
    "github_actions": Format("github_actions", lambda rows, _: _rows.github(rows)),
    "json": Format("json", lambda rows, how: _pairs.json_rows(rows, zone=how.zone), _JSON, records=True),
    "logfmt": Format("logfmt", lambda rows, how: _pairs.logfmt_rows(rows, zone=how.zone), _LOGFMT, records=True),
    "syslog": Format(
        "syslog", lambda rows, how: _syslog.syslog(rows, zone=how.zone, modified=how.modified), _syslog.START
    ),
    "python": Format("python", lambda rows, how: _rows.stamped(rows, zone=how.zone), _PYTHON),
    "log4j": Format(
        "log4j",
        lambda rows, how: _java.java(rows, zone=how.zone, days=how.days),
        _java.START,
        dateless=_java.DATELESS,
    ),
    "access_log": Format("access_log", lambda rows, _: _web.access(rows)),
    "nginx_error": Format("nginx_error", lambda rows, how: _web.nginx(rows, zone=how.zone), _web.NGINX_START),
    "apache_error": Format("apache_error", lambda rows, how: _web.apache(rows, zone=how.zone), _web.APACHE_START),
    "timed": Format("plain", lambda rows, how: _rows.stamped(rows, zone=how.zone), _TIMED),
    "plain": Format("plain", lambda rows, _: _rows.plain(rows)),
}


def _is_object(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


_SAMPLE = 300
# What a format's lines look like, and the share of unindented lines that must: little where traces are long.
_MARKS: tuple[tuple[str, Callable[[str], Any], float], ...] = (
    ("github_actions", re.compile(_GITHUB).match, 0.5),
    ("json", _is_object, 0.5),
    ("syslog", re.compile(_syslog.MARK).match, 0.3),
    ("access_log", re.compile(_web.ACCESS_MARK).match, 0.5),
    ("nginx_error", re.compile(_web.NGINX_START).match, 0.3),
    ("apache_error", re.compile(_web.APACHE_START).match, 0.3),
    ("logfmt", re.compile(r"^(?=.*\b(?:level|lvl|msg|ts|time)=)[\w.@/-]+=\S*(?: +[\w.@/-]+=|$)").match, 0.5),
    ("log4j", re.compile(_java.MARK).match, 0.3),
    ("python", re.compile(rf"^(?:{_STAMP}.{{0,80}}?\b{_LEVEL}\b|{_LEVEL}:[\w.-]+:)").match, 0.3),
    ("timed", re.compile(_TIMED).match, 0.5),
)


def find_format(name: str | None, lines: Sequence[str]) -> Format:
    """The format called `name`, or the one that a file starting with `lines` speaks. UsageError for an unknown name.

    `plain` is read with times where its lines start with them.
    """
    name = ALIASES.get(name or "", name)
    if name and name not in {AUTO, *NAMES}:
        raise UsageError(f"unknown log format {name!r}: use one of {', '.join((AUTO, *NAMES))}")
    if name == "plain":
        found = _detect(lines, ("github_actions", "json", "logfmt", "syslog", "timed"))
        return FORMATS[found if found == "timed" else "plain"]
    return FORMATS[_detect(lines) if name in {None, AUTO} else name or AUTO]


def _detect(lines: Sequence[str], among: Sequence[str] | None = None) -> str:
    """The first format of `among` (default: all) that enough lines speak."""
    sample = [line for line in lines if line.strip()][:_SAMPLE]
    flush = [line for line in sample if not line[0].isspace()]
    for name, is_one, share in _MARKS:
        if among is not None and name not in among:
            continue
        count = sum(1 for line in flush if is_one(line))
        # A file may open with a banner, but one that speaks a format later only quotes it.
        if count >= max(1, share * len(flush)) and any(is_one(line) for line in flush[:5]):
            return name
    return "plain"
