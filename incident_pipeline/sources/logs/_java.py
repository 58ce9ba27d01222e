"""Entries of Java's loggers in, RAW_LOG rows out: log4j, logback, Spring Boot, java.util.logging, Tomcat, WildFly.

    12:00:00.123 [main] ERROR com.acme.Shop - msg                               logback and log4j 2 by default
    2026-03-01 12:00:00,123 ERROR [main] com.acme.Shop: msg                     usual patterns, in any order
    2026-03-01T12:00:00.123+01:00 ERROR 1 --- [app] [main] c.a.Shop : msg       Spring Boot
    Mar 01, 2026 12:00:00 PM com.acme.Shop pay / SEVERE: msg                    java.util.logging, two lines
    01-Mar-2026 12:00:00.123 SEVERE [main] com.acme.Shop.pay msg                Tomcat
    2026-03-01 12:00:00,123 ERROR [com.acme.Shop] (main) msg                    WildFly, Quarkus
    [2026-03-01T12:00:00,123][ERROR][c.a.Shop] [node] msg                       Elasticsearch
    ERROR [2026-03-01 12:00:00,123] com.acme.Shop: msg                          Dropwizard

Sources: https://logging.apache.org/log4j/2.x/manual/pattern-layout.html, https://logback.qos.ch/manual/configuration.html,
https://docs.spring.io/spring-boot/reference/features/logging.html, java.util.logging.SimpleFormatter. Surprising fact:
the default of the two commonest writes no date. Such lines are dated back from when the file was last written.
"""

import re

import polars as pl

from incident_pipeline.sources.logs import _times
from incident_pipeline.sources.logs._facts import as_json, first_of
from incident_pipeline.sources.logs._rows import raw_log, stamped_level

LEVELS = "TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|FATAL|CRITICAL|SEVERE|CONFIG|FINEST|FINER|FINE"
_STAMP = re.sub(r"\?P<[a-z]+>", "?:", _times.STAMP).replace(r"\d", "[0-9]").replace(r"\b", "")
_DATED = rf"(?:{_STAMP}|{_times.TOMCAT}|{_times.SHORT_YEAR})"
_CLOCK = rf"[\[(]?{_times.CLOCK}[\])]?"
_THREAD = r"\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]"  # ZooKeeper's holds brackets of its own
DATELESS = rf"^[\[(]?({_times.CLOCK})[\])]? +(?:{_THREAD} +)?[\[(]?(?:{LEVELS})\b"
"""A line that tells the hour only, the hour captured."""
START = (
    rf"^(?:[\[(]?{_DATED}|{DATELESS[1:]}|{_times.JUL} "
    rf"|[0-9]{{1,12}} +{_THREAD} +(?:{LEVELS})\b|(?:{LEVELS}) +(?:{_THREAD} +)?\[?{_STAMP})"
)

_NAME = r"[A-Za-z_$][A-Za-z0-9_$./@-]*(?:\[[^\]\n]*\][./]?)*"  # o.a.c.c.C.[Tomcat].[localhost]
_DOTTED = r"(?:[A-Za-z_$][A-Za-z0-9_$-]*\.)+[A-Za-z_$][A-Za-z0-9_$-]*"
_HUMPS = r"[A-Z]+[a-z0-9]+[A-Z][A-Za-z0-9_$]*"  # SparkContext: but not Error:
_LOGGER = rf"(?:(?P<logger>{_NAME})(?::[0-9]+)? *(?: --? | : )|(?P<class>{_DOTTED}|{_HUMPS})(?::[0-9]+)?: )?"
# A time and a level may be anybody's: a thread, a class or Spring's dashes beside them are Java's.
MARK = (
    rf"^(?:[\[(]?{_DATED}[\])]?[ |-]*(?:{_THREAD}[ |-]*\[?(?:{LEVELS})\b"
    rf"|\[?(?:{LEVELS})\b *\]?[ |-]*(?:[0-9]+ --- \[|{_THREAD}|{_DOTTED}(?::[0-9]+)?(?: -|:| :)|{_HUMPS}: ))"
    rf"|{DATELESS[1:]}|{_times.JUL} [^ ]|[0-9]{{1,12}} +{_THREAD} +(?:{LEVELS}) "
    rf"|(?:{LEVELS}) +(?:{_THREAD} +)?\[?{_STAMP})"
)
_FIELDS = (
    rf"^(?:[\[(]?(?:{_DATED}|{_times.CLOCK}(?: [A-Z]{{3,4}})?)[\])]?|[0-9]{{1,12}})[ |-]*"
    rf"(?:(?P<before>{_THREAD})[ |-]*)?[\[(]?(?P<level>{LEVELS})\b *[\])]?[ |-]*"
    rf"(?:(?P<pid>[0-9]+) --- )?(?P<after>(?:{_THREAD} *){{0,3}})(?:- )?(?:\((?P<paren>[^)\n]+)\) *)?{_LOGGER}"
)
_LEVEL_FIRST = (
    rf"^(?P<level>{LEVELS}) +(?:(?P<before>{_THREAD}) +)?\[?{_STAMP}\]? +(?P<after>(?:{_THREAD} *)?)(?:- )?{_LOGGER}"
)
_JUL = rf"^{_times.JUL} (?P<logger>[^\s]+)[^\n]*\n(?P<level>{LEVELS}): "
_AFTER = rf"^({_THREAD}) *({_THREAD})? *({_THREAD})?"
_LAST = rf"^{_times.TOMCAT} [A-Z]+ \[.*?\] ([A-Za-z_$][^\s]*)\.[^\s.]+ | \(({_DOTTED})\)$"  # Tomcat's; Kafka's
_WIDTH = 600  # no line's head is longer, and its message need not be matched


