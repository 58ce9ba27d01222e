"""A report in, the sentences that Markdown, terminal and page share out. Nothing here escapes: each renderer does.

Surprising fact: the lead is built from the fields, not copied from the summary, so that the words a reader acts on
("no commit is to blame; re-run") are ours and never a stranger's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from incident_pipeline.model.report import Cited, CodeHunk, Excerpt, Report
from incident_pipeline.reports.text import collapse, count, cut, is_hash, moment, short
from incident_pipeline.reports.timeline import run_name, run_time

_CAUSES = {
    "disk": "The disk was full",
    "memory": "The job ran out of memory",
    "network": "The network failed",
    "registry": "A package registry or download server failed",
    "quota": "A limit was reached",
    "credentials": "A credential was refused",
    "timeout": "The job ran out of time",
    "runner": "The runner failed",
}
_BASES = {
    "last_green": "between green and red",
    "merge_base": "since the merge base",
    "given": "in the range that was given",
    "time": "in the time before the errors",
    "none": "up to the head (no green run to start from)",
}
_BLAMELESS = re.compile(r"^(?:perhaps )?no commit is to blame:? ?", re.IGNORECASE)
NO_BLAME = "no commit is to blame; re-run"
_GRANT = "no commit is to blame; renew or grant it, then re-run"
_SUBJECT_WIDTH = 72
_NAME_WIDTH = 100
_TEST_WIDTH = 300  # a test's name is there to be copied
_ERROR_WIDTH = 160
MOST_SUSPECTS = 4
_SMALLEST = 0.015  # of a suspect worth a row
_STORY = 0.1  # of one worth a story
_LEAST_NOBODY = 0.005  # what would be shown as 0.00 is not shown


@dataclass(frozen=True, slots=True)
class Row:
    """One suspect as a view shows it; `hash` is empty for the row that stands for no commit or for all others."""

    probability: float
    hash: str
    subject: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """One way it may have happened, and what speaks for it."""

    title: str
    probability: float
    why: tuple[str, ...]


def title_line(report: Report) -> str:
    """`acme/shop · CI #1842 · tests (3.12) · main@9f3c2ab`."""
    failed = [collapse(job.name) for job in report.jobs]
    jobs = failed[0] if len(failed) == 1 else count(len(failed), "failed job") if failed else ""
    branch = collapse(report.run.branch or "") if report.run else ""
    head = f"{branch}@{short(report.head)}" if branch and report.head else branch or short(report.head)
    name = run_name(report.run) if report.run else collapse(report.title)
    return " · ".join(cut(part, _NAME_WIDTH) for part in (collapse(report.repo), name, jobs, head) if part)


def when(report: Report) -> str:
    """`red 2026-11-24 14:02 UTC, last green 11:40 (a81d0c4)`."""
    at = report.occurred_at or (run_time(report.run) if report.run else None)
    red = f"red {moment(at)} UTC" if at else "red at an unknown time"
    if report.green_run is None:
        return f"{red}, range from {short(report.base)}" if report.base else f"{red}, no green run known"
    green = moment(run_time(report.green_run), at)
    return f"{red}, last green {green} ({short(report.green_run.head_sha)})"


def what_failed(report: Report) -> str:
    """The first failed test (one with its file, if any) and how many more, else the step, the job, or the service."""
    named = [collapse(finding.test) for finding in report.findings if finding.test]
    # A tool may print a test under two names; a bare lower-case word is no test's name.
    tests = list(dict.fromkeys(t for t in named if "::" in t) or dict.fromkeys(t for t in named if not _is_word(t)))
    if tests:
        more = f" and {len(tests) - 1:,} more" if len(tests) > 1 else ""
        return cut(tests[0], _TEST_WIDTH) + more
    steps = [f'the step "{cut(collapse(finding.step), _NAME_WIDTH)}"' for finding in report.findings if finding.step]
    jobs = [f"the job {cut(collapse(job.name), _NAME_WIDTH)}" for job in report.jobs]
    first = report.findings[0].label if report.findings else ""
    services = [cut(collapse(b.service), _NAME_WIDTH) for b in report.bursts if b.label == first]
    return next(iter((*steps, *jobs, *services)), "the run")


def _is_word(text: str) -> bool:
    return text.isalpha() and text.islower()


def error(report: Report) -> str:
    """The headline of the best finding, without a tool's mark in front; empty when nothing was found."""
    said = collapse(report.findings[0].headline) if report.findings else ""
    return cut(said.removeprefix("##[error]").removeprefix("E "), _ERROR_WIDTH)


