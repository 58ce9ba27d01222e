"""Features that compare what the error says with what a commit's lines say: missing names, values, shared words."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice
from math import log2

from incident_pipeline.evidence.bm25 import bag, bm25
from incident_pipeline.evidence.clues import Message, Missing
from incident_pipeline.evidence.dossier import Changes, Dossier
from incident_pipeline.evidence.edit_kind import Line
from incident_pipeline.evidence.edits import DEFINES, Edit
from incident_pipeline.evidence.outline import IDENTIFIER
from incident_pipeline.evidence.packages import canonical
from incident_pipeline.evidence.proof import Column, Signal, proof
from incident_pipeline.evidence.roles import role
from incident_pipeline.evidence.tokens import is_import
from incident_pipeline.evidence.weights import ENOUGH_WORDS, MISSING, QUERY
from incident_pipeline.model.evidence import Citation, log_ref

MAX_LINES = 400  # of one commit, whose words are read
_QUOTED = re.compile(r"[\"'`]([^\"'`]+)[\"'`]")
_BREAK = re.compile(r"[\s=<>,]+|(?<=\D)-(?=\d)")
_ASSIGNS = re.compile(r"^\s*(?:export\s+)?(?:const|let|var|val)?\s*([A-Za-z_$][\w$]*)\s*(?:=(?!=)|:(?!:))")
_SETTINGS = frozenset({"manifest", "ci", "config"})
_STAR = re.compile(r"^from \S+ import \*", re.MULTILINE)


def missing(d: Dossier) -> Column:
    """Took away, renamed or changed what the error says is missing; or began to use it."""
    named = frozenset(f.repo_path for s in d.clues.stacks for f in s if f.repo_path)
    raised = frozenset(stack[0].repo_path for s in d.clues.stacks if (stack := [f for f in s if f.repo_path]))
    binds = frozenset(p for p in raised if p and not _STAR.search(d.code.files.get(p, "")))

    found = [_guiltiest(d, c, named, binds) for c in d.changes]
    explained = any(value == MISSING["taken"] for value, _ in found)

    def signal(changes: Changes, value: float, hit: tuple[Missing, Edit] | None) -> Signal | None:
        if hit is None:
            return None
        m, edit = hit
        taken = value == MISSING["taken"]
        text = _complaint(m, edit, taken=taken)
        value *= MISSING["beside_taken"] if explained and not taken else 1.0
        return Signal("missing", value, text, (_said(m.message), *proof(changes, edit, naming=_last(m.name))))

    return [signal(c, v, hit) for c, (v, hit) in zip(d.changes, found, strict=True)]


def _complaint(m: Missing, edit: Edit, *, taken: bool) -> str:
    if m.kind == "signature":
        return f"changes what {m.name} takes, and the error is about how it is called"
    settings = role(edit.path) in {"manifest", "ci"}
    did = ("no longer requires" if settings else "takes away or renames") if taken else "changes or uses"
    return f"{did} {m.name}, which the error says is not there"


def _guiltiest(
    d: Dossier, changes: Changes, named: Collection[str], binds: Collection[str]
) -> tuple[float, tuple[Missing, Edit] | None]:
    """`binds`: the files that the errors were raised in and that bind all their names themselves."""
    top, found = 0.0, None
    for m in d.clues.missing:
        elsewhere = m.kind == "own name" and binds
        for edit in changes.edits:
            value = _guilt(m, edit, changes, named)
            if elsewhere and edit.path not in binds:
                value = min(value, MISSING["used"])
            if value > top:
                top, found = value, (m, edit)
    return top, found


def _said(message: Message) -> Citation:
    return Citation(log_ref(message.label, message.line), message.text, "the error")


def _last(name: str) -> str:
    return name.rpartition(".")[2].rpartition("/")[2]


def _guilt(m: Missing, edit: Edit, changes: Changes, named: Collection[str]) -> float:
    name = _last(m.name)
    if role(edit.path) in {"manifest", "ci"}:
        return _dropped_requirement(m, edit) if m.kind == "module" else 0.0
    lines = [x for x in edit.lines if name in IDENTIFIER.findall(x.text)]
    if m.kind == "signature":
        return MISSING["taken"] if any(_binds(x.text, name) and "(" in x.text for x in lines) else 0.0
    count = Counter(x.sign for x in lines)
    bound = Counter(x.sign for x in lines if _binds(x.text, name))
    if bound["-"] > bound["+"] and not _bound_elsewhere(changes, edit.path, name):
        return MISSING["taken"]
    if count["+"] > count["-"]:
        return MISSING["used_here"] if edit.path in named else MISSING["used"]
    return MISSING["used"] if count["-"] else 0.0


def _dropped_requirement(m: Missing, edit: Edit) -> float:
    wanted = canonical(m.name.partition(".")[0].partition("/")[0])
    signs = Counter(x.sign for x in edit.lines if wanted in _words(x))
    return MISSING["taken"] if signs["-"] > signs["+"] else MISSING["used"] if signs else 0.0


def _words(line: Line) -> set[str]:
    return {canonical(w) for w in re.findall(r"[A-Za-z][\w.-]*", line.text)}


def _bound_elsewhere(changes: Changes, path: str, name: str) -> bool:
    return any(x.sign == "+" and _binds(x.text, name) for e in changes.edits if e.path == path for x in e.lines)


def _binds(text: str, name: str) -> bool:
    """The line defines, imports or assigns `name`."""
    if is_import(text):
        return name in IDENTIFIER.findall(text)
    match = DEFINES.match(text) or _ASSIGNS.match(text)
    return match is not None and name in match.groups()


def words(d: Dossier) -> Column:
    """BM25 of the failure's words over each commit's edits, relative to the best; a word or two alone tell little."""
    documents = [bag(_texts(c)) for c in d.changes]
    query = _query(d)
    scores = bm25(documents, query)
    top = max(scores, default=0.0)
    often = Counter(w for document in documents for w in document)

    def signal(changes: Changes, document: Counter[str], score: float) -> Signal | None:
        if score <= 0 or score < 0.02 * top:
            return None
        shared = sorted((w for w in document if w in query), key=lambda w: (-query[w] / often[w], w))
        edit = max(changes.edits, key=lambda e: (_overlap(e, shared[:4]), e.weight))
        text = f"shares words with the failure: {', '.join(shared[:3])}"
        value = score / top * min(1.0, len(shared) / ENOUGH_WORDS)
        return Signal("words", value, text, proof(changes, edit, naming=shared[0], limit=1))

    return [signal(c, b, s) for c, b, s in zip(d.changes, documents, scores, strict=True)]


def _query(d: Dossier) -> dict[str, float]:
    """Words of the error, and those that the failing tests have for themselves."""
    found = {w: QUERY["messages"] * n for w, n in d.clues.words.items()}
    for word, share in d.own.items():
        found[word] = found.get(word, 0.0) + QUERY["tests"] * share
    return found


def _texts(changes: Changes) -> list[str]:
    edits = [e for e in changes.edits if e.weight > 0.1 and role(e.path) != "test"]
    lines = (x.text[:500] for e in edits for x in e.lines)
    return [*islice(lines, MAX_LINES), *(e.names for e in edits[:MAX_LINES])]


def _overlap(edit: Edit, shared: Sequence[str]) -> int:
    mine = bag(x.text for x in edit.lines[:200])
    return sum(w in mine for w in shared)


def literal(d: Dossier) -> Column:
    """Adds, to a settings file, a value that stands in the error word for word; rare values count more."""
    said = {t: m for m in reversed(d.clues.messages) for t in sorted(_literals(m.text))}
    added = [_added(c, said) for c in d.changes]
    often = Counter(t for tokens in added for t in tokens)
    worth = [sum(log2(1 + len(added) / often[t]) for t in tokens) for tokens in added]
    top = max(worth, default=0.0)

    def signal(changes: Changes, tokens: dict[str, Edit], value: float) -> Signal | None:
        if not tokens:
            return None
        token = min(tokens, key=lambda t: (often[t], -len(t), t))
        text = f"adds {token!r}, which the error names"
        return Signal("literal", value / top, text, (_said(said[token]), *proof(changes, tokens[token], naming=token)))

    return [signal(c, t, w) for c, t, w in zip(d.changes, added, worth, strict=True)]


def _added(changes: Changes, said: Collection[str]) -> dict[str, Edit]:
    """Values of the error that a commit's settings hold after it and not before, each with its first edit."""
    edits = [e for e in changes.edits if role(e.path) in _SETTINGS and e.weight > 0.1]
    gone = {t for e in edits for x in e.lines if x.sign == "-" for t in _values(x.text)}
    found: dict[str, Edit] = {}
    for edit in edits:
        for token in sorted(t for x in edit.lines if x.sign == "+" for t in _values(x.text)):
            if token in said and token not in gone:
                found.setdefault(token, edit)
    return found


def _literals(text: str) -> set[str]:
    """Quoted strings, a line's only word, and words that hold a digit or a sign."""
    text = text[:2000]
    found = _quoted(text) | {w for w in _values(text) if re.search(r"[^A-Za-z_]", w)}
    if len(text.split()) == 1:
        found.add(text.strip())
    return {t for t in found if 3 <= len(t) <= 80}


def _values(text: str) -> set[str]:
    """Quoted strings of a line, and its words."""
    return _quoted(text) | {w.strip("\"'`.,:;()[]{}") for w in _BREAK.split(text[:2000])}


def _quoted(text: str) -> set[str]:
    return {str(match[1]) for match in _QUOTED.finditer(text[:2000])}