def java(rows: pl.DataFrame, *, zone: str, days: _times.Days | None) -> pl.DataFrame:
    """Level, and in the metadata logger, thread, pid, app (Spring Boot's name of the program) and trace."""
    text = rows["message"]
    first = text.str.extract(r"^([^\n]*)").str.head(_WIDTH)
    found = _fields(first, text)
    level = found["level"]
    if level.null_count():
        level = level.fill_null(stamped_level(first))
    times = _times_of(first, rows["line"], zone=zone, days=days)
    return raw_log(rows, timestamp=times, level=level, metadata=as_json(_facts(found, first)))


def _times_of(first: pl.Series, lines: pl.Series, *, zone: str, days: _times.Days | None) -> pl.Series:
    times = _times.parse_stamps(first, prefix=rf"(?:(?:{LEVELS}) +(?:{_THREAD} +)?)?[\[(]?", zone=zone)
    for pattern, shape in (
        (_times.JUL, "%b %d, %Y %I:%M:%S %p"), (_times.TOMCAT, "%d-%b-%Y %H:%M:%S%.f"),
        (_times.SHORT_YEAR, "%y/%m/%d %H:%M:%S"), (_times.CLOCK, ""),
    ):  # fmt: skip
        left = times.is_null().arg_true()
        written = first.gather(left).str.extract(rf"^[\[(]?({pattern})")
        if written.null_count() == len(written):
            continue
        if shape:
            times = times.scatter(left, _times.parse_named(written, shape, zone=zone))
        elif days:
            times = times.scatter(left, _times.parse_clock(written, lines.gather(left), days=days, zone=zone))
    return times


def _fields(first: pl.Series, text: pl.Series) -> pl.DataFrame:
    found = first.str.extract_groups(_FIELDS).struct.unnest()
    left = found["level"].is_null().arg_true()
    for series, pattern in ((text, _JUL), (first, _LEVEL_FIRST)):
        if left.is_empty():
            break
        more = series.gather(left).str.extract_groups(pattern).struct.unnest()
        known = more["level"].is_not_null().arg_true()
        if known.is_empty():
            continue
        into, more = left.gather(known), more[known]
        found = found.with_columns(found[name].scatter(into, more[name]) for name in more.columns)
        left = found["level"].is_null().arg_true()
    return found.with_columns(logger=first_of(found, ("logger", "class")))


def _facts(found: pl.DataFrame, first: pl.Series) -> dict[str, pl.Series]:
    """What the brackets hold is told by how many there are and by what else there is."""
    logger, before = found["logger"], _inner(found["before"])
    one, two, three = (_inner(part) for part in found["after"].str.extract_groups(_AFTER).struct.unnest())
    spring = found["pid"].is_not_null()
    named = ~spring & logger.is_null() & one.str.contains(rf"^(?:{_DOTTED})$").fill_null(value=False)
    thread = before.fill_null(one).zip_with(~named, before.fill_null(found["paren"]))
    logger = logger.zip_with(~named, one)
    if logger.null_count():
        left = logger.is_null().arg_true()
        last = first.gather(left).str.extract_groups(_LAST).struct.unnest()
        logger = logger.scatter(left, first_of(last, last.columns))
        kafka = left.gather(last["2"].is_not_null().arg_true())
        thread = thread.scatter(kafka, before.gather(kafka))  # its messages begin with brackets
    none = thread.clear(len(thread))
    full = spring & two.is_not_null()
    return {
        "logger": logger,
        "thread": thread.zip_with(~full, two),
        "pid": found["pid"],
        "app": one.zip_with(full, none),
        "trace": three.zip_with(full, none),
    }


def _inner(bracketed: pl.Series) -> pl.Series:
    return bracketed.str.slice(1).str.head(-1).str.strip_chars(" ")
