"""Judged incidents in, their measures out: ranks, verdicts, cited lines, calibration, and windows cut anew.

Surprising fact: a cut window keeps the log of the run at head, so only the commits change, not what is said of them.
"""

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from incident_pipeline.errors import BadInput
from incident_pipeline.flow.bench_incidents import CaseResult, clone_case, judge_case, prediction
from incident_pipeline.flow.bench_marks import Measure, measure
from incident_pipeline.flow.bench_scores import Calibration, Estimate, calibrate, estimate, gain
from incident_pipeline.flow.bench_sets import Sets, culprits, score_incidents
from incident_pipeline.flow.progress import Progress, quiet

TOP_FINDINGS = 10
Row: TypeAlias = Mapping[str, Any]
_FIGURES = (
    "top1", "top3", "mrr", "verdict", "line_hit", "line_recall", "line_precision", "line_precision_strict", "seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgedScores:
    """`by_difficulty` is the scorer's own table; `calibration` by what was claimed."""

    cases: int
    measures: tuple[Measure, ...]
    by_difficulty: Mapping[str, Row]
    calibration: Mapping[str, Calibration]


def score_judged(
    sets: Sets, judged: Sequence[CaseResult], work: Path, *, progress: Progress = quiet
) -> JudgedScores:  # fmt: skip
    """Score `judged`, then judge each culprit again in the two windows that begin and end at it and score those.

    Clones are looked for in `work / "repos"`. Errors: BadInput when a scorer refuses.
    """
    progress.step("Scoring incidents")
    scores = score_incidents(sets, map(prediction, judged), work)
    found = [m for name in _FIGURES if (m := _mean(f"incidents_{name}", scores.rows, name))]
    balanced = scores.table.get("all", {}).get("verdict_balanced")
    if balanced is not None:
        found.append(measure("incidents_verdict_balanced", Estimate(float(balanced))))
    top = score_incidents(sets, ({**prediction(r), "cited_lines": top_lines(r)} for r in judged), work)
    found += [m for m in [_mean("incidents_top10", top.rows, "line_hit")] if m]
    known = calibrations(judged, scores.rows)
    for name, calibration in zip(("incidents_", "incidents_suspect_"), known.values(), strict=True):
        found += [measure(f"{name}brier", calibration.brier), measure(f"{name}ece", Estimate(calibration.error))]
    found += _cut_measures(sets, scores.rows, work, progress=progress)
    return JudgedScores(len(scores.rows), tuple(found), scores.table, known)


def _mean(name: str, rows: Iterable[Row], figure: str) -> Measure | None:
    """A figure over the cases that have it: those without a culprit have no rank."""
    values = [float(row[figure]) for row in rows if figure in row]
    return measure(name, estimate(values)) if values else None


def top_lines(result: CaseResult) -> list[int]:
    """Lines of the first TOP_FINDINGS findings."""
    found = result.failure.findings[:TOP_FINDINGS]
    return sorted({line for f in found for line in range(f.line, f.end_line + 1)})


def calibrations(judged: Iterable[CaseResult], rows: Iterable[Row]) -> dict[str, Calibration]:
    """How sure the verdict was and whether it was right (a commit: the guilty one named first; none: none is guilty),
    and how likely the first suspect was called and whether it did it. By what was claimed."""
    results = {r.case: r for r in judged}
    verdicts: list[tuple[float, bool]] = []
    suspects: list[tuple[float, bool]] = []
    for row in rows:
        if (result := results.get(row["case"])) is None:
            continue
        first = bool(row.get("top1"))
        accused = prediction(result)["verdict"] == "commit"
        verdicts.append((result.judgement.verdict.confidence, first if accused else bool(row["verdict"])))
        suspects += [(s.probability, first) for s in result.judgement.suspects[:1]]
    return {"confidence of the verdict": calibrate(verdicts), "probability of the first suspect": calibrate(suspects)}


def _cut_measures(sets: Sets, rows: Sequence[Row], work: Path, *, progress: Progress) -> list[Measure]:
    """Top-1 with each culprit as the newest, then as the oldest commit of its window, and what that costs."""
    guilty = culprits(sets)
    before = {row["case"]: float(row["top1"]) for row in rows if row["answered"] and row["case"] in guilty}
    progress.step("Judging cut windows", total=2 * len(before))
    found: list[Measure] = []
    for end in ("newest", "oldest"):
        judged: list[CaseResult] = []
        for case in before:
            judged.append(_judge_cut(sets, case, work, culprit=guilty[case], end=end))
            progress.advance()
        cut = {row["case"]: float(row["top1"]) for row in score_incidents(sets, map(prediction, judged), work).rows
               if row["case"] in before}  # fmt: skip
        if before:
            found.append(measure(f"incidents_{end}_top1", estimate([cut[case] for case in before])))
            found.append(measure(f"incidents_{end}_cost", gain(list(before.values()), [cut[case] for case in before])))
    return found


def _judge_cut(
    sets: Sets, case: str, work: Path, *, culprit: str, end: Literal["newest", "oldest"]
) -> CaseResult:  # fmt: skip
    folder = (sets.incidents or Path()) / case
    repo = clone_case(folder, work / "repos")
    if end == "newest":
        return judge_case(folder, repo, head=culprit)
    done = subprocess.run(
        ["git", "-C", str(repo), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{culprit}^"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BadInput(f"{folder}: the culprit has no parent in its bundle")
    return judge_case(folder, repo, base=done.stdout.strip())
