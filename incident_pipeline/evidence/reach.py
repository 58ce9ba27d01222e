"""Code at head and where a failure starts in, how strongly each definition is reached out.

A static stand-in for coverage: names used in the failing statement, the failing test and the stack spread their weight
to the definitions of that name, these to the names they use. No types: a name's many definitions share its weight.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from incident_pipeline.evidence.imports import bound_by_imports
from incident_pipeline.evidence.outline import Definition, Outline

DECAY = 0.6
ROUNDS = 4
SMALLEST = 1e-4
MAX_NAMES = 400
SHORTEST_NAME = 3
_USE = re.compile(r"(?:(?:(?<![\w$.])([A-Za-z_]\w*))?(\.|::|->)\s{0,80})?(?<![\w$])([A-Za-z_$][\w$]*)")
_STRICT = frozenset({"py", "pyi", "pyx", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"})
_NAMES = r"[A-Za-z_$][\w$, \t]{0,120}?"
_BINDS = re.compile(
    rf"^[ \t]*(?:const |let |var )?({_NAMES})[ \t]?(?::[^=\n]{{1,80}})?=(?!=)"
    rf"|\bfor\s{{1,9}}\(?(?:const |let |var )?({_NAMES})\)?\s{{1,9}}(?:in|of)\b|\bas\s{{1,9}}([A-Za-z_]\w*)"
    r"|\b(?:def\s{1,9}\w+|function\b[^(\n]{0,80})\s{0,9}\(([^)]{0,2000})\)",
    re.MULTILINE,
)
_PARAMETER = re.compile(r"(?:^|,)\s*\*{0,2}([A-Za-z_$][\w$]*)")


def strict(path: str) -> bool:
    """A language in which a method is only ever called of an object."""
    return path.rpartition(".")[2].lower() in _STRICT


def bound_names(text: str) -> frozenset[str]:
    """Names that a function's text assigns, loops over or takes."""
    parts = (part for groups in _BINDS.findall(text) for part in groups if part)
    return frozenset(name for part in parts for name in _PARAMETER.findall(part))


@dataclass(frozen=True)
class Graph:
    """Definitions of the fetched files; names used by each are read once, when asked."""

    outlines: Mapping[str, Outline]
    _uses: dict[Definition, tuple[str, ...]] = field(default_factory=dict[Definition, tuple[str, ...]])
    _imported: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    @cached_property
    def named(self) -> dict[str, tuple[Definition, ...]]:
        """Simple name -> its definitions."""
        found: defaultdict[str, list[Definition]] = defaultdict(list)
        for path in sorted(self.outlines):
            for definition in self.outlines[path].definitions:
                if len(definition.name) >= SHORTEST_NAME:
                    found[definition.name].append(definition)
        return {name: tuple(d) for name, d in found.items()}

    @cached_property
    def members(self) -> dict[tuple[str, str], tuple[Definition, ...]]:
        """(path, class) -> what is defined in it."""
        found: defaultdict[tuple[str, str], list[Definition]] = defaultdict(list)
        for definitions in self.named.values():
            for d in definitions:
                if d.owner:
                    found[d.path, d.owner].append(d)
        return {key: tuple(d) for key, d in found.items()}

    def uses(self, definition: Definition) -> tuple[str, ...]:
        """Names used in it that are defined somewhere in the fetched files; `.name` where it is used of an object."""
        names = self._uses.get(definition)
        if names is None:
            text = self.outlines[definition.path].text_of(definition)
            names = tuple(n for n in self.used_in(text, definition.path) if n.lstrip(".") != definition.name)
            self._uses[definition] = names
        return names

    def used_in(self, text: str, path: str, *, inside: str | None = None) -> tuple[str, ...]:
        """The same of any text of the file `path`. What comes from a module of others means nothing here.

        A bare name that the text, or what it stands `inside`, binds is its own variable.
        """
        foreign, named = self.foreign(path), self.named
        found: dict[tuple[str, str], None] = {}
        for of, dot, name in _USE.findall(text):
            if of in named and of not in foreign:
                found["", of] = None
            if name in named and (of or name) not in foreign:
                found[dot, name] = None
        own = bound_names(text if inside is None else inside) if any(not dot for dot, _ in found) else frozenset[str]()
        return tuple(dict.fromkeys(f".{n}" if dot else n for dot, n in found if dot or n not in own))[:MAX_NAMES]

    @cached_property
    def _modules(self) -> frozenset[str]:
        return frozenset(part for path in self.outlines for part in path.rpartition(".")[0].split("/"))

    def foreign(self, path: str) -> frozenset[str]:
        """Names that a Python file imports from modules of which no part is a file or folder here."""
        known = self._imported.get(path)
        if known is None:
            text = "\n".join(self.outlines[path].lines) if path.endswith((".py", ".pyi")) else ""
            bound = bound_by_imports(text).items()
            known = frozenset(
                n for n, m in bound if not m.startswith(".") and not self._modules.intersection(m.split("."))
            )
            self._imported[path] = known
        return known

    def meant(self, used: str) -> tuple[Definition, ...]:
        """Definitions that a use can mean: a bare name is no method where methods are only called of an object."""
        found = self.named.get(used.lstrip("."), ())
        return found if used.startswith(".") else tuple(d for d in found if not d.owner or not strict(d.path))


