"""What each idea is worth: the labelled sets measured again without it, as tables.

    python -m benchmarks.ablation [lines|commits] [--shared DIR] [--markdown]

Logs are read and code is gathered once; about three minutes on one core. docs/accuracy.md holds the tables.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from functools import cache
from pathlib import Path
from statistics import fmean
from unittest.mock import patch

from benchmarks.ideas import COMMITS, LINES, LOAD_LOG, Idea, Without
from incident_pipeline.errors import IncidentError
from incident_pipeline.evidence.find import find_failure
from incident_pipeline.evidence.judge import judge
from incident_pipeline.flow import bench_lines
from incident_pipeline.flow.bench_incidents import CaseInputs, CaseResult, clone_case, gather_case, prediction
from incident_pipeline.flow.bench_judged import calibrations
from incident_pipeline.flow.bench_sets import Sets, default_shared, find_sets, score_incidents, score_lines
from incident_pipeline.flow.progress import Progress
from incident_pipeline.surfaces.cli.progress import bars
from incident_pipeline.surfaces.cli.table import render_rows

BUDGETS = (2_000, 4_000, 6_000, 12_000, 16_000)
LINE_HEAD = ("without", "logdx critical", "characters", "cidiff F1", "decisive line first", "among ten")
COMMIT_HEAD = ("without", "top-1", "top-3", "MRR", "verdict", "Brier")
Rows = list[tuple[str, ...]]


def ablate_lines(sets: Sets, work: Path, *, progress: Progress) -> Rows:
    """LINE_HEAD with all ideas together, without each of them, and with other budgets for the excerpt."""
    variants: list[tuple[str, Without, int]] = [("(nothing)", nullcontext, bench_lines.EXCERPT_CHARS)]
    variants += [(name, without, bench_lines.EXCERPT_CHARS) for name, without in LINES.items()]
    progress.step("Taking ideas out of the lines", total=len(variants) + len(BUDGETS))
    rows: Rows = []
    with patch(LOAD_LOG, cache(bench_lines.load_log)):
        for name, without, chars in variants:
            with without():
                rows.append((name, *_lines(sets, work, chars=chars), *_decisive(sets, work)))
            progress.advance()
        excerpts = work / "excerpts"  # a budget bears on logdx alone
        excerpts.mkdir()
        if sets.lines and (sets.lines / "logdx").is_dir():
            (excerpts / "logdx").symlink_to((sets.lines / "logdx").resolve())
        for chars in BUDGETS:
            shown = _lines(sets, work, chars=chars, folder=excerpts)[:2]
            rows.append((f"(nothing), {chars:,} characters allowed", *shown, "", "", ""))
            progress.advance()
    return rows


def _lines(sets: Sets, work: Path, *, chars: int, folder: Path | None = None) -> tuple[str, str, str]:
    if sets.lines is None:
        return "", "", ""
    predicted = {p["case"]: p["lines"] for p in bench_lines.predict_lines(folder or sets.lines, max_chars=chars)}
    totals = score_lines(sets, predicted, work, by_case=False).totals
    logdx, cidiff = totals.get("logdx", {}), totals.get("cidiff", {})
    return _share(logdx.get("critical")), f"{logdx.get('chars', 0):,.0f}", _share(cidiff.get("f1"))


def _decisive(sets: Sets, work: Path) -> tuple[str, str]:
    """How often the first finding, and the first ten, hold a decisive line of an incident."""
    if sets.incidents is None:
        return "", ""
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for case in _cases(sets):
        failed = bench_lines.load_log(case / "failed.log.gz", label="log")
        greens = []
        with suppress(IncidentError):
            greens = [bench_lines.load_log(case / "green.log.gz", label="green")]
        found[case.name] = tuple((f.line, f.end_line) for f in find_failure([failed], greens).findings[:10])
    first, ten = (_hit(sets, work, {c: spans[:limit] for c, spans in found.items()}) for limit in (1, 10))
    return first, ten


def _hit(sets: Sets, work: Path, spans: dict[str, tuple[tuple[int, int], ...]]) -> str:
    cited = {case: [n for a, b in pairs for n in range(a, b + 1)] for case, pairs in spans.items()}
    rows = score_incidents(sets, ({"case": c, "cited_lines": n} for c, n in cited.items()), work).rows
    return _share(fmean(row["line_hit"] for row in rows if "line_hit" in row))


def ablate_commits(sets: Sets, work: Path, *, progress: Progress) -> Rows:
    """COMMIT_HEAD with all ideas together and without each of them."""
    cases = _cases(sets)
    progress.step("Gathering code", total=2 * len(cases))
    with_green, without_green = (_gather(cases, work, green=green, done=progress.advance) for green in (True, False))
    variants = [("(nothing)", Idea(), with_green), *((name, idea, with_green) for name, idea in COMMITS.items())]
    variants.append(("green log", Idea(), without_green))
    progress.step("Taking ideas out of the judgement", total=len(variants))
    rows: Rows = []
    for name, idea, gathered in variants:
        with idea.without():
            judged = [_judge(case, idea.given(given)) for case, given in gathered]
        rows.append((name, *_judged(sets, judged, work)))
        progress.advance()
    return rows


def _gather(
    cases: Sequence[Path], work: Path, *, green: bool, done: Callable[[], None]
) -> list[tuple[str, CaseInputs]]:  # fmt: skip
    """What each case is judged on; without its green log, from a folder that lacks it."""
    found: list[tuple[str, CaseInputs]] = []
    (work / "repos").mkdir(exist_ok=True)
    for case in cases:
        place = case
        if not green:
            place = work / "no-green" / case.name
            place.mkdir(parents=True)
            for name in ("failed.log.gz", "run.json"):
                (place / name).symlink_to((case / name).resolve())
        found.append((case.name, gather_case(place, clone_case(case, work / "repos"))))
        done()
    return found


def _judge(case: str, given: CaseInputs) -> CaseResult:
    judgement = judge(given.failure, given.window, given.code, logs=given.logs, greens=given.greens)
    return CaseResult(case, given.failure, judgement, 0.0)


def _judged(sets: Sets, judged: Sequence[CaseResult], work: Path) -> tuple[str, ...]:
    scores = score_incidents(sets, map(prediction, judged), work)
    whole = scores.table["all"]
    brier = calibrations(judged, scores.rows)["confidence of the verdict"].brier
    return (*(_share(whole.get(name)) for name in ("top1", "top3", "mrr", "verdict")), _share(brier.value))


def _cases(sets: Sets) -> list[Path]:
    return sorted(path.parent for path in sets.incidents.glob("*/run.json")) if sets.incidents else []


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def to_markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *rows))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("side", nargs="?", choices=("lines", "commits"))
    parser.add_argument("--shared", type=Path, default=default_shared(os.environ, Path.cwd()))
    parser.add_argument("--markdown", action="store_true")
    words = parser.parse_args()
    sets = find_sets(words.shared)
    for what in sets.absent:
        print(what)
    for side, head, ablate in (("lines", LINE_HEAD, ablate_lines), ("commits", COMMIT_HEAD, ablate_commits)):
        if words.side in (None, side):
            with tempfile.TemporaryDirectory() as work, bars() as progress:
                rows = ablate(sets, Path(work), progress=progress)
            print(to_markdown(head, rows) if words.markdown else render_rows(head, rows, "table"), flush=True)


if __name__ == "__main__":
    main()
