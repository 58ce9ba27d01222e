"""A collected incident in, evidence out: find the lines, gather blame and files for the places they name, judge.

Surprising fact: the evidence that is stored keeps only the code lines it may cite and leaves the others blank, so that
line numbers stay true and a report can be checked without the repository.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from incident_pipeline.evidence.failure import placed, what_failed
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.judge import judge as judge_failure
from incident_pipeline.flow import sources
from incident_pipeline.flow.gather import OWNERS_FILES, gather
from incident_pipeline.flow.logs import load_logs
from incident_pipeline.flow.memory import past, remembered
from incident_pipeline.flow.production import find
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.redaction import redact_code
from incident_pipeline.flow.request import from_origin
from incident_pipeline.flow.subject import load_window
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.evidence import Citation, CodeFacts, Failure, Judgement, parse_ref
from incident_pipeline.model.incident import Incident, Window
from incident_pipeline.warehouse.entities import entity_write
from incident_pipeline.warehouse.incidents import load_incident
from incident_pipeline.warehouse.incidents import load_logs as stored_refs
from incident_pipeline.warehouse.reports import Evidence, save_evidence

CONTEXT_LINES = 3


def judge(ws: Workspace, incident_id: str, progress: Progress) -> Evidence:
    """Find and judge from what is stored (plus blame and files at head from the git source), and store the evidence."""
    with ws.warehouse.reading():
        incident = load_incident(ws.warehouse, incident_id)
        window = load_window(ws, incident)
        logs, greens = load_logs(ws, stored_refs(ws.warehouse, incident.id), incident)
        known = past(ws, incident)
        progress.step("Finding the lines that explain it")
        failure, logs, greens = _find(ws, incident, logs=logs, greens=greens)
    progress.step("Looking at the code they name")
    code, failure = _gather(ws, incident.origin, window=window, failure=failure, logs=logs)
    progress.step("Judging the commits")
    judgement = judge_failure(
        failure, window, code, logs=logs, greens=greens, same_commit_passed=incident.same_commit_passed, history=known,
        began=incident.kind == "ci" or bool(failure.bursts),
    )  # fmt: skip
    code = _thin(code, failure, judgement=judgement, head=window.head or "")
    evidence = Evidence(evidence_hash(failure, judgement), failure, code, judgement)
    also = (remembered(incident, failure), entity_write(incident.id, failure.entities))
    save_evidence(ws.warehouse, incident.id, evidence, also=also)
    return evidence


def evidence_hash(failure: Failure, judgement: Judgement) -> str:
    """A hash that the same findings and the same judgement share wherever and whenever they were made."""
    text = json.dumps([asdict(failure), asdict(judgement)], sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _find(
    ws: Workspace, incident: Incident, *, logs: Sequence[LogText], greens: Sequence[LogText]
) -> tuple[Failure, Sequence[LogText], Sequence[LogText]]:
    """What failed, the logs to judge it by, and those that say what is usual."""
    if incident.kind == "logs":
        began = find(ws, incident, logs)
        return began.failure, began.logs, began.greens
    return *what_failed(logs, greens), greens


def _gather(
    ws: Workspace, origin: str, *, window: Window, failure: Failure, logs: Sequence[LogText]
) -> tuple[CodeFacts, Failure]:
    git = sources.open_git(ws, from_origin(origin))
    if git is None or window.head is None:
        return CodeFacts(), placed(failure, logs, frozenset())
    with git:
        failure, code = gather(git, window, failure, logs=logs)
        return redact_code(code), failure


def _thin(code: CodeFacts, failure: Failure, *, judgement: Judgement, head: str) -> CodeFacts:
    """`code` with only the lines kept that a citation or a frame may point at, CODEOWNERS whole, failed tests too."""
    keep: dict[str, set[int]] = defaultdict(set)
    for path, line in _pointed_at(failure, judgement, head):
        keep[path].update(range(line - CONTEXT_LINES, line + CONTEXT_LINES + 1))
    files = {
        p: text if p in OWNERS_FILES else _only(text, keep[p])
        for p, text in code.files.items()
        if p in keep or p in OWNERS_FILES
    }
    tests = {test.partition("::")[0] for test in failure.tests}
    return replace(code, paths=frozenset(files) | (code.paths & tests), files=files, blame={})


def _pointed_at(failure: Failure, judgement: Judgement, head: str) -> Iterable[tuple[str, int]]:
    for frame in failure.frames:
        if frame.repo_path and frame.source_line:
            yield frame.repo_path, frame.source_line
    for citation in _citations(judgement):
        match parse_ref(citation.ref):
            case ("code", sha, path, line) if head.startswith(sha) and citation.side == "new":
                yield path, line
            case _:
                pass


def _citations(judgement: Judgement) -> Iterable[Citation]:
    for reasons in (judgement.verdict.reasons, *(s.reasons for s in judgement.suspects)):
        for reason in reasons:
            yield from reason.citations


def _only(text: str, lines: set[int]) -> str:
    return "\n".join(line if number in lines else "" for number, line in enumerate(text.split("\n"), start=1))
