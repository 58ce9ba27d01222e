"""A report and a way to look things up in, what is wrong with it out. An empty answer means every claim stands.

Surprising fact: this reads nothing the report says about itself. Every quote is looked up again where it is said to
stand, so a report that was edited, or written by a model, is caught at the first invented line.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from incident_pipeline.model.evidence import Citation, Finding, Reason, log_ref, parse_ref
from incident_pipeline.model.report import Report
from incident_pipeline.reports.text import ELLIPSIS, collapse, cut, is_hash, short, visible

Rule = Literal[
    "unresolved",
    "misquoted",
    "uncited",
    "unnumbered",
    "out-of-range",
    "unknown-label",
    "probability",
    "hash",
    "unproved",
]
_SUM_ERROR = 1e-6


class Lookup(Protocol):
    """What the checker reads: text of lines (1-based), None when there is no such log, file or line."""

    def log_line(self, label: str, line: int) -> str | None:
        """The cleaned, redacted text of one log line."""
        ...

    def code_line(self, sha: str, path: str, line: int, side: str) -> str | None:
        """One line of `path` as of `sha` (`new`), or of the file before it (`old`)."""
        ...

    def log_length(self, label: str) -> int | None:
        """How many lines the log has."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a report is refused: `who` makes the claim, `what` is wrong, `next_step` mends it."""

    rule: Rule
    who: str
    what: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.who}: {self.what}; {self.next_step}"


def check_report(report: Report, lookup: Lookup) -> tuple[Problem, ...]:
    """Everything wrong with the report, in reading order."""
    return tuple(visible_problem(problem) for problem in _problems(report, lookup))


def visible_problem(problem: Problem) -> Problem:
    """The same with nothing unseen in it: it quotes strangers and ends on a terminal."""
    return Problem(problem.rule, visible(problem.who), visible(problem.what), problem.next_step)


def _problems(report: Report, lookup: Lookup) -> Iterator[Problem]:
    labels = {log.label for log in report.logs}
    for each in report.citations:
        yield from _citation(each.id, each.citation, labels, lookup)
    for finding in report.findings:
        yield from _finding(finding, labels, lookup)
    yield from _claims(report)
    yield from _excerpts(report, labels, lookup)
    yield from _probabilities(report)


def _citation(who: str, citation: Citation, labels: set[str], lookup: Lookup) -> Iterator[Problem]:
    match parse_ref(citation.ref):
        case ("log", label, _, line):
            if label not in labels:
                yield Problem("unknown-label", who, f"cites {citation.ref}, but there is no log {label}", _CITE)
                return
            text = lookup.log_line(label, line)
        case ("code", sha, path, line):
            text = lookup.code_line(sha, path, line, citation.side)
        case _:
            yield Problem("unresolved", who, f"{cut(citation.ref, 80)!r} is no citation", _FORM)
            return
    if text is None:
        yield Problem("unresolved", who, f"there is no {cut(citation.ref, 120)} ({citation.side} side)", _CITE)
    elif not _stands_in(citation.quote, text):
        what = f"{cut(citation.ref, 120)} reads {_quoted(text)}, not {_quoted(citation.quote)}"
        yield Problem("misquoted", who, what, "quote the line as it stands")


def _finding(finding: Finding, labels: set[str], lookup: Lookup) -> Iterator[Problem]:
    who = f"finding {log_ref(finding.label, finding.line)}"
    length = lookup.log_length(finding.label)
    if finding.label not in labels or length is None:
        yield Problem("unknown-label", who, f"there is no log {finding.label}", _CITE)
        return
    if not 1 <= finding.line <= finding.end_line <= length:
        what = f"lines {finding.line} to {finding.end_line} are not within the log's {length}"
        yield Problem("out-of-range", who, what, _CITE)
        return
    text = lookup.log_line(finding.label, finding.line)
    first = finding.text.partition("\n")[0]
    if text is None:
        yield Problem("unresolved", who, "the line cannot be read", _CITE)
    elif not _stands_in(first, text):
        what = f"the line reads {_quoted(text)}, not {_quoted(first)}"
        yield Problem("misquoted", who, what, "quote the line as it stands")


