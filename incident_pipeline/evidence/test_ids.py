"""Names that a failure mentions: tests, symbols, packages, exit code. Text in, tuples out, in order of appearance.

Test ids are kept as the runner prints them; `places` maps them to files.
"""

import re
from collections.abc import Iterable

_TESTS = tuple(
    re.compile(p)
    for p in (
        r"(?:FAILED|ERROR) (\S+\.py(?:::[^ \[]+(?:\[.*?\](?= - |$| +\[ *\d+%\])|\[\S*)?)?)",
        r"^(\S+\.py::[^ \[]+(?:\[.*?\])?) (?:FAILED|ERROR)",
        r"^(?:FAIL|ERROR): (\w+ \([\w.]+\))",
        r"^_{3,} (?:ERROR (?:at (?:setup|teardown) of|collecting) )?(.+?) _{3,}$",
        r"^\s*--- FAIL: (\S+)",
        r"^\s*test (.+?)(?: - should panic)? \.\.\. FAILED",
        r"^\s*(?:FAIL|SIGSEGV|TIMEOUT) \[ *[\d.]+s\] (?:\(.*?\) )?(.+)$",
        r"^---- (\S+) .*----$",
        r"thread '([^']+)' .*panicked",
        r"^\s*● (?!Console)(.+)$",
        r"^\s*(?:FAIL|❌)\s+(\S+\.[cm]?[jt]sx?(?: > .+)?)",
        r"^(?:\[ERROR\] )?(\S+) *(?:\(.*\)  ?|  )?Time elapsed:.*<<< (?:FAILURE|ERROR)!",
        r"^\[ERROR\] +([\w.$]+\.\w+):\d+",
        r"^(\S.* > .+) FAILED$",
        r"^rspec (\./\S+)",
        r"^\s*Failed (\S+) \[",
        r"^\s*(\S+) \[FAIL\]$",
        r"^\[  FAILED  \] (\S+?)(?:,|$| \()",
        r"^\s*\d+\) (\[\w+\] › .+?)[ ─]*$",
        r"^\s*not ok \d+ (?:- )?(.+)$",
        r"^\d+\) ([\w\\]+::\w+)",
    )
)
_SYMBOLS = tuple(
    re.compile(p)
    for p in (
        r"has no attribute ['\"](\w+)['\"]",
        r"(?:No module named|cannot import name) ['\"]([\w.]+)['\"]",
        r"name ['\"](\w+)['\"] is not defined",
        r"symbol: +(?:class|method|variable) (\w+)",
        r"undefined reference to [`']([^'(]+)",
        r"Cannot find (?:name|module) ['\"]([^'\"]+)['\"]",
        r"undefined: ([\w.]+)",
        r"cannot find (?:value|type|function|macro|struct)[^`]*`(\w+)`",
        r"Property '(\w+)' does not exist",
        r"(?<!\w)(\w++) is not (?:a function|defined)",
        r"(?i)unresolved (?:reference|import):? `?([\w.:]+)",
        r"(?<!\w)(\w++)\(\) (?:got an unexpected|missing \d+ required|takes \d+)",
        r"\bin (test_\w+)\b",
        r"undefined method [`'](\w+)'",
    )
)
_PACKAGES = tuple(
    re.compile(p)
    for p in (
        r"(?:No matching distribution found for|satisfies the requirement) ([\w.\[\]-]+(?:[=<>!~]=?[\w.]+)?)",
        r"No module named ['\"]([\w]+)",
        r"(?:Could not find artifact|Could not resolve) ([\w.-]+:[\w.-]+(?::[\w.:-]+)?)",
        r"No matching version found for (\S+?)\.?$",
        r"Cannot find module '(@?[a-zA-Z][\w./@-]*)'",
        r"/site-packages/(\w[\w.-]*?)/",
        r"/node_modules/((?:@[\w.-]+/)?[\w.-]+)/",
        r"no matching package named `([\w-]+)`",
        r"no required module provides package (\S+?)[;:]",
    )
)
_EXIT = tuple(
    re.compile(p)
    for p in (
        r"##\[error\].*exit code (\d+)",
        r"exited with (?:code )?(\d+)",
        r"(?i:exit(?:ed)?(?: with)?(?: status| code)):? (\d+)",
        r"returned non-zero exit status (\d+)",
    )
)


def tests(texts: Iterable[str]) -> tuple[str, ...]:
    """Ids of failing tests, without repeats."""
    return _collect(_TESTS, texts, limit=200)


def test_of(text: str) -> str | None:
    """The test a single line names, if any."""
    return next((m[1].strip() for p in _TESTS if (m := p.search(text))), None)


def symbols(texts: Iterable[str]) -> tuple[str, ...]:
    """Names of functions, classes, attributes that the messages complain about."""
    return _collect(_SYMBOLS, texts, limit=100)


def packages(texts: Iterable[str]) -> tuple[str, ...]:
    """Third-party packages that the messages name, with a version where it is printed."""
    return _collect(_PACKAGES, texts, limit=100)


def exit_code(text: str) -> int | None:
    """The exit code a line states."""
    return next((int(m[1]) for p in _EXIT if (m := p.search(text)) and len(m[1]) < 11), None)


def _collect(patterns: tuple[re.Pattern[str], ...], texts: Iterable[str], *, limit: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in texts:
        for pattern in patterns:
            for match in pattern.finditer(text):
                found.setdefault(match[1].strip())
        if len(found) >= limit:
            break
    return tuple(found)[:limit]
