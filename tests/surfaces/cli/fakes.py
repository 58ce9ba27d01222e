"""What stands in for `flow` below the CLI: an investigation that answers at once, and keeps what it was asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.report import StoredReport
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.reports.json import to_json
from tests.reports.sample import commit_case


def stored_report(incident: str = "acme-shop-1842") -> StoredReport:
    """An invented report under that id."""
    report = replace(commit_case().build(), incident=incident)
    return StoredReport("r1", report, to_json(report), "", Path("/data/reports") / f"{incident}.html")


@dataclass
class FakeInvestigation:
    """`answer` is yielded report by report; an exception in it is raised in its turn."""

    answer: list[StoredReport | BaseException] = field(default_factory=lambda: [stored_report()])
    asked: list[Request] = field(default_factory=list[Request])

    def __call__(self, ws: Workspace, request: Request, *, progress: Progress) -> Iterator[StoredReport]:
        self.asked.append(request)
        progress.step("Reading", total=1)
        for report in self.answer:
            progress.advance()
            if isinstance(report, BaseException):
                raise report
            yield report
