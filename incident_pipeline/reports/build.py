"""What was read and judged in, one Report out. Pure: the time, the engine and the seconds are told, not measured.

Surprising fact: two builds from the same evidence have the same `evidence_hash` whoever asked and whenever: times,
engine and notes are left out of it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from incident_pipeline import __version__
from incident_pipeline.model.evidence import CodeFacts, Failure, Judgement, Suspect, parse_ref
from incident_pipeline.model.incident import Incident, LogRef, Window
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.model.memory import Memory
from incident_pipeline.model.proof import Proof
from incident_pipeline.model.report import SCHEMA_VERSION, Cited, CodeHunk, Excerpt, Report
from incident_pipeline.reports import citations, proof
from incident_pipeline.reports.check import Lookup
from incident_pipeline.reports.next_steps import next_steps
from incident_pipeline.reports.owners import owners
from incident_pipeline.reports.timeline import timeline

_WORTH_ASKING = 0.25  # a suspicion less than this wakes nobody


def build_report(
    *,
    incident: Incident,
    window: Window,
    failure: Failure,
    judgement: Judgement,
    code: CodeFacts,
    logs: Sequence[LogRef],
    excerpts: Mapping[str, Sequence[int]],
    lookup: Lookup,
    statuses: Sequence[SourceStatus],
    memory: Memory | None = None,
    replay: Proof | None = None,
    engine: str = "deterministic",
    notes: Sequence[str] = (),
    created_at: datetime | None = None,
    seconds: float | None = None,
) -> Report:
    """`excerpts` maps a log's label to the line numbers worth showing beside those that are cited."""
    verdict = judgement.verdict
    cited = citations.number(failure, judgement, run=incident.run, logs=logs)
    shown = proof.excerpts(logs, cited, findings=failure.findings, selection=excerpts, lines=lookup)
    # Where no commit is to blame, nobody is asked and no change is shown but what the verdict itself cites.
    suspects = judgement.suspects if verdict.verdict in {"commit", "unknown"} else ()
    hunks = proof.hunks(window, suspects, cited=cited, code=code, failure=failure)
    top = next((first for first in suspects[:1] if first.probability >= _WORTH_ASKING), None)
    lengths = {log.label: lookup.log_length(log.label) or 0 for log in logs}
    return Report(
        schema_version=SCHEMA_VERSION,
        incident=incident.id,
        tenant=incident.tenant,
        title=incident.title,
        repo=incident.repo,
        source=incident.source,
        run=incident.run,
        jobs=tuple(job for job in incident.jobs if job.failed),
        green_run=incident.green_run,
        head=window.head,
        base=window.base,
        base_kind=window.base_kind,
        window_complete=window.complete,
        window_commits=len(window.commits),
        occurred_at=incident.occurred_at,
        verdict=verdict.verdict,
        category=verdict.category,
        status=verdict.status,
        confidence=verdict.confidence,
        summary=verdict.summary,
        reasons=verdict.reasons,
        findings=failure.findings,
        citations=cited,
        suspects=judgement.suspects,
        ruled_out=judgement.ruled_out,
        not_known=tuple(dict.fromkeys((*judgement.not_known, *window.problems))),
        owners=owners(top, _paths(top, cited, window), code.files),
        next_steps=next_steps(
            incident=incident,
            window=window,
            judgement=judgement,
            failure=failure,
            code=code,
            replayed=replay is not None,
        ),
        logs=tuple(logs),
        excerpts=shown,
        hunks=hunks,
        timeline=timeline(incident, window, judgement.suspects, failure),
        sources=tuple(statuses),
        notes=tuple(notes),
        engine=engine,
        evidence_hash=_evidence_hash(window, failure, cited, lengths, (*shown, *hunks)),
        program_version=__version__,
        log_lines=sum(length for label, length in lengths.items() if label.startswith("log")),
        seconds=seconds,
        created_at=created_at,
        entities=failure.entities,
        bursts=failure.bursts,
        memory=memory,
        proof=replay,
    )


def _paths(top: Suspect | None, cited: Sequence[Cited], window: Window) -> tuple[str, ...]:
    """Paths whose owners to ask: the cited ones, else those the top suspect changed; none when nobody is suspected."""
    if top is None:
        return ()
    places = (parse_ref(each.citation.ref) for each in cited)
    paths = [place[2] for place in places if place and place[0] == "code"]
    if not paths:
        paths = [c.path for commit in window.commits if commit.hash == top.hash for c in commit.files or ()]
    return tuple(dict.fromkeys(paths))


def _evidence_hash(
    window: Window, failure: Failure, cited: Sequence[Cited], lengths: Mapping[str, int],
    shown: Sequence[Excerpt | CodeHunk],
) -> str:  # fmt: skip
    evidence = {
        "base": window.base,
        "head": window.head,
        "commits": [commit.hash for commit in window.commits],
        "logs": dict(lengths),
        "failure": asdict(failure),
        "citations": [asdict(each.citation) for each in cited],
        "shown": [asdict(each) for each in shown],
    }
    text = json.dumps(evidence, sort_keys=True, separators=(",", ":"), default=str)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
