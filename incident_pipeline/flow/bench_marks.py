"""What the measures are called, which way is better, the mark each must reach and the aim it is to reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from incident_pipeline.flow.bench_scores import Estimate


@dataclass(frozen=True, slots=True)
class Scale:
    """How a measure is read. `less`: fewer is better. `by_low`: the interval's lower end must lie above the mark."""

    label: str
    mark: float | None = None
    aim: float | None = None
    less: bool = False
    by_low: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of one set on its scale."""

    name: str
    estimate: Estimate
    scale: Scale

    @property
    def met(self) -> Literal["aim", "mark", "no", ""]:
        """The highest of the two that is reached; empty where none is set."""
        if self.scale.aim is not None and self.holds(self.scale.aim):
            return "aim"
        if self.scale.mark is None:
            return "no" if self.scale.aim is not None else ""
        if self.scale.by_low:
            return "mark" if (self.estimate.low or 0.0) > self.scale.mark else "no"
        return "mark" if self.holds(self.scale.mark) else "no"

    def holds(self, limit: float) -> bool:
        """The figure, at the three digits that are shown, is no worse than `limit`."""
        value = round(self.estimate.value, 3)
        return value <= limit if self.scale.less else value >= limit


SCALES: Mapping[str, Scale] = MappingProxyType({
    "logdx_critical": Scale("critical signals kept", 0.92, 0.97),
    "logdx_all": Scale("all signals kept"),
    "logdx_chars": Scale("characters shown", 16_000, 8_000, less=True),
    "logdx_seconds": Scale("seconds a case", less=True),
    "cidiff_precision": Scale("precision on error lines"),
    "cidiff_recall": Scale("recall of error lines"),
    "cidiff_f1": Scale("F1", aim=0.78),
    "cidiff_lines": Scale("lines shown", less=True),
    "cidiff_novelty_f1": Scale("F1 of plain novelty"),
    "cidiff_gain": Scale("F1 above plain novelty, paired", 0.0, by_low=True),
    "cidiff_seconds": Scale("seconds a case", less=True),
    "incidents_top1": Scale("culprit first", 0.60, 0.80),
    "incidents_top3": Scale("culprit among the first 3", 0.85, 0.95),
    "incidents_mrr": Scale("mean reciprocal rank"),
    "incidents_verdict": Scale("verdict: a commit or none", 0.95, 1.0),
    "incidents_verdict_balanced": Scale("verdict, both kinds weighed alike"),
    "incidents_top10": Scale("a decisive line among the 10 top findings", 0.95, 1.0),
    "incidents_line_hit": Scale("a decisive line cited"),
    "incidents_line_recall": Scale("decisive lines cited"),
    "incidents_line_precision": Scale("cited lines that are decisive or acceptable"),
    "incidents_line_precision_strict": Scale("cited lines that are decisive"),
    "incidents_newest_top1": Scale("culprit first, window cut to end at it"),
    "incidents_newest_cost": Scale("... lost by that", 0.03, less=True),
    "incidents_oldest_top1": Scale("culprit first, window cut to begin at it"),
    "incidents_oldest_cost": Scale("... lost by that", 0.03, less=True),
    "incidents_brier": Scale("Brier score of the verdict's confidence", less=True),
    "incidents_ece": Scale("expected calibration error of it", less=True),
    "incidents_suspect_brier": Scale("Brier score of the first suspect's probability", less=True),
    "incidents_suspect_ece": Scale("expected calibration error of it", less=True),
    "incidents_seconds": Scale("seconds a case", less=True),
})  # fmt: skip


def measure(name: str, value: Estimate) -> Measure:
    """A figure under its name. KeyError for a name that SCALES lacks."""
    return Measure(name, value, SCALES[name])
