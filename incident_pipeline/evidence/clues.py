"""A failure in, what it says in a form comparable with commits out: messages, missing names, tests, stacks."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from incident_pipeline.evidence.bm25 import words
from incident_pipeline.evidence.loglines import LogLines
from incident_pipeline.evidence.places import PathIndex, test_path
from incident_pipeline.model.evidence import Failure, Frame

MAX_MESSAGES = 60
MAX_FINDINGS = 12
MAX_STACKS = 100
MissingKind = Literal["name", "own name", "module", "signature"]

_Q = r"[`'\"‘’]"
_TABLE: tuple[tuple[MissingKind, str], ...] = (
    ("module", rf"No module named {_Q}([\w.]+)"),
    ("module", rf"Cannot find (?:module|package) {_Q}([^`'\"]+)"),
    ("module", r"package ([\w.]+) does not exist"),
    ("module", r"no required module provides package (\S+);"),
    ("module", rf"(?:can't find crate for|unresolved import|cannot load such file --) ?{_Q}?([\w:./-]+)"),
    ("name", rf"cannot import name {_Q}(\w+)"),
    (
        "name",
        rf"(?<!{_Q}NoneType{_Q} object )(?:has no attribute|has no exported member|has no member named) {_Q}(\w+)",
    ),
    ("own name", rf"(?:name|variable) {_Q}(\w+){_Q} (?:is not defined|referenced|where it is not)"),
    ("own name", r"ReferenceError: (\w+) is not defined"),
    ("name", r"TypeError: (?:[\w.]+\.)?(\w+) is not a (?:function|constructor)"),
    ("name", rf"Cannot find name {_Q}(\w+)"),
    ("name", rf"Property {_Q}(\w+){_Q} does not exist on type"),
    ("name", r"undefined: (?:\w+\.)?(\w+)"),
    ("name", rf"cannot find (?:value|function|type|trait|macro|struct, variant or union type|\w+) {_Q}(\w+)"),
    ("name", r"symbol:\s+(?:class|method|variable) (\w+)"),
    ("name", rf"use of undeclared identifier {_Q}(\w+)"),
    ("name", rf"{_Q}(\w+){_Q} was not declared in this scope"),
    ("name", rf"undefined reference to {_Q}(?:\w+::)*(\w+)"),
    ("name", rf"undefined (?:local variable or )?method {_Q}(\w+)"),
    ("name", r"uninitialized constant (?:\w+::)*(\w+)"),
    ("name", r"[Uu]nresolved reference:? [`']?(\w+)"),
    ("name", rf"does not contain a definition for {_Q}(\w+)"),
    ("name", rf"fixture {_Q}(\w+){_Q} not found"),
    (
        "signature",
        r"(\w+)\(\) (?:got an unexpected|missing \d+ required|takes (?:no|from|\d+)|got multiple values)",
    ),
)
_MISSING: tuple[tuple[MissingKind, re.Pattern[str]], ...] = tuple((kind, re.compile(p)) for kind, p in _TABLE)
_NOT_RAISED = re.compile(
    r"\b([A-Z]\w+) not raised\b|DID NOT RAISE <class '(?:[\w.]+\.)?(\w+)'>|DID NOT RAISE ([A-Z]\w+)"
)
_IDENTIFIERS = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Message:
    """One log line of a finding; `rank` 0 is the best finding's."""

    label: str
    line: int
    text: str
    rank: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A name, module or signature that the error says is not there (as called).

    An own name is one that the very file of the error does not bind; another may be missing anywhere.
    """

    kind: MissingKind
    name: str
    message: Message


@dataclass(frozen=True, slots=True)
class FailedTest:
    """A failing test: its file at head, if known, and the names in its id, outermost first."""

    printed: str
    path: str | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clues:
    """What the failure says."""

    messages: tuple[Message, ...]
    missing: tuple[Missing, ...]
    tests: tuple[FailedTest, ...]
    stacks: tuple[tuple[Frame, ...], ...]
    words: Counter[str]


def read_clues(failure: Failure, lines: LogLines, index: PathIndex) -> Clues:
    """Clues of the best findings (MAX_FINDINGS), all tests and all stacks; a stack has its innermost frame first."""
    messages = tuple(_messages(failure, lines))
    tests = tuple(_test(t, index) for t in test_ids(failure))
    return Clues(
        messages,
        tuple(_missing(messages)),
        tests,
        tuple(islice(_stacks(failure.frames), MAX_STACKS)),
        _words(messages, tests),
    )


def awaited(messages: Sequence[Message]) -> tuple[str, ...]:
    """Names of the errors that tests waited for in vain."""
    found = (name for m in messages for groups in _NOT_RAISED.findall(m.text) for name in groups if name)
    return tuple(dict.fromkeys(found))


def test_ids(failure: Failure) -> tuple[str, ...]:
    """The failing tests, those with their file first; a bare lower-case word is no test's name."""
    named = [t for t in failure.tests if not (t.isalpha() and t.islower())]
    return tuple(sorted(named, key=lambda t: test_path(t) is None))


test_ids.__test__ = False  # pyright: ignore[reportFunctionMemberAccess] - its name would make pytest collect it


def _messages(failure: Failure, lines: LogLines) -> Iterator[Message]:
    count = 0
    for rank, finding in enumerate(failure.findings[:MAX_FINDINGS]):
        for number, text in lines.span(finding.label, finding.line, min(finding.end_line, finding.line + 30)):
            if text.strip() and count < MAX_MESSAGES:
                count += 1
                yield Message(finding.label, number, text, rank)


def _missing(messages: Sequence[Message]) -> Iterator[Missing]:
    seen: set[tuple[str, str]] = set()
    for message in messages:
        for kind, pattern in _MISSING:
            for match in pattern.finditer(message.text[:2000]):
                name = match[1].rstrip(".")
                if (kind, name) not in seen:
                    seen.add((kind, name))
                    yield Missing(kind, name, message)


def _test(printed: str, index: PathIndex) -> FailedTest:
    path = test_path(printed)
    rest = printed.partition("::")[2] if path else printed
    names = tuple(_IDENTIFIERS.findall(rest.partition("[")[0]))
    return FailedTest(printed, index.find(path) if path else None, names)


def _stacks(frames: Sequence[Frame]) -> Iterator[tuple[Frame, ...]]:
    """Frames whose depths run in steps of one, in one direction, belong to one stack."""
    stack: list[Frame] = []
    step = 0
    for frame in frames:
        move = frame.depth - stack[-1].depth if stack else 0
        if stack and (abs(move) != 1 or (step and move != step) or frame.label != stack[-1].label):
            yield tuple(sorted(stack, key=lambda f: f.depth))
            stack, move = [], 0
        step = move if stack else 0
        stack.append(frame)
    if stack:
        yield tuple(sorted(stack, key=lambda f: f.depth))


def _words(messages: Sequence[Message], tests: Sequence[FailedTest]) -> Counter[str]:
    found: Counter[str] = Counter()
    for message in messages:
        for word in set(words(message.text[:2000])):
            found[word] = min(found[word] + 1, 3)
    for test in tests[:20]:
        for word in {w for name in test.names for w in words(name)}:
            found[word] = min(found[word] + 1, 4)
    return found
