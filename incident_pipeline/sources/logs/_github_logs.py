"""Jobs of a run in, their logs out: each asked for by itself, or out of the zip of all of them when many are wanted.

Surprising fact: both are redirects to a storage host, so a log costs two requests; the zip costs two for all, but holds
the green jobs' logs as well. What the zip lacks, or what is not surely a job's, is asked for by itself.
https://docs.github.com/en/rest/actions/workflow-runs#download-workflow-run-attempt-logs
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO

from incident_pipeline.errors import BadInput, Gone, IncidentError, NotFound, Unavailable
from incident_pipeline.http.errors import Call
from incident_pipeline.model.incident import Job, Run
from incident_pipeline.model.logs import ReadStatus, SourceStatus
from incident_pipeline.sources._api import Api
from incident_pipeline.sources.base import JobLog
from incident_pipeline.sources.logs._github_zip import RunLogs, Unpacked

MANY = 4
"""From so many jobs on the zip is asked for; below, it may be far larger than the logs that are wanted."""

SILENT = frozenset({"missing", "expired", "empty"})
"""Statuses of a log that says nothing."""

STEPS_ONLY = "there is no log of its own; read from its steps"

MAX_LOG_BYTES = 512 * 2**20
MAX_ZIP_BYTES = 4 * 2**30

Where = Callable[[str], tuple[str, Call]]
"""The repository's path, and the call about what is named."""


def is_silent(log: JobLog) -> bool:
    """Whether GitHub has no log of the job itself."""
    told = log.status()
    return told.status in SILENT or told.detail.startswith(STEPS_ONLY)


class LogReader:
    """Reads for the source called `name`."""

    def __init__(self, api: Api, name: str, *, max_log_bytes: int = MAX_LOG_BYTES) -> None:
        self._client, self._name, self._max_log_bytes = api.client, name, max_log_bytes

    def read(self, job: Job, where: Where) -> JobLog:
        """Into a temporary file first, so that a broken transfer can start over and is never half a log."""
        path, call = where(f"log of job {job.job_id}")
        url = f"{path}/actions/jobs/{job.job_id}/logs"
        try:
            with NamedTemporaryFile(prefix="job-", suffix=".log") as file:
                whole = self._client.download(url, call, file, max_bytes=self._max_log_bytes)
                return self._opened(job, file, call, cut="" if whole else f"cut after {file.tell():,} bytes")
        except (NotFound, Gone, BadInput) as error:
            return self._unread(job, error)

    def read_many(
        self, run: Run, jobs: Sequence[Job], where: Where, *, names: Callable[[], list[str]]
    ) -> Iterator[JobLog]:
        """In their order. `names` are those of all jobs of the attempt."""
        with TemporaryFile(prefix="run-", suffix=".zip") as file:
            try:
                packed = self._zip(run, file, where, names)
            except Gone as error:  # of all of them: none is there to be asked for
                yield from (self._unread(job, error) for job in jobs)
                return
            for job in jobs:
                yield self._either(job, packed, where)

    def _zip(self, run: Run, file: IO[bytes], where: Where, names: Callable[[], list[str]]) -> RunLogs | None:
        """The zip; None when there is none that can be read: a server may fail to pack a large run."""
        path, call = where(f"logs of run {run.run_id}")
        root = f"{path}/actions/runs/{run.run_id}"
        # Servers too old to know attempts have only the run's; whose file is whose is looked at anyway.
        for url in (f"{root}/attempts/{run.attempt}/logs", *([f"{root}/logs"] if run.attempt == 1 else [])):
            try:
                if self._client.download(url, call, file, max_bytes=MAX_ZIP_BYTES):
                    return RunLogs(file, names())
            except NotFound:
                continue
            except (BadInput, Unavailable):
                return None
        return None

    def _either(self, job: Job, packed: RunLogs | None, where: Where) -> JobLog:
        """Out of the zip, else by itself; where GitHub has none, what the zip has of its steps."""
        log = self._unpacked(job, packed.unpack, where) if packed else None
        if log is None:
            log = self.read(job, where)
            if packed and log.status().status in SILENT:
                return self._unpacked(job, packed.unpack_steps, where, note=STEPS_ONLY) or log
        return log

    def _unpacked(
        self, job: Job, unpack: Callable[..., Unpacked | None], where: Where, *, note: str = ""
    ) -> JobLog | None:
        _, call = where(f"log of job {job.job_id}")
        try:
            with NamedTemporaryFile(prefix="job-", suffix=".log") as file:
                done = unpack(job, file, max_bytes=self._max_log_bytes)
                cut = "; ".join(filter(None, (note, done.cut))) if done else ""
                return self._opened(job, file, call, cut=cut) if done else None
        except BadInput:
            return None

    def _opened(self, job: Job, file: "IO[bytes]", call: Call, *, cut: str) -> JobLog:
        """Reading begins here, so the file stays readable without its name until the frames end or are dropped."""
        from incident_pipeline.sources.logs._log_file import open_log_file  # noqa: PLC0415 - polars is slow to load

        file.flush()
        log = open_log_file(Path(file.name), fmt="github_actions", who=f"{call.who}: {call.what}")
        first = list(islice(log.frames, 1))

        def status() -> SourceStatus:
            told = replace(log.status(self._name), what=job.name)
            return (
                replace(told, status="truncated", detail="; ".join(filter(None, (cut, told.detail)))) if cut else told
            )

        return JobLog(job, status, chain(first, log.frames))

    def _unread(self, job: Job, error: IncidentError) -> JobLog:
        kind: ReadStatus = (
            "missing" if isinstance(error, NotFound) else "expired" if isinstance(error, Gone) else "failed"
        )
        unread = SourceStatus(self._name, "logs", job.name, kind, str(error))
        return JobLog(job, lambda: unread, iter(()))
