"""A report in, the two panes of proof out: every line with the citations that point at it and the fold before it.

Surprising fact: two hunks may show the same line. An id may stand in a page only once, so the first one gets it.
"""

from dataclasses import dataclass

from incident_pipeline.model.evidence import parse_ref
from incident_pipeline.model.report import Report
from incident_pipeline.reports import view


@dataclass(frozen=True, slots=True)
class Line:
    """`fold` lines were left out before this one; `ids` are the citations that point at it; `mark` as in the report."""

    number: int
    text: str
    sign: str
    mark: str
    ids: tuple[str, ...]
    fold: int


@dataclass(frozen=True, slots=True)
class Pane:
    """One log or one hunk. `name` and `note` head it; `fold` lines follow that are not shown."""

    key: str
    name: str
    note: str
    lines: tuple[Line, ...]
    total: int
    fold: int

    @property
    def ids(self) -> tuple[str, ...]:
        """The citations that point into it."""
        return tuple(name for line in self.lines for name in line.ids)


def log_panes(report: Report) -> tuple[Pane, ...]:
    """One for each excerpt, in the order of the report."""
    ids: dict[tuple[str, int], list[str]] = {}
    for each in report.citations:
        place = parse_ref(each.citation.ref)
        if place and place[0] == "log":
            ids.setdefault((place[1], place[3]), []).append(each.id)
    names = {log.label: log.name for log in report.logs}
    panes: list[Pane] = []
    for excerpt in report.excerpts:
        gaps = view.excerpt_folds(excerpt)
        lines = tuple(
            Line(line.line, line.text, "", line.mark, tuple(ids.get((excerpt.label, line.line), ())), gap)
            for gap, line in zip(gaps, excerpt.lines, strict=False)
        )
        name = names.get(excerpt.label, "")
        panes.append(Pane(excerpt.label, excerpt.label, name, lines, excerpt.total_lines, gaps[-1]))
    return tuple(panes)


def code_panes(report: Report) -> tuple[Pane, ...]:
    """One for each hunk, in the order of the report."""
    waiting = {
        each.id: place for each in report.citations if (place := _code_place(each.citation.ref, each.citation.side))
    }
    panes: list[Pane] = []
    for hunk in report.hunks:
        lines: list[Line] = []
        for gap, (sign, number, text) in zip(view.hunk_folds(hunk), hunk.lines, strict=True):
            here = (hunk.path, number, sign == "-")
            ids = tuple(i for i, (sha, *at) in waiting.items() if hunk.hash.startswith(sha) and tuple(at) == here)
            for name in ids:
                del waiting[name]
            lines.append(Line(number, text, sign, "cited" if ids else "", ids, gap))
        panes.append(Pane(hunk.hash, hunk.path, hunk.header, tuple(lines), len(lines), 0))
    return tuple(panes)


def _code_place(ref: str, side: str) -> tuple[str, str, int, bool] | None:
    match parse_ref(ref):
        case ("code", sha, path, line):
            return sha, path, line, side == "old"
        case _:
            return None


def ids_shown(panes: tuple[Pane, ...]) -> frozenset[str]:
    """The citations whose line stands in a pane; the others need a place of their own."""
    return frozenset(name for pane in panes for name in pane.ids)
