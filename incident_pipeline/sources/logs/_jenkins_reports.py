"""Failed tests as Jenkins holds them in, a JUnit report out, as other CI systems leave one behind.

Surprising fact: Jenkins gives its test results as JSON (`testReport/api/json`) or as XML of its own
(`junitResult.xml`); neither is JUnit's, which is what the evidence reads. Only failures are written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, cast
from xml.sax.saxutils import escape, quoteattr

FAILED = frozenset({"FAILED", "REGRESSION"})
"""hudson.tasks.junit.CaseResult.Status: a REGRESSION is a test that fails now and passed before."""

MAX_TEXT, MAX_CASES = 100_000, 2_000


@dataclass(frozen=True, slots=True)
class FailedCase:
    """One failed test; `details` is the message, `trace` the stack."""

    suite: str
    class_name: str
    name: str
    details: str
    trace: str


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


def write_report(cases: Iterable[FailedCase], file: IO[bytes]) -> tuple[int, int]:
    """(written, left out) failures: at most MAX_CASES, so that a run in which all is red stays readable."""
    written = left = 0
    file.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n')
    for case in cases:
        if written == MAX_CASES:
            left += 1
            continue
        written += 1
        file.write(_case_xml(case).encode("utf-8", "replace"))
    file.write(b"</testsuites>\n")
    return written, left


def _case_xml(case: FailedCase) -> str:
    text = case.trace or case.details
    return (
        f"<testsuite name={_attribute(case.suite)}>"
        f"<testcase classname={_attribute(case.class_name)} name={_attribute(case.name)}>"
        f"<failure message={_attribute(case.details)}>{escape(_legal(text))}</failure></testcase></testsuite>\n"
    )


def _attribute(text: str) -> str:
    return quoteattr(_legal(text[:10_000]))


def _legal(text: str) -> str:
    """XML has no control characters: they become `?`. Line breaks stay, so a stack keeps its lines."""
    text = text[:MAX_TEXT].replace("\r\n", "\n")
    return "".join(c if c in "\t\n" or (c >= " " and c not in "\x7f\ufffe\uffff") else "?" for c in text)
