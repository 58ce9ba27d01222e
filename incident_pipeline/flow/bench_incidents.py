"""Predict culprit, verdict and decisive lines for a folder of labelled incidents; never opens a truth file.

Comes in: a folder of cases, each with `repo.bundle`, `failed.log.gz`, perhaps `green.log.gz`, and `run.json` (of which
only `head_sha` and `last_green_sha` are read). Goes out: one prediction a case, as the scorer reads it.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TypedDict

from incident_pipeline.errors import BadInput
from incident_pipeline.evidence.failure import what_failed
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.judge import judge
from incident_pipeline.flow.bench_lines import load_log
from incident_pipeline.flow.gather import gather
from incident_pipeline.flow.progress import Progress, quiet
from incident_pipeline.model.evidence import CodeFacts, Failure, Judgement, VerdictKind
from incident_pipeline.model.incident import Window
from incident_pipeline.sources.git.local import LocalGit

MAX_CITED = 8
MAX_FINDINGS = 3
SCORE_MARGIN = 0.2
_NAMES: dict[VerdictKind, str] = {
    "infrastructure": "infrastructure", "drift": "infrastructure", "flaky": "flaky", "commit": "commit",
    "unknown": "commit",
}  # fmt: skip
_ONLY_WHERE = frozenset({"exit", "summary", "header", "heading", "block", "location", "test", "stack"})


class Prediction(TypedDict):
    """What the scorer reads. `seconds` are wall clock, cloning left out."""

    case: str
    ranked_commits: list[str]
    cited_lines: list[int]
    verdict: str
    seconds: float
    tokens: int


@dataclass(frozen=True, slots=True)
class CaseInputs:
    """What the judge is given of one case: logs as read, the failure located at head, the window, the code there."""

    logs: tuple[LogText, ...]
    greens: tuple[LogText, ...]
    failure: Failure
    window: Window
    code: CodeFacts


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One judged case; `seconds` are wall clock from reading its files to the judgement, cloning left out."""

    case: str
    failure: Failure
    judgement: Judgement
    seconds: float


def predict_incidents(folder: Path, work: Path, *, progress: Progress = quiet) -> Iterator[Prediction]:
    """One prediction for each folder below `folder` that holds a `run.json`, in order of name; clones go to `work`.

    Errors: BadInput when a case cannot be read.
    """
    return map(prediction, judge_cases(folder, work, progress=progress))


def judge_cases(folder: Path, work: Path, *, progress: Progress = quiet) -> Iterator[CaseResult]:
    """Each case of `folder` as `predict_incidents` takes them, judged. Errors: BadInput when one cannot be read."""
    cases = sorted(path.parent for path in folder.glob("*/run.json"))
    work.mkdir(parents=True, exist_ok=True)
    progress.step("Judging cases", total=len(cases))
    for case in cases:
        yield judge_case(case, clone_case(case, work))
        progress.advance()


def clone_case(case: Path, work: Path) -> Path:
    """The bare clone of a case's bundle below `work`, made at the first call. Errors: BadInput when it is no bundle."""
    bundle, target = case / "repo.bundle", work / f"{case.name}.git"
    if not target.exists():
        done = subprocess.run(
            ["git", "clone", "--quiet", "--bare", "--", str(bundle), str(target)], capture_output=True, check=False
        )
        if done.returncode:
            raise BadInput(
                f"{bundle}: not a git bundle that can be cloned ({done.stderr.decode(errors='replace').strip()})"
            )
    return target


def judge_case(case_dir: Path, repo: Path, *, base: str | None = None, head: str | None = None) -> CaseResult:
    """Judge the case in `case_dir` with its clone `repo`; `base` and `head` replace the window that `run.json` gives.

    Errors: BadInput for logs or a repository that cannot be read.
    """
    start = perf_counter()
    given = gather_case(case_dir, repo, base=base, head=head)
    judgement = judge(given.failure, given.window, given.code, logs=given.logs, greens=given.greens)
    return CaseResult(case_dir.name, given.failure, judgement, round(perf_counter() - start, 3))


def gather_case(case_dir: Path, repo: Path, *, base: str | None = None, head: str | None = None) -> CaseInputs:
    """What `judge_case` judges, for those who judge it in several ways."""
    run = json.loads((case_dir / "run.json").read_text("utf-8"))
    base, head = base or str(run["last_green_sha"]), head or str(run["head_sha"])
    logs, greens = (
        (load_log(path, label=label),) if (path := case_dir / f"{name}.log.gz").is_file() else ()
        for name, label in (("failed", "log"), ("green", "green"))
    )
    failure, logs = what_failed(logs, greens)
    with LocalGit(repo) as git:
        window = Window("", base, head, "last_green", tuple(git.get_commits_between("", base, head)))
        failure, code = gather(git, window, failure, logs=logs)
    return CaseInputs(logs, greens, failure, window, code)


def prediction(result: CaseResult) -> Prediction:
    """What the scorer reads of a judged case."""
    return {
        "case": result.case,
        "ranked_commits": [s.hash for s in result.judgement.suspects],
        "cited_lines": cited_lines(result.failure),
        "verdict": _NAMES[result.judgement.verdict.verdict],
        "seconds": result.seconds,
        "tokens": 0,
    }


def cited_lines(failure: Failure, *, limit: int = MAX_CITED) -> list[int]:
    """Lines of the best findings that say why, at most MAX_FINDINGS and `limit` lines: few and right beats many."""
    why = [f for f in failure.findings if f.kind not in _ONLY_WHERE] or list(failure.findings[:1])
    near = [f for f in why if f.score >= why[0].score - SCORE_MARGIN][:MAX_FINDINGS]
    lines = dict.fromkeys(f.line + n for f in near for n, text in enumerate(f.text.split("\n")) if text.strip(" E"))
    return sorted(list(lines)[:limit])
