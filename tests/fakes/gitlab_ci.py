"""Invented pipelines, jobs, bridges and merge requests in, GitLab's JSON for them out (lib/api/entities/ci)."""

from dataclasses import dataclass, field
from typing import Any

FINISHED = frozenset({"success", "failed", "canceled", "skipped"})


@dataclass
class FakeCiJob:
    """`trace` is the log, or the status that asking for it gets."""

    id: int
    name: str = "test"
    status: str = "failed"
    trace: bytes | int = b"boom\n"
    stage: str = "test"
    allow_failure: bool = False
    failure_reason: str = "script_failure"
    started_at: str | None = "2026-03-01T14:02:10.000Z"
    finished_at: str | None = "2026-03-01T14:03:10.000Z"
    erased_at: str | None = None
    retried: bool = False


@dataclass
class FakeBridge:
    """`downstream`: the id of the pipeline it started, `project` that one's project (number, path)."""

    id: int
    name: str
    status: str = "failed"
    downstream: int | None = None
    project: tuple[int, str] = (1, "acme/shop")


@dataclass
class FakePipeline:
    id: int
    sha: str
    status: str = "failed"
    ref: str = "main"
    source: str = "push"
    created_at: str = "2026-03-01T14:02:00.000Z"
    updated_at: str = "2026-03-01T14:05:00.000Z"
    name: str | None = None
    yaml_errors: str | None = None
    jobs: list[FakeCiJob] = field(default_factory=list[FakeCiJob])
    bridges: list[FakeBridge] = field(default_factory=list[FakeBridge])
    suites: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass
class FakeMergeRequest:
    iid: int
    source_branch: str
    target_branch: str
    sha: str
    base_sha: str
    start_sha: str


def pipeline_json(pipeline: FakePipeline, web: str, *, whole: bool = False) -> dict[str, Any]:
    basic = {
        "id": pipeline.id, "iid": pipeline.id % 100, "project_id": 1, "sha": pipeline.sha, "ref": pipeline.ref,
        "status": pipeline.status, "source": pipeline.source, "created_at": pipeline.created_at,
        "updated_at": pipeline.updated_at, "name": pipeline.name, "web_url": f"{web}/-/pipelines/{pipeline.id}",
    }  # fmt: skip
    more = {"yaml_errors": pipeline.yaml_errors, "before_sha": "0" * 40, "tag": False, "coverage": None}
    return {**basic, **(more if whole else {})}


def job_json(job: FakeCiJob, pipeline: FakePipeline, web: str) -> dict[str, Any]:
    return {
        "id": job.id, "name": job.name, "status": job.status, "stage": job.stage, "ref": pipeline.ref,
        "allow_failure": job.allow_failure, "started_at": job.started_at, "finished_at": job.finished_at,
        "erased_at": job.erased_at, "web_url": f"{web}/-/jobs/{job.id}", "tag_list": [], "artifacts": [],
        "pipeline": pipeline_json(pipeline, web),
        **({"failure_reason": job.failure_reason} if job.status == "failed" else {}),
    }  # fmt: skip


def bridge_json(bridge: FakeBridge, pipeline: FakePipeline, web: str, site: str) -> dict[str, Any]:
    number, path = bridge.project
    downstream = {
        "id": bridge.downstream, "project_id": number, "status": bridge.status, "sha": pipeline.sha,
        "ref": pipeline.ref, "web_url": f"{site}/{path}/-/pipelines/{bridge.downstream}",
    }  # fmt: skip
    return {
        "id": bridge.id, "name": bridge.name, "status": bridge.status, "stage": "deploy", "allow_failure": False,
        "started_at": "2026-03-01T14:02:10.000Z", "finished_at": None, "web_url": f"{web}/-/jobs/{bridge.id}",
        "pipeline": pipeline_json(pipeline, web), "downstream_pipeline": downstream if bridge.downstream else None,
    }  # fmt: skip


def merge_request_json(request: FakeMergeRequest) -> dict[str, Any]:
    refs = {"base_sha": request.base_sha, "head_sha": request.sha, "start_sha": request.start_sha}
    return {
        "iid": request.iid, "title": f"Merge request {request.iid}", "sha": request.sha, "diff_refs": refs,
        "source_branch": request.source_branch, "target_branch": request.target_branch,
    }  # fmt: skip


def report_json(pipeline: FakePipeline) -> dict[str, Any]:
    cases = [case for suite in pipeline.suites for case in suite["test_cases"]]
    return {"total_count": len(cases), "total_time": 1.5, "test_suites": pipeline.suites}


def listed(pipelines: list[FakePipeline], query: dict[str, str]) -> list[FakePipeline]:
    """Newest id first. Children are listed only by their source; times are compared as GitLab stores them."""
    source = query.get("source")
    found = [
        p
        for p in sorted(pipelines, key=lambda p: p.id, reverse=True)
        if (p.source == source if source else p.source != "parent_pipeline")
        and query.get("ref", p.ref) == p.ref
        and query.get("status", p.status) == p.status
        and query.get("sha", p.sha) == p.sha
        and _before(query.get("updated_after"), p.updated_at)
        and _before(p.created_at, query.get("created_before"))
        and _before(query.get("created_after"), p.created_at)
    ]
    return found if query.get("sort", "desc") == "desc" else found[::-1]


def _before(first: str | None, second: str | None) -> bool:
    """Both ends included. Times here are UTC with milliseconds or without."""
    if first is None or second is None:
        return True
    return _padded(first) <= _padded(second)


def _padded(at: str) -> str:
    whole, _, rest = at.removesuffix("Z").partition(".")
    return f"{whole}.{rest:0<6}"
