"""Stack frames and compiler locations in error blocks, innermost first, for the languages whose tools print them.

Comes in: rows of text that form one block. Goes out: Frame records. The surprising fact: Python prints the innermost
frame last, everybody else first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from incident_pipeline.model.evidence import Frame


@dataclass(frozen=True, slots=True)
class Shape:
    """One way a language prints a frame: groups `path`, `line`, `function` (each optional but the path).

    `alone`: a place by itself (a compiler's or linter's), not a part of a stack.
    """

    language: str
    pattern: re.Pattern[str]
    innermost_last: bool = False
    alone: bool = False


_P = r"(?P<path>(?:[A-Za-z]:)?[^\s:\"'()<>|]*[\w\])+-]\.{ext})"


def _shape(language: str, pattern: str, *, ext: str = "", last: bool = False, alone: bool = False) -> Shape:
    return Shape(language, re.compile(pattern.replace("<P>", _P.replace("{ext}", f"(?:{ext})"))), last, alone)


_JS = r"[cm]?[jt]sx?|vue|svelte"
_JVM = r"java|kts?|scala|groovy"
_AT = r"^\s*(?:\[ERROR\] *)?at (?:[\w.]+@?[\w.]*/)?"
_GDB = r"#\d+ +(?:0x[0-9a-f]+ )?(?:in )?(?P<function>[^/]+?) (?:\(.*\) )?(?:at )?"
_C = r"swift|c|cc|cpp|cxx|h|hh|hpp|hxx|m|mm|cu|S|s"
SHAPES = (
    _shape("python", r'^\s*(?:\| )?File "(?P<path>[^"]+)", line (?P<line>\d+)(?:,? in (?P<function>\S+))?', last=True),
    _shape("python", r"^<P>:(?P<line>\d+): (?:in (?P<function>\S+)|\s*$|[A-Z]\w+)", ext="pyi?|rst|txt|md", last=True),
    _shape("python", r"^<P>:(?P<line>\d+)(?::\d+)?: (?:error|note|[A-Z]{1,4}\d+)", ext="pyi?", alone=True),
    _shape("javascript", r"^\s*at (?:async )?(?:(?P<function>[^(]+?) \()?(?:file://)?<P>:(?P<line>\d+):\d+", ext=_JS),
    _shape("javascript", r"^\s*(?:❯|→|>) (?:(?P<function>\S+) )?<P>:(?P<line>\d+):\d+", ext=_JS),
    _shape("typescript", r"^\s*<P>(?:\((?P<line>\d+),\d+\)|:(?P<line2>\d+):\d+)(?: -|:) error", ext=_JS, alone=True),
    _shape("javascript", r"^\s*(?:\./)?<P>:(?P<line>\d+):\d+$", ext=_JS, alone=True),
    _shape("javascript", r"^(?P<path>/?(?:[\w@.-]+/)+[\w@.\[\]-]+\.(?:[cm]?[jt]sx?|vue|s?css|json))$", alone=True),
    _shape("java", _AT + r"(?P<function>[\w.$<>]+) ?\(<P>(?::(?P<line>\d+))?\)", ext=_JVM),
    _shape("java", r"^(?:\[\w+\] )?(?:e: (?:file:/*)?)?<P>:\[?(?P<line>\d+)[,:\]]", ext=_JVM, alone=True),
    _shape("go", r"^\s*<P>:(?P<line>\d+) \+0x", ext="go"),
    _shape("go", r"^\s*<P>:(?P<line>\d+)(?::\d+)?:?(?: |$)", ext="go", alone=True),
    _shape("rust", r"^\s*at <P>:(?P<line>\d+):\d+", ext="rs"),
    _shape("rust", r"^\s*(?:-->|:::) <P>:(?P<line>\d+):\d+", ext="rs|pyi?", alone=True),
    _shape("rust", r"panicked at (?:'.*', )?<P>:(?P<line>\d+):\d+", ext="rs"),
    _shape("c", r"^\s*" + _GDB + r"<P>:(?P<line>\d+)", ext=_C),
    _shape("c", r"^\s*<P>:(?P<line>\d+)(?::\d+)?(?::|$)", ext=_C, alone=True),
    _shape("ruby", r"^\s*(?:# |from |\[)?<P>:(?P<line>\d+)(?::in [`'](?P<function>[^']+)')?", ext="rb|rake|erb"),
    _shape("csharp", r"^\s*at (?P<function>[\w.<>`+\[\],]+\(.*\)) in (?P<path>.+?):line (?P<line>\d+)"),
    _shape("csharp", r"^\s*<P>\((?P<line>\d+),\d+\): error", ext="cs|fs|vb", alone=True),
    _shape("php", r"^(?:#\d+ )?<P>(?:\((?P<line>\d+)\)|:(?P<line2>\d+))", ext="php"),
    _shape("shell", r"^<P>: line (?P<line>\d+): ", ext="sh|bash"),
    _shape("docker", r"^(?P<path>(?:\S+/)?Dockerfile[\w.-]*):(?P<line>\d+)$", alone=True),
    _shape("config", r"(?:^|[ (])<P>:(?P<line>\d+)", ext="ya?ml|toml|cfg|ini|tf|json|gradle|txt|proto", alone=True),
)  # fmt: skip


def read_frames(label: str, rows: Iterable[tuple[int, str]]) -> tuple[Frame, ...]:
    """Frames of one block of (line number, text). Depth 0 is where it was raised; runs of frames are counted apart."""
    found: list[tuple[Frame, Shape]] = []
    for number, text in rows:
        if len(text) > 1_000 or not any(sign in text for sign in ':(/"'):
            continue
        for shape in SHAPES:
            match = shape.pattern.search(text)
            if match is None:
                continue
            groups = match.groupdict()
            line = groups.get("line") or groups.get("line2")
            path = groups["path"].replace("\\", "/")
            function = (groups.get("function") or "").strip() or None
            frame = Frame(
                label, number, path, int(line) if line and len(line) < 9 else None, function, 0, shape.language
            )
            found.append((frame, shape))
            break
    return _number(found)


def _number(found: list[tuple[Frame, Shape]]) -> tuple[Frame, ...]:
    """Depths within each run of frames of one language that are printed in the same direction."""
    numbered: list[Frame] = []
    for (_, last, alone), run in groupby(found, key=lambda f: (f[0].language, f[1].innermost_last, f[1].alone)):
        frames = [frame for frame, _ in run]
        depths = [0] * len(frames) if alone else list(range(len(frames)))
        if last:
            depths.reverse()
        numbered.extend(replace(frame, depth=depth) for frame, depth in zip(frames, depths, strict=True))
    return tuple(numbered)
