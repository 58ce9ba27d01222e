"""Entries of syslog files in, RAW_LOG rows out: RFC 5424, RFC 3164, and what daemons write of them into files.

Sources: RFC 5424 (6 syntax, 6.2.1 facilities and severities, 6.3 structured data), RFC 3164 (4.1), RFC 6587 (3.4.1, a
message's length before it), rsyslog's templates (https://www.rsyslog.com/doc/reference/templates/templates-reserved-names.html:
RSYSLOG_FileFormat has an RFC 3339 time before host and tag). Surprising fact: most files lack the priority, so their
lines have no level.
"""

import json
import re
from datetime import datetime

import polars as pl

from incident_pipeline.sources.logs import _times
from incident_pipeline.sources.logs._facts import as_json, put
from incident_pipeline.sources.logs._rows import raw_log

_LENGTH = r"(?:[0-9]{1,7} )?"
_PRI = r"<[0-9]{1,3}>"
_RFC3339 = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
# A version, a time or nil, four words and the structured data or its nil: without a priority all of it is asked for.
_NEW = rf"1 (?:{_RFC3339}|-) [^ \n]+ [^ \n]+ [^ \n]+ [^ \n]+ (?:-|\[)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_OLD_TIME = rf"{_MONTH} [ 0-9][0-9] (?:[0-9]{{4}} )?{_times.CLOCK} "
START = rf"^(?:{_LENGTH}{_PRI}(?:1 |{_OLD_TIME}|{_RFC3339} )|{_NEW}|{_OLD_TIME}|{_RFC3339} [^ \n]+ [^ :\n]+: )"
# How auto-detection knows one: a time alone may be anybody's, so then the tag must name a process or a usual daemon.
_DAEMON = r"(?:[^\s:\[]{1,64}\[[0-9]{1,10}\]|kernel|systemd|sudo|su|CRON|cron|rsyslogd|dockerd|sshd)"
MARK = rf"^(?:{_LENGTH}{_PRI}(?:1 |{_OLD_TIME}|{_RFC3339} )|{_NEW}|{_OLD_TIME}|{_RFC3339} [^ \n]{{1,255}} {_DAEMON}: )"

_NEW_HEAD = (
    rf"^{_LENGTH}(?:<(?P<pri>[0-9]{{1,3}})>)?1 (?P<time>[^ \n]+) (?P<host>[^ \n]+) (?P<app>[^ \n]+) (?P<pid>[^ \n]+)"
    r' (?P<msgid>[^ \n]+) (?:-|(?P<data>(?:\[(?:[^"\]\n]|"(?:[^"\\\n]|\\.)*")+\])+))?'
)
_OLD_HEAD = (
    rf"^{_LENGTH}(?:<(?P<pri>[0-9]{{1,3}})>)?(?:(?P<stamp>{_RFC3339})|(?P<time>{_times.YEARLESS})) (?P<host>[^\s]+) "
    r"(?P<app>[^\s:\[]{1,64})(?:\[(?P<pid>[0-9]+)\])?:"
)
_SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", *(f"local{number}" for number in range(8)),
)  # fmt: skip
_ELEMENT = re.compile(r'\[([^\s="\[\]]+)((?: +[^\s="\]]+="(?:[^"\\]|\\.)*")*) *\]')
_PARAMETER = re.compile(r' ([^\s="\]]+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r'\\(["\\\]])')


def syslog(rows: pl.DataFrame, *, zone: str, modified: datetime | None) -> pl.DataFrame:
    """The level is the severity's name; facility, host, app, pid, msgid and structured data become metadata."""
    first = rows["message"].str.extract(r"^([^\n]*)")
    new, old = (first.str.extract_groups(pattern).struct.unnest() for pattern in (_NEW_HEAD, _OLD_HEAD))
    stamps = new["time"].fill_null(old["stamp"])
    times = _times.parse_stamps(stamps, prefix="", zone=zone).fill_null(
        _times.parse_yearless(old["time"], zone=zone, modified=modified)
    )
    names = {key: new[key].fill_null(old[key]) for key in ("host", "app", "pid")}
    priority = new["pri"].fill_null(old["pri"]).cast(pl.Int64, strict=False)
    priority = priority.set((priority > 191).fill_null(value=False), None)
    metadata = as_json({"facility": _word(priority // 8, _FACILITIES), **names, "msgid": new["msgid"]})
    data = new["data"]
    if data.null_count() < len(data):
        metadata = put(metadata, "data", _structured(data))
    return raw_log(rows, timestamp=times, level=_word(priority % 8, _SEVERITIES), metadata=metadata)


def _word(numbers: pl.Series, words: tuple[str, ...]) -> pl.Series:
    return numbers.replace_strict(dict(enumerate(words)), default=None, return_dtype=pl.String)


def _structured(data: pl.Series) -> pl.Series:
    """`[id name="value"]` as `{"id": {"name": "value"}}`; a name that comes again has a list."""
    read: dict[str | None, str | None] = {None: None}
    return pl.Series(
        [read[text] if text in read else read.setdefault(text, _object(text)) for text in data.to_list()],
        dtype=pl.String,
    )


def _object(text: str) -> str:
    found: dict[str, dict[str, str | list[str]]] = {}
    for name, parameters in _ELEMENT.findall(text):
        element = found.setdefault(name, {})
        for key, written in _PARAMETER.findall(parameters):
            value = _ESCAPED.sub(r"\1", written)
            before = element.get(key)
            element[key] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    return json.dumps(found, ensure_ascii=False)
