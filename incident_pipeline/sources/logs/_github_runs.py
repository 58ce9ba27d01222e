"""GitHub's run and job objects in, model runs and jobs out. Recorded answers lack fields that the description requires.

Surprising fact: a run's `pull_requests` is empty for a fork's pull request, and may name several.
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from incident_pipeline.model.incident import Job, Run, Step
from incident_pipeline.sources._api import stamp, utc

PULL_REQUEST_EVENTS = frozenset({"pull_request", "pull_request_target", "pull_request_review"})

_QUEUE_BRANCH = re.compile(r"gh-readonly-queue/(.+)/pr-(\d+)-([0-9a-f]{40})")
"""A merge queue's branch names the target branch, the pull request and the target's commit."""


def to_run(data: dict[str, Any], *, source: str, repo: str) -> Run:
    """One attempt of a run, with the pull request that it names. KeyError, TypeError or ValueError when it is none."""
    commit: dict[str, Any] = data.get("head_commit") or {}
    run = Run(
        source=source,
        repo=repo,
        run_id=str(int(data["id"])),
        attempt=int(data.get("run_attempt") or 1),
        workflow=str(data.get("name") or data.get("path") or ""),
        head_sha=str(data.get("head_sha") or ""),
        status=str(data["status"]),
        conclusion=_text(data.get("conclusion")),
        workflow_id=str(data.get("workflow_id") or ""),
        run_number=data.get("run_number"),
        event=str(data.get("event") or ""),
        branch=_text(data.get("head_branch")),
        title=str(data.get("display_title") or commit.get("message") or "").partition("\n")[0],
        url=str(data.get("html_url") or ""),
        created_at=utc(data.get("created_at")),
        updated_at=utc(data.get("updated_at")),
    )
    if queued := _QUEUE_BRANCH.fullmatch(run.branch or ""):
        return replace(run, base_branch=queued[1], pr_number=int(queued[2]), base_sha=queued[3])
    return with_pull_request(run, data.get("pull_requests") or ())


def head_repository(data: dict[str, Any]) -> str:
    """`owner/name` of the repository whose branch a run ran on: a fork's, often. Empty when it is gone."""
    head: dict[str, Any] = data.get("head_repository") or {}
    return str(head.get("full_name") or "")


def created_query(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """The `created` parameter of the list of runs; GitHub takes whole seconds, both ends included."""
    if since and until:
        return {"created": f"{stamp(since)}..{stamp(until)}"}
    if since:
        return {"created": f">={stamp(since)}"}
    return {"created": f"<={stamp(until)}"} if until else {}


def is_pull_request(run: Run) -> bool:
    """Whether a pull request set the run off."""
    return run.event in PULL_REQUEST_EVENTS


def with_pull_request(run: Run, pulls: Any) -> Run:  # noqa: ANN401 - the JSON edge
    """`run` with number and base of the pull request whose head it ran on, else of the first one of its branch."""
    if not is_pull_request(run):
        return run
    fitting = [pull for pull in pulls if pull["head"]["sha"] == run.head_sha]
    fitting += [pull for pull in pulls if pull["head"].get("ref") == run.branch]
    if not fitting:
        return run
    base = fitting[0]["base"]
    return replace(
        run, pr_number=int(fitting[0]["number"]), base_branch=_text(base["ref"]), base_sha=_text(base["sha"])
    )


def to_job(data: dict[str, Any]) -> Job:
    """One job with its steps. KeyError, TypeError or ValueError when it is none."""
    return Job(
        job_id=str(int(data["id"])),
        name=str(data["name"]),
        status=str(data["status"]),
        conclusion=_text(data.get("conclusion")),
        started_at=utc(data.get("started_at")),
        completed_at=utc(data.get("completed_at")),
        url=str(data.get("html_url") or ""),
        steps=tuple(
            Step(
                number=int(step["number"]),
                name=str(step["name"]),
                conclusion=_text(step.get("conclusion")),
                started_at=utc(step.get("started_at")),
                completed_at=utc(step.get("completed_at")),
            )
            for step in data.get("steps") or ()
        ),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
