"""Jobs, builds, stages, logs and test results of a controller, over its remote API. Only GETs are sent.

https://www.jenkins.io/doc/book/using/remote-access-api/. A crumb (`X-Jenkins-Crumb`) guards POSTs alone, and
not those with an API token (https://www.jenkins.io/doc/book/security/csrf-protection/), so none is ever asked for.
Surprising fact: `url` in an answer starts with the address that the controller believes to have; paths are made here,
never taken from there.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any
from urllib.parse import quote

from incident_pipeline.errors import BadPayload, Gone, NotFound, UsageError
from incident_pipeline.http.errors import Call
from incident_pipeline.http.limits import Limits
from incident_pipeline.model.incident import Job, Run, Step
from incident_pipeline.sources._api import Api, Found, reading
from incident_pipeline.sources.logs._jenkins_build import MARGIN, MAX_JOBS, Build, Fetched, main_job
from incident_pipeline.sources.logs._jenkins_json import (
    BUILD,
    JOBS,
    PARTS,
    REPORT,
    Listed,
    to_build,
    to_combinations,
    to_listed,
    to_steps,
)
from incident_pipeline.sources.logs._jenkins_names import MAIN_JOB, is_sound, job_path
from incident_pipeline.sources.logs._jenkins_reports import objects, to_cases
from incident_pipeline.sources.logs._junit_report import FailedCase

LIMITS = Limits(at_once=4)
"""Jenkins publishes no limit; it is one machine that also has builds to run."""

PAGE_SIZE, MAX_PAGES = 100, 500
MAX_DEPTH, MAX_STALE = 12, 4
MAX_PIECE, MAX_PIECES = 64 * 2**20, 20
_NO_FILE = b"No such file: "
"""What `consoleText` says, with 200, when the log is not there any more (hudson.model.Run.getLogInputStream)."""


class ApiBuilds:
    """Each call is one request unless it says more."""

    def __init__(self, api: Api, *, page_size: int = PAGE_SIZE, max_log_bytes: int) -> None:
        self._api, self._page_size, self._max_log_bytes = api, page_size, max_log_bytes

    def close(self) -> None:
        """Close the connections."""
        self._api.client.close()

    @property
    def clock_ahead(self) -> timedelta | None:
        """The controller's clock minus ours."""
        return self._api.client.clock_ahead

    def check(self, job: str | None) -> Found:
        """Who the token belongs to (`whoAmI`), and whether the job (else the top folder) can be seen: two requests."""
        call = _call(job or "", "who the token belongs to", needs="Overall/Read")
        me = self._api.object("whoAmI/api/json", call, params={"tree": "name,anonymous,authorities"})
        top = self._api.object(f"{_at(job)}api/json", _call(job or "", "its jobs"), params={"tree": JOBS})
        with reading(call):
            seen = [to_listed(item) for item in objects(top, "jobs") if item.get("name")]
            name = "anonymous" if me.get("anonymous") else str(me["name"])
            groups = ", ".join(str(one) for one in me.get("authorities") or () if one != "authenticated")
        return Found(f"{len(seen)} jobs and folders" if "jobs" in top else "the job is there", name, groups)

    def jobs(self, under: str | None, since: datetime | None) -> Iterator[str]:
        """Full names of the jobs in a folder, of a multibranch job's branches, or of the job itself; those without a
        build since then are left out. One request for each folder."""
        for count, name in enumerate(self._jobs(under or "", since, depth=0)):
            if count == MAX_JOBS:
                raise UsageError(
                    f"jenkins: more than {MAX_JOBS:,} jobs have builds in this window: set `job` to a folder"
                )
            yield name

    def _jobs(self, under: str, since: datetime | None, *, depth: int) -> Iterator[str]:
        call = _call(under, "its jobs")
        tree = f"color,lastBuild[number,timestamp],{JOBS}"
        data = self._api.object(f"{_at(under)}api/json", call, params={"tree": tree})
        with reading(call):
            listed = [to_listed(item) for item in objects(data, "jobs") if item.get("name")]
            inside = [item for item in listed if is_sound(item.name)]
            itself = None if "jobs" in data or not under else to_listed({**data, "name": under})
        if itself and _may_have_builds(itself, since):
            yield under
        for item in inside:
            name = f"{under}/{item.name}" if under else item.name
            if not item.folder:
                if _may_have_builds(item, since):
                    yield name
            elif depth < MAX_DEPTH:
                with suppress(NotFound, Gone):  # it went while we looked
                    yield from self._jobs(name, since, depth=depth + 1)

    def builds(self, job: str, since: datetime | None = None) -> Iterator[Build]:
        """A job's builds by number, newest first, until a whole page is older than `since`: a request for each 100.

        A page starts at the last build of the one before: builds that start or go meanwhile move the list.
        """
        call = _call(job, "its builds")
        start, seen, stale = 0, set[int](), 0
        for _ in range(MAX_PAGES):
            key = "builds" if start + self._page_size <= PAGE_SIZE else "allBuilds"
            tree = f"{key}[{BUILD}]{{{start},{start + self._page_size}}}"
            data = self._api.object(f"{job_path(job)}/api/json", call, params={"tree": tree})
            with reading(call):
                page = [to_build(item, job) for item in objects(data, key)]
            fresh = [build for build in page if build.number not in seen]
            if start and len(fresh) == len(page):
                start = max(0, start - self._page_size)  # builds were deleted: the list is shorter than it was
                continue
            stale = 0 if fresh or not start else stale + 1
            if stale == MAX_STALE:
                raise BadPayload(f"{call.who}: {call.what}: the same page comes again and again; is a proxy between?")
            seen.update(build.number for build in fresh)
            yield from fresh
            old = since is not None and all(build.at is not None and build.at < since - MARGIN for build in page)
            if len(page) < self._page_size or old:
                return
            start += len(page) - 1
        raise UsageError(f"{call.who}: more than {MAX_PAGES * self._page_size:,} builds; ask for a shorter window")

    def build(self, job: str, number: str) -> Build:
        """One build, by its number or a permalink (`lastFailedBuild`)."""
        call = _call(job, f"build {number}")
        data = self._api.object(f"{job_path(job)}/{number}/api/json", call, params={"tree": BUILD})
        with reading(call):
            return to_build(data, job)

    def jobs_of(self, run: Run) -> Iterator[Job]:
        """The build as one job with its stages as steps, and each combination of a matrix build. One request, two for a
        pipeline."""
        call = _call(run.workflow_id, f"parts of build {run.run_number}")
        path = f"{job_path(run.workflow_id)}/{run.run_number}"
        data = self._api.object(f"{path}/api/json", call, params={"tree": PARTS})
        steps: tuple[Step, ...] = ()
        if str(data.get("_class") or "WorkflowRun").endswith("WorkflowRun"):
            steps = self._steps(path, call)
        with reading(call):
            parts = list(to_combinations(data, run.run_number or 0))
        whole = main_job(run, steps)
        yield whole
        for part in parts:
            above = run.url.rstrip("/").rpartition("/")[0]
            url = f"{above}/{_segment(part.job_id)}/{run.run_number}/" if above else ""
            yield replace(part, name=f"{whole.name} {part.name}", url=url)

    def _steps(self, path: str, call: Call) -> tuple[Step, ...]:
        try:
            data = self._api.object(f"{path}/wfapi/describe", call)
        except NotFound:  # no pipeline, or a controller without the Stage View plugin
            return ()
        with reading(call):
            return to_steps(data)

    @contextmanager
    def log(self, run: Run, job: Job) -> Generator[tuple[Path, Fetched]]:
        """The log in a temporary file: read whole first, so that a broken transfer can start over. One request, a few
        more for a build that runs. NotFound when there is none."""
        with NamedTemporaryFile(prefix="build-", suffix=".log") as file:
            fetched = self._fetch(run, job, file)
            file.flush()
            yield Path(file.name), fetched

    def _fetch(self, run: Run, job: Job, file: IO[bytes]) -> Fetched:
        call = _call(run.workflow_id, f"log of build {run.run_number}")
        part = "" if job.job_id == MAIN_JOB else f"/{_segment(job.job_id)}"
        path = f"{job_path(run.workflow_id)}{part}/{run.run_number}"
        if job.status != "completed":
            with suppress(BadPayload):  # too large for pieces
                return self._follow(f"{path}/logText/progressiveText", call, file)
        whole = self._api.client.download(f"{path}/consoleText", call, file, max_bytes=self._max_log_bytes)
        size = file.tell()
        file.seek(0)
        if size < 4_096 and file.read(len(_NO_FILE)) == _NO_FILE and b"\n" not in file.read().rstrip():
            raise NotFound(f"{call.who}: {call.what}: the controller has lost the log's file")
        file.seek(size)
        return Fetched(cut=not whole, running=job.status != "completed")

    def _follow(self, url: str, call: Call, file: IO[bytes]) -> Fetched:
        """What is written so far; all of it when the build ends meanwhile. `X-Text-Size` is where the next piece starts
        (annotations count, which are not sent), `X-More-Data` says that the build goes on
        (https://www.jenkins.io/doc/book/using/remote-access-api/, hudson.console.AnnotatedLargeText)."""
        file.seek(0)
        file.truncate()
        start = written = 0
        for _ in range(MAX_PIECES):
            piece = self._api.client.get(url, call, params={"start": start}, max_bytes=MAX_PIECE)
            told = piece.headers.get("x-text-size", "")
            size = int(told) if told.isascii() and told.isdigit() else None
            if size is not None and size < start:
                break  # it is shorter than it was: what came is the log's start again
            written += file.write(piece.body[: self._max_log_bytes - written])
            if written >= self._max_log_bytes:
                return Fetched(cut=True)
            if piece.headers.get("x-more-data", "").lower() != "true":
                return Fetched()
            if size is None or size == start:
                break
            start = size
        return Fetched(running=True)

    def failed_cases(self, run: Run) -> Iterator[FailedCase]:
        """Failed tests as the JUnit plugin holds them. NotFound when the build published no results."""
        call = _call(run.workflow_id, f"test results of build {run.run_number}")
        path = f"{job_path(run.workflow_id)}/{run.run_number}/testReport/api/json"
        data = self._api.object(path, call, params={"tree": REPORT})
        with reading(call):
            yield from list(to_cases(data))

    def primary_branch(self, job: str) -> str | None:
        """The job of the main branch beside a multibranch job's pull request, as the branch source marks it."""
        folder = job.rpartition("/")[0]
        call = _call(folder, "its main branch")
        data = self._api.object(f"{_at(folder)}api/json", call, params={"tree": "jobs[name,actions[_class]]"})
        with reading(call):
            marked = [str(one["name"]) for one in objects(data, "jobs") if _is_primary(one)]
        return f"{folder}/{marked[0]}" if folder and marked else None


def _call(job: str, what: str, *, needs: str = "Job/Read") -> Call:
    return Call(f"jenkins {job}".strip(), what, needs)


def _at(job: str | None) -> str:
    return f"{job_path(job)}/" if job else ""


def _segment(name: str) -> str:
    return quote(name, safe="=,")


def _may_have_builds(job: Listed, since: datetime | None) -> bool:
    return not job.empty and (since is None or job.last is None or job.last >= since - MARGIN)


def _is_primary(data: dict[str, Any]) -> bool:
    return any(str(one.get("_class")).endswith("PrimaryInstanceMetadataAction") for one in objects(data, "actions"))
