"""What a fake GitHub holds: repositories, runs, jobs and pull requests, and the JSON of the small ones."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class FakeJob:
    """`log` is the bytes, or the status (404, 410) that asking for them gets."""

    id: int
    name: str = "tests"
    conclusion: str | None = "failure"
    log: bytes | int = b""
    step: str = "Run tests"
    annotations: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    started_at: str = "2026-03-01T14:02:05Z"


@dataclass
class FakeArtifact:
    """`zipped` is the bytes of the zip, or the status that asking for it gets."""

    id: int
    name: str
    zipped: bytes | int = b""
    expired: bool = False
    size: int | None = None


@dataclass
class FakeRun:
    id: int
    head_sha: str
    conclusion: str | None = "failure"
    branch: str = "main"
    event: str = "push"
    created_at: str = "2026-03-01T14:02:00Z"
    attempt: int = 1
    workflow_id: int = 7
    workflow: str = "CI"
    jobs: list[FakeJob] = field(default_factory=list[FakeJob])
    pulls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    head_repo: str | None = None
    artifacts: list[FakeArtifact] = field(default_factory=list[FakeArtifact])
    zipped: bytes | int | None = None
    """The zip of all its logs, or the status that asking for it gets; None: packed from its jobs."""


@dataclass
class FakeRepo:
    """`pulls` are all pull requests; a run of a fork names none of them."""

    git_path: Path
    runs: list[FakeRun] = field(default_factory=list[FakeRun])
    pulls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    default_branch: str = "main"


def pull(number: int, *, head: str, head_sha: str, base: str, base_sha: str) -> dict[str, Any]:
    return {"number": number, "head": {"ref": head, "sha": head_sha}, "base": {"ref": base, "sha": base_sha}}


def job_json(job: FakeJob) -> dict[str, Any]:
    times = {"started_at": job.started_at, "completed_at": "2026-03-01T14:05:00Z"}
    steps = [
        {"number": 1, "name": "Set up job", "status": "completed", "conclusion": "success", **times},
        {"number": 2, "name": job.step, "status": "completed", "conclusion": job.conclusion, **times},
    ]
    return {
        "id": job.id,
        "name": job.name,
        "status": "completed",
        "conclusion": job.conclusion,
        "steps": steps,
        **times,
    }


def artifact_json(artifact: FakeArtifact) -> dict[str, Any]:
    zipped = artifact.zipped if isinstance(artifact.zipped, bytes) else b""
    return {
        "id": artifact.id,
        "name": artifact.name,
        "size_in_bytes": len(zipped) if artifact.size is None else artifact.size,
        "expired": artifact.expired,
        "created_at": "2026-03-01T14:05:00Z",
    }


def created_matches(at: str, query: str | None) -> bool:
    if not query:
        return True
    if query.startswith(">="):
        return at >= query[2:]
    if query.startswith("<="):
        return at <= query[2:]
    first, _, last = query.partition("..")
    return first <= at <= last
