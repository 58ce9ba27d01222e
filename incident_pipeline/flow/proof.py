"""A judged incident and a command in, a stored proof and a new report out. Runs the repository's code.

Surprising fact: the judgement that is stored is not changed. The proof is kept beside it, and both meet whenever a
report is written, so new rules that judge the incident anew are held against the same proof.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from incident_pipeline.errors import BadInput, UsageError
from incident_pipeline.flow import sources
from incident_pipeline.flow.progress import Progress, quiet
from incident_pipeline.flow.report import StoredReport, write_report
from incident_pipeline.flow.request import from_origin
from incident_pipeline.flow.subject import load_subject
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.evidence import Judgement
from incident_pipeline.model.incident import Incident, Window
from incident_pipeline.model.proof import Proof, Trial
from incident_pipeline.normalize.clean import clean_series
from incident_pipeline.normalize.redact import redact_series, redact_text
from incident_pipeline.sources.git.local import LocalGit
from incident_pipeline.verify.plan import Step
from incident_pipeline.verify.prove import Case, Rules, nothing, prove
from incident_pipeline.verify.worktree import Trees, open_trees
from incident_pipeline.warehouse.incidents import find_incident
from incident_pipeline.warehouse.proofs import save_proof

TAIL_LINES = 40
LINE_CHARS = 500


def _silent(_: Step) -> None:
    """The default of `on_start`."""


def verify(
    ws: Workspace, incident_id_or_part: str, *, command: str, git_path: Path | None = None, rules: Rules | None = None,
    progress: Progress = quiet, on_start: Callable[[Step], None] = _silent, on_trial: Callable[[Trial], None] = nothing,
) -> tuple[Proof, StoredReport]:  # fmt: skip
    """Replay `command` on commits of the incident's window until the culprit is proved; the report is written anew.

    UsageError (no command, no repository known), BadInput (a commit is not in the clone, an empty window).
    """
    if not command.strip() or "\0" in command:
        raise UsageError("--command is empty: give the command that fails, such as 'pytest -x tests/test_a.py'")
    subject = load_subject(ws, find_incident(ws.warehouse, incident_id_or_part))
    case = case_of(subject.incident, subject.window, subject.evidence.judgement, command=command)
    repo = _repository(ws, subject.incident, git_path)
    progress.step("Replaying the command")
    with open_trees(repo) as trees:
        _check_there(trees, case, repo)
        proof = prove(
            trees, case, rules=rules or Rules(), clock=time.monotonic, on_start=on_start, on_trial=on_trial
        )  # fmt: skip
    proof = replace(redacted(proof), made_at=ws.clock())
    save_proof(ws.warehouse, proof, subject.window, proof_id=f"{ws.clock():%Y%m%dT%H%M%S%f}")
    return proof, write_report(ws, subject.incident.id, progress, seconds=proof.seconds)


def case_of(incident: Incident, window: Window, judgement: Judgement, *, command: str) -> Case:
    """What there is to prove. BadInput when the window holds no commit."""
    if window.head is None or window.head not in {commit.hash for commit in window.commits}:
        raise BadInput(
            f"{incident.id}: no commits are known to lie between green and red: investigate it with --last-green SHA"
        )
    suspects = judgement.suspects
    blamed = judgement.verdict.verdict == "commit" and suspects
    return Case(
        incident.id, command, window.commits, window.head, window.base if window.complete else None,
        {suspect.hash: suspect.probability for suspect in suspects}, suspects[0].hash if blamed else None,
    )  # fmt: skip


def redacted(proof: Proof) -> Proof:
    """The proof as it may be stored: no secrets in the command, none and no terminal codes in what it printed.

    Of each run the last TAIL_LINES lines, of each line the last LINE_CHARS; cut last, or half a secret would stay.
    """
    trials = tuple(replace(trial, tail=_clean(trial.tail)) for trial in proof.trials)
    return replace(proof, command=redact_text(proof.command)[0], trials=trials)


def _clean(lines: tuple[str, ...]) -> tuple[str, ...]:
    text = clean_series(pl.Series(list(lines), dtype=pl.String()))
    return tuple(line[-LINE_CHARS:] for line in redact_series(text)[0].tail(TAIL_LINES).to_list())


def _repository(ws: Workspace, incident: Incident, git_path: Path | None) -> Path:
    """Where the commits lie on this machine. UsageError when nobody said so."""
    if git_path is not None:
        return git_path
    git = sources.open_git(ws, from_origin(incident.origin))
    with git or contextlib.nullcontext():
        if not isinstance(git, LocalGit):  # a forge's mirror has commits but no files
            raise UsageError(f"{incident.id}: no clone of it is known here: give a full one with --git-path DIR")
        return git.path


def _check_there(trees: Trees, case: Case, repo: Path) -> None:
    ends = [sha for sha in (case.head, case.base) if sha]
    missing = [*trees.missing(ends), *trees.missing([commit.hash for commit in case.commits])]
    if missing:
        raise BadInput(
            f"{repo}: lacks commit {missing[0][:12]} of the range: run `git -C {repo} fetch origin {missing[0]}` "
            "(or `fetch --unshallow`) and verify again"
        )
