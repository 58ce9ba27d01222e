"""Two curves in, one SVG out: cost over lines and over commits, both axes in powers of ten, beside a straight line.

Colours follow the reader's own light or dark theme.
"""

import math
from collections.abc import Iterator, Sequence

Point = tuple[int, float]
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 340, 250, 62, 46, 84
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2933 } .title { font-size: 14px; font-weight: 600 }
  .quiet { fill: #52606d } .grid { stroke: #d9e2ec } .line { stroke: #0b62a3; stroke-width: 2; fill: none }
  .dot { fill: #0b62a3 } .straight { stroke: #9a5b00; stroke-dasharray: 5 4; fill: none } .back { fill: #ffffff }
  .note { fill: #8a5200 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb } .quiet { fill: #b3bfcc } .grid { stroke: #3a4653 } .line { stroke: #6cb8f6 }
    .dot { fill: #6cb8f6 } .straight { stroke: #e0a458 } .back { fill: #14191f } .note { fill: #e0a458 }
  }
"""


def draw(by_lines: Sequence[Point], by_commits: Sequence[Point]) -> str:
    """The picture as SVG text; points are (size, CPU seconds), at least two of them."""
    width, height = _LEFT * 2 + _WIDTH * 2 + _GAP, _TOP + _HEIGHT + 56
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="cost">',
        '<title id="cost">CPU seconds of the evidence over lines and over commits, in powers of ten</title>',
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{width}" height="{height}"/>',
        *_panel("CPU seconds to find and judge, by lines", by_lines, left=_LEFT),
        *_panel("CPU seconds to judge, by commits", by_commits, left=_LEFT + _WIDTH + _GAP),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(title: str, points: Sequence[Point], *, left: int) -> Iterator[str]:
    xs, ys = _span([size for size, _ in points]), _span([spent for _, spent in points])

    def place(size: float, spent: float) -> tuple[float, float]:
        right = (math.log10(size) - xs[0]) / (xs[1] - xs[0])
        up = (math.log10(spent) - ys[0]) / (ys[1] - ys[0])
        return round(left + right * _WIDTH, 1), round(_TOP + (1 - up) * _HEIGHT, 1)

    yield f'<text class="title" x="{left}" y="{_TOP - 20}">{title}</text>'
    bottom = _TOP + _HEIGHT
    for power in range(xs[0], xs[1] + 1):
        x, _ = place(10**power, 10 ** ys[0])
        yield f'<path class="grid" d="M{x} {_TOP}V{bottom}"/>'
        yield f'<text class="quiet" x="{x}" y="{bottom + 20}" text-anchor="middle">{10**power:,}</text>'
    for power in range(ys[0], ys[1] + 1):
        _, y = place(10 ** xs[0], 10**power)
        yield f'<path class="grid" d="M{left} {y}H{left + _WIDTH}"/>'
        yield f'<text class="quiet" x="{left - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g} s</text>'
    # A straight line through the last point: cost that only grows as its input does.
    size, spent = points[-1]
    first = max(10 ** xs[0], size * 10 ** ys[0] / spent)
    (x1, y1), (x2, y2) = place(first, spent / size * first), place(size, spent)
    yield f'<path class="straight" d="M{x1} {y1}L{x2} {y2}"/>'
    note = f'x="{left + _WIDTH - 8}" y="{bottom - 10}" text-anchor="end"'
    yield f'<text class="note" {note}>dashed: straight in size</text>'
    spots = [place(*point) for point in points]
    yield f'<path class="line" d="M{"L".join(f"{x} {y}" for x, y in spots)}"/>'
    for x, y in spots:
        yield f'<circle class="dot" cx="{x}" cy="{y}" r="3.5"/>'
    yield f'<text x="{spots[-1][0] - 8}" y="{spots[-1][1] - 10}" text-anchor="end">{spent:.2g} s</text>'


def _span(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)
