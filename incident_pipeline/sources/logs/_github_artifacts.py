"""A run's artifacts in, the test reports inside them out.

Surprising fact: an artifact belongs to the run, not to an attempt or a job, and is named as its workflow pleases: those
are fetched whose name sounds like test results, and what lies inside decides.
Documentation: https://docs.github.com/en/rest/actions/artifacts (list, then `/zip`, a redirect to a storage host).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryFile

from incident_pipeline.errors import BadInput, Gone, IncidentError, NotFound
from incident_pipeline.http.errors import Call
from incident_pipeline.model.incident import Run
from incident_pipeline.model.logs import ReadStatus, SourceStatus
from incident_pipeline.sources._api import Api, reading
from incident_pipeline.sources._github import PAGE_SIZE
from incident_pipeline.sources.base import TestReport
from incident_pipeline.sources.logs._report_zip import Contents, unpack

MAX_ARTIFACTS, MAX_REPORTS = 10, 20
MAX_PAGES = 5
MAX_ZIP = 64 << 20
_SOUNDS = re.compile(r"(?i)junit|nunit|xunit|trx|surefire|failsafe|tests?\b|test[-_ ]|spec|results?\b|reports?\b")
_OTHER = re.compile(r"(?i)coverage|html|video|screenshot|trace|docs?\b|image|binar|wheel|dist\b|source")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class _Artifact:
    number: int
    name: str
    size: int
    expired: bool


def read_reports(api: Api, path: str, call: Call, *, run: Run, source: str, web: str) -> Iterator[TestReport]:
    """At most MAX_REPORTS reports with failures, and a status for each artifact that could not be read."""
    try:
        wanted = list(_wanted(api, f"{path}/actions/runs/{run.run_id}/artifacts", call))
    except IncidentError as error:
        yield _unread(source, "test reports", str(error), status=_kind(error))
        return
    given = 0
    for artifact in wanted[:MAX_ARTIFACTS]:
        what = f"artifact {artifact.name}"
        if artifact.expired:
            yield _unread(source, what, "it has expired", status="expired")
        elif artifact.size > MAX_ZIP:
            yield _unread(source, what, f"over {MAX_ZIP:,} bytes", status="skipped")
        else:
            url = f"{web}/{run.repo}/actions/runs/{run.run_id}/artifacts/{artifact.number}"
            for report in _of_artifact(api, path, call, artifact=artifact, source=source, left=MAX_REPORTS - given):
                given += bool(report.key)
                yield replace(report, url=url if report.key else "")
    if len(wanted) > MAX_ARTIFACTS:
        left_out = f"{len(wanted) - MAX_ARTIFACTS} more artifacts that sound like test results were not read"
        yield _unread(source, "test reports", left_out, status="skipped")


def _wanted(api: Api, url: str, call: Call) -> Iterator[_Artifact]:
    for page in api.pages(url, call, params={"per_page": PAGE_SIZE}, max_pages=MAX_PAGES, keep="tagged"):
        with reading(call):
            found = [
                _Artifact(
                    int(item["id"]), _visible(str(item["name"])), int(item["size_in_bytes"]), bool(item["expired"])
                )
                for item in page.json_object(call)["artifacts"]
            ]
        yield from (one for one in found if _SOUNDS.search(one.name) and not _OTHER.search(one.name))


def _of_artifact(
    api: Api, path: str, call: Call, *, artifact: _Artifact, source: str, left: int
) -> Iterator[TestReport]:
    """Reports keyed by their path inside; a status (without key) when the artifact cannot be read."""
    what, seen = f"artifact {artifact.name}", Contents()
    url = f"{path}/actions/artifacts/{artifact.number}/zip"
    call = replace(call, what=what)
    try:
        with TemporaryFile(prefix="artifact-") as file:
            if not api.client.download(url, call, file, max_bytes=MAX_ZIP):
                yield _unread(source, what, f"over {MAX_ZIP:,} bytes", status="skipped")
                return
            for number, (inside, unpacked) in enumerate(unpack(file, seen)):
                if number >= left:
                    seen.left += 1
                    continue
                key, shown = f"artifact {artifact.number} {inside}", f"{artifact.name}/{_visible(inside)}"
                yield _report(unpacked, shown, key=key, source=source)
    except IncidentError as error:
        detail = f"{call.who}: {what}: {error}" if isinstance(error, BadInput) else str(error)
        yield _unread(source, what, detail, status=_kind(error))
    if seen.left:
        yield _unread(source, what, f"{seen.left} more test reports were not read", status="skipped")


def _report(path: Path, name: str, *, key: str, source: str) -> TestReport:
    """The file is opened before its name goes, so the frames stay readable until they end or are dropped."""
    from incident_pipeline.sources.logs._log_file import open_log_file  # noqa: PLC0415 - polars is slow to load

    try:
        log = open_log_file(path, fmt="plain", who=name)
    except BadInput as error:
        return _unread(source, name, str(error), status="failed")
    first = list(islice(log.frames, 1))
    return TestReport(key, name, lambda: replace(log.status(source), what=name), chain(first, log.frames))


def _unread(source: str, what: str, detail: str, *, status: ReadStatus) -> TestReport:
    told = SourceStatus(source, "logs", what, status, detail)
    return TestReport("", what, lambda: told, iter(()))


def _kind(error: IncidentError) -> ReadStatus:
    return "missing" if isinstance(error, NotFound) else "expired" if isinstance(error, Gone) else "failed"


def _visible(name: str) -> str:
    return _UNSEEN.sub("?", name)[:200]
