"""Counts in equal bins in, the stretch of bins in which each series ran higher than outside it out. Pure, no clock.

Model: entries of one shape are a Poisson process with one rate inside an interval of bins and another outside it (an
epidemic change point; Kulldorff 1997, "A spatial scan statistic"). Given the total, the count inside is binomial, and
by Chernoff's bound an interval fixed beforehand reaches a log likelihood ratio of x with a probability of at most
exp(-x). So `needed` (a union bound over all intervals and series) holds for any count, however low. Surprising fact:
the strength is the lesser of two tests, per unit of time and per line of the service's own traffic: a busy hour, in
which everything grows, is no burst.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import polars as pl

MAX_SERIES = 2_000
_MAX_REFINED = 300
_LEAST_TRAFFIC = 50.0  # lines of traffic on either side under which traffic says nothing
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Rise:
    """Bins `start`..`end` (end excluded) of series `key`. `inside`, `outside` are entries, `open_in`, `open_out` bins.

    `strength` is the log likelihood ratio, divided by how much more the outside varies than a Poisson process would;
    `before` and `open_before` count what lies before `start`.
    """

    key: int
    start: int
    end: int
    inside: int
    outside: int
    open_in: float
    open_out: float
    before: int
    open_before: float
    strength: float


def needed(bins: int, series: int, *, chance: float) -> float:
    """The strength that stationary noise reaches anywhere with a probability of at most `chance`."""
    return log(max(1, bins * (bins + 1) // 2) * max(1, series) / chance)


def rises(counts: pl.DataFrame, series: pl.DataFrame, exposure: pl.DataFrame, *, bins: int) -> list[Rise]:
    """The best rise of each series that has one of at least 3, strongest first.

    `counts`: key, bin, n (sparse). `series`: key, service (at most MAX_SERIES rows). `exposure`: service, bin,
    open (Float64: 0 or 1), traffic (Float64), a row for every bin of every service. Cost: series * bins * log2(bins).
    """
    if series.is_empty() or bins < 2:
        return []
    grid = _grid(counts, series.head(MAX_SERIES), exposure)
    best = _scan(grid, bins).filter(pl.col("llr") >= 3.0).sort(["llr", "key"], descending=[True, False])
    best = best.head(_MAX_REFINED)
    columns = {
        row[0]: row[1:]
        for row in grid.filter(pl.col("key").is_in(best["key"].implode()))
        .group_by("key", maintain_order=True)
        .agg("n", "open", "traffic")
        .iter_rows()
    }
    found = [_refined(key, start, start + length, columns[key]) for key, start, length, _ in best.iter_rows()]
    return sorted(found, key=lambda r: (-r.strength, r.key))


def _grid(counts: pl.DataFrame, series: pl.DataFrame, exposure: pl.DataFrame) -> pl.DataFrame:
    """Every bin of every series in order, with its exposure."""
    dense = series.join(exposure, on="service", how="inner").sort("key", "bin")
    dense = dense.join(counts, on=["key", "bin"], how="left", maintain_order="left")
    return dense.select("key", "bin", pl.col("n").fill_null(0).cast(pl.Float64), "open", "traffic")


def _lengths(bins: int) -> list[int]:
    return [1 << power for power in range(max(1, (bins - 1).bit_length()) + 1)]


def _scan(grid: pl.DataFrame, bins: int) -> pl.DataFrame:
    """key, start, length, llr: the best interval of each series, lengths being powers of two (or up to the end)."""
    sums = grid.with_columns(
        c=pl.col("n").cum_sum().over("key") - pl.col("n"), e=pl.col("open").cum_sum().over("key") - pl.col("open"),
        total=pl.col("n").sum().over("key"), all=pl.col("open").sum().over("key"),
    )  # fmt: skip
    lengths = _lengths(bins)
    scores = [
        _llr_expr(
            pl.col("c").shift(-length).over("key").fill_null(pl.col("total")) - pl.col("c"),
            pl.col("e").shift(-length).over("key").fill_null(pl.col("all")) - pl.col("e"),
        ).alias(str(length))
        for length in lengths
    ]
    names = [str(length) for length in lengths]
    scored = sums.select("key", "bin", *scores).with_columns(llr=pl.max_horizontal(names))
    best = scored.group_by("key").agg(pl.all().sort_by("llr", descending=True, maintain_order=True).first())
    length = pl.coalesce(*(pl.when(pl.col(n) == pl.col("llr")).then(pl.lit(int(n), pl.Int64)) for n in names))
    return best.select("key", pl.col("bin").cast(pl.Int64).alias("start"), length.alias("length"), "llr")


def _llr_expr(inside: pl.Expr, opened: pl.Expr) -> pl.Expr:
    outside, closed = pl.col("total") - inside, pl.col("all") - opened
    rate = pl.col("total") / pl.col("all")
    rose = (opened > 0) & (closed > 0) & (inside * closed > outside * opened)
    part = inside * (inside / (opened * rate)).log()
    rest = pl.when(outside > 0).then(outside * (outside / (closed * rate)).log()).otherwise(0.0)
    return pl.when(rose).then(part + rest).otherwise(0.0)


def llr(inside: float, outside: float, opened: float, closed: float) -> float:
    """Log likelihood ratio of two rates against one; 0 when the rate inside is not the higher one."""
    if opened <= 0 or closed <= 0 or inside * closed <= outside * opened:
        return 0.0
    rate = (inside + outside) / (opened + closed)
    rest = outside * log(outside / (closed * rate)) if outside > 0 else 0.0
    return inside * log(inside / (opened * rate)) + rest


def _refined(key: int, start: int, end: int, columns: tuple[list[float], list[float], list[float]]) -> Rise:
    """The interval with both ends moved, in turn, to where the ratio is greatest; then tested against traffic."""
    counts, opened, traffic = columns
    bins = len(counts)
    n, e, m = _prefix(counts), _prefix(opened), _prefix(traffic)
    start, end = min(start, bins - 1), min(end, bins)

    def score(a: int, b: int) -> float:
        inside, seen = n[b] - n[a], e[b] - e[a]
        return llr(inside, n[-1] - inside, seen, e[-1] - seen)

    for _ in range(ROUNDS):
        end = max(range(start + 1, bins + 1), key=lambda b: (score(start, b), -b))
        start = max(range(end), key=lambda a: (score(a, end), a))
    inside, seen, lines = n[end] - n[start], e[end] - e[start], m[end] - m[start]
    outside, rest = n[-1] - inside, m[-1] - lines
    strength = score(start, end)
    if rest >= _LEAST_TRAFFIC and m[-1] >= 2 * _LEAST_TRAFFIC:
        strength = min(strength, _two_by_two(inside, outside, lines, rest))
    strength /= _dispersion([c for i, c in enumerate(counts) if opened[i] and not start <= i < end])
    return Rise(
        key, start, end, int(inside), int(outside), seen, e[-1] - seen, int(n[start]), e[start], strength
    )  # fmt: skip


def _prefix(values: Sequence[float]) -> list[float]:
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    return sums


def _two_by_two(inside: float, outside: float, lines: float, rest: float) -> float:
    """Log likelihood ratio (half of Wilks' G) that the share of these entries among all lines rose inside."""
    if inside * rest <= outside * lines:
        return 0.0
    total = inside + outside + lines + rest
    cells = (
        (inside, inside + outside, inside + lines), (outside, inside + outside, outside + rest),
        (lines, lines + rest, inside + lines), (rest, lines + rest, outside + rest),
    )  # fmt: skip
    return sum(cell * log(cell * total / (row * column)) for cell, row, column in cells if cell > 0)


def _dispersion(counts: Sequence[float]) -> float:
    """Variance by mean of the bins outside (1 for a Poisson process), at least 1."""
    if len(counts) < 2 or not (mean := sum(counts) / len(counts)):
        return 1.0
    return max(1.0, sum((c - mean) ** 2 for c in counts) / (len(counts) - 1) / mean)