@dataclass(frozen=True, slots=True)
class Reach:
    """How strongly each definition is reached, and from which one most strongly (None: from the failure itself)."""

    weight: Mapping[Definition, float]
    came_from: Mapping[Definition, Definition | None]

    def chain(self, definition: Definition) -> tuple[str, ...]:
        """Labels from the failure to `definition`, nearest the failure first."""
        names: list[str] = []
        at: Definition | None = definition
        while at is not None and at.label not in names:
            names.append(at.label)
            at = self.came_from.get(at)
        return tuple(reversed(names))


def spread(graph: Graph, *, names: Mapping[str, float], starts: Mapping[Definition, float]) -> Reach:
    """Weights from used `names` and from definitions known to have run (`starts`)."""
    total: Counter[Definition] = Counter()
    origin: dict[Definition, tuple[float, Definition | None]] = {}
    wave: dict[Definition, float] = dict(starts)
    owners = frozenset((d.path, d.name) for n in names for d in graph.named.get(n.lstrip("."), ()) if d.kind == "class")
    for name, weight in names.items():
        _share(graph, wave, name=name, weight=weight, path="", owners=owners)
    for definition, weight in wave.items():
        origin[definition] = (weight, None)
    for _ in range(ROUNDS):
        total.update(wave)
        following: dict[Definition, float] = {}
        for definition, weight in wave.items():
            if weight < SMALLEST:
                continue
            arrivals = _arrivals(graph, definition, weight * DECAY, owners)
            for target, share in arrivals.items():
                following[target] = following.get(target, 0.0) + share
                if target not in origin or (share > origin[target][0] and origin[target][1] is not None):
                    origin[target] = (share, definition)
        wave = following
    total.update(wave)
    return Reach(dict(total), {d: o[1] for d, o in origin.items()})


def _arrivals(
    graph: Graph, definition: Definition, weight: float, owners: frozenset[tuple[str, str]]
) -> dict[Definition, float]:
    found: dict[Definition, float] = {}
    names: Iterable[str] = graph.uses(definition)
    if definition.kind == "class":
        inside = graph.members.get((definition.path, definition.name), ())
        for member in inside:
            found[member] = weight * (0.5 if member.name.startswith("__") else 0.25) / len(inside) ** 0.5
        names = ()
    used = list(names)
    for name in used:
        _share(graph, found, name=name, weight=weight / len(used) ** 0.5, path=definition.path, owners=owners)
    found.pop(definition, None)
    return found


def _share(
    graph: Graph,
    into: dict[Definition, float],
    *,
    name: str,
    weight: float,
    path: str,
    owners: frozenset[tuple[str, str]],
) -> None:
    definitions = graph.meant(name)
    if not definitions:
        return
    parts = [1.0 + 2.0 * ((d.path, d.owner) in owners) + 1.0 * (d.path == path) for d in definitions]
    scale = weight / sum(parts) * len(definitions) ** 0.3
    for definition, part in zip(definitions, parts, strict=True):
        into[definition] = into.get(definition, 0.0) + scale * part
