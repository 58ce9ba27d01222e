"""Jobs without a log in, what tools reported about them out: each job's annotations as lines of a small log.

    ::error file=src/cart.py,line=7,title=pytest::assert 2 == 3

Surprising fact: a job's id is that of its check run. Its annotations outlive its log, but repeat what the log says, so
they are read only where there is no log. GitHub calls `.github` the file of one that has none.
https://docs.github.com/en/rest/checks/runs#list-check-run-annotations
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from incident_pipeline.errors import IncidentError
from incident_pipeline.http.client import never
from incident_pipeline.http.errors import Call
from incident_pipeline.model.incident import Job
from incident_pipeline.model.logs import ReadStatus, SourceStatus
from incident_pipeline.sources._api import Api, reading
from incident_pipeline.sources._github import PAGE_SIZE, is_whole
from incident_pipeline.sources.base import TestReport

MAX_JOBS, MAX_PAGES = 20, 5
_LEVELS = {"failure": "error", "warning": "warning", "notice": "notice"}
_NO_FILE = ".github"


def read_annotations(api: Api, path: str, call: Call, *, jobs: Sequence[Job], source: str) -> Iterator[TestReport]:
    """One report a job that has any; a status (without key) for what could not be read."""
    for job in jobs[:MAX_JOBS]:
        what = f"annotations of {job.name}"
        try:
            lines, cut = _lines_of(api, path, replace(call, what=what), job=job)
        except IncidentError as error:
            yield _unread(source, what, str(error), "failed")
            continue
        if lines:
            yield _report(job, what, lines=lines, cut=cut, source=source)
    if len(jobs) > MAX_JOBS:
        yield _unread(source, "annotations", f"those of {len(jobs) - MAX_JOBS} more jobs were not read", "skipped")


def _lines_of(api: Api, path: str, call: Call, *, job: Job) -> tuple[list[str], bool]:
    """The lines, and whether there are more."""
    url, lines, more = f"{path}/check-runs/{job.job_id}/annotations", list[str](), False
    final = is_whole if job.conclusion else never
    found = api.pages(url, call, params={"per_page": PAGE_SIZE}, keep="tagged", final=final)
    for page in islice(found, MAX_PAGES):
        more = "next" in page.links
        with reading(call):
            lines += [to_command(item) for item in api.listed(page, call)]
    return lines, more


def to_command(item: dict[str, Any]) -> str:
    """An annotation as the command that a workflow would have said it with.

    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions; its toolkit escapes so.
    """
    level = _LEVELS.get(str(item.get("annotation_level")), "error")
    path = str(item.get("path") or "")
    values = {"title": item.get("title")}
    if path and path != _NO_FILE:
        values = {"file": path, "line": item.get("start_line"), **values}
    said = "\n".join(str(text) for text in (item.get("message"), item.get("raw_details")) if text)
    given = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in values.items() if value)
    return f"::{level}{' ' if given else ''}{given}::{_escaped(said)}"


def _escaped(text: str, more: Iterable[str] = "") -> str:
    for sign in ("%", "\r", "\n", *more):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def _report(job: Job, name: str, *, lines: list[str], cut: bool, source: str) -> TestReport:
    import polars as pl  # noqa: PLC0415 - slow to load

    from incident_pipeline.sources.logs import _rows  # noqa: PLC0415

    frame = _rows.github(pl.DataFrame({"line": range(1, len(lines) + 1), "message": lines}))
    size = sum(len(line.encode()) for line in lines)
    status: ReadStatus = "truncated" if cut else "read"
    told = SourceStatus(source, "logs", name, status, f"only the first {len(lines)} were read" if cut else "")
    told = replace(told, rows=len(lines), bytes=size)
    return TestReport(f"annotations {job.job_id}", name, lambda: told, iter([frame]), job.url)


def _unread(source: str, what: str, detail: str, status: ReadStatus) -> TestReport:
    told = SourceStatus(source, "logs", what, status, detail)
    return TestReport("", what, lambda: told, iter(()))
