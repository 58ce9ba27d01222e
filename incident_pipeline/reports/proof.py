"""Numbered citations in, the log excerpts and code hunks that show them out; both bounded, cited lines first.

Surprising fact: a line that blame points at is rarely in a suspect's hunk: it stands in the file at head. Such a line
gets a short piece of that file, with the head's hash in place of a suspect's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal, Protocol

from incident_pipeline.model.evidence import CodeFacts, Failure, Finding, Suspect, parse_ref
from incident_pipeline.model.git import Commit, FileChange, Hunk
from incident_pipeline.model.incident import LogRef, Window
from incident_pipeline.model.patch import numbered, parse_hunks
from incident_pipeline.model.report import Cited, CodeHunk, Excerpt, ExcerptLine
from incident_pipeline.reports.text import collapse, cut

CONTEXT = 3
MOST_LINES = 600
MOST_CHARS = 240_000  # of all logs together, so that the page stays under 1 MB
LINE_WIDTH = 2_000
_FINDING_LINES = 40
_HUNK_LINES = 40
_HUNKS = (4, 2, 2)  # of the first, second and third suspect

CodeLine = tuple[str, int, str]
CodePlace = tuple[str, str, int, bool]  # sha, path, line, of the old side


class Lines(Protocol):
    """Text of a log line (1-based) and how many there are; None when there is no such log or line."""

    def log_line(self, label: str, line: int) -> str | None: ...
    def log_length(self, label: str) -> int | None: ...


def excerpts(
    logs: Sequence[LogRef], cited: Sequence[Cited], *, findings: Sequence[Finding],
    selection: Mapping[str, Sequence[int]], lines: Lines,
) -> tuple[Excerpt, ...]:  # fmt: skip
    """One excerpt for each log that has a line to show, in the order of `logs`.

    Lines are the cited ones, the findings, 3 around each, and the selection; at most 600, and 240,000 characters in all
    logs together, those first that prove.
    """
    budget = MOST_CHARS // max(len(logs), 1)
    found = (
        _excerpt(log.label, cited, findings=findings, selection=selection, lines=lines, budget=budget) for log in logs
    )
    return tuple(excerpt for excerpt in found if excerpt)


def _excerpt(
    label: str, cited: Sequence[Cited], *, findings: Sequence[Finding], selection: Mapping[str, Sequence[int]],
    lines: Lines, budget: int,
) -> Excerpt | None:  # fmt: skip
    total = lines.log_length(label)
    if not total:
        return None
    places = (parse_ref(each.citation.ref) for each in cited)
    proof = [place[3] for place in places if place and place[1] == label]
    found = [number for finding in findings if finding.label == label for number in _span(finding)]
    around = (n + d for n in (*proof, *found) for d in range(-CONTEXT, CONTEXT + 1))
    wanted = (n for n in (*proof, *found, *around, *selection.get(label, ())) if 1 <= n <= total)
    texts: dict[int, str] = {}
    for number in islice(dict.fromkeys(wanted), MOST_LINES):
        text = lines.log_line(label, number)
        budget -= min(len(text or ""), LINE_WIDTH)
        if budget < 0:
            break
        if text is not None:
            texts[number] = cut(text, LINE_WIDTH)
    shown = tuple(ExcerptLine(number, texts[number], _mark(number, proof, found)) for number in sorted(texts))
    return Excerpt(label, shown, total) if shown else None


def _mark(number: int, proof: Sequence[int], found: Sequence[int]) -> Literal["", "cited", "finding"]:
    return "cited" if number in proof else "finding" if number in found else ""


def _span(finding: Finding) -> range:
    return range(finding.line, min(finding.end_line, finding.line + _FINDING_LINES - 1) + 1)


def hunks(
    window: Window, suspects: Sequence[Suspect], *, cited: Sequence[Cited], code: CodeFacts, failure: Failure
) -> tuple[CodeHunk, ...]:
    """Hunks of the first three suspects (4, 2 and 2; cited ones first, then those in files of the stack), and a piece
    of the file at head for every cited line that none of them shows; in the order of the citations. A hunk shows at
    most 40 lines."""
    places = tuple(_code_places(cited))
    in_stack = {frame.repo_path for frame in failure.frames}
    commits = {commit.hash: commit for commit in window.commits}
    shown: list[CodeHunk] = []
    for most, suspect in zip(_HUNKS, suspects, strict=False):
        if suspect.hash in commits:
            shown += islice(_of_commit(commits[suspect.hash], places, in_stack), most)
    missing = [place for place in places if place[0] == window.head and not any(shows(hunk, place) for hunk in shown)]
    shown += _at_head(missing, code)
    first = {id(hunk): next((i for i, place in enumerate(places) if shows(hunk, place)), len(places)) for hunk in shown}
    return tuple(sorted(shown, key=lambda hunk: first[id(hunk)]))


def _code_places(cited: Sequence[Cited]) -> Iterator[CodePlace]:
    for each in cited:
        match parse_ref(each.citation.ref):
            case ("code", sha, path, line):
                yield sha, path, line, each.citation.side == "old"
            case _:
                continue


def shows(hunk: CodeHunk, place: CodePlace) -> bool:
    """The hunk holds the cited line."""
    sha, path, line, old = place
    at = hunk.hash.startswith(sha) and hunk.path == path
    return at and any(number == line and (sign == "-") == old for sign, number, _ in hunk.lines)


def _of_commit(commit: Commit, places: Sequence[CodePlace], in_stack: set[str | None]) -> Iterator[CodeHunk]:
    whole = [(change, hunk) for change in commit.files or () if change.patch for hunk in parse_hunks(change.patch)]
    ranked = sorted(whole, key=lambda pair: _rank(commit.hash, *pair, places, in_stack))
    for change, hunk in ranked:
        yield _code_hunk(commit.hash, change, hunk, places)


def _rank(
    sha: str, change: FileChange, hunk: Hunk, places: Sequence[CodePlace], in_stack: set[str | None]
) -> tuple[int, int]:
    body = CodeHunk(sha, change.path, "", tuple(numbered(hunk)))
    first = next((index for index, place in enumerate(places) if shows(body, place)), len(places))
    return first, 0 if change.path in in_stack else 1


def _code_hunk(sha: str, change: FileChange, hunk: Hunk, places: Sequence[CodePlace]) -> CodeHunk:
    lines = tuple(numbered(hunk))
    mine = {(line, old) for at, path, line, old in places if sha.startswith(at) and path == change.path}
    centre = [index for index, (sign, number, _) in enumerate(lines) if (number, sign == "-") in mine]
    section = f" {collapse(hunk.section)}" if hunk.section.strip() else ""
    return CodeHunk(sha, change.path, f"@@ -{hunk.old_start} +{hunk.new_start} @@{section}", _around(lines, centre))


def _around(lines: Sequence[CodeLine], centre: Sequence[int]) -> tuple[CodeLine, ...]:
    """At most 40 lines, nearest to the cited ones; without any, the first ones from 3 before the first change."""
    changed = next((index for index, (sign, _, _) in enumerate(lines) if sign != " "), 0)
    starts = centre or [max(changed - CONTEXT, 0) + _HUNK_LINES // 2]
    near = sorted(range(len(lines)), key=lambda index: min(abs(index - start) for start in starts))
    return tuple(_shown(*lines[index]) for index in sorted(near[:_HUNK_LINES]))


def _shown(sign: str, number: int, text: str) -> CodeLine:
    return sign, number, cut(text, LINE_WIDTH)


def _at_head(places: Iterable[CodePlace], code: CodeFacts) -> Iterator[CodeHunk]:
    by_path: dict[tuple[str, str], list[int]] = {}
    for sha, path, line, _ in places:
        if path in code.files:
            by_path.setdefault((sha, path), []).append(line)
    for (sha, path), cited in by_path.items():
        text = code.files[path].split("\n")
        near = sorted({n + d for n in cited for d in range(-CONTEXT, CONTEXT + 1) if 1 <= n + d <= len(text)})
        lines = tuple(_shown(" ", n, text[n - 1]) for n in near)
        if lines:
            yield CodeHunk(sha, path, "at head", lines)
