"""Accuracy on the labelled sets beside the project: our predictions, scored by the sets' own scorers.

    python -m benchmarks.accuracy [--floor benchmarks/floors.json]

The sets are found by INCIDENT_RESPONDER_SHARED, default `../shared`. With `--floor` it fails when a score lies under
the committed one. Truth files are read by the scorers only.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SHARED = Path(os.environ.get("INCIDENT_RESPONDER_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def main() -> int:
    """Print both tables; 1 when a floor is broken or the sets are not there although a floor was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--floor", type=Path)
    wanted = parser.parse_args().floor
    if not SHARED.is_dir():
        print(f"labelled sets not found at {SHARED}: set INCIDENT_RESPONDER_SHARED")
        return 1 if wanted else 0
    with tempfile.TemporaryDirectory() as folder:
        scores = {**_lines(Path(folder)), **_incidents(Path(folder))}
    print(json.dumps(scores, indent=1))
    floors = json.loads(wanted.read_text()) if wanted else {}
    broken = {k: (scores.get(k), floor) for k, floor in floors.items() if not _holds(k, scores.get(k), floor)}
    for name, (score, floor) in broken.items():
        print(f"under the floor: {name} is {score}, committed floor {floor}")
    return 1 if broken else 0


def _holds(name: str, score: float | None, floor: float) -> bool:
    """Characters are better when fewer, everything else when more."""
    return score is not None and (score <= floor if name.endswith("chars") else score >= floor)


def _predict(what: str, folder: Path, out: Path) -> None:
    program = Path(sys.executable).with_name("incident-responder")
    done = subprocess.run([program, "bench", what, folder, "--out", out], check=False)
    if done.returncode:
        raise SystemExit(f"incident-responder bench {what} ended with {done.returncode}")


def _lines(work: Path) -> dict[str, float]:
    out, folder = work / "lines.jsonl", SHARED / "benchmarks" / "lines"
    _predict("lines", folder, out)
    scorer = SHARED / "benchmarks" / "score_lines.py"
    text = subprocess.run([sys.executable, scorer, folder, out], check=True, capture_output=True, text=True).stdout
    print(text, end="")
    return {
        f"{line.split()[0]}_{k}": float(v) for line in text.splitlines() for k, v in re.findall(r"(\w+)=([\d.]+)", line)
    }


def _incidents(work: Path) -> dict[str, float]:
    out, folder = work / "incidents.jsonl", SHARED / "incidents"
    _predict("incidents", folder, out)
    base = [sys.executable, folder / "score.py", out, "--root", folder]
    print(subprocess.run(base, check=True, capture_output=True, text=True).stdout, end="")
    table = json.loads(subprocess.run([*base, "--json"], check=True, capture_output=True, text=True).stdout)
    overall = table.get("all", table)
    return {f"incidents_{k}": float(v) for k, v in overall.items() if isinstance(v, int | float)}


if __name__ == "__main__":
    sys.exit(main())
