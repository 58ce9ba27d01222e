"""Failed tests as Jenkins tells them in, what a JUnit report is made of out (`_junit_report`).

Surprising fact: Jenkins gives its test results as JSON (`testReport/api/json`) or as XML of its own
(`junitResult.xml`); neither is JUnit's, which is what the evidence reads.
"""

from collections.abc import Iterator
from typing import Any, cast

from incident_pipeline.sources.logs._junit_report import FailedCase

FAILED = frozenset({"FAILED", "REGRESSION"})
"""hudson.tasks.junit.CaseResult.Status: a REGRESSION is a test that fails now and passed before."""


def objects(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of the list `key` without the empty ones, which stand for what may not be seen.

    TypeError when it is no list of objects.
    """
    found: Any = data.get(key) or []
    if not isinstance(found, list):
        raise TypeError(f"{key} is no list")
    kept = [item for item in cast("list[Any]", found) if item]
    if not all(isinstance(item, dict) for item in kept):
        raise TypeError(f"{key} holds something else than objects")
    return cast("list[dict[str, Any]]", kept)


def to_cases(data: dict[str, Any]) -> Iterator[FailedCase]:
    """Of `testReport/api/json`; a Maven or matrix build has a report for each child."""
    children: list[dict[str, Any]] = [child.get("result") or {} for child in objects(data, "childReports")]
    for suite in (suite for report in (data, *children) for suite in objects(report, "suites")):
        for case in objects(suite, "cases"):
            if str(case.get("status")) in FAILED:
                yield FailedCase(
                    str(suite.get("name") or ""), str(case.get("className") or ""), str(case["name"]),
                    str(case.get("errorDetails") or ""), str(case.get("errorStackTrace") or ""),
                )  # fmt: skip
