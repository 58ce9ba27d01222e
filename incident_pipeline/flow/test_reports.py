"""Test reports that a failed run left behind become more logs of its incident, after those of its jobs.

Surprising fact: they are an extra. Whatever goes wrong with them is told with the other sources and stops nothing.
"""

from incident_pipeline.errors import IncidentError
from incident_pipeline.flow.logs import LogBook
from incident_pipeline.model.incident import Run
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.sources.base import CiLogSource


def add_test_reports(logs: CiLogSource, run: Run, book: LogBook) -> int:
    """Reads them under the next `log` labels; how many. Those that could not be read stand among the statuses."""
    added = 0
    try:
        for report in logs.get_test_reports(run):
            if report.key:
                book.add_report(report, run=run)
                added += 1
            else:
                book.statuses.append(report.status())
    except IncidentError as error:
        book.statuses.append(SourceStatus(logs.name, "logs", "test reports", "failed", str(error)))
    return added
