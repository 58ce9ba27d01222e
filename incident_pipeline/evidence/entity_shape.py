"""One way a tool names a thing. Tables of shapes: `entity_codes`, `entity_names`.

Surprising fact: the needles are looked for first, in the text of a whole failure and then line by line, so a tool that
did not run costs nothing and no pattern has to be fast on any line.
"""

import re
from dataclasses import dataclass

from incident_pipeline.model.evidence import EntityKind


@dataclass(frozen=True, slots=True)
class Shape:
    """`values` and `note` are templates over the groups `a`, `b`, `c`; the first value whose groups matched is taken.

    `own`: trusted only in the lines of a finding and its block, not in those next to it. `worth` scales the finding's.
    """

    kind: EntityKind
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    values: tuple[str, ...]
    note: str
    own: bool
    worth: float


def shape(
    kind: EntityKind, needles: str, pattern: str, values: str = "{a}", *,
    note: str = "", own: bool = False, worth: float = 1.0,
) -> Shape:  # fmt: skip
    """A row of a table: `needles` and `values` are parted by `|`."""
    return Shape(kind, tuple(needles.split("|")), re.compile(pattern), tuple(values.split("|")), note, own, worth)
