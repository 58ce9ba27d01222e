"""A file's text in, its definitions (functions, classes, named values) with their spans out, for most languages.

Surprising fact: no parser is needed. Code that people commit is indented, so a definition ends before the first line
that is indented no deeper, bar closing brackets. What is missed is a missing reason, never a wrong line.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Kind = Literal["function", "class", "value"]
IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")

_MODIFIERS = (
    r"(?:(?:export|default|async|public|private|protected|internal|static|final|abstract|override|virtual|suspend|sealed|open|data"
    r"|inline|synchronized|unsafe|const|extern|declare|readonly|get|set|pub(?:\([^)]*\))?)\s+)*"
)
_FUNCTION = re.compile(
    rf"^(\s*){_MODIFIERS}(?:def\s+(?:self\.)?|function\*?\s+|func\s+(?:\([^)]*\)\s*)?|fn\s+|fun\s+(?:<[^>]*>\s*)?(?:\w+\.)?|sub\s+)(\w+[?!]?)"
)
_CLASS = re.compile(
    rf"^(\s*){_MODIFIERS}(?:class|interface|struct|enum|trait|impl(?:<[^>]*>)?(?:\s+\S+\s+for)?|module|object|record|type|protocol)\s+(\w+)"
)
_PYTHON_CLASS = re.compile(r"^(\s*)class\s+(\w+)")
_ARROW = re.compile(
    r"^(\s*)(?:export\s+)?(?:const|let|var)\s+(\w+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:\([^)]*\)|\w+)\s*(?::[^=]+)?=>"
)
_METHOD = re.compile(
    r"^(\s*)(?:[\w:<>\[\],.?&*~]+\s+)*?[*&]?"
    r"((?!(?:if|for|while|switch|catch|return|else|with|do|new|throw)\b)[\w:~#]+)"
    r"\s*\([^;]*\)\s*(?:const\s*|noexcept\s*|throws\s+[\w., ]+|:\s*[^;{=]+|->\s*[^;{]+)?\{\s*$"
)
_VALUE = re.compile(
    r"^(\s*)(?:(?:export|pub|static|final|public|private)\s+)*(?:const\s+|let\s+|var\s+|val\s+)?"
    r"([A-Za-z_]\w*)\s*(?::[^=]+)?=(?![=>])"
)
_PYTHON = frozenset({"py", "pyi", "pyx"})
FENCES = ('"""', "'''")
_QUOTE = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|#')
_CONTINUES = ("}", ")", "]", "{", "end", "else", "#", "//")


@dataclass(frozen=True, slots=True)
class Definition:
    """Lines `start`..`end` (1-based, decorators included, `line` its own) of `path`; `owner` is its class."""

    path: str
    name: str
    kind: Kind
    line: int
    start: int
    end: int
    owner: str = ""

    @property
    def label(self) -> str:
        """`Class.name` or `name`."""
        return f"{self.owner}.{self.name}" if self.owner else self.name


class Outline:
    """Definitions of one file, in order of their first line."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.split("\n")
        self.prose = frozenset(_prose(self.lines, path))
        """Lines inside block comments or docstrings (a string that stands alone)."""
        self.definitions = _definitions(path, self.lines, self.prose)

    @cached_property
    def _starts(self) -> list[int]:
        return [d.start for d in self.definitions]

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Stripped line -> the lines it stands on, short lines left out."""
        found: dict[str, list[int]] = {}
        for number, line in enumerate(self.lines, 1):
            key = line.strip()
            if len(key) > 3:
                found.setdefault(key, []).append(number)
        return found

    def at(self, line: int) -> Definition | None:
        """The innermost definition that holds `line`."""
        for index in range(bisect_right(self._starts, line) - 1, -1, -1):
            if self.definitions[index].end >= line:
                return self.definitions[index]
        return None

    def text_of(self, definition: Definition) -> str:
        """Its lines, docstrings left out."""
        return "\n".join(self.lines[n - 1] for n in range(definition.start, definition.end + 1) if n not in self.prose)


def _definitions(path: str, lines: list[str], prose: frozenset[int]) -> tuple[Definition, ...]:
    python = path.rpartition(".")[2].lower() in _PYTHON
    found: list[Definition] = []
    open_: list[tuple[int, str, Kind, int, int, str]] = []  # indent, name, kind, line, start, owner
    decorated = 0

    def close(indent: int, end: int) -> None:
        while open_ and open_[-1][0] >= indent:
            _, name, kind, line, start, owner = open_.pop()
            found.append(Definition(path, name, kind, line, start, end, owner))

    last = 0
    for number, line in enumerate(lines, 1):
        bare = line.lstrip()
        if not bare or number in prose:
            continue
        indent = len(line) - len(bare)
        if open_ and indent <= open_[-1][0] and not bare.startswith(_CONTINUES):
            close(indent, last)
        last = number
        if bare[0] == "@":
            decorated = decorated or number
            continue
        match = _match(line, python=python, inside=open_[-1][2] if open_ else None)
        if match:
            kind, name = match
            classes = [o[1] for o in open_ if o[2] == "class"]
            open_.append((indent, name, kind, number, decorated or number, classes[-1] if classes else ""))
        if not decorated or match or indent == 0:
            decorated = 0
    close(0, max(last, 1))
    return tuple(sorted(found, key=lambda d: (d.start, -d.end)))


def _match(line: str, *, python: bool, inside: Kind | None) -> tuple[Kind, str] | None:
    if match := _FUNCTION.match(line):
        return "function", match[2]
    if match := (_PYTHON_CLASS if python else _CLASS).match(line):
        return "class", match[2]
    if (
        not python
        and len(line) < 400
        and (match := _ARROW.match(line) or (_METHOD.match(line) if "{" in line else None))
    ):
        return "function", match[2].rpartition(":")[2]
    if inside in {None, "class"} and "=" in line and (match := _VALUE.match(line)):
        return "value", match[2]
    return None


def _prose(lines: list[str], path: str) -> list[int]:
    if path.rpartition(".")[2].lower() in _PYTHON:
        return _docstrings(lines)
    found: list[int] = []
    inside = False
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        starts = bare.startswith("/*")
        if inside or starts:
            found.append(number)
            inside = "*/" not in bare
    return found


def _docstrings(lines: list[str]) -> list[int]:
    found: list[int] = []
    fence = ""
    doc = False
    for number, line in enumerate(lines, 1):
        if not fence and '"""' not in line and "'''" not in line:
            continue
        inside = fence
        fence = after_line(line, fence)
        if not inside:
            doc = line.lstrip().lstrip("rRuU").startswith(FENCES)
        if doc:
            found.append(number)
    return found


def after_line(line: str, fence: str) -> str:
    """The triple quote that is open after a line of Python, given the one (or "") that was open before it."""
    at = 0
    while at < len(line):
        if fence:
            end = line.find(fence, at)
            if end < 0:
                return fence
            fence, at = "", end + 3
            continue
        match = _QUOTE.search(line, at)
        if match is None or match.group() == "#":
            return ""
        fence, at = (match.group() if match.group() in FENCES else ""), match.end()
    return fence
