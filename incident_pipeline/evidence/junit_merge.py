"""What the console showed and what test reports say in, one Failure out.

Surprising fact: a test is printed as `CartTest > totals()` and reported as `com.acme.CartTest.totals`; both end in the
same letters once everything else is taken out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.junit import read_junit
from incident_pipeline.evidence.rank import BLOCK
from incident_pipeline.model.evidence import Failure, Finding

_NOT_LETTERS = re.compile(r"[^a-z0-9]+|\.py\b")
_TAIL = 10
_BEHIND = 0.9  # what the console has already named


@dataclass(frozen=True, slots=True)
class Parted:
    """`console`: the logs that are no test reports. `reports`: what failed in those that are.

    `logs`: all of them, of a report only the lines that its findings and frames stand in, so that nobody takes the
    output of a passing test for a sign.
    """

    console: tuple[LogText, ...]
    reports: tuple[Failure, ...]
    logs: tuple[LogText, ...]


def part(logs: Sequence[LogText]) -> Parted:
    """Tells console logs from test reports and reads the reports."""
    read = [(log, read_junit(log)) for log in logs]
    return Parted(
        console=tuple(log for log, report in read if report is None),
        reports=tuple(report for _, report in read if report is not None),
        logs=tuple(log if report is None else _failing(log, report) for log, report in read),
    )


def _failing(log: LogText, report: Failure) -> LogText:
    lines = {line for f in report.findings for line in range(f.line, f.end_line + 1)} | {f.line for f in report.frames}
    starts = log.frame["line"].rechunk()  # an entry may hold several lines: the one that begins at or above counts
    found = starts.search_sorted(pl.Series(sorted(lines), dtype=pl.Int64), side="right").to_list()
    return replace(log, frame=log.frame[sorted({row - 1 for row in found if row})])


def merge(failure: Failure, reports: Sequence[Failure]) -> Failure:
    """`failure` with the tests that only a report names, and the messages that the console left out.

    A failure that both tell is told once, by the console, since that is what people grep. Stays as it is without
    reports.
    """
    if not any(report.findings for report in reports):
        return failure
    told = _Told(failure.findings)
    added = [
        replace(f, score=round(f.score * _BEHIND, 4)) if told.names(f.test) else f
        for report in reports
        for f in report.findings
        if not told.tells(f)
    ]
    places = {(f.path.rpartition("/")[2], f.source_line) for f in failure.frames}
    frames = [f for r in reports for f in r.frames if (f.path.rpartition("/")[2], f.source_line) not in places]
    return replace(
        failure,
        findings=tuple(sorted((*failure.findings, *added), key=lambda f: -f.score)),  # of a tie the console is first
        frames=(*failure.frames, *frames),
        tests=_distinct((*failure.tests, *(t for r in reports for t in r.tests if not told.names(t)))),
        symbols=_distinct((*failure.symbols, *(s for r in reports for s in r.symbols))),
        packages=_distinct((*failure.packages, *(p for r in reports for p in r.packages))),
        tool=failure.tool or "junit",
    )


class _Told:
    """What the console has told: which tests, and with which words."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.by_tail: dict[str, list[str]] = {}
        for key in dict.fromkeys(_key(f.test) for f in findings if f.test):
            self.by_tail.setdefault(key[-_TAIL:], []).append(key)
        self.words = _letters("\n".join(f.text for f in findings if f.kind != BLOCK))

    def names(self, test: str | None) -> bool:
        """Whether a test of this name was printed, in whole or in short."""
        key = _key(test) if test else ""
        known = self.by_tail.get(key[-_TAIL:], ()) if key else ()
        return any(key.endswith(other) or other.endswith(key) for other in known)

    def tells(self, finding: Finding) -> bool:
        """Whether its test was printed, and its message too; the exception's name may be written in another way."""
        first = finding.text.partition("\n")[0].removeprefix("E ")
        said = [_letters(first)[:60], _letters(first.partition(": ")[2])[:60]]
        return self.names(finding.test) and (not said[0] or any(part in self.words for part in said if part))


def _key(test: str) -> str:
    return _letters(test)[-200:]


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", text.lower())


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
