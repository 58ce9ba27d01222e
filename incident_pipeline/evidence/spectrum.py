"""Failing tests and the other tests of their files in, what is the failing ones' own out.

A static stand-in for a coverage spectrum: Ochiai's coefficient (Abreu et al. 2006) over names and words of their text.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import sqrt

from incident_pipeline.evidence.bm25 import words
from incident_pipeline.evidence.clues import Clues
from incident_pipeline.evidence.outline import IDENTIFIER, Definition
from incident_pipeline.evidence.reach import Graph
from incident_pipeline.evidence.weights import FAR_SHARE

MAX_FILES = 10
MAX_TESTS = 400
MAX_CHARS = 20_000  # of one test
NEAR = 5  # lines above the one where a test stopped


def failing_tests(clues: Clues, graph: Graph) -> list[Definition]:
    """Definitions of the failing tests at head, where their files were fetched."""
    wanted = {(t.path, t.names[-1]) for t in clues.tests if t.names}
    found = [d for path, name in sorted(wanted, key=str) for d in graph.named.get(name, ()) if path in {None, d.path}]
    return list(dict.fromkeys(found))


def passing_tests(failing: Sequence[Definition], graph: Graph) -> list[Definition]:
    """Tests of the same files that are not among the failing ones."""
    bad = frozenset(failing)
    return [
        d for p in sorted({d.path for d in failing}) for d in graph.outlines[p].definitions
        if d.kind == "function" and d.name.lower().startswith("test") and d not in bad
    ]  # fmt: skip


def own_names(clues: Clues, graph: Graph) -> dict[str, float]:
    """Defined names that failing tests use and passing ones do not; 1.0: all failing ones, no passing one."""
    failing = failing_tests(clues, graph)
    if not failing:
        return _file_names(clues, graph)
    stopped = _stopped(clues, graph)
    bad = [_used(d, graph, stopped.get(d)) for d in failing]
    return _ochiai(bad, [dict.fromkeys(graph.uses(d), 1.0) for d in passing_tests(failing, graph)])


def own_words(clues: Clues, graph: Graph) -> dict[str, float]:
    """The same for words of the tests' names and text; of their names alone where their text is not there."""
    failing = failing_tests(clues, graph)[:MAX_TESTS]
    if not failing:
        return dict.fromkeys((w for t in clues.tests[:20] for name in t.names for w in words(name)), 0.5)
    stopped = _stopped(clues, graph)
    bad = [_weighted_words(d, graph, stopped.get(d)) for d in failing]
    good = [_weighted_words(d, graph, None) for d in passing_tests(failing, graph)[:MAX_TESTS]]
    return _ochiai(bad, good)


def _stopped(clues: Clues, graph: Graph) -> dict[Definition, int]:
    """The line of a failing test's own code that failed: nothing after it ran."""
    found: dict[Definition, int] = {}
    for stack in clues.stacks:
        for frame in stack:
            outline = graph.outlines.get(frame.repo_path or "")
            test = outline.at(frame.source_line) if outline and frame.source_line else None
            if test and frame.source_line:
                found[test] = max(found.get(test, 0), frame.source_line)
    return found


def _used(test: Definition, graph: Graph, stopped: int | None) -> dict[str, float]:
    if stopped is None:
        return dict.fromkeys(graph.uses(test), 1.0)
    lines = graph.outlines[test.path].lines
    text = "\n".join(lines[test.start - 1 : _statement_end(lines, stopped)])
    return {n: 1.0 for n in graph.used_in(text, test.path) if n.lstrip(".") != test.name}


def _weighted_words(test: Definition, graph: Graph, stopped: int | None) -> dict[str, float]:
    """Words of a test; of one that stopped at a line those of that statement most, of the lines far above least."""
    lines = graph.outlines[test.path].lines
    if stopped is None:
        return dict.fromkeys(words("\n".join(lines[test.start - 1 : test.end])[:MAX_CHARS]), 1.0)
    end = _statement_end(lines, stopped)
    found = dict.fromkeys(words("\n".join(lines[test.start - 1 : stopped - NEAR])[-MAX_CHARS:]), FAR_SHARE)
    found |= dict.fromkeys(words("\n".join(lines[max(test.start, stopped - NEAR) - 1 : end])[:MAX_CHARS]), 1.0)
    found |= dict.fromkeys(words(lines[test.line - 1][:MAX_CHARS]), 1.0)
    return found


def _statement_end(lines: Sequence[str], line: int) -> int:
    """The last line of the statement that begins at `line`, by its brackets."""
    depth = 0
    for number in range(line, min(line + 30, len(lines) + 1)):
        text = lines[number - 1]
        depth += sum(text.count(c) for c in "([{") - sum(text.count(c) for c in ")]}")
        if depth <= 0:
            return number
    return min(line + 2, len(lines))


def _ochiai(failing: Sequence[Mapping[str, float]], passing: Sequence[Mapping[str, float]]) -> dict[str, float]:
    bad: defaultdict[str, float] = defaultdict(float)
    for bag in failing:
        for word, share in bag.items():
            bad[word] += share
    good = Counter(w for bag in passing for w in bag)
    return {w: n / sqrt(len(failing) * (n + good[w])) for w, n in bad.items()}


def _file_names(clues: Clues, graph: Graph) -> dict[str, float]:
    """Where a failing test has no definition of its own (made from data, or a closure): all names of its file."""
    paths = sorted({t.path for t in clues.tests if t.path and t.path in graph.outlines})
    used = [n for p in paths[:MAX_FILES] for n in dict.fromkeys(IDENTIFIER.findall("\n".join(graph.outlines[p].lines)))]
    found = [n for n in dict.fromkeys(used) if n in graph.named]
    return {n: 1.0 / sqrt(len(found)) for n in found}
