"""A report in, GitHub-flavoured Markdown out: whole, or as a comment of at most 25 lines.

Surprising fact: escaping with backslashes does not stop GitHub from pinging `@name`, linking `#12` or a bare address;
only code does. So every word that is not plain becomes inline code, and blocks get a fence longer than any in them.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from incident_pipeline.model.incident import Run
from incident_pipeline.model.report import CodeHunk, Excerpt, Report
from incident_pipeline.reports import beyond, view
from incident_pipeline.reports.citations import ids_of, is_web
from incident_pipeline.reports.text import count, cut, cut_path, moment, short, visible

_PLAIN_WORD = re.compile(
    r"(?!GH-\d|\d+[.)]$|www\.)[\"'(]*(?:\w[\w'’-]*|\d+(?:[,.:]\d+)+)[\"',.;:!?)…]*|·|—|–", re.ASCII
)
_BACKTICKS = re.compile("`+")
_BRIEF_CITATIONS = 3
_BRIEF_WIDTH = 160
_EXCERPT_LINES = 80


def render_markdown(report: Report, *, brief: bool = False) -> str:
    """Markdown that ends in a newline. `brief` is the size of a pull-request comment: at most 25 lines."""
    lines = _brief(report) if brief else _whole(report)
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Inline code whose fence no backtick in the text can close."""
    shown = visible(text) or " "
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    """A stranger's sentence: plain words as they are, anything with a mark in it as code."""
    words = visible(text).split()
    parts: list[str] = []
    for plain, group in groupby(words, key=_is_plain):
        joined = " ".join(group)
        core = joined.rstrip(",;:.")
        parts.append(joined if plain or not core else code(core) + joined[len(core) :])
    return " ".join(parts)


def _is_plain(word: str) -> bool:
    return _PLAIN_WORD.fullmatch(word) is not None and "_" not in word


