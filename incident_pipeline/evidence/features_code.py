"""Features that look at code: does a commit change what ran when it failed, or what that could have called?"""

from collections import Counter
from collections.abc import Collection
from math import log2

from incident_pipeline.evidence.bm25 import words
from incident_pipeline.evidence.dossier import Changes, Dossier
from incident_pipeline.evidence.edits import Edit
from incident_pipeline.evidence.outline import IDENTIFIER, Definition
from incident_pipeline.evidence.proof import Column, Signal, best_edit, column, proof
from incident_pipeline.evidence.roles import role
from incident_pipeline.evidence.see_through import line_weight
from incident_pipeline.evidence.spectrum import failing_tests
from incident_pipeline.evidence.weights import CLASS_SHARE, DEPTH_SHARE, LEAST_OWN, REACH_FULL, REACH_POWER
from incident_pipeline.model.evidence import Citation, code_ref, log_ref

_BARE = "changes what runs; nothing ties it closer to the failure"


def reach(d: Dossier) -> Column:
    """The best edit in a definition that the failure reaches, relative to the best of the window."""
    weights = d.reach.weight

    def value(edit: Edit) -> float:
        if role(edit.path) != "source":
            return 0.0
        share = CLASS_SHARE if edit.scope is None or edit.scope.kind == "class" else 1.0
        reached = max((weights.get(x, 0.0) for x in _scopes(d, edit)), default=0.0)
        return share * edit.weight * reached**REACH_POWER

    found = [best_edit(c, value) for c in d.changes]
    top = max((v for v, _ in found), default=0.0)
    scale = min(1.0, top / REACH_FULL**REACH_POWER) / top if top > 0 else 0.0
    return [_reached(d, c, v * scale, e) if e else None for c, (v, e) in zip(d.changes, found, strict=True)]


def _reached(d: Dossier, changes: Changes, value: float, edit: Edit) -> Signal:
    scope = max(_scopes(d, edit), key=lambda s: d.reach.weight.get(s, 0.0))
    chain = d.reach.chain(scope)[:-1]
    way = f" through {', '.join(chain)}" if chain else ""
    return Signal("reach", value, f"changes {scope.label}, which the failure reaches{way}", proof(changes, edit))


def _scopes(d: Dossier, edit: Edit) -> tuple[Definition, ...]:
    """The definition an edit stands in at head; where it could not be placed, those its hunk's header names.

    At the level of the module it is those of the same file that its lines, or the lines around them, name.
    """
    if edit.scope:
        return (edit.scope,)
    texts = [edit.section] if edit.head_line is None else [*(x.text for x in edit.lines), *(t for _, t in edit.around)]
    names = dict.fromkeys(n for text in texts for n in IDENTIFIER.findall(text))
    return tuple(x for n in names for x in d.graph.named.get(n, ()) if x.path == edit.path)


def frame(d: Dossier) -> Column:
    """An edit inside a function of a stack; the innermost frame of the repository counts most."""
    best: dict[Definition, tuple[float, Citation]] = {}
    for stack in d.clues.stacks:
        for depth, at in enumerate(d.repo_stack(stack, tests=False)):
            outline = d.graph.outlines.get(at.repo_path or "")
            definition = outline.at(at.source_line) if outline and at.source_line else None
            if definition and DEPTH_SHARE**depth > best.get(definition, (0.0,))[0]:
                text = d.lines.get(at.label, at.line) or ""
                best[definition] = (DEPTH_SHARE**depth, Citation(log_ref(at.label, at.line), text, "stack frame"))

    def of_scope(scope: Definition) -> float:
        return best[scope][0] if scope in best else 0.0

    def signal(changes: Changes) -> Signal | None:
        value, edit = best_edit(changes, lambda e: e.weight * max(map(of_scope, _scopes(d, e)), default=0.0))
        if edit is None:
            return None
        scope = max(_scopes(d, edit), key=of_scope)
        text = f"changes {scope.label}, which is in the stack"
        return Signal("frame", value, text, (best[scope][1], *proof(changes, edit)))

    return column(d, signal)


