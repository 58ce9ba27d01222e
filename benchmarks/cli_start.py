"""Wall time of `incident-responder --help` against the smallest typer program's, medians of one interleaved run.

The bare program is measured as typer comes (it imports rich for its help) and with rich off, which is what ours does;
the bound of 1.5 holds against both.
"""

import statistics
import subprocess
import sys
import time

BOUND = 1.5
_BARE = "import typer\napp = typer.Typer({})\n@app.command()\ndef hello() -> None:\n    pass\napp()\n"
PROGRAMS = {
    "bare typer": [sys.executable, "-c", _BARE.format(""), "--help"],
    "bare typer, rich off": [sys.executable, "-c", _BARE.format("rich_markup_mode=None"), "--help"],
    "incident-responder": [
        sys.executable,
        "-c",
        "from incident_pipeline.surfaces.cli.main import run; run()",
        "--help",
    ],
}


def measure(rounds: int = 5) -> dict[str, float]:
    """Median seconds of each program, their runs taken in turns so that a busy moment hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds + 1):
        for name, command in PROGRAMS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}  # the first warms the file cache


def main() -> int:
    """Print the times and ratios; 1 when a ratio is over the bound."""
    medians = measure()
    ours = medians["incident-responder"]
    worst = 0.0
    for name, seconds in medians.items():
        ratio = ours / seconds
        worst = max(worst, ratio)
        print(f"{name:<22} {seconds * 1000:6.0f} ms   --help is {ratio:.2f} x (bound {BOUND})")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main())
