"""Jobs, builds, logs and test results out of a Jenkins home folder, as the controller keeps them.

    jobs/F/jobs/J/builds/12/{build.xml,log,junitResult.xml}      jobs/M/branches/<folder>/builds/3/...

Surprising fact: a branch's folder is not called after it (`feature-x.0a1b2c`): its name is in `name-utf8.txt`
(cloudbees-folder, ChildNameGenerator). Jobs that are links are passed over, as is what leads out of the home.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from incident_pipeline.errors import AccessDenied, BadInput, IncidentError, NotFound, UsageError
from incident_pipeline.model.incident import Job, Run
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.sources._api import Found
from incident_pipeline.sources.logs._jenkins_build import MARGIN, MAX_JOBS, Build, Fetched, main_job
from incident_pipeline.sources.logs._jenkins_names import encoded, is_sound, job_parts
from incident_pipeline.sources.logs._jenkins_xml import read_build, read_cases
from incident_pipeline.sources.logs._junit_report import FailedCase

MAX_DEPTH, MAX_NAME = 12, 4_096
ENOUGH_OLD = 100
"""Builds in a row that are too old before the rest is taken for older still: clocks may have been set back."""


class HomeBuilds:
    """Nothing is kept open between calls. `problems`: builds that could not be read, of the last listing."""

    clock_ahead: timedelta | None = None

    def __init__(self, home: Path, *, source: str) -> None:
        self._home, self._source = home, source
        self.problems: list[SourceStatus] = []

    def close(self) -> None:
        """Nothing is open."""

    def check(self, job: str | None) -> Found:
        """The configured job (else the home) holds jobs or builds that may be read."""
        folder = self._find(job) if job else self._root()
        if builds := _numbers(folder):
            return Found(f"{len(builds):,} builds")
        return Found(f"{sum(1 for _ in self._children(folder)):,} jobs and folders")

    def jobs(self, under: str | None, since: datetime | None) -> Iterator[str]:
        """Full names of the jobs below; those without a build since then are left out."""
        self.problems.clear()
        folder = self._find(under) if under else self._root()
        for count, (name, numbers) in enumerate(self._jobs(under or "", folder, depth=0)):
            if count == MAX_JOBS:
                raise UsageError(f"jenkins: more than {MAX_JOBS:,} jobs: set `job` to a folder")
            if since is None or self._is_recent(name, numbers, since):
                yield name

    def _jobs(self, name: str, folder: Path, *, depth: int) -> Iterator[tuple[str, list[tuple[int, Path]]]]:
        if numbers := _numbers(folder):
            yield name, numbers
        for child, inside in self._children(folder) if depth < MAX_DEPTH else ():
            yield from self._jobs(f"{name}/{child}" if name else child, inside, depth=depth + 1)

    def _is_recent(self, job: str, numbers: list[tuple[int, Path]], since: datetime) -> bool:
        try:
            at = self._read(job, *numbers[0]).at
        except IncidentError:
            return True  # `builds` will tell
        return at is None or at >= since - MARGIN

    def builds(self, job: str, since: datetime | None = None) -> Iterator[Build]:
        """A job's builds by number, newest first. One that cannot be read is told in `problems`."""
        old = 0
        for number, folder in _numbers(self._find(job)):
            try:
                build = self._read(job, number, folder)
            except IncidentError as error:
                self.problems.append(SourceStatus(self._source, "logs", f"{job}#{number}", "failed", str(error)))
                continue
            old = old + 1 if since and build.at and build.at < since - MARGIN else 0
            if old > ENOUGH_OLD:
                return
            yield build

    def build(self, job: str, number: str) -> Build:
        """One build by its number."""
        folder = self._build_folder(job, number)
        return self._read(job, int(number), folder)

    def _read(self, job: str, number: int, folder: Path) -> Build:
        """A build that has no `build.xml` yet has just begun."""
        path = self._inside(folder) / "build.xml"
        if not path.exists():
            return Build(job, number, building=True, result=None, at=None)
        return read_build(self._inside(path), job, number)

    def jobs_of(self, run: Run) -> Iterator[Job]:
        """The build as one job; the stages of a pipeline are not read from disk."""
        yield main_job(run)

    @contextmanager
    def log(self, run: Run, job: Job) -> Generator[tuple[Path, Fetched]]:
        """The log where it lies, also packed (`log.gz`). NotFound when there is none."""
        folder = self._build_folder(run.workflow_id, str(run.run_number))
        found = next((path for name in ("log", "log.gz") if (path := folder / name).is_file()), None)
        if found is None:
            raise NotFound(f"jenkins {run.workflow_id}: build {run.run_number} has no log in {folder}")
        yield self._inside(found), Fetched(running=job.status != "completed")

    def failed_cases(self, run: Run) -> Iterator[FailedCase]:
        """Failed tests as the JUnit plugin keeps them. NotFound when the build published no results."""
        folder = self._build_folder(run.workflow_id, str(run.run_number))
        path = folder / "junitResult.xml"
        if not path.exists():
            raise NotFound(f"jenkins {run.workflow_id}: build {run.run_number} has no test results")
        yield from read_cases(self._inside(path))

    def primary_branch(self, job: str) -> str | None:
        """Not told on disk; the job called after the usual main branches beside it."""
        folder = job.rpartition("/")[0]
        names = {name for name, _ in self._children(self._find(folder))} if folder else set[str]()
        return next((f"{folder}/{name}" for name in ("main", "master", "trunk", "develop") if name in names), None)

    def _root(self) -> Path:
        if not (self._home / "jobs").is_dir():
            raise NotFound(f"jenkins: {self._home} is no Jenkins home: it has no folder `jobs`")
        self._inside(self._home / "jobs")
        return self._home

    def _find(self, job: str | None) -> Path:
        folder = self._root()
        for part in job_parts(job or ""):
            found = next((path for name, path in self._children(folder) if name == part), None)
            if found is None:
                raise NotFound(f"jenkins {job}: no such job in {self._home}")
            folder = found
        return folder

    def _build_folder(self, job: str, number: str) -> Path:
        if not number.isdigit():
            raise UsageError(f"jenkins {job}: give a build's number (got {number!r})")
        found = next((path for n, path in _numbers(self._find(job)) if n == int(number)), None)
        if found is None:
            raise NotFound(f"jenkins {job}: build {number} is not in {self._home}: it was discarded, or never was")
        return found

    def _children(self, folder: Path) -> Iterator[tuple[str, Path]]:
        """(name, folder) of each job and folder inside, by folder."""
        for kind in ("jobs", "branches"):
            for path in _folders(folder / kind):
                if not path.is_symlink():
                    yield _name_of(path), path

    def _inside(self, path: Path) -> Path:
        if not path.resolve().is_relative_to(self._home.resolve()):
            raise BadInput(f"jenkins: {path} leads out of {self._home}: set `home` to where it really lies")
        return path


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        raise AccessDenied(f"jenkins: {folder} may not be read: change its permissions or your user") from None


def _numbers(folder: Path) -> list[tuple[int, Path]]:
    """(number, folder) of each build, newest first; permalinks (`lastStableBuild`) are no builds."""
    found = [(int(p.name), p) for p in _folders(folder / "builds") if p.name.isascii() and p.name.isdigit()]
    return sorted(found, reverse=True)


def _name_of(folder: Path) -> str:
    try:
        with (folder / "name-utf8.txt").open(encoding="utf-8", errors="replace") as file:
            told = file.read(MAX_NAME).strip()
    except OSError:
        told = ""
    return encoded(told) if is_sound(encoded(told)) else folder.name