def lead(report: Report) -> str:
    """The first line: what happened, and whether a commit did it."""
    match report.verdict:
        case "commit" if report.suspects:
            top = report.suspects[0]
            did = "may have broken" if report.status == "INCONCLUSIVE" else "broke"
            at = f" ({moment(top.date, report.occurred_at)})" if top.date else ""
            return f'{short(top.hash)} "{cut(collapse(top.subject), _SUBJECT_WIDTH)}"{at} {did} {what_failed(report)}'
        case "infrastructure":
            cause = _CAUSES.get(report.category, "The machine under it failed, not the code")
            # A credential does not come back by itself.
            then = _GRANT if report.category == "credentials" else NO_BLAME
            unread = report.head is None and not report.window_commits  # who was not looked at is not cleared either
            return f"{cause}: {then.partition('; ')[2] if unread else _maybe(report) + then}"
        case "flaky":
            several = re.search(r" and [\d,]+ more$", what_failed(report))
            return f"{what_failed(report)} {'fail' if several else 'fails'} by chance: {_maybe(report)}{NO_BLAME}"
        case "drift":
            return f"Something outside the repository moved: {cut(_cause(report), 2 * _NAME_WIDTH)}"
        case _:
            # Without a commit to blame, the error is the news.
            said = error(report)
            return f"{what_failed(report)} failed: {said}" if said else f"Why {what_failed(report)} failed is not known"


def aside(report: Report) -> str:
    """What the summary says beyond the lead; empty when it says the same."""
    if report.verdict == "commit" and report.suspects and report.summary.startswith(short(report.suspects[0].hash)):
        return ""
    cause = _cause(report)
    if report.verdict == "unknown" and not report.window_commits:
        return ""  # there was no commit to single out
    if report.verdict == "drift":
        return ""
    # A name of the code (`test_a`) is not ours to capitalize.
    return f"{cause[0].upper()}{cause[1:]}." if cause.split(" ")[0].isalpha() else f"{cause}."


def _cause(report: Report) -> str:
    """The summary without the words that the lead says already, and without a full stop."""
    return _BLAMELESS.sub("", collapse(report.summary)).rstrip(".") or "no commit is to blame"


def _maybe(report: Report) -> str:
    return "perhaps " if report.status == "INCONCLUSIVE" else ""


def range_line(report: Report) -> str:
    """`14 commits between green and red, range complete`."""
    if report.head is None:
        return "no repository was read: no commit is judged"
    whole = "range complete" if report.window_complete else "range NOT complete"
    return f"{count(report.window_commits, 'commit')} {_BASES[report.base_kind]}, {whole}"


def because(report: Report, most: int) -> tuple[Cited, ...]:
    """The first citations: they are numbered in reading order."""
    return report.citations[:most]


def chance(probability: float) -> str:
    """Two digits; what would be rounded to certainty is told as a bound, for evidence alone is never certain."""
    return ">.99" if 0.995 <= probability < 1 else "<.01" if 0 < probability < 0.005 else f"{probability:.2f}"


def confidence(report: Report) -> str:
    """How sure the verdict is; empty when there is no verdict to be sure of."""
    return "" if report.verdict == "unknown" else chance(report.confidence)


def no_commit(report: Report) -> float:
    """The probability that no commit of the window did it."""
    return max(0.0, 1.0 - sum(suspect.probability for suspect in report.suspects))


def suspect_rows(report: Report, most: int = MOST_SUSPECTS) -> tuple[Row, ...]:
    """The first suspects and no commit at all, best first; then one row for all others together.

    () when no commit is worth a row: the verdict has said the rest.
    """
    # A suspect without a reason, or without a chance, is one only by being in the range: it needs no row of its own,
    # unless a commit is blamed and it is the best.
    blamed = report.verdict in {"commit", "unknown"}
    told = (each.reasons and each.probability >= _SMALLEST for each in report.suspects)
    shown = [each for each, worth in zip(report.suspects, told, strict=True) if worth][:most]
    shown = shown or list(report.suspects[: 1 if blamed else 0])
    if not shown:
        return ()
    rows = [
        Row(each.probability, each.hash, collapse(each.subject), tuple(collapse(r.text) for r in each.reasons))
        for each in shown
    ]
    nobody = no_commit(report)
    if report.suspects and nobody >= _LEAST_NOBODY:
        rows.append(Row(nobody, "", "no commit", ()))
    rows.sort(key=lambda row: -row.probability)
    rest = [each for each in report.suspects if each not in shown]
    if rest:
        others = count(len(rest), "other")
        rows.append(Row(sum(each.probability for each in rest), "", others, ()))
    return tuple(rows)


