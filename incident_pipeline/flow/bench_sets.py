"""The labelled sets: where they lie, their own scorers, and the one place that opens an answer.

Comes in: predictions, all of them made. Goes out: what the sets' scorers say, case by case. Surprising fact: of the
answers only the culprit's hash is ever read here, to cut windows anew around it; the scorers read the rest themselves.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from incident_pipeline.errors import BadInput

SHARED_VARIABLE = "INCIDENT_RESPONDER_SHARED"
Rows = dict[str, dict[str, float]]
_SUITES = ("logdx", "cidiff")
_FIGURE = re.compile(r"(\w+)=([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Sets:
    """Folders of labelled cases, None where there are none. `lines` holds `logdx` and `cidiff`; `absent`: what is not
    there, in words."""

    lines: Path | None
    lines_scorer: Path
    incidents: Path | None
    incidents_scorer: Path
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineScores:
    """What the scorer says of a whole suite, by suite, and of each of its cases."""

    totals: Rows
    cases: Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class IncidentScores:
    """A row of figures a case (with its difficulty and name), and the scorer's table by difficulty."""

    rows: tuple[Mapping[str, Any], ...]
    table: Mapping[str, Mapping[str, Any]]


def default_shared(environ: Mapping[str, str], here: Path) -> Path:
    """Where SHARED_VARIABLE says, else `shared` beside the project `here` lies in: the nearest folder with a `.git`."""
    if named := environ.get(SHARED_VARIABLE):
        return Path(named)
    project = next((p for p in (here, *here.parents) if (p / ".git").exists()), here)
    return project.parent / "shared"


def find_sets(shared: Path) -> Sets:
    """Look below `shared` for `benchmarks` (line cases) and `incidents`, each with its scorer."""
    lines, lines_scorer = shared / "benchmarks" / "lines", shared / "benchmarks" / "score_lines.py"
    incidents, incidents_scorer = shared / "incidents", shared / "incidents" / "score.py"
    absent = [f"{lines / suite}: no cases" for suite in _SUITES if not any((lines / suite).glob("*/failed.log.gz"))]
    has_lines, has_incidents = len(absent) < len(_SUITES), any(incidents.glob("*/run.json"))
    if not has_incidents:
        absent.append(f"{incidents}: no cases")
    if has_lines and not lines_scorer.is_file():
        absent.append(f"{lines_scorer}: no such scorer, so no line case is scored")
    if has_incidents and not incidents_scorer.is_file():
        absent.append(f"{incidents_scorer}: no such scorer, so no incident is scored")
    return Sets(
        lines if has_lines and lines_scorer.is_file() else None, lines_scorer,
        incidents if has_incidents and incidents_scorer.is_file() else None, incidents_scorer, tuple(absent),
    )  # fmt: skip


def score_lines(
    sets: Sets, predicted: Mapping[str, list[int]], work: Path, *, by_case: bool = True
) -> LineScores:  # fmt: skip
    """Lines by `suite/case` scored in all and, as the scorer gives no rows, once more with each case as the only one.

    `by_case` False leaves the latter out. A case's figures are rounded to three digits by the scorer. Errors: BadInput
    when the scorer refuses.
    """
    if sets.lines is None:
        return LineScores({}, {})
    cases: dict[str, Rows] = {suite: {} for suite in _SUITES}
    for case in predicted if by_case else ():
        alone = work / f"alone-{case.replace('/', '-')}"
        place = alone / case
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.symlink_to((sets.lines / case).resolve(), target_is_directory=True)
        suite = case.partition("/")[0]
        cases[suite][case] = _lines(sets.lines_scorer, alone, {case: predicted[case]}, work).get(suite, {})
    return LineScores(_lines(sets.lines_scorer, sets.lines, predicted, work), cases)


def _lines(scorer: Path, folder: Path, predicted: Mapping[str, list[int]], work: Path) -> Rows:
    out = work / "lines.jsonl"
    out.write_text("".join(json.dumps({"case": c, "lines": n}) + "\n" for c, n in predicted.items()), "utf-8")
    said = _run(scorer, folder, out).splitlines()
    return {line.split()[0]: {name: float(value) for name, value in _FIGURE.findall(line)} for line in said if line}


def score_incidents(sets: Sets, predictions: Iterable[Mapping[str, Any]], work: Path) -> IncidentScores:
    """Predictions as the scorer reads them, scored. Errors: BadInput when the scorer refuses."""
    if sets.incidents is None:
        return IncidentScores((), {})
    out = work / "incidents.jsonl"
    out.write_text("".join(json.dumps(p) + "\n" for p in predictions), "utf-8")
    said = _run(sets.incidents_scorer, out, "--root", sets.incidents, "--json", "--per-case").splitlines()
    rows = [line for line in said if line.startswith('{"case"')]
    return IncidentScores(tuple(map(json.loads, rows)), json.loads("\n".join(x for x in said if x not in rows)))


def culprits(sets: Sets) -> dict[str, str]:
    """The guilty commit of each case that has one. The only function that opens an answer: call it last."""
    if sets.incidents is None:
        return {}
    answers = (json.loads(path.read_text("utf-8")) for path in sorted((sets.incidents / "truth").glob("*.json")))
    return {str(a["case"]): str(a["culprit_sha"]) for a in answers if a["culprit_sha"]}


def _run(scorer: Path, *arguments: str | Path) -> str:
    done = subprocess.run([sys.executable, scorer, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or "no word why").splitlines()[-1]
        raise BadInput(f"{scorer}: could not score ({said}); run it by hand to see more")
    return done.stdout
