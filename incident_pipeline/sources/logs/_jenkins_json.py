"""The JSON of Jenkins's remote API in, builds, steps and listed jobs out; and the `tree` parameters that ask for it.

https://www.jenkins.io/doc/book/using/remote-access-api/ (`tree`, `{M,N}` ranges) and, for stages,
https://github.com/jenkinsci/pipeline-stage-view-plugin/tree/master/rest-api. Surprising fact: `builds` ends at the
newest 100; older ones are in `allBuilds`, which only `tree` shows (hudson.model.Job.getBuilds, getNewBuilds).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from incident_pipeline.model.incident import Job, Step
from incident_pipeline.sources.logs._jenkins_build import CONCLUSIONS, Build, Checkout, millis
from incident_pipeline.sources.logs._jenkins_reports import objects

_GIT = "lastBuiltRevision[SHA1,branch[SHA1,name]],remoteUrls"
_CHANGES = "items[commitId,timestamp]{0,50}"
BUILD = (
    "number,result,building,timestamp,duration,"
    f"actions[causes[_class,shortDescription,upstreamProject,userId],{_GIT}],changeSet[{_CHANGES}],changeSets[{_CHANGES}]"
)
JOBS = "jobs[_class,name,color,lastBuild[number,timestamp]]"
PARTS = "_class,building,runs[number,url,result,building,timestamp,duration]"
"""A build's own parts: a matrix build has one run for each combination of its axes."""
REPORT_CASES = "name,cases[className,name,status,errorDetails,errorStackTrace]"
REPORT = f"failCount,suites[{REPORT_CASES}],childReports[result[suites[{REPORT_CASES}]]]"

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Listed:
    """What a folder says of one thing in it; `last` is the time of its newest build, where it told."""

    name: str
    folder: bool
    empty: bool = False
    last: datetime | None = None


def to_listed(data: dict[str, Any]) -> Listed:
    """A job has a colour and a last build (null before its first); a folder has neither."""
    last: dict[str, Any] = data.get("lastBuild") or {}
    folder = "lastBuild" not in data and "color" not in data
    return Listed(str(data["name"]), folder, "lastBuild" in data and not last, millis(last.get("timestamp")))


def to_build(data: dict[str, Any], job: str) -> Build:
    """KeyError, TypeError, ValueError or AttributeError when it is none."""
    actions = objects(data, "actions")
    causes = [cause for action in actions for cause in objects(action, "causes")]
    building = bool(data.get("building"))
    result = data.get("result")
    return Build(
        job=job,
        number=int(data["number"]),
        building=building or result is None,
        result=None if result is None else str(result),
        at=millis(data.get("timestamp")),
        seconds=0.0 if building else float(data.get("duration") or 0) / 1000,
        checkouts=tuple(_checkout(action) for action in actions if action.get("lastBuiltRevision")),
        causes=tuple((_kind(cause), str(cause.get("shortDescription") or "").partition("\n")[0]) for cause in causes),
        changed=_newest(data),
    )


def _checkout(action: dict[str, Any]) -> Checkout:
    revision = action["lastBuiltRevision"]
    branches = [str(branch["name"]) for branch in objects(revision, "branch") if branch.get("name")]
    sha = str(revision.get("SHA1") or "").lower()
    remotes = tuple(str(url) for url in action.get("remoteUrls") or () if url)
    return Checkout(remotes, sha if _SHA.fullmatch(sha) else "", branches[0] if branches else "")


def _kind(cause: dict[str, Any]) -> str:
    """The cause's class; servers before 2.33 tell none."""
    told = str(cause.get("_class") or "").rpartition(".")[2]
    return told or ("Upstream" if cause.get("upstreamProject") else "User" if "userId" in cause else "")


def _newest(data: dict[str, Any]) -> str:
    """The commit of the change log with the latest time; a merge may stand above it, so it is the last resort."""
    sets = [*objects(data, "changeSets"), data.get("changeSet") or {}]
    items = [item for changes in sets for item in objects(changes, "items")]
    commits = [(float(item.get("timestamp") or 0), str(item.get("commitId") or "").lower()) for item in items]
    found = [pair for pair in commits if _SHA.fullmatch(pair[1])]
    return max(found)[1] if found else ""


def to_steps(data: dict[str, Any]) -> tuple[Step, ...]:
    """The stages of `wfapi/describe`, numbered from 1 in the order they began."""
    return tuple(_step(number, stage) for number, stage in enumerate(objects(data, "stages"), start=1))


def _step(number: int, stage: dict[str, Any]) -> Step:
    at, took = millis(stage.get("startTimeMillis")), stage.get("durationMillis")
    status = str(stage.get("status") or "")
    conclusion = CONCLUSIONS.get(status)  # IN_PROGRESS, PAUSED_PENDING_INPUT: none yet
    ended = at + timedelta(milliseconds=float(took)) if at and took is not None and conclusion else None
    return Step(number, str(stage["name"]), conclusion, at, ended)


def to_combinations(data: dict[str, Any], number: int) -> Iterator[Job]:
    """Each combination of a matrix build that ran in this very build; its id is its segment of the address."""
    for part in objects(data, "runs"):
        segments = str(part["url"]).rstrip("/").split("/")
        if int(part["number"]) != number or len(segments) < 2:
            continue
        build = to_build(part, "")
        ended = build.at + timedelta(seconds=build.seconds) if build.at and build.conclusion else None
        status = "in_progress" if build.conclusion is None else "completed"
        axes = unquote(segments[-2])
        yield Job(axes, axes, status, build.conclusion, build.at, ended)
