"""Stack frames and compiler locations in error blocks, innermost first, for the languages whose tools print them.

Comes in: rows of text that form one block. Goes out: Frame records. The surprising fact: Python prints the innermost
frame last, everybody else first.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from incident_pipeline.evidence.frame_shapes import BELOW_HEADING, HEADING, NEW_STACK, SHAPES, WITHOUT_LINE, Shape
from incident_pipeline.model.evidence import Frame

_WIDTH = 1_000
_DIGIT = re.compile(r"\d")
_ALL = (*SHAPES, HEADING)
_Found = tuple[Frame, Shape, int]


def read_frames(label: str, rows: Iterable[tuple[int, str]]) -> tuple[Frame, ...]:
    """Frames of one block of (line number, text). Depth 0 is where it was raised; each stack is counted apart."""
    found: list[_Found] = []
    above, stack = "", 0
    heading: Frame | None = None
    for number, text in rows:
        if len(text) > _WIDTH:
            continue
        if heading and (below := BELOW_HEADING.match(text)):
            if found and found[-1][0] is heading:
                found.pop()  # its messages say more than the file alone
            found.append((replace(heading, line=number, source_line=_number_of(below["line"])), HEADING, stack))
            continue
        if NEW_STACK.match(text):
            stack += 1
        match, shape = _match(text)
        if match and shape:
            frame = _frame(label, number, match, shape=shape, above=above)
            heading = frame if shape is HEADING else None
            found.append((frame, shape, stack))
        above = text
    return _number(found)


def _match(text: str) -> tuple[re.Match[str] | None, Shape | None]:
    for shape in _ALL if _DIGIT.search(text) else WITHOUT_LINE:
        match = shape.pattern.search(text)
        if match:
            return match, shape
    return None, None


def _frame(label: str, number: int, match: re.Match[str], *, shape: Shape, above: str) -> Frame:
    groups = match.groupdict()
    function = groups.get("function")
    if shape.above and (named := shape.above.match(above)):
        function = named["function"]
    path = shape.under + groups["path"].replace("\\", "/")
    line = _number_of(groups.get("line") or groups.get("line2"))
    return Frame(label, number, path, line, (function or "").strip() or None, 0, shape.language)


def _number_of(digits: str | None) -> int | None:
    return int(digits) if digits and len(digits) < 9 else None


def _run(found: _Found) -> tuple[str, bool, bool, int]:
    frame, shape, stack = found
    return frame.language, shape.innermost_last, shape.alone, stack


def _number(found: list[_Found]) -> tuple[Frame, ...]:
    """Depths within each run of frames of one stack and language that are printed in the same direction."""
    numbered: list[Frame] = []
    for (_, last, alone, _), run in groupby(found, key=_run):
        frames = [frame for frame, _, _ in run]
        depths = [0] * len(frames) if alone else list(range(len(frames)))
        if last:
            depths.reverse()
        numbered.extend(replace(frame, depth=depth) for frame, depth in zip(frames, depths, strict=True))
    return tuple(numbered)