def blame(d: Dossier) -> Column:
    """Last changed the line of a frame, unless that change was formatting only."""
    owned: dict[str, tuple[float, str, int, str]] = {}
    for stack in d.clues.stacks:
        for depth, at in enumerate(d.repo_stack(stack, tests=False)):
            lines = d.code.blame.get(at.repo_path or "", ())
            line = lines[at.source_line - 1] if at.source_line and 0 < at.source_line <= len(lines) else None
            if line and DEPTH_SHARE**depth > owned.get(line.hash, (0.0,))[0]:
                owned[line.hash] = (DEPTH_SHARE**depth, line.path, line.original_line, line.text)

    def signal(changes: Changes) -> Signal | None:
        if changes.commit.hash not in owned:
            return None
        share, path, number, text = owned[changes.commit.hash]
        value = share * line_weight(changes.edits, path, number)
        cite = Citation(code_ref(changes.commit.hash, path, number), text, "last change of this line")
        return Signal("blame", value, f"last changed a line of the stack in {path}", (cite,)) if value > 0 else None

    return column(d, signal)


def near_test(d: Dossier) -> Column:
    """Stands in a file or definition whose name shares words with the failing tests' names; rare words count more."""
    wanted = {
        w: max(d.own.get(w, 0.0), LEAST_OWN)
        for t in d.clues.tests
        for n in (*t.names, stem(t.path or ""))
        for w in words(n)
    }
    often = _name_words(d, wanted)
    total = sum(len(o.definitions) for o in d.graph.outlines.values()) + len(d.code.paths)

    def value(edit: Edit) -> float:
        if role(edit.path) != "source" or edit.weight == 0:
            return 0.0
        shared = {*words(edit.path), *words(edit.names)} & wanted.keys()
        return edit.weight * sum(wanted[w] * log2(1 + total / (1 + often[w])) for w in sorted(shared))

    found = [best_edit(c, value) for c in d.changes]
    top = max((v for v, _ in found), default=0.0)
    return [_near(c, v / top, e, wanted) if e else None for c, (v, e) in zip(d.changes, found, strict=True)]


def _name_words(d: Dossier, wanted: Collection[str]) -> Counter[str]:
    """How many source files and definitions bear each word in their name."""
    names = [p for p in d.code.paths if role(p) == "source"]
    names += [f"{x.path} {x.label}" for p, o in d.graph.outlines.items() if role(p) == "source" for x in o.definitions]
    return Counter(w for name in names for w in set(words(name)) if w in wanted)


def _near(changes: Changes, value: float, edit: Edit, wanted: Collection[str]) -> Signal:
    shared = sorted({*words(edit.path), *words(edit.names)} & set(wanted))
    text = f"touches {edit.path}, near the failing tests by name ({', '.join(shared[:3])})"
    return Signal("near_test", value, text, proof(changes, edit, limit=1))


def stem(path: str) -> str:
    """File name without suffix and test marks: `tests/test_cart.py` and `src/cart.py` both give `cart`."""
    name = path.rpartition("/")[2].partition(".")[0].lower()
    return name.removeprefix("test_").removesuffix("_test").removesuffix("test").strip("_") or name


def test_changed(d: Dossier) -> Column:
    """Changes the failing test itself."""
    tests = frozenset(failing_tests(d.clues, d.graph))

    def signal(changes: Changes) -> Signal | None:
        value, edit = best_edit(changes, lambda e: e.weight if e.scope in tests else 0.0)
        if edit is None or edit.scope is None:
            return None
        return Signal("test_changed", value, f"changes the failing test {edit.scope.label}", proof(changes, edit))

    return column(d, signal)


test_changed.__test__ = False  # pyright: ignore[reportFunctionMemberAccess] - its name would make pytest collect it


def behaviour(d: Dossier) -> Column:
    """Changes anything that runs at all, outside tests; several such edits weigh a little more than one."""

    def signal(changes: Changes) -> Signal | None:
        edits = [e for e in changes.edits if role(e.path) in {"source", "manifest", "config", "ci"}]
        strongest = max(edits, key=lambda e: e.weight, default=None)
        if strongest is None or strongest.weight == 0:
            return None
        value = strongest.weight * min(1.0, 0.5 + log2(1 + len(edits)) / 8)
        return Signal("behaviour", value, _BARE, proof(changes, strongest, limit=1))

    return column(d, signal)