def stories(report: Report) -> tuple[Story, ...]:
    """Of a report that is INCONCLUSIVE or unknown, the two likeliest ways it happened; () for any other."""
    undecided = report.status == "INCONCLUSIVE" or report.verdict == "unknown"
    if not (undecided and report.suspects and report.suspects[0].probability >= _STORY):
        return ()
    found = [
        Story(
            f"{short(each.hash)} did it", each.probability,
            (f'"{cut(collapse(each.subject), _SUBJECT_WIDTH)}"', *(collapse(r.text) for r in each.reasons)),
        )
        for each in report.suspects[:2]
    ]  # fmt: skip
    against = tuple(collapse(reason.text) for reason in report.reasons) or ("no commit of the range explains it alone",)
    found.append(Story("no commit did it: the machine, the network or chance", no_commit(report), against))
    return tuple(sorted(found, key=lambda story: -story.probability)[:2])


def ruled_out(report: Report) -> tuple[str, ...]:
    """One sentence for all commits together, then one for each other thing."""
    groups = [each for each in report.ruled_out if each.hashes]
    whys = "; ".join(f"{len(each.hashes)} {each.why}" for each in groups)
    commits = f"{count(sum(len(each.hashes) for each in groups), 'commit')}: {whys}" if len(groups) > 1 else ""
    rest = [each for each in report.ruled_out if not (commits and each.hashes)]
    return tuple(filter(None, (commits, *(f"{each.what}: {each.why}" for each in rest))))


def shorten(ref: str) -> str:
    """A citation with its hash at seven characters."""
    head, colon, rest = ref.partition(":")
    return f"{short(head)}{colon}{rest}" if is_hash(head) else ref


def folds(numbers: Sequence[int], total: int | None = None) -> tuple[int, ...]:
    """Lines left out before each of `numbers`, and with `total` after the last one too."""
    before = tuple(here - previous - 1 for previous, here in zip((0, *numbers), numbers, strict=False))
    return before if total is None else (*before, total - (numbers[-1] if numbers else 0))


def excerpt_folds(excerpt: Excerpt) -> tuple[int, ...]:
    """Lines left out before each line of the excerpt, then those after it."""
    return folds([line.line for line in excerpt.lines], excerpt.total_lines)


def hunk_folds(hunk: CodeHunk) -> tuple[int, ...]:
    """Lines left out before each line of the hunk; 0 before the first, whose header says where it is."""
    gaps: list[int] = []
    old: int | None = None  # the numbers the next line would have, None while unknown
    new: int | None = None
    for sign, line, _ in hunk.lines:
        expected = old if sign == "-" else new
        gap = max(line - expected, 0) if expected is not None else 0
        gaps.append(gap)
        # Past a fold only the side of this line is known: how many lines of the other were left out is not.
        old, new = (old, new) if not gap else (None, None)
        if sign == "-":
            old = line + 1
        else:
            new = line + 1
            old = old + 1 if sign == " " and old is not None else old
    return tuple(gaps)


def hunks_by_commit(report: Report) -> tuple[tuple[str, tuple[CodeHunk, ...]], ...]:
    """Neighbouring hunks of one commit together, in the order of the report."""
    return tuple((sha, tuple(group)) for sha, group in groupby(report.hunks, key=lambda hunk: hunk.hash))


def foot(report: Report) -> str:
    """`deterministic report · 0.4 s · 5,102 log lines, 14 commits`."""
    kind = "deterministic report (no model)" if report.engine == "deterministic" else f"report by {report.engine}"
    took = f"{report.seconds:.1f} s" if report.seconds is not None else ""
    read = f"{count(report.log_lines, 'log line')}, {count(report.window_commits, 'commit')}"
    return " · ".join(part for part in (kind, took, read) if part)


def replay(report: Report) -> tuple[str, ...]:
    """Commands that show this report again and make it anew."""
    shown = f"incident-responder incidents show {report.incident}" if _plain(report.incident) else ""
    run = report.run
    again = ""
    if run and all(map(_plain, (run.source, run.repo, run.run_id))):
        source = run.source.replace("_", "-")
        again = f"incident-responder investigate --logs {source} --repo {run.repo} --run-id {run.run_id}"
    return tuple(command for command in (shown, again) if command)


def _plain(text: str) -> bool:
    """Needs no quoting and is no option."""
    return text.isascii() and text[:1].isalnum() and all(c.isalnum() or c in "._-/" for c in text)
