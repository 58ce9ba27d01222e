"""One log, read: its lines, the rule of each suspicious row, its structure, what is new, and the blocks.

Comes in: Lines and the green run's. Goes out: a Reading, the ground on which findings are ranked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from incident_pipeline.evidence.blocks import Block, grow
from incident_pipeline.evidence.calm import calm_rows, likely_rows
from incident_pipeline.evidence.grammar import RULES, classify
from incident_pipeline.evidence.lines import Lines
from incident_pipeline.evidence.novelty import Novelty, compare
from incident_pipeline.evidence.rule import Rule
from incident_pipeline.evidence.structure import Structure, read_structure

NOT_NEW = 0.25  # what an error line is worth that the green run prints too
CALM = 0.45  # what an error line is worth that a passing test or a successful command printed
_MAX_ANCHORS = 20_000
_DEADLY = frozenset({"crash", "memory", "disk"})  # never harmless, unless the whole run passed
_END_ROWS = 150
_SUMS_UP = frozenset({"test", "summary", "cascade"})
VARIES = re.compile(r"[\w.@+-]*/[\w./@+-]+|\d+|0x[0-9a-f]+|'[^']*'|\"[^\"]*\"")  # what differs between two alike lines
_MARKED = next(i for i, rule in enumerate(RULES) if rule.reason == "a line marked as an error")
_STRONG = [i for i, rule in enumerate(RULES) if rule.weight >= 0.8]


@dataclass(frozen=True, slots=True)
class Reading:
    """`rules` maps rows to indices into RULES; rows of echoed scripts are not in it. `calm` are the rows among them
    that the log itself says were harmless, `untied` those far above an end that does not speak of them.
    """

    lines: Lines
    rules: dict[int, int]
    structure: Structure
    novelty: Novelty
    blocks: tuple[Block, ...] = ()
    calm: frozenset[int] = frozenset()
    untied: frozenset[int] = frozenset()

    def is_new(self, row: int) -> bool | None:
        """None when there is no green log to trust."""
        return self.novelty.new[row] if self.novelty.trusted else None

    def rule(self, row: int) -> Rule:
        """The rule of a suspicious row."""
        return RULES[self.rules[row]]

    def weight(self, row: int) -> float:
        """The rule's weight, less when the green run has the same line or the log says that it did no harm."""
        known = NOT_NEW if self.is_new(row) is False else 1.0
        return self.rule(row).weight * min(known, CALM if row in self.calm else 1.0)


def _by_level(lines: Lines, rules: pl.Series) -> pl.Series:
    """A line that no rule knows well, but that its source calls an error, gets the rule for marked lines."""
    marked = lines.frame["level"].is_in(["error", "fatal"]).fill_null(value=False)
    if not marked.any():
        return rules
    return pl.select(
        pl.when(marked & ((rules < 0) | (rules > _MARKED))).then(_MARKED).otherwise(rules).cast(pl.Int16)
    ).to_series()


def read(lines: Lines, known: pl.Series | None = None) -> Reading:
    """Classify, place and compare one log with the `known_shapes` of green ones, then grow blocks from its errors."""
    rules = classify(lines.frame["text"])
    strong = rules.is_in(_STRONG).arg_true().head(1).to_list()
    rules = _by_level(lines, rules)
    structure, picked, calm = _placed(lines, rules)
    novelty = compare(lines, known, before=strong[0] if strong else None)
    untied = frozenset[int]() if novelty.trusted else _untied(lines, picked, structure.exit_row)
    reading = Reading(lines, picked, structure, novelty, calm=calm, untied=untied)
    blocks = grow(lines, picked, is_new=reading.is_new, stop=structure.clean_up)
    return replace(reading, blocks=blocks)


def _placed(lines: Lines, rules: pl.Series) -> tuple[Structure, dict[int, int], frozenset[int]]:
    """The steps, the rule of each suspicious row outside echoed scripts, and the calm ones among them."""
    likely = likely_rows(lines)  # half of a large log: gone before the green one is compared
    structure = read_structure(lines, likely)
    rows = (rules >= 0).arg_true()
    if len(rows) > _MAX_ANCHORS:  # the first errors explain, the last ones end the story
        rows = pl.concat([rows.head(_MAX_ANCHORS // 2), rows.tail(_MAX_ANCHORS // 2)])
    found = zip(rows.to_list(), rules.gather(rows).to_list(), strict=True)
    picked = {row: rule for row, rule in found if not structure.echoed(row)}
    if structure.passed:
        return structure, picked, frozenset(picked)
    deadly = {index for index, rule in enumerate(RULES) if rule.kind in _DEADLY}
    asked = sorted(row for row, rule in picked.items() if rule not in deadly)
    return structure, picked, calm_rows(likely, asked, starts=[step.start for step in structure.steps])


def _untied(lines: Lines, rules: Mapping[int, int], exit_row: int | None) -> frozenset[int]:
    """Rows far above the exit whose failing the end would tell of, if it were theirs.

    A failing test or a parallel build is summed up at the end. Where the end has no such total and does not repeat
    the line, what stands far above it is what a program or a test printed on its way.
    """
    if exit_row is None:
        return frozenset()
    end = [row for row in rules if exit_row - _END_ROWS <= row <= exit_row]
    if any(RULES[rules[row]].kind in _SUMS_UP for row in end):
        return frozenset()
    said = {VARIES.sub("#", lines[row]).strip() for row in end}
    above = (row for row in rules if row < exit_row - _END_ROWS)
    return frozenset(row for row in above if VARIES.sub("#", lines[row]).strip() not in said)
