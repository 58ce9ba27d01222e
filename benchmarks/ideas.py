"""Ideas that evidence rests on, each with what to put in its place to see what it is worth.

An idea is taken out from here, by name; the product has no switches for it.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl

from incident_pipeline.errors import NotFound
from incident_pipeline.evidence.blocks import Block
from incident_pipeline.evidence.features import FEATURES
from incident_pipeline.evidence.grammar import ANCHOR, RULES, classify
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.lines import Lines
from incident_pipeline.evidence.structure import Structure, read_structure
from incident_pipeline.evidence.weights import EDIT
from incident_pipeline.flow import bench_lines
from incident_pipeline.flow.bench_incidents import CaseInputs

_EVIDENCE = "incident_pipeline.evidence."
LOAD_LOG = "incident_pipeline.flow.bench_lines.load_log"
Without = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Idea:
    """`without` holds while all cases are judged; `given` changes what each of them is judged on."""

    without: Without = nullcontext
    given: Callable[[CaseInputs], CaseInputs] = lambda given: given


def _any_word(text: pl.Series) -> pl.Series:
    """Every suspicious line is an error like any other."""
    marked = next(i for i, rule in enumerate(RULES) if rule.reason == "a line marked as an error")
    return pl.select(pl.when(classify(text) >= 0).then(marked).otherwise(-1).cast(pl.Int16)).to_series()


def _one_step(lines: Lines, *more: Any, **named: Any) -> Structure:  # noqa: ANN401 - passed on as it came
    """The log is one step without an end."""
    known = read_structure(lines, *more, **named)
    return replace(
        known, steps=(), failed=None, exit_row=None, command_row=None, clean_up=len(lines), job_row=None, echoes=()
    )


def _lone_lines(_: Lines, rules: Mapping[int, int], *, stop: int, **__: object) -> tuple[Block, ...]:
    """No error line grows."""
    rows = (row for row in sorted(rules) if row < stop and RULES[rules[row]].weight >= ANCHOR)
    return tuple(Block(row, row + 1, (row,)) for row in rows)


@contextmanager
def no_green() -> Generator[None]:
    """There is no green log; the failed ones are read as they were."""
    read = bench_lines.load_log

    def load(path: Path, *, label: str) -> LogText:
        if label == "green":
            raise NotFound("left out")
        return read(path, label=label)

    with patch(LOAD_LOG, load):
        yield


LINES: Mapping[str, Without] = {
    "green run: no novelty": no_green,
    "grammar: any line with a word of trouble alike": partial(patch, _EVIDENCE + "reading.classify", _any_word),
    "structure: steps, the failed one, clean-up": partial(patch, _EVIDENCE + "reading.read_structure", _one_step),
    "blocks: error lines alone": partial(patch, _EVIDENCE + "reading.grow", _lone_lines),
    "decay of repeats": partial(patch, _EVIDENCE + "rank._Seen.decay", return_value=1.0),
    "context in the excerpt": partial(patch, _EVIDENCE + "find.find_context", return_value=()),
}


def _without_feature(name: str) -> Without:
    left = {n: feature for n, feature in FEATURES.items() if n != name}
    return partial(patch, _EVIDENCE + "suspects.FEATURES", left)


def _no_sign(*names: str) -> Without:
    @contextmanager
    def silent() -> Generator[None]:
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(patch(f"{_EVIDENCE}judge.{name}", return_value=[]))
            yield

    return silent


def _patches_alone(given: CaseInputs) -> CaseInputs:
    return replace(given, code=replace(given.code, files={}, blame={}))


def _no_blame(given: CaseInputs) -> CaseInputs:
    return replace(given, code=replace(given.code, blame={}, blame_available=False))


COMMITS: Mapping[str, Idea] = {
    **{f"feature `{name}`": Idea(_without_feature(name)) for name in FEATURES},
    "kinds of edit: all alike": Idea(partial(patch, _EVIDENCE + "edits.EDIT", dict.fromkeys(EDIT, 1.0))),
    "files at head: patches alone": Idea(given=_patches_alone),
    "blame": Idea(given=_no_blame),
    "signs of the machine": Idea(_no_sign("infrastructure")),
    "signs of chance": Idea(_no_sign("flaky")),
    "signs of drift": Idea(_no_sign("drift")),
    "all signs of no commit": Idea(_no_sign("infrastructure", "flaky", "drift")),
}
