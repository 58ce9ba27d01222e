"""What a feature hands over: its value for one commit, in plain words, with places that prove it."""

from collections.abc import Callable
from dataclasses import dataclass

from incident_pipeline.evidence.dossier import Changes, Dossier
from incident_pipeline.evidence.edit_kind import Line
from incident_pipeline.evidence.edits import Edit
from incident_pipeline.model.evidence import Citation, code_ref


@dataclass(frozen=True, slots=True)
class Signal:
    """One feature's value (0..1) for one commit."""

    feature: str
    value: float
    text: str
    citations: tuple[Citation, ...] = ()


Column = list[Signal | None]
Feature = Callable[[Dossier], Column]


def column(d: Dossier, signal: Callable[[Changes], Signal | None]) -> Column:
    """One feature's signals in the order of the dossier's commits."""
    return [signal(changes) for changes in d.changes]


def best_edit(changes: Changes, value: Callable[[Edit], float]) -> tuple[float, Edit | None]:
    """The highest value of a commit's edits and the first edit that has it; (0.0, None) when none is above 0."""
    top, found = 0.0, None
    for edit in changes.edits:
        if (rated := value(edit)) > top:
            top, found = rated, edit
    return top, found


def proof(changes: Changes, edit: Edit, *, naming: str = "", limit: int = 2) -> tuple[Citation, ...]:
    """Changed lines of an edit, those that hold `naming` if any do: a removed and an added one where it has both."""
    lines = [x for x in edit.lines if x.text.strip()]
    lines = [x for x in lines if naming in x.text] or lines
    pair = [next((x for x in lines if x.sign == sign), None) for sign in "-+"]
    chosen = [x for x in pair if x] if all(pair) else lines
    return tuple(_cite(changes.commit.hash, edit.path, x) for x in chosen[:limit])


def _cite(commit: str, path: str, line: Line) -> Citation:
    ref = code_ref(commit, path, line.number)
    if line.sign == "-":
        return Citation(ref, line.text, "removed", "old")
    return Citation(ref, line.text, "added")
