"""The log around a case of the headline tests, and the check they share: a line marked `» ` leads."""

from incident_pipeline.evidence.find import find_failure
from tests.evidence.logs import log

HEAD = """\
##[group]Run ./ci
./ci
##[endgroup]
0 errors so far, error_log opened
PASS src/ErrorBoundary.test.tsx
"""
TAIL = "##[error]Process completed with exit code 1.\nPost job cleanup.\n"


def check_lead(case: str) -> None:
    """One of the marked lines is the first finding, and the finder is sure enough of it."""
    text = case.lstrip("\n")
    leads = {line.removeprefix("» ").strip() for line in text.split("\n") if line.startswith("» ")}
    failure = find_failure([log(HEAD + text.replace("» ", "") + TAIL)])
    assert failure.findings[0].text.split("\n")[0].strip() in leads
    assert failure.findings[0].score >= 0.5