def block(lines: Sequence[str], language: str) -> list[str]:
    """A fenced block; every line is one line."""
    shown = [visible(line) for line in lines]
    longest = max((len(run) for line in shown for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *shown, fence]


def _brief(report: Report) -> Iterator[str]:
    sure = view.confidence(report)
    yield f"**{report.status}** {prose(view.lead(report))}" + (f" ({sure})" if sure else "")
    yield ""
    yield f"{prose(view.title_line(report))}: {prose(view.when(report))}. {prose(view.range_line(report))}."
    yield ""
    for each in view.because(report, _BRIEF_CITATIONS):
        quote = cut(each.citation.quote.strip(), _BRIEF_WIDTH)
        yield f"- {each.id} {code(cut_path(view.shorten(each.citation.ref), _BRIEF_WIDTH))} {code(quote)}"
    stories = view.stories(report)
    for story in stories:
        why = prose(cut("; ".join(story.why), _BRIEF_WIDTH))
        yield f"- {view.chance(story.probability)} {prose(story.title)}: {why}"
    if report.owners:
        yield ""
        yield "Ask " + ", ".join(code(owner.name) for owner in report.owners[:3])
    if report.next_steps:
        step = report.next_steps[0]
        yield ""
        yield f"Next: {prose(step.text)}"
        if step.command:
            yield ""
            yield from block([step.command], "sh")
    link = _run_link(report.run)
    if link:
        yield ""
        yield link


def _run_link(run: Run | None) -> str:
    return f"[The failed run]({run.url})" if run and is_web(run.url) else ""


def _whole(report: Report) -> Iterator[str]:
    yield f"# {report.status}: {prose(view.lead(report))}"
    yield ""
    yield f"{prose(view.title_line(report))}: {prose(view.when(report))}."
    judged = f" Verdict {report.verdict}, category {report.category}, confidence {view.confidence(report)}."
    yield f"{prose(view.range_line(report))}." + (judged if report.verdict != "unknown" else "")
    if said := view.aside(report):
        yield ""
        yield prose(said)
    yield from _section("Next", _next_steps(report))
    yield from _section("Because", _because(report))
    yield from _section("Two stories", _stories(report))
    yield from _section("Suspects", _suspects(report))
    yield from _section("Replayed", _told(beyond.replayed(report)))
    yield from _section("Errors", _told(beyond.bursts(report)))
    yield from _section("Ruled out", _told(view.ruled_out(report)))
    yield from _section("Not known", _told(report.not_known))
    yield from _section("Seen before", _told(beyond.seen_before(report)))
    yield from _section("Ask", [f"- {code(each.name)} {prose(each.why)}" for each in report.owners])
    for excerpt in report.excerpts:
        yield from _section(f"Log {code(excerpt.label)}", _excerpt(excerpt))
    for sha, hunks in view.hunks_by_commit(report):
        yield from _section(f"Change {code(short(sha))}", [line for hunk in hunks for line in _hunk(hunk)])
    yield from _section("What was read", _sources(report))
    yield from _section("Notes", _told(report.notes))
    yield ""
    yield f"{prose(view.foot(report))}. Evidence {code(report.evidence_hash)}, version {code(report.program_version)}."
    if link := _run_link(report.run):
        yield link


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {title}", "", *lines)


def _told(sentences: Sequence[str]) -> list[str]:
    return [f"- {prose(each)}" for each in sentences]


def _next_steps(report: Report) -> list[str]:
    lines: list[str] = []
    for index, step in enumerate(report.next_steps, 1):
        lines.append(f"{index}. {prose(step.text)}")
        lines += [f"   {line}" for line in block([step.command], "sh")] if step.command else []
    return lines


def _because(report: Report) -> list[str]:
    lines: list[str] = []
    for each in report.citations:
        note = f" {prose(each.citation.note)}" if each.citation.note else ""
        ref = code(view.shorten(each.citation.ref))
        place = f"[{ref}]({each.url})" if is_web(each.url) else ref
        lines.append(f"- {each.id} {place}{note}")
        lines += [f"  {line}" for line in block([each.citation.quote], "text")]
    return lines


def _stories(report: Report) -> list[str]:
    return [
        f"- {view.chance(each.probability)} {prose(each.title)}: {prose('; '.join(each.why))}"
        for each in view.stories(report)
    ]


def _suspects(report: Report) -> list[str]:
    lines: list[str] = []
    known = {each.hash: each for each in report.suspects}
    for row in view.suspect_rows(report):
        name = f"{code(short(row.hash))} " if row.hash else ""
        lines.append(f"- {view.chance(row.probability)} {name}{prose(row.subject)}")
        suspect = known.get(row.hash)
        if suspect:
            if suspect.author:
                lines.append(f"  - by {code(suspect.author)}, {moment(suspect.date)}")
            for reason in suspect.reasons:
                ids = ", ".join(ids_of(reason, report.citations))
                lines.append(f"  - {prose(reason.text)}" + (f" ({ids})" if ids else ""))
    return lines


def _excerpt(excerpt: Excerpt) -> list[str]:
    """Up to 80 lines, those nearest to the marked ones; the page has the rest."""
    marked = [index for index, line in enumerate(excerpt.lines) if line.mark] or [0]
    near = sorted(range(len(excerpt.lines)), key=lambda index: min(abs(index - mark) for mark in marked))
    kept = [excerpt.lines[index] for index in sorted(near[:_EXCERPT_LINES])]
    gaps = view.folds([line.line for line in kept], excerpt.total_lines)
    lines: list[str] = []
    for gap, line in zip(gaps, kept, strict=False):
        lines += [_fold(gap)] if gap else []
        lines.append(f"{line.line:>7} {'>' if line.mark else ' '} {line.text}")
    return block([*lines, *([_fold(gaps[-1])] if gaps[-1] else [])], "text")


def _fold(gap: int) -> str:
    return f"        ... {count(gap, 'line')} left out"


def _hunk(hunk: CodeHunk) -> list[str]:
    lines: list[str] = []
    for gap, (sign, number, text) in zip(view.hunk_folds(hunk), hunk.lines, strict=True):
        lines += [_fold(gap)] if gap else []
        lines.append(f"{sign}{number:>6} {text}")
    return [f"{code(hunk.path)} {code(hunk.header)}", "", *block(lines, "diff"), ""]


def _sources(report: Report) -> list[str]:
    lines: list[str] = []
    for each in report.sources:
        rows = count(each.rows, "row")
        skipped = f", {each.skipped:,} skipped" if each.skipped else ""
        detail = f": {prose(each.detail)}" if each.detail else ""
        lines.append(f"- {prose(each.source)} {prose(each.what)}: **{each.status}**, {rows}{skipped}{detail}")
    return lines
