r"""What tools report to their CI in its own words: lines of a log in, errors with file, line and test out.

    ::error file=a.py,line=3,col=5,title=T::message            GitHub workflow commands
    ##[error]src/a.ts(3,5): error TS1: message                 GitHub and Azure, as their logs show it
    ##vso[task.logissue type=error;sourcepath=a.cs;linenumber=3]message      Azure logging commands
    ##teamcity[testFailed name='t' message='m' details='d']    TeamCity service messages

Surprising fact: each system hides line breaks in another way (`%0A`, `|n`), so one line of a log can be a whole stack
trace. Fold marks (GitLab, Travis, Buildkite) say nothing of an error: `structure` reads them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from incident_pipeline.evidence.frames import read_frames
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.model.evidence import Failure, Finding, Frame

Level = Literal["error", "warning", "notice"]
MAX_ANNOTATIONS = 200
_WIDTH, _SHOWN, _QUOTE = 20_000, 8, 400
_SCORE = 0.85
_ANY = r"^\s*(?:::(?:error|warning|notice)[ :]|##\[(?:error|warning)\]|##vso\[task\.logissue |##teamcity\[[a-zA-Z])"
_GITHUB = re.compile(r"^\s*::(error|warning|notice)(?: ([^\n]*?))?::(.*)", re.DOTALL)
_SHOWN_ERROR = re.compile(r"^\s*##\[(error|warning)\](.*)", re.DOTALL)
_AZURE = re.compile(r"^\s*##vso\[task\.logissue ([^\]]*)\](.*)", re.DOTALL)
_TEAMCITY = re.compile(r"^\s*##teamcity\[(\w+) ((?:[^|\]]|\|.)*)\]")
_TEAMCITY_VALUE = re.compile(r"(?<!\w)(\w++)\s*+=\s*+'((?:[^|']|\|.)*+)'")  # linear: a line can be all one word
_TEAMCITY_ESCAPE = re.compile(r"\|(0x[0-9a-fA-F]{4}|.)")
_PERCENT = re.compile(r"%(AZP25|25|0A|0D|3A|2C|3B|5D)", re.IGNORECASE)
_AT = re.compile(r"^(?P<path>(?:[A-Za-z]:)?[^\s:()]+\.\w{1,8})(?:\((?P<line>\d{1,8})[,)]|:(?P<line2>\d{1,8})(?::|$))")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One report of a tool at `line` of a log, which reads `text`.

    `raw`: still a command, which the grammar of tools does not know.
    """

    label: str
    line: int
    level: Level
    message: str
    path: str | None = None
    source_line: int | None = None
    test: str | None = None
    title: str = ""
    raw: bool = True
    text: str = ""


def annotations(lines: Iterable[tuple[int, str]], label: str = "log") -> list[Annotation]:
    """Those of (line number, text), in order; nothing for a line that is none."""
    found = (_read(label, number, text[:_WIDTH]) for number, text in lines)
    return [one for one in found if one is not None]


def add_annotations(failure: Failure, logs: Sequence[LogText]) -> Failure:
    """`failure` with the errors that tools reported and no finding tells yet, and with the places they name."""
    reported = [one for log in logs for one in annotations(_lines(log), log.label) if one.level == "error"]
    told = {(f.label, line) for f in failure.findings for line in range(f.line, min(f.end_line, f.line + 500) + 1)}
    news = [_finding(one) for one in reported if one.raw and (one.label, one.line) not in told]
    places = {(f.path, f.source_line) for f in failure.frames}
    frames = [f for one in reported for f in frames_of(one) if (f.path, f.source_line) not in places]
    if not news and not frames:
        return failure
    tests = [one.test for one in reported if one.test]
    return replace(
        failure,
        findings=tuple(sorted((*failure.findings, *news), key=lambda f: -f.score)),
        frames=(*failure.frames, *frames),
        tests=tuple(dict.fromkeys((*failure.tests, *tests))),
    )


def frames_of(annotation: Annotation) -> tuple[Frame, ...]:
    """The file it names, and the stack in its message; all stand in the one line of the log."""
    inside = read_frames(annotation.label, ((annotation.line, text) for text in annotation.message.split("\n")))
    if annotation.path is None:
        return inside if annotation.raw else ()
    here = Frame(annotation.label, annotation.line, annotation.path, annotation.source_line, None, 0, "annotation")
    return (here, *(f for f in inside if annotation.raw and f.path != here.path))


