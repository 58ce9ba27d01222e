"""Blame in, the lines of stacks out whose last commit changed nothing that runs: whose was the line before that?

Evidence names line and commit; flow asks git again with that commit passed over. A commit may reformat one line and
break another, so this is asked a line, not a commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from incident_pipeline.evidence.edits import Edit, edits_of
from incident_pipeline.model.evidence import Failure
from incident_pipeline.model.git import BlameLine
from incident_pipeline.model.incident import Window

MAX_LINES = 40


@dataclass(frozen=True, slots=True)
class Hollow:
    """Line `line` of `path` at head, and the commit that git names for it though it only reformatted it."""

    path: str
    line: int
    hash: str


def hollow_lines(
    failure: Failure, window: Window, blame: Mapping[str, Sequence[BlameLine]], *, limit: int = MAX_LINES
) -> tuple[Hollow, ...]:
    """Lines of frames, innermost first, each once, at most `limit`."""
    commits = {c.hash: c for c in window.commits if not c.is_merge}
    edits: dict[tuple[str, str], tuple[Edit, ...]] = {}
    found: dict[tuple[str, int], Hollow] = {}
    for frame in sorted(failure.frames, key=lambda f: f.depth):
        lines = blame.get(frame.repo_path or "", ())
        if not frame.source_line or not frame.repo_path or frame.source_line > len(lines):
            continue
        at = lines[frame.source_line - 1]
        commit = commits.get(at.hash)
        if commit is None or len(found) == limit:
            continue
        key = (at.hash, at.path)
        if key not in edits:
            edits[key] = tuple(e for c in commit.files or () if c.path == at.path for e in edits_of(c))
        if edits[key] and line_weight(edits[key], at.path, at.original_line) == 0:
            place = (frame.repo_path, frame.source_line)
            found.setdefault(place, Hollow(*place, at.hash))
    return tuple(found.values())


def line_weight(edits: Iterable[Edit], path: str, number: int) -> float:
    """Weight of the edit that a line came with; a line equal in tokens to one it replaced belongs to no edit."""
    lines = ((e.weight, x) for e in edits if e.path == path for x in e.lines)
    return next((weight for weight, x in lines if x.sign == "+" and x.number == number), 0.0)
