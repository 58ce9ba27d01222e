"""A test report in XML (JUnit, xUnit, NUnit, TRX, TestNG) in, a Failure whose findings cite its lines out.

A report is one more log of the incident, so a citation stays `log2:LINE`. Surprising fact: a quote must stand in the
line it cites, so it keeps the escapes of the XML (`&lt;`); the message without them follows below it.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from incident_pipeline.evidence import test_ids
from incident_pipeline.evidence.frames import read_frames
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.junit_parse import Case, is_report, read_cases
from incident_pipeline.evidence.loglines import LogLines
from incident_pipeline.model.evidence import Failure, Finding, Frame

FLAKY = "flaky"
_QUOTE, _SHOWN = 400, 8
_LINE, _NEAR = 1_000, 20_000  # of a line told below the quote; of the line of the log that is searched for the quote
_SCORES: Mapping[str, float] = {"assertion": 0.9, "exception": 0.9, "error": 0.9, FLAKY: 0.3}
_REASONS: Mapping[str, str] = {
    "assertion": "a failure in the test report", "exception": "an exception in the test report",
    "error": "an error in the test report", FLAKY: "a test that failed and then passed in the same run",
}  # fmt: skip
_VARIES = re.compile(r"\d+")
_MESSAGE = re.compile(r"<[\w-]+[^>]*?\smessage=(?:\"([^\"]*)|'([^']*))")


def read_junit(log: LogText) -> Failure | None:
    """What failed in a test report; None when it is none. Passed and skipped tests leave nothing.

    A test that failed and then passed is a finding of kind `flaky` and not among `tests`.
    """
    if not is_report(log):
        return None
    lines = LogLines([log])

    @lru_cache(maxsize=2)
    def line_of(line: int) -> str:  # all cases may stand in one line of 100 MB
        return lines.get(log.label, line) or ""

    findings: list[Finding] = []
    frames: list[Frame] = []
    seen: Counter[str] = Counter()
    for case in read_cases(log):
        finding = _finding(case, line_of, label=log.label, seen=seen)
        findings.append(finding)
        frames.extend(read_frames(log.label, case.body) if case.kind != FLAKY else ())
    findings.sort(key=lambda f: (-f.score, f.line))
    return Failure(
        findings=tuple(findings),
        frames=tuple(frames),
        tests=tuple(dict.fromkeys(f.test for f in findings if f.test and f.kind != FLAKY)),
        symbols=test_ids.symbols(f.text for f in findings),
        packages=test_ids.packages(f.text for f in findings),
        tool="junit" if findings else None,
    )


def _finding(case: Case, line_of: Callable[[int], str], *, label: str, seen: Counter[str]) -> Finding:
    """Quotes the line inside the failure that says why; its element when nothing inside does."""
    body = [(line, text.strip()) for line, text in case.body if text.strip()]
    line, text = _telling(case.message, body) or (case.line, "")
    start = case.column if line == case.line else 0
    raw = line_of(line)[start : start + _NEAR]
    quote = text if text and text in raw else ""
    if not quote and line == case.line:
        tag = _MESSAGE.match(raw)
        quote = (tag[1] or tag[2] or "").strip() if tag else raw.strip()
    quote = (quote or raw.strip())[:_QUOTE]
    said = [part.strip()[:_LINE] for part in case.message.split("\n") if part.strip() and part.strip() not in quote]
    rest = [(number, text[:_LINE]) for number, text in body if number > line][: _SHOWN - 1]
    shape = _VARIES.sub("#", (case.message or quote)[:200])
    score = round(_SCORES[case.kind] * max(0.4, 0.9 ** seen[shape]), 4)
    seen[shape] += 1
    more = said[: _SHOWN - 1] or [text for _, text in rest]
    return Finding(
        label=label,
        line=line,
        end_line=max([line, *(number for number, _ in rest)]),
        text="\n".join([quote, *more]),
        kind=case.kind,
        score=score,
        reason=_REASONS[case.kind],
        test=case.test,
    )


def _telling(message: str, body: Sequence[tuple[int, str]]) -> tuple[int, str] | None:
    """The line of the text that carries the message; pytest marks it with `E`, the others begin with it."""
    marked = next(((n, t) for n, t in body if re.match(r"E\s+\S", t)), None)
    wanted = message.split("\n", maxsplit=1)[0].strip()[:60]
    if marked:
        return next(((n, t) for n, t in body if t.startswith("E ") and wanted and wanted in t), marked)
    if wanted:
        return next(((n, t) for n, t in body if wanted in t), None)
    return body[0] if body else None
