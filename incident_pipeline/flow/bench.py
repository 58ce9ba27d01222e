"""The labelled sets in, every measure with its interval out: first all predictions, then the scorers.

Surprising fact: windows are cut anew around the culprit, so those alone are judged after an answer was opened, and they
are told only where the window begins and ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from incident_pipeline.flow.bench_baseline import novel_lines
from incident_pipeline.flow.bench_incidents import judge_cases
from incident_pipeline.flow.bench_judged import score_judged
from incident_pipeline.flow.bench_lines import predict_lines
from incident_pipeline.flow.bench_marks import Measure, measure
from incident_pipeline.flow.bench_scores import Calibration, estimate, gain
from incident_pipeline.flow.bench_sets import Rows, Sets, score_lines
from incident_pipeline.flow.progress import Progress, quiet


@dataclass(frozen=True, slots=True)
class Board:
    """The measures of one set (`logdx`, `cidiff`, `incidents`) of `cases` labelled cases."""

    name: str
    cases: int
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """All boards; the incidents' scorer's table by difficulty; calibration by what was claimed."""

    boards: tuple[Board, ...] = ()
    by_difficulty: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    calibration: Mapping[str, Calibration] = field(default_factory=dict[str, Calibration])

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Those of all boards."""
        return tuple(m for board in self.boards for m in board.measures)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Predicted line numbers by case, ours and plain novelty's, and the seconds ours took."""

    ours: dict[str, list[int]]
    novelty: dict[str, list[int]]
    seconds: dict[str, float]


def run_bench(sets: Sets, work: Path, *, progress: Progress = quiet) -> Bench:
    """Predict every case of `sets`, then score; clones and predictions go below `work`.

    Errors: BadInput when a case cannot be read or a scorer refuses.
    """
    lines = _predict(sets, progress)
    judged = list(judge_cases(sets.incidents, work / "repos", progress=progress)) if sets.incidents else []
    # All is predicted: from here on answers are opened.
    boards = _line_boards(sets, lines, work, progress=progress)
    if not judged:
        return Bench(boards)
    scored = score_judged(sets, judged, work, progress=progress)
    boards = (*boards, Board("incidents", scored.cases, scored.measures))
    return Bench(boards, scored.by_difficulty, scored.calibration)


def _predict(sets: Sets, progress: Progress) -> _Lines:
    found = _Lines({}, {}, {})
    if sets.lines is None:
        return found
    start = perf_counter()
    for prediction in predict_lines(sets.lines, progress=progress):
        case = prediction["case"]
        found.ours[case], found.seconds[case] = prediction["lines"], perf_counter() - start
        if (sets.lines / case / "green.log.gz").is_file():
            found.novelty[case] = novel_lines(sets.lines / case)
        start = perf_counter()
    return found


def _line_boards(sets: Sets, lines: _Lines, work: Path, *, progress: Progress) -> tuple[Board, ...]:
    progress.step("Scoring lines")
    ours = score_lines(sets, lines.ours, work)
    theirs = score_lines(sets, lines.novelty, work)
    boards: list[Board] = []
    for suite, totals in ours.totals.items():
        rows = ours.cases[suite]
        found = [
            measure(f"{suite}_{name}", replace(estimate([row[name] for row in rows.values()]), value=total))
            for name, total in totals.items()
            if name != "cases"
        ]
        if suite == "cidiff" and theirs.totals:
            found += _against_novelty(rows, theirs.cases[suite])
        found.append(measure(f"{suite}_seconds", estimate([lines.seconds[case] for case in rows])))
        boards.append(Board(suite, len(rows), tuple(found)))
    return tuple(boards)


def _against_novelty(ours: Rows, theirs: Rows) -> list[Measure]:
    pairs = [(row["f1"], theirs[case]["f1"]) for case, row in ours.items() if case in theirs]
    mine, novelty = [p[0] for p in pairs], [p[1] for p in pairs]
    return [measure("cidiff_novelty_f1", estimate(novelty)), measure("cidiff_gain", gain(mine, novelty))]
