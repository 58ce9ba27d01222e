"""Failed tests that a CI system tells one by one in, a JUnit report out, as other CI systems leave one behind.

Surprising fact: XML has no control characters, but what tests print does. Only failures are written.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO
from xml.sax.saxutils import escape, quoteattr

MAX_TEXT, MAX_CASES = 100_000, 2_000


@dataclass(frozen=True, slots=True)
class FailedCase:
    """One failed test; `details` is the message, `trace` the stack."""

    suite: str
    class_name: str
    name: str
    details: str
    trace: str


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
