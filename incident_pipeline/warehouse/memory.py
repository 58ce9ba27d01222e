"""Fingerprints of failures and what people said of incidents: written by incident, read as the past of a new one.

Surprising fact: which runs are one failure is not stored but worked out by the view `occurrences`, so the order in
which runs were looked at does not matter, and looking at one again is no second occurrence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from incident_pipeline.model.evidence import Category, Status, VerdictKind
from incident_pipeline.model.memory import Fingerprint, PastIncident, ToldBy
from incident_pipeline.warehouse import rows
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write

Answer = Literal["culprit", "not", "infrastructure", "flaky", "resolved"]
_CATEGORY: Mapping[VerdictKind, Category] = {"commit": "code", "flaky": "test"}


@dataclass(frozen=True, slots=True)
class Word:
    """What one person said of an incident at one time; `hash` with culprit and not."""

    answer: Answer
    hash: str | None
    author: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Accused:
    """How the current report ranks a commit of the window: `place` from 1."""

    hash: str
    place: int
    probability: float


@dataclass(frozen=True, slots=True)
class Said:
    """What the current report says, and its suspects, first one first."""

    report_id: str
    verdict: VerdictKind
    status: Status
    summary: str
    suspects: tuple[Accused, ...]


def fingerprint_write(incident: str, fingerprint: Fingerprint) -> Write:
    """The incident's fingerprint becomes this, in whatever transaction the write is put."""
    tests = [token.removeprefix("test:") for token in fingerprint.tokens if token.startswith("test:")]
    row = {
        "incident": incident, "key": fingerprint.key, "tokens": list(fingerprint.tokens), "tests": tests,
        "saved_at": datetime.now(UTC),
    }  # fmt: skip
    return Write("fingerprints", {"incident": incident}, rows.frame([row]))


def load_past(warehouse: Warehouse, *, without: str, limit: int) -> tuple[PastIncident, ...]:
    """The newest incidents of the tenant that have a fingerprint, newest first, and what came of each; one read."""
    found = warehouse.read("past_incidents", incident=without, limit=limit)
    found = found.sort("occurred_at", "incident", descending=[True, False])
    return tuple(_past(row) for row in found.iter_rows(named=True))


def load_words(warehouse: Warehouse, incident: str) -> tuple[Word, ...]:
    """All that people said of the incident, oldest first."""
    found = warehouse.read("feedback_of", incident=incident)
    return tuple(
        rows.value(Word, {**r, "author": r["author"] or "", "note": r["note"] or ""}) for r in found.to_dicts()
    )


def load_commits_of(warehouse: Warehouse, incident: str) -> dict[str, str]:
    """Subject by full hash of the commits of the incident's window, newest first."""
    found = warehouse.read("window_of", incident=incident)
    return {row["hash"]: row["subject"] or "" for row in found.iter_rows(named=True)}


def load_said(warehouse: Warehouse, incident: str) -> Said | None:
    """What the current report says, None when there is no report."""
    found = warehouse.read("accused_of", incident=incident).to_dicts()
    if not found:
        return None
    suspects = tuple(Accused(r["hash"], r["position"] + 1, r["probability"]) for r in found if r["hash"])
    return rows.value(Said, found[0], suspects=suspects)


def _past(row: dict[str, Any]) -> PastIncident:
    told_by: ToldBy = row["told_by"] or "report"
    reported: VerdictKind = row["verdict"] or "unknown"
    verdict: VerdictKind = row["told"] or reported
    status: Status = row["status"] or "INCONCLUSIVE"
    culprit, subject = row["told_hash"], row["told_subject"]
    if told_by == "report" and verdict == "commit" and status != "INCONCLUSIVE":
        culprit, subject = row["accused"], row["accused_subject"]
    if told_by != "report":
        status = "CONFIRMED" if told_by == "proof" else "LIKELY"
    category: Category = (
        row["category"] if row["category"] and verdict == reported else _CATEGORY.get(verdict, "unknown")
    )
    return PastIncident(
        incident=row["incident"], repo=row["repo"], title=row["title"] or "",
        fingerprint=Fingerprint(row["key"], tuple(row["tokens"] or ())), verdict=verdict, category=category,
        status=status, told_by=told_by, occurred_at=row["occurred_at"], branch=row["branch"], base=row["base"],
        head=row["head"], culprit=culprit, subject=subject or "", tests=tuple(row["tests"] or ()),
        workflow=row["workflow"], passed_again=row["passed_again"],
    )  # fmt: skip
