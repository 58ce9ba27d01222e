"""Predict culprit, verdict and decisive lines for a folder of labelled incidents; never opens a truth file.

Comes in: a folder of cases, each with `repo.bundle`, `failed.log.gz`, perhaps `green.log.gz`, and `run.json` (of which
only `head_sha` and `last_green_sha` are read). Goes out: one prediction a case, as the scorer reads it.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import TypedDict

from incident_pipeline.errors import BadInput
from incident_pipeline.evidence.find import find_failure
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.judge import judge
from incident_pipeline.evidence.places import locate, places
from incident_pipeline.flow.bench_lines import load_log
from incident_pipeline.flow.gather import gather_code, gather_paths
from incident_pipeline.flow.progress import Progress, quiet
from incident_pipeline.model.evidence import Failure, Judgement, VerdictKind
from incident_pipeline.model.incident import Window
from incident_pipeline.sources.git.local import LocalGit

MAX_CITED = 8
MAX_FINDINGS = 3
SCORE_MARGIN = 0.2
_NAMES: dict[VerdictKind, str] = {
    "infrastructure": "infrastructure", "drift": "infrastructure", "flaky": "flaky", "commit": "commit",
    "unknown": "commit",
}  # fmt: skip
_ONLY_WHERE = frozenset({"exit", "summary", "header", "block", "location", "test", "stack"})


class Prediction(TypedDict):
    """What the scorer reads. `seconds` are wall clock, cloning left out."""

    case: str
    ranked_commits: list[str]
    cited_lines: list[int]
    verdict: str
    seconds: float
    tokens: int


def predict_incidents(folder: Path, work: Path, *, progress: Progress = quiet) -> Iterator[Prediction]:
    """One prediction for each folder below `folder` that holds a `run.json`, in order of name; clones go to `work`.

    Errors: BadInput when a case cannot be read.
    """
    cases = sorted(path.parent for path in folder.glob("*/run.json"))
    work.mkdir(parents=True, exist_ok=True)
    progress.step("Predicting cases", total=len(cases))
    for case in cases:
        yield _predict(case, _clone(case / "repo.bundle", work / f"{case.name}.git"))
        progress.advance()


def _clone(bundle: Path, target: Path) -> Path:
    if not target.exists():
        done = subprocess.run(
            ["git", "clone", "--quiet", "--bare", "--", str(bundle), str(target)], capture_output=True, check=False
        )
        if done.returncode:
            raise BadInput(
                f"{bundle}: not a git bundle that can be cloned ({done.stderr.decode(errors='replace').strip()})"
            )
    return target


def _predict(case: Path, repo: Path) -> Prediction:
    start = perf_counter()
    run = json.loads((case / "run.json").read_text("utf-8"))
    logs, greens = (
        [load_log(path, label=label)] if (path := case / f"{name}.log.gz").is_file() else []
        for name, label in (("failed", "log"), ("green", "green"))
    )
    failure, judgement = _judge(repo, base=run["last_green_sha"], head=run["head_sha"], logs=logs, greens=greens)
    return {
        "case": case.name,
        "ranked_commits": [s.hash for s in judgement.suspects],
        "cited_lines": cited_lines(failure),
        "verdict": _NAMES[judgement.verdict.verdict],
        "seconds": round(perf_counter() - start, 3),
        "tokens": 0,
    }


def _judge(
    repo: Path, *, base: str, head: str, logs: list[LogText], greens: list[LogText]
) -> tuple[Failure, Judgement]:
    failure = find_failure(logs, greens)
    with LocalGit(repo) as git:
        window = Window("", base, head, "last_green", tuple(git.get_commits_between("", base, head)))
        paths = gather_paths(git, "", head)
        failure = locate(failure, paths)
        code = gather_code(git, "", head, places(failure, window), paths=paths)
    return failure, judge(failure, window, code, logs=logs, greens=greens)


def cited_lines(failure: Failure, *, limit: int = MAX_CITED) -> list[int]:
    """Lines of the best findings that say why, at most MAX_FINDINGS and `limit` lines: few and right beats many."""
    why = [f for f in failure.findings if f.kind not in _ONLY_WHERE] or list(failure.findings[:1])
    near = [f for f in why if f.score >= why[0].score - SCORE_MARGIN][:MAX_FINDINGS]
    lines = dict.fromkeys(line for f in near for line in range(f.line, f.end_line + 1))
    return sorted(list(lines)[:limit])
