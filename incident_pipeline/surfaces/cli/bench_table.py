"""A bench in, its tables as text or one JSON object out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from incident_pipeline.flow.bench import Bench, Board
from incident_pipeline.flow.bench_marks import SCALES, Measure
from incident_pipeline.flow.bench_scores import Calibration, Estimate
from incident_pipeline.surfaces.cli.table import render_rows

_TITLES = {
    "logdx": "logdx: what an excerpt keeps of the lines that explain the failure",
    "cidiff": "cidiff: the failure's lines, with an earlier green log",
    "incidents": "incidents: which commit, if any",
}
_HEAD = ("measure", "value", "95% interval", "mark", "aim", "met")
_DIFFICULTY = ("n", "top1", "top3", "mrr", "verdict", "line_hit", "line_precision", "seconds")


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the names of the columns, and rows of cells."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(bench: Bench) -> list[Table]:
    """One table a set, then the incidents by difficulty, then how well confidence is calibrated."""
    found = [_board(board) for board in bench.boards]
    if bench.by_difficulty:
        rows = [(name, *(_plain(row.get(c)) for c in _DIFFICULTY)) for name, row in bench.by_difficulty.items()]
        found.append(Table("incidents by difficulty, by the set's own scorer", ("difficulty", *_DIFFICULTY), rows))
    return [*found, *(_calibration(claim, calibration) for claim, calibration in bench.calibration.items())]


def to_text(bench: Bench) -> str:
    """The tables, one below the other."""
    return "\n".join(f"{t.title}\n{render_rows(t.head, t.rows, 'table')}" for t in tables(bench))


def to_json(bench: Bench, absent: Sequence[str]) -> str:
    """`measures` by name (value, low, high, mark, aim, met, cases), `by_difficulty`, `calibration`, `absent`."""
    measures = {m.name: {**_measure(m), "cases": board.cases} for board in bench.boards for m in board.measures}
    calibration = {name: asdict(found) for name, found in bench.calibration.items()}
    whole = {"measures": measures, "by_difficulty": bench.by_difficulty, "calibration": calibration, "absent": absent}
    return json.dumps(whole, indent=1) + "\n"


def broken(bench: Bench, floors: Mapping[str, float]) -> list[str]:
    """A sentence for each floor that a measure lies under (a ceiling, where fewer is better) or has no figure for."""
    measures = {m.name: m for m in bench.measures}
    return [
        f"under the floor: {name} is {_number(measures[name].estimate.value) if name in measures else 'not measured'}, "
        f"committed floor {_number(floor)}"
        for name, floor in floors.items()
        if name not in measures or not measures[name].holds(floor)
    ]


def _measure(m: Measure) -> dict[str, Any]:
    return {**asdict(m.estimate), "mark": m.scale.mark, "aim": m.scale.aim, "met": m.met}


def _board(board: Board) -> Table:
    rows = [
        (m.scale.label, _number(m.estimate.value), _interval(m.estimate), _mark(m), _limit(m.scale.aim), m.met)
        for m in sorted(board.measures, key=lambda m: list(SCALES).index(m.name))
    ]
    return Table(f"{_TITLES[board.name]} ({board.cases} cases)", _HEAD, rows)


def _mark(m: Measure) -> str:
    return f"low > {m.scale.mark:g}" if m.scale.by_low else _limit(m.scale.mark)


def _limit(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}"


def _interval(found: Estimate) -> str:
    """With as many digits as the figure itself is shown with."""
    if found.low is None or found.high is None:
        return ""
    form = ",.0f" if found.value >= 100 else ".3f"
    return f"[{found.low:{form}}, {found.high:{form}}]"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _calibration(claim: str, found: Calibration) -> Table:
    rows = [
        (
            f"{b.start:.2f} to {b.end:.2f}",
            str(b.cases),
            f"{b.confidence:.3f}",
            _number(b.right.value),
            _interval(b.right),
        )
        for b in found.bins
    ]
    title = f"{claim}: Brier {_number(found.brier.value)} {_interval(found.brier)}, calibration error {found.error:.3f}"
    return Table(title, ("said", "n", "mean said", "right", "95% interval"), rows)
