"""A log that holds a test report in XML in, its failed tests out, each with the lines it stands in.

Streamed through expat: a document type is refused (no entities, nothing from outside), depth and size are bounded, and
of a cut or broken file all tests before the fault are given. Surprising fact: pytest writes its whole report in one
line; only what stands inside a `<failure>` has lines of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.junit_names import name_of

MAX_CASES = 500  # failed ones; the first explain, the rest is cascade
_MAX_CHARS, _MAX_DEPTH, _MAX_BODY = 128 << 20, 100, 400
_MAX_VALUE, _MAX_MESSAGE = 1_000, 10_000  # characters of an attribute
_HEAD_ROWS, _SLICE = 40, 4_096
_ROOT = re.compile(
    r"\ufeff?\s*(?:<\?[^>]*>\s*|<!--[^>]*-->\s*){0,9}"
    r"<(?:testsuites?|TestRun|assemblies|assembly|test-run|test-results|testng-results)[\s>]"
)
_CASES = frozenset({"testcase", "test", "test-case", "UnitTestResult", "test-method"})
_FAILS: Mapping[str, str] = {
    "failure": "assertion", "error": "error", "exception": "exception", "ErrorInfo": "assertion",
    "flakyFailure": "flaky", "flakyError": "flaky",
}  # fmt: skip
_INSIDE = frozenset({"message", "Message", "stack-trace", "StackTrace", "full-stacktrace", "stackTrace"})
_OUTCOMES = ("result", "outcome", "status", "success")
_GOOD = frozenset({"pass", "passed", "success", "true", "skip", "skipped", "inconclusive", "notexecuted", "ignored"})
# What XML forbids but tools print: references to control characters, names of HTML. As many blanks keep columns true.
_FORBIDDEN = re.compile(
    r"&#(?:x(?:[01]?[0-9a-fA-F]|7[fF])|[0-2]?\d|3[01]|127);|[\x00-\x08\x0b\x0c\x0e-\x1f]"
    r"|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)\w{0,10};?"
)


@dataclass(slots=True)
class Case:
    """One failure of one test: `line` and `column` of its element, `body` the numbered lines of text inside."""

    test: str | None
    kind: str
    message: str
    line: int
    column: int
    body: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def is_report(log: LogText) -> bool:
    """Whether the first bytes are those of a test report."""
    head = "\n".join(text or "" for text in log.frame["text"].head(_HEAD_ROWS).to_list())[:8_192]
    return bool(_ROOT.match(head))


def read_cases(log: LogText) -> list[Case]:
    """At most MAX_CASES failed tests in the order of the report; one that passed when run again has kind `flaky`."""
    return _Reader().read(log)


class _Stop(Exception):
    pass


class _Reader:
    """What the parser has seen: `open` are the attributes of the test it stands in, `failing` the failure."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.path: list[str] = []
        self.suites: list[Mapping[str, str]] = []
        self.open: Mapping[str, str] | None = None
        self.element = ""
        self.pending: list[Case] = []
        self.failing: Case | None = None
        self.go = False
        self.offset = 0

    def read(self, log: LogText) -> list[Case]:
        """The log may hold several documents, one after another."""
        self._begin()
        fed, chars = 1, 0
        try:
            for line, text in _rows(log):
                if fed > 1 and text.lstrip().startswith("<?xml"):
                    self._begin()
                    fed = 1
                self.offset = line - fed
                self.parser.Parse(text + "\n", False)
                fed += text.count("\n") + 1
                chars += len(text)
                if chars > _MAX_CHARS or len(self.cases) >= MAX_CASES:
                    break
            self.parser.Parse("", True)
        except (expat.ExpatError, _Stop):
            pass  # what was complete is kept
        return self.cases

    def _begin(self) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        self.parser, self.path, self.suites, self.open, self.failing = parser, [], [], None, None

    def _refuse(self, *_: object) -> None:
        raise _Stop

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > _MAX_DEPTH:
            raise _Stop
        if self.failing is not None:
            return
        attributes = {
            key: value[: _MAX_MESSAGE if key == "message" else _MAX_VALUE] for key, value in attributes.items()
        }
        if name in _FAILS:
            self._fail(name, attributes)
        elif self.open is None and name in _CASES:
            self.open, self.element, self.pending = attributes, name, []
        elif self.open is None:
            self.suites.append({"element": name, **attributes})
            self.go = self.go or (name == "property" and attributes.get("name") == "go.version")

    def _fail(self, name: str, attributes: Mapping[str, str]) -> None:
        said = attributes.get("type") or attributes.get("exception-type") or ""
        kind = "exception" if _FAILS[name] == "error" and said.endswith(("Error", "Exception")) else _FAILS[name]
        test = next((s["name"] for s in reversed(self.suites) if s.get("name")), None)
        if self.open is not None:
            test = name_of(self.element, self.open, self.suites, go=self.go)
        at = self.parser.CurrentLineNumber + self.offset, self.parser.CurrentColumnNumber
        self.failing = Case(test, kind, attributes.get("message", ""), *at)

    def _text(self, text: str) -> None:
        case = self.failing
        if case is None or not (self.path[-1] in _INSIDE or self.path[-1] in _FAILS):
            return
        first = self.parser.CurrentLineNumber + self.offset
        for line, part in enumerate(text.split("\n"), start=first):
            if case.body and case.body[-1][0] == line:
                case.body[-1] = (line, (case.body[-1][1] + part)[:2_000])
            elif part and len(case.body) < _MAX_BODY:
                case.body.append((line, part[:2_000]))

    def _end(self, name: str) -> None:
        self.path.pop()
        if self.failing is not None:
            if name in _FAILS and not _FAILS.keys() & set(self.path):
                (self.cases if self.open is None else self.pending).append(self.failing)
                self.failing = None
        elif self.open is not None:
            if name == self.element and name not in self.path:
                self._close(self.open)
        elif self.suites and self.suites[-1]["element"] == name:
            self.suites.pop()

    def _close(self, attributes: Mapping[str, str]) -> None:
        """A test ends: its first failure counts. One that passed when run again is marked so by its runner."""
        self.open = None
        good = next((attributes[key] for key in _OUTCOMES if key in attributes), "").lower() in _GOOD
        failed = [case for case in self.pending if case.kind == "flaky" or not good]
        failed.sort(key=lambda case: case.kind == "flaky")
        self.cases.extend(failed[:1])


def _rows(log: LogText) -> Iterator[tuple[int, str]]:
    for part in log.frame.select("line", "text").iter_slices(_SLICE):
        for line, text in zip(part["line"].to_list(), part["text"].to_list(), strict=True):
            yield line, _FORBIDDEN.sub(lambda found: " " * len(found[0]), text or "")
