"""The report: one value that JSON, Markdown, terminal and HTML are rendered from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from incident_pipeline.model.evidence import (
    Burst,
    Category,
    Citation,
    Entity,
    Finding,
    Reason,
    RuledOut,
    Status,
    Suspect,
    VerdictKind,
)
from incident_pipeline.model.incident import BaseKind, Job, LogRef, Run
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.model.memory import Memory
from incident_pipeline.model.proof import Proof

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation with the id the page shows for it (`E1`, `E2`, ...); `url` leads to the vendor's page, if any."""

    id: str
    citation: Citation
    url: str = ""


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """One log line of an excerpt; `mark` names why it stands out."""

    line: int
    text: str
    mark: Literal["", "cited", "finding"] = ""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Log lines in order; a jump in the numbers is a fold of lines left out."""

    label: str
    lines: tuple[ExcerptLine, ...]
    total_lines: int


@dataclass(frozen=True, slots=True)
class CodeHunk:
    """One hunk of a suspect: (sign, line number, text) as model.patch.numbered gives them."""

    hash: str
    path: str
    header: str
    lines: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One mark on the timeline. `ref` is a commit hash or a run id."""

    at: datetime
    kind: Literal["commit", "green", "red", "deploy", "error"]
    label: str
    ref: str = ""
    suspicion: float = 0.0


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom to ask, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do now: plain words and, where there is one, the command to paste."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a reader sees, in the order of REPORT: verdict, proof, suspects, doubt, next step."""

    schema_version: int
    incident: str
    tenant: str
    title: str
    repo: str
    source: str
    run: Run | None
    jobs: tuple[Job, ...]
    green_run: Run | None
    head: str | None
    base: str | None
    base_kind: BaseKind
    window_complete: bool
    window_commits: int
    occurred_at: datetime | None
    verdict: VerdictKind
    category: Category
    status: Status
    confidence: float
    summary: str
    findings: tuple[Finding, ...]
    citations: tuple[Cited, ...]
    suspects: tuple[Suspect, ...]
    ruled_out: tuple[RuledOut, ...]
    not_known: tuple[str, ...]
    owners: tuple[Owner, ...]
    next_steps: tuple[NextStep, ...]
    logs: tuple[LogRef, ...]
    excerpts: tuple[Excerpt, ...]
    hunks: tuple[CodeHunk, ...]
    timeline: tuple[TimelineEvent, ...]
    sources: tuple[SourceStatus, ...]
    notes: tuple[str, ...]
    engine: str
    evidence_hash: str
    program_version: str
    log_lines: int
    seconds: float | None = None
    created_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    entities: tuple[Entity, ...] = ()
    bursts: tuple[Burst, ...] = ()
    memory: Memory | None = None
    proof: Proof | None = None
