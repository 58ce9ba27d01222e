"""Per-case scores in, means with intervals and calibration out. Pure; the draws are seeded, so figures repeat.

Surprising fact: with three dozen cases one case moves a mean by .03, so no figure is shown without its interval.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean

DRAWS = 2_000
SEED = 7
EDGES = (0.0, 0.5, 0.7, 0.9, 0.95, 1.0)
_Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95% interval, None where one case is no sample."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims with a confidence in [`start`, `end`): how many, how sure on average, how many right (Wilson interval)."""

    start: float
    end: float
    cases: int
    confidence: float
    right: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """`brier` is the mean squared error of the confidences, `error` the expected calibration error over `bins`."""

    bins: tuple[Bin, ...]
    brier: Estimate
    error: float


def estimate(values: Sequence[float], *, draws: int = DRAWS, seed: int = SEED) -> Estimate:
    """Mean over cases with its percentile bootstrap interval (Efron 1979): `draws` samples of the cases with return."""
    value = fmean(values)
    if len(values) < 2:
        return Estimate(value)
    rng = random.Random(seed)
    means = sorted(fmean(rng.choices(values, k=len(values))) for _ in range(draws))
    return Estimate(value, means[int(draws * 0.025)], means[int(draws * 0.975) - 1])


def gain(ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """Mean difference over the same cases, paired: both are drawn together. ValueError when they differ in number."""
    return estimate([a - b for a, b in zip(ours, theirs, strict=True)])


def wilson(right: int, cases: int) -> Estimate:
    """Share of `right` among `cases` with its 95% score interval (Wilson 1927), which holds for few cases too."""
    if not cases:
        return Estimate(0.0)
    share, z2 = right / cases, _Z95**2
    middle = (share + z2 / (2 * cases)) / (1 + z2 / cases)
    half = _Z95 / (1 + z2 / cases) * sqrt(share * (1 - share) / cases + z2 / (4 * cases**2))
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))


def calibrate(claims: Sequence[tuple[float, bool]], *, edges: Sequence[float] = EDGES) -> Calibration:
    """How (confidence 0..1, right) pairs agree. Empty bins are left out; the last bin holds its upper edge too."""
    bins: list[Bin] = []
    for start, end in pairwise(edges):
        inside = [c for c in claims if start <= c[0] < end or (end == edges[-1] and c[0] == end)]
        if inside:
            sure = fmean(confidence for confidence, _ in inside)
            bins.append(Bin(start, end, len(inside), sure, wilson(sum(right for _, right in inside), len(inside))))
    error = sum(b.cases * abs(b.confidence - b.right.value) for b in bins) / max(1, len(claims))
    return Calibration(tuple(bins), brier(claims), error)


def brier(claims: Sequence[tuple[float, bool]]) -> Estimate:
    """Mean squared distance of confidence and truth (Brier 1950): 0 is perfect, .25 is what "half" always earns."""
    return estimate([(confidence - right) ** 2 for confidence, right in claims])
