"""Logs and a dossier in, signs that no commit is to blame out: infrastructure, flakiness, drift; each with its proof.

`strength` is log-odds for "no commit" (weights.NO_COMMIT). A line that the green log holds as well says nothing.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import polars as pl

from incident_pipeline.evidence.clues import MAX_FINDINGS
from incident_pipeline.evidence.dossier import Dossier
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.no_commit_table import CHANCE, HINTS, INFRASTRUCTURE, LOCAL, NO_TROUBLE
from incident_pipeline.evidence.outline import Definition
from incident_pipeline.evidence.packages import Moved, named_packages
from incident_pipeline.evidence.roles import role
from incident_pipeline.evidence.spectrum import failing_tests
from incident_pipeline.evidence.tokens import is_import
from incident_pipeline.evidence.weights import NO_COMMIT
from incident_pipeline.model.evidence import Category, Citation, Failure, VerdictKind, code_ref, log_ref


@dataclass(frozen=True, slots=True)
class NoCommit:
    """One sign that no commit is to blame. `cause` reads as the rest of the sentence "No commit is to blame: ..."."""

    verdict: VerdictKind
    category: Category
    strength: float
    cause: str
    citations: tuple[Citation, ...] = ()


_INFRASTRUCTURE: tuple[tuple[Category, float, str, str], ...] = tuple(
    (category, NO_COMMIT["infrastructure" if telling else "infrastructure_weak"], cause, "|".join(patterns))
    for category, telling, cause, patterns in INFRASTRUCTURE
)
_CHANCE = tuple((share, cause, "|".join(patterns)) for share, cause, patterns in CHANCE)
_ANY = "|".join(f"(?:{row[3]})" for row in _INFRASTRUCTURE)
_NO_TROUBLE = re.compile("|".join(f"(?:{row})" for row in NO_TROUBLE))
_LOCAL = re.compile(LOCAL)
_ASSERTED = re.compile(r"\bassert|\b[Ee]xpected\b|AssertionError|\b(?:left|right|want|got):")
_CAPTURED = r"^-+ Captured .* -+$"
_OF_THE_CODE = frozenset({"compile", "lint"})  # no machine makes a compiler refuse code
_HEADER = rf"{_CAPTURED}|^(?:=+|_+) .* (?:=+|_+)$|^##\[(?:error|endgroup)\]"
_DIGITS = re.compile(r"\d+|0x[0-9a-f]+")
_COINCIDENCE = r"\bassert (\S.{0,200}) != \1\s*$"
MAX_HITS = 200


def infrastructure(logs: Sequence[LogText], greens: Sequence[LogText], *, failure: Failure) -> list[NoCommit]:
    """Lines of the failed logs that speak of the machine, not of the code; the first of each cause.

    What tests print of connections and time limits is weak: it counts only where it is a part of what failed. So is
    anything that a program under test printed, and all that stands beside an assertion that failed; beside code that a
    compiler or linter refused it counts for nothing.
    """
    explains = {
        (f.label, n) for f in failure.findings[:MAX_FINDINGS] for n in range(f.line, min(f.end_line, f.line + 200) + 1)
    }
    hits = [(log, list(_hits(log))) for log in logs]
    compared = greens if any(told for _, told in hits) else ()
    green = {_DIGITS.sub("", text) for log in compared for _, text in _hits(log)}
    asserted = any(_ASSERTED.search(f.text[:2000]) for f in failure.findings[:1])
    refused = any(f.kind in _OF_THE_CODE for f in failure.findings[:1])
    found: dict[str, NoCommit] = {}
    for log, told in hits:
        captured = _captured(log)
        for line, text in told:
            if _DIGITS.sub("", text) in green or _NO_TROUBLE.search(text[:2000]):
                continue
            part = (log.label, line) in explains
            for category, strength, cause, pattern in _INFRASTRUCTURE:
                if cause in found or not re.search(pattern, text[:2000]):
                    continue
                own = captured(line)
                if not part and (strength < NO_COMMIT["infrastructure"] or own or refused):
                    continue
                weak = own or (asserted and not part)
                worth = min(strength, NO_COMMIT["infrastructure_weak"]) if weak else strength
                worth *= NO_COMMIT["local"] if _LOCAL.search(text[:2000]) else 1.0
                found[cause] = NoCommit("infrastructure", category, worth, cause, (_cite(log, line, text, cause),))
    return sorted(found.values(), key=lambda n: -n.strength)


def _cite(log: LogText, line: int, text: str, cause: str) -> Citation:
    return Citation(log_ref(log.label, line), text, cause)


def _captured(log: LogText) -> Callable[[int], bool]:
    """Whether a line stands in what a test printed, as the test runner shows it below the failure."""
    marks = log.frame.filter(pl.col("text").str.contains(_HEADER)).select(
        "line", pl.col("text").str.contains(_CAPTURED).alias("captured")
    )
    numbers, kinds = marks["line"].to_list(), marks["captured"].to_list()

    def inside(line: int) -> bool:
        at = bisect_right(numbers, line) - 1
        return at >= 0 and kinds[at]

    return inside if any(kinds) else lambda _: False


def _hits(log: LogText) -> Iterator[tuple[int, str]]:
    hinted = log.frame.select("line", "text").filter(pl.col("text").str.contains_any(list(HINTS)))
    rows = hinted.filter(pl.col("text").str.contains(_ANY)).head(MAX_HITS).iter_rows()
    for line, text in rows:
        for offset, part in enumerate(text.split("\n")):
            if re.search(_ANY, part[:2000]):
                yield line + offset, part


def flaky(d: Dossier, *, same_commit_passed: bool | None) -> list[NoCommit]:
    """The same commit passed elsewhere, or the failing test itself is left to chance."""
    found: list[NoCommit] = []
    if same_commit_passed:
        cause = "the same commit passed in another run"
        found.append(NoCommit("flaky", "test", NO_COMMIT["same_commit_passed"], cause))
    tests = failing_tests(d.clues, d.graph)
    rated = [r for t in tests for r in _chances(d, t)]
    if rated:
        share, cause, cites = max(rated, key=lambda r: r[0])
        strength = NO_COMMIT["chance"] * share / sqrt(len(tests)) + _in_statement(d)
        if same_commit_passed is False:
            strength -= NO_COMMIT["failed_again"]
        found.append(NoCommit("flaky", "test", max(0.0, strength), cause, cites))
    return found


def _chances(d: Dossier, test: Definition) -> Iterator[tuple[float, str, tuple[Citation, ...]]]:
    lines = d.graph.outlines[test.path].lines
    for share, cause, pattern in _CHANCE:
        number = next((n for n in range(test.start, test.end + 1) if re.search(pattern, lines[n - 1][:2000])), None)
        if number:
            cite = Citation(code_ref(d.head, test.path, number), lines[number - 1], cause) if d.head else None
            yield share, f"{test.label} {cause}", (cite,) if cite else ()


def _in_statement(d: Dossier) -> float:
    """More when the message itself names what is left to chance, as introspected assertions do, or when two values that
    were to differ came out alike."""
    telling = [_COINCIDENCE, *(pattern for share, _, pattern in _CHANCE if share == 1.0)]
    said = any(re.search(pattern, m.text[:2000]) for m in d.clues.messages for pattern in telling)
    return NO_COMMIT["chance_in_statement"] if said else 0.0


def drift(d: Dossier) -> list[NoCommit]:
    """A package moved between green and red though no commit touched it; strongest when the failure points into it."""
    touched = frozenset(_named_in_manifests(d))
    untouched = [hit for hit in d.moved if hit.name not in touched and hit.green is not None]
    share = 1.0 if len(untouched) == len(d.moved) else NO_COMMIT["drift_beside_commit"]
    found: list[NoCommit] = []
    for hit in untouched:
        points = _points_into(d, hit)
        strength = NO_COMMIT["drift"] if points else NO_COMMIT["drift_unproved"] / sqrt(len(untouched))
        cite = Citation(log_ref(hit.label, hit.line), hit.text, hit.say)
        cause = f"{hit.say} between green and red, touched by no commit"
        found.append(NoCommit("drift", "dependency", strength * share, cause, (cite, points) if points else (cite,)))
    return sorted(found, key=lambda n: -n.strength)


def _named_in_manifests(d: Dossier) -> Iterator[str]:
    for changes in d.changes:
        for edit in changes.edits:
            if role(edit.path) in {"manifest", "ci"}:
                for line in edit.lines:
                    yield from named_packages(line.text)


def _points_into(d: Dossier, hit: Moved) -> Citation | None:
    """The message, frame or import in a failing file that names the package, or None."""
    escaped = re.escape(hit.name).replace(r"\-", "[-_.]")
    name = re.compile(rf"(?<![\w-]){escaped}(?![\w-])", re.IGNORECASE)
    for message in d.clues.messages:
        if name.search(message.text[:2000]):
            return Citation(log_ref(message.label, message.line), message.text, f"names {hit.name}")
    outside = [f for stack in d.clues.stacks for f in stack[:6] if f.repo_path is None and name.search(f.path)]
    for frame in outside[:1]:
        text = d.lines.get(frame.label, frame.line)
        return Citation(log_ref(frame.label, frame.line), text, f"in {hit.name}") if text else None
    return _imported(d, name, hit.name)


def _imported(d: Dossier, name: re.Pattern[str], package: str) -> Citation | None:
    inside = [f.repo_path for stack in d.clues.stacks for f in stack if f.repo_path]
    for path in dict.fromkeys([*(t.path for t in d.clues.tests if t.path), *inside]):
        outline = d.graph.outlines.get(path)
        for number, line in enumerate(outline.lines[:400] if outline else (), 1):
            if d.head and is_import(line) and name.search(line):
                return Citation(code_ref(d.head, path, number), line, f"imports {package}")
    return None
