"""What the features look at, worked out once: clues, edits of every commit placed at head, reach, moved packages."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from incident_pipeline.evidence.clues import Clues, awaited, read_clues
from incident_pipeline.evidence.edits import Edit, edits_of, placed
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.loglines import LogLines
from incident_pipeline.evidence.outline import Definition, Outline
from incident_pipeline.evidence.packages import Moved, moved
from incident_pipeline.evidence.places import path_index
from incident_pipeline.evidence.reach import Graph, Reach, spread
from incident_pipeline.evidence.roles import role
from incident_pipeline.evidence.shortlist import shortlist
from incident_pipeline.evidence.spectrum import own_names, own_words
from incident_pipeline.evidence.weights import DEPTH_SHARE
from incident_pipeline.model.evidence import CodeFacts, Failure, Frame
from incident_pipeline.model.git import Commit, FileChange
from incident_pipeline.model.incident import Window

# Names in a message that can only be code: with an underscore or inner capital, or called.
_CODE_LIKE = re.compile(r"\b(?:[A-Za-z]\w*_\w+|_\w+|[A-Z]?[a-z]+[A-Z]\w*|[A-Z][a-z]\w+(?=[.('])|[a-z]\w+(?=\())")
_OBJECT = re.compile(r"([A-Za-z_]\w*)\.$")


@dataclass(frozen=True, slots=True)
class Changes:
    """One commit with the edits of its files."""

    commit: Commit
    edits: tuple[Edit, ...]

    @property
    def files(self) -> tuple[FileChange, ...]:
        """Its changed files, () when not known."""
        return self.commit.files or ()


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is known of one failure. `changes` are in the window's order, which no feature may use."""

    failure: Failure
    clues: Clues
    code: CodeFacts
    changes: tuple[Changes, ...]
    graph: Graph
    reach: Reach
    own: Mapping[str, float]
    moved: tuple[Moved, ...]
    lines: LogLines
    head: str | None

    def repo_stack(self, stack: Sequence[Frame], *, tests: bool) -> tuple[Frame, ...]:
        """Frames of a stack that lie in the repository, test files or the others, innermost first."""
        return _repo_frames(stack, tests=tests)


def build_dossier(
    failure: Failure, window: Window, code: CodeFacts, *, logs: Sequence[LogText], greens: Sequence[LogText]
) -> Dossier:
    """Reads every commit's patch once, of a long window's (shortlist.MAX_READ) closely only those worth it."""
    lines = LogLines([*logs, *greens])
    clues = read_clues(failure, lines, path_index(code.paths))
    outlines = {p: Outline(p, text) for p, text in code.files.items() if role(p) in {"source", "test"}}
    graph = Graph(outlines)
    reach, own = _reach(clues, graph), own_words(clues, graph)
    closely = shortlist(window.commits, clues, reach, own)
    changes = tuple(_changes(c, outlines) if c.hash in closely else Changes(c, ()) for c in window.commits)
    return Dossier(failure, clues, code, changes, graph, reach, own, moved(logs, greens), lines, window.head)


def _changes(commit: Commit, outlines: Mapping[str, Outline]) -> Changes:
    edits: list[Edit] = []
    if not commit.is_merge:  # a merge repeats what its parents brought
        for change in commit.files or ():
            outline = outlines.get(change.path)
            found = edits_of(change)
            edits += [placed(e, outline) for e in found] if outline else found
    return Changes(commit, tuple(edits))


def _reach(clues: Clues, graph: Graph) -> Reach:
    names: defaultdict[str, float] = defaultdict(float)
    starts: defaultdict[Definition, float] = defaultdict(float)
    stacks = clues.stacks
    for stack in stacks:
        for depth, frame in enumerate(_repo_frames(stack, tests=False)):
            outline = graph.outlines.get(frame.repo_path or "")
            definition = outline.at(frame.source_line) if outline and frame.source_line else None
            if definition:
                starts[definition] += 3.0 * DEPTH_SHARE**depth / len(stacks)
        in_tests = [f for f in _repo_frames(stack, tests=True) if f.repo_path in graph.outlines and f.source_line]
        for frame in in_tests:
            statement = _names_at(graph.outlines[frame.repo_path or ""], frame.source_line or 1, graph)
            _add(names, statement, 2.0 / len(stacks) / len(in_tests))
    _add(names, own_names(clues, graph), 1.0)
    said = dict.fromkeys(f".{n}" for n in _said(clues, graph) if n in graph.named)
    _add(names, dict.fromkeys(said, 1.0), 1.0 / sqrt(len(said) or 1))
    raises = _raises_what_was_not_raised(clues, graph)
    for definition in raises:
        starts[definition] += 1.0 / sqrt(len(raises))
    return spread(graph, names=names, starts=starts)


def _said(clues: Clues, graph: Graph) -> Iterator[str]:
    """Names of code in the messages, but for those that the failing files have from modules of others."""
    paths = {t.path or "" for t in clues.tests} | {f.repo_path or "" for stack in clues.stacks for f in stack}
    foreign = frozenset[str]().union(*(graph.foreign(p) for p in paths if p in graph.outlines))
    for message in clues.messages:
        for match in _CODE_LIKE.finditer(message.text):
            of = _OBJECT.search(message.text, max(0, match.start() - 80), match.start())
            if not (of and of[1] in foreign):
                yield match[0]


def _raises_what_was_not_raised(clues: Clues, graph: Graph) -> list[Definition]:
    """Definitions that raise the error which a test waited for in vain."""
    wanted = awaited(clues.messages)
    if not wanted:
        return []
    raises = re.compile(rf"\b(?:raise|throw(?: new)?) (?:\w+\.)?(?:{'|'.join(map(re.escape, wanted))})\b")
    functions = [
        d for path in sorted(graph.outlines) if role(path) == "source" for d in graph.outlines[path].definitions
    ]
    return [d for d in functions if d.kind == "function" and raises.search(graph.outlines[d.path].text_of(d))]


def _repo_frames(stack: Sequence[Frame], *, tests: bool) -> tuple[Frame, ...]:
    return tuple(f for f in stack if f.repo_path and (role(f.repo_path) == "test") is tests)


def _add(names: defaultdict[str, float], more: Mapping[str, float], weight: float) -> None:
    for name, value in more.items():
        names[name] += value * weight


def _names_at(outline: Outline, line: int, graph: Graph) -> dict[str, float]:
    holder = outline.at(line)
    text = "\n".join(outline.lines[max(0, line - 1) : line + 2])
    found = graph.used_in(text, outline.path, inside=outline.text_of(holder) if holder else text)
    return {n: 1.0 / sqrt(len(found)) for n in found}