def _claims(report: Report) -> Iterator[Problem]:
    numbered = {(each.citation.ref, each.citation.side) for each in report.citations}
    # That a test is left to chance, or that versions moved, may rest on runs and not on lines.
    by_line = report.verdict in {"commit", "infrastructure"}
    if by_line and report.reasons and not any(reason.citations for reason in report.reasons):
        yield Problem("uncited", "verdict", f"says {report.verdict} for reasons that cite nothing", _CITE)
    yield from _unnumbered("verdict", report.reasons, numbered)
    for suspect in report.suspects:
        who = f"suspect {short(suspect.hash)}"
        yield from _unnumbered(who, suspect.reasons, numbered)
        for reason in suspect.reasons:
            # What speaks against (weight 0 or less) is often an absence, and an absence has no line.
            if reason.weight > 0 and not reason.citations:
                yield Problem(
                    "uncited", who, f"claims {_quoted(reason.text)} and cites nothing", "cite or drop the claim"
                )
        if not is_hash(suspect.hash):
            yield Problem(
                "hash", f"suspect {cut(suspect.hash, 40)!r}", "is no commit hash", "name a commit of the window"
            )
    if report.status == "CONFIRMED" and not _proved(report):
        yield Problem("unproved", "verdict", "says CONFIRMED, but no replay proved its first suspect", "say LIKELY")
    if report.verdict == "commit" and not report.suspects:
        yield Problem("uncited", "verdict", "blames a commit, but no commit is named", "name the suspect")
    if by_line and not report.citations:
        yield Problem("uncited", "verdict", f"says {report.verdict} and cites nothing", "cite a line, or say unknown")


def _proved(report: Report) -> bool:
    culprit = report.proof.culprit if report.proof else None
    return culprit is not None and [s.hash for s in report.suspects[:1]] == [culprit]


def _unnumbered(who: str, reasons: Sequence[Reason], numbered: set[tuple[str, str]]) -> Iterator[Problem]:
    for citation in (citation for reason in reasons for citation in reason.citations):
        if (citation.ref, citation.side) not in numbered:
            what = f"cites {cut(citation.ref, 120)}, which is not among the report's citations"
            yield Problem("unnumbered", who, what, "number every citation")


def _excerpts(report: Report, labels: set[str], lookup: Lookup) -> Iterator[Problem]:
    for excerpt in report.excerpts:
        if excerpt.label not in labels:
            yield Problem("unknown-label", "excerpt", f"there is no log {excerpt.label}", _CITE)
            continue
        for line in excerpt.lines:
            text = lookup.log_line(excerpt.label, line.line)
            if text is None or not _same(line.text, text):
                what = f"does not read {_quoted(line.text)}"
                yield Problem("misquoted", f"excerpt {log_ref(excerpt.label, line.line)}", what, "copy the line again")


def _probabilities(report: Report) -> Iterator[Problem]:
    numbers = [(f"suspect {short(suspect.hash)}", suspect.probability) for suspect in report.suspects]
    for who, number in [*numbers, ("verdict", report.confidence)]:
        if not (math.isfinite(number) and 0.0 <= number <= 1.0):
            yield Problem("probability", who, f"{number} is no probability", "give a number from 0 to 1")
    total = sum(number for _, number in numbers)
    if total > 1.0 + _SUM_ERROR:
        yield Problem("probability", "suspects", f"probabilities add to {total:.4f}", "with no commit they add to 1")


_CITE = "cite a line that was read"
_FORM = "write log:LINE or SHA:PATH:LINE"


def _quoted(text: str) -> str:
    return f'"{cut(collapse(text), 80)}"'


def _stands_in(quote: str, text: str) -> bool:
    """The quote is a part of the line, or its start up to an ellipsis; only an empty line may be quoted as nothing."""
    wanted, there = collapse(quote), collapse(text)
    if not wanted:
        return not there
    cut_off = wanted.endswith(ELLIPSIS) and len(wanted) > 1 and there.startswith(wanted[:-1].rstrip())
    return wanted in there or cut_off


def _same(shown: str, text: str) -> bool:
    wanted, there = collapse(shown), collapse(text)
    return wanted == there or (wanted.endswith(ELLIPSIS) and len(wanted) > 1 and there.startswith(wanted[:-1].rstrip()))
