"""A bench in, one small SVG out: is it as sure as it is right, and how far are the marks. For light and dark."""

from collections.abc import Iterator
from html import escape

from incident_pipeline.flow.bench import Bench
from incident_pipeline.flow.bench_marks import Measure
from incident_pipeline.flow.bench_scores import Calibration

_STYLE = """
:root{--ground:#ffffff;--text:#1f2328;--faint:#d0d7de;--dim:#59636e;--one:#0969da;--two:#bc4c00}
@media (prefers-color-scheme:dark){
:root{--ground:#0d1117;--text:#e6edf3;--faint:#30363d;--dim:#9198a1;--one:#4493f8;--two:#f0883e}}
svg{background:var(--ground)}
text{font:12px system-ui,sans-serif;fill:var(--text)}
.dim{fill:var(--dim)}.head{font-weight:600;font-size:13px}.right{text-anchor:end}.middle{text-anchor:middle}
.grid{stroke:var(--faint)}.dash{stroke:var(--dim);stroke-dasharray:4 4}
.one{stroke:var(--one);fill:var(--one)}.two{stroke:var(--two);fill:none;stroke-width:2}.thin{stroke-width:1}
.bar{fill:var(--one);opacity:.35}.mark{stroke:var(--dim);stroke-width:2}.aim{stroke:var(--text);stroke-width:2}
"""
# What a plain method reaches on the same cases: set README's, measured by the sets' own scorers.
_BARS = (
    ("logdx_critical", "logdx: critical signals kept", 0.750),
    ("cidiff_f1", "cidiff: F1 on error lines", 0.717),
    ("incidents_top1", "incidents: culprit first", 0.231),
    ("incidents_top3", "incidents: among the first 3", 0.385),
    ("incidents_verdict", "incidents: verdict", 0.812),
    ("incidents_top10", "incidents: a decisive line in 10", 0.88),
)
_LEFT, _TOP, _SIDE = 60, 50, 250
_BAR_LEFT, _BAR_WIDTH, _BAR_STEP = 585, 260, 41


def draw(bench: Bench) -> str:
    """The picture, 900 x 375."""
    body = [*_axes(), *_points(bench), *_bars(bench)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 375" width="900" height="375" role="img" '
        'aria-label="Calibration and accuracy on the labelled sets">'
        f"<style>{_STYLE}</style>\n" + "\n".join(body) + "\n</svg>\n"
    )


def _axes() -> Iterator[str]:
    yield _text(_LEFT, 24, "How sure it was, how often right", kind="head")
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, y = _x(tick), _y(tick)
        yield f'<path class="grid" d="M{x} {_y(0)}V{_y(1)}M{_x(0)} {y}H{_x(1)}"/>'
        yield _text(x, _y(0) + 18, f"{tick:g}", kind="dim middle")
        yield _text(_LEFT - 8, y + 4, f"{tick:g}", kind="dim right")
    yield f'<path class="dash" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>'
    yield _text(_x(1) + 8, _y(0) + 18, "sure", kind="dim")
    yield _text(_LEFT - 8, _y(1) - 10, "right", kind="dim right")


def _points(bench: Bench) -> Iterator[str]:
    for place, (name, found) in enumerate(bench.calibration.items()):
        kind = ("one", "two")[place % 2]
        yield from _bins(found, kind=kind, aside=(-3, 3)[place % 2])
        y = _y(0) + 38 + 17 * place
        yield f'<circle class="{kind}" cx="{_LEFT + 5}" cy="{y - 4}" r="4"/>'
        yield _text(_LEFT + 16, y, f"{name} (Brier {found.brier.value:.3f})")


def _bins(found: Calibration, *, kind: str, aside: int) -> Iterator[str]:
    for b in found.bins:
        x, radius = _x(b.confidence) + aside, 3 + min(5.0, b.cases / 4)
        yield f'<path class="{kind} thin" d="M{x:.1f} {_y(b.right.low or 0):.1f}V{_y(b.right.high or 0):.1f}"/>'
        yield f'<circle class="{kind}" cx="{x:.1f}" cy="{_y(b.right.value):.1f}" r="{radius:.1f}"/>'


def _bars(bench: Bench) -> Iterator[str]:
    measures = {m.name: m for m in bench.measures}
    yield _text(_BAR_LEFT - 190, 24, "How accurate it is (line: 95% interval)", kind="head")
    shown = [(measures[name], label, plain) for name, label, plain in _BARS if name in measures]
    for place, (m, label, plain) in enumerate(shown):
        yield from _bar(m, label, plain, y=_TOP + place * _BAR_STEP)
    y = _y(0) + 38
    x = _BAR_LEFT - 190
    for kind, says in (("dash", "a plain method"), ("mark", "mark"), ("aim", "aim")):
        yield f'<path class="{kind}" d="M{x + 3} {y - 12}v{8 if kind == "mark" else 16}"/>'
        yield _text(x + 12, y, says)
        x += 30 + 7 * len(says)


def _bar(m: Measure, label: str, plain: float, *, y: int) -> Iterator[str]:
    def at(value: float) -> float:
        return _BAR_LEFT + _BAR_WIDTH * value

    value, scale = m.estimate, m.scale
    yield _text(_BAR_LEFT - 8, y + 15, label, kind="right")
    yield f'<path class="grid" d="M{_BAR_LEFT} {y + 20}H{_BAR_LEFT + _BAR_WIDTH}"/>'
    yield f'<rect class="bar" x="{_BAR_LEFT}" y="{y}" width="{_BAR_WIDTH * value.value:.1f}" height="20"/>'
    yield f'<path class="dash" d="M{at(plain):.1f} {y - 2}v24"/>'
    for kind, limit in (("mark", scale.mark), ("aim", scale.aim)):
        if limit is not None:
            yield f'<path class="{kind}" d="M{at(limit):.1f} {y - 3}v{8 if kind == "mark" else 26}"/>'
    if value.low is not None and value.high is not None:
        yield f'<path class="one" d="M{at(value.low):.1f} {y + 10}H{at(value.high):.1f}" stroke-width="3"/>'
    yield _text(_BAR_LEFT + _BAR_WIDTH + 8, y + 15, f"{value.value:.3f}")


def _x(value: float) -> float:
    return _LEFT + _SIDE * value


def _y(value: float) -> float:
    return _TOP + _SIDE * (1 - value)


def _text(x: float, y: float, words: str, *, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(words)}</text>'