def _lines(log: LogText) -> Iterator[tuple[int, str]]:
    rows = log.frame.filter(pl.col("text").str.contains(_ANY)).head(MAX_ANNOTATIONS).select("line", "text")
    for line, text in rows.iter_rows():
        yield from enumerate(text.split("\n"), start=line)


def _finding(annotation: Annotation) -> Finding:
    message = [text for text in annotation.message.split("\n") if text.strip()] or [annotation.title]
    quote, more = message[0].strip(), message[1:_SHOWN]
    if not quote or quote not in annotation.text:  # a quote stands in its line, with the escapes of that line
        quote, more = annotation.text.strip(), message[:_SHOWN]
    return Finding(
        label=annotation.label,
        line=annotation.line,
        end_line=annotation.line,
        text="\n".join([quote[:_QUOTE], *more]),
        kind="assertion" if annotation.test else "error",
        score=_SCORE,
        reason="an error that a tool reported to the CI",
        test=annotation.test,
    )


def _read(label: str, number: int, text: str) -> Annotation | None:
    for pattern, made in _READERS:
        match = pattern.match(text)
        if match:
            found = made(match)
            return replace(found, label=label, line=number, text=text) if found else None
    return None


def _of_github(match: re.Match[str]) -> Annotation | None:
    values = dict(pair.split("=", 1) for pair in (match[2] or "").split(",") if "=" in pair)
    return _made(match[1], _unescape(match[3]), values, path="file", line="line", title="title")


def _of_azure(match: re.Match[str]) -> Annotation | None:
    values = dict(pair.split("=", 1) for pair in match[1].split(";") if "=" in pair)
    return _made(
        values.get("type", ""), _unescape(match[2]), values, path="sourcepath", line="linenumber", title="code"
    )


def _of_shown(match: re.Match[str]) -> Annotation | None:
    at = _AT.match(match[2].strip())
    values = {"path": at["path"], "line": at["line"] or at["line2"]} if at else {}
    found = _made(match[1], match[2].strip(), values, path="path", line="line", title="")
    return replace(found, raw=False) if found else None


def _of_teamcity(match: re.Match[str]) -> Annotation | None:
    values = {name: _teamcity(value) for name, value in _TEAMCITY_VALUE.findall(match[2])}
    match match[1]:
        case "testFailed":
            text = "\n".join(filter(None, (values.get("message"), values.get("details"))))
            return Annotation("", 0, "error", text, test=values.get("name"))
        case "buildProblem":
            return Annotation("", 0, "error", values.get("description", ""))
        case "message" if values.get("status") in {"ERROR", "FAILURE"}:
            text = "\n".join(filter(None, (values.get("text"), values.get("errorDetails"))))
            return Annotation("", 0, "error", text)
        case "inspection":
            level = "error" if values.get("SEVERITY", "").upper() == "ERROR" else "warning"
            return _made(level, values.get("message", ""), values, path="file", line="line", title="typeId")
        case _:
            return None


def _made(
    level: str, message: str, values: Mapping[str, str], *, path: str, line: str, title: str
) -> Annotation | None:
    if level not in {"error", "warning", "notice"}:
        return None
    where = _unescape(values.get(path, "")).strip().replace("\\", "/") or None
    number = values.get(line, "")
    return Annotation(
        "", 0, "error" if level == "error" else "warning" if level == "warning" else "notice", message,
        path=where, source_line=int(number) if where and number.isdecimal() and len(number) < 9 else None,
        title=_unescape(values.get(title, "")),
    )  # fmt: skip


_MEANING = {"AZP25": "%", "25": "%", "0A": "\n", "0D": "", "3A": ":", "2C": ",", "3B": ";", "5D": "]"}
_TEAMCITY_MEANING = {"n": "\n", "r": "", "x": "\n", "l": "\n", "p": "\n\n"}


def _unescape(text: str) -> str:
    return _PERCENT.sub(lambda m: _MEANING[m[1].upper()], text)


def _teamcity(text: str) -> str:
    def meaning(match: re.Match[str]) -> str:
        said = match[1]
        return chr(int(said, 16)) if len(said) > 1 else _TEAMCITY_MEANING.get(said, said)

    return _TEAMCITY_ESCAPE.sub(meaning, text)


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Annotation | None]], ...] = (
    (_GITHUB, _of_github),
    (_SHOWN_ERROR, _of_shown),
    (_AZURE, _of_azure),
    (_TEAMCITY, _of_teamcity),
)
