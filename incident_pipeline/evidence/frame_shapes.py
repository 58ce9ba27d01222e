"""How each language's tools print a place: the table that `frames` reads with. The first row that fits is taken.

Surprising fact: a place is printed in two ways that must not be confused: as one step of a stack, which has a depth,
and by itself, as compilers and linters do (`alone`).
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """One way a language prints a frame: groups `path`, `line` or `line2`, `function` (each optional but the path).

    `innermost_last`: where it was raised is printed last. `alone`: a place by itself, not a part of a stack. `above`:
    the function stands on the line before. `under`: a folder that the printed path leaves out.
    """

    language: str
    pattern: re.Pattern[str]
    innermost_last: bool = False
    alone: bool = False
    above: re.Pattern[str] | None = None
    under: str = ""


_P = r"(?P<path>(?:[A-Za-z]:)?[^\s:\"'()<>|]*[\w\])+-]\.{ext})"
_URL = r"(?:file://(?:/(?=[A-Za-z]:))?|https?://[^\s/]+/|webpack(?:-internal)?:/{2,3}(?:[\w.@-]*/)?(?:\./)?)?"


def _shape(
    language: str, pattern: str, *,
    ext: str = "", last: bool = False, alone: bool = False, above: str = "", under: str = "",
) -> Shape:  # fmt: skip
    pattern = pattern.replace("<URL>", _URL).replace("<P>", _P.replace("{ext}", f"(?:{ext})"))
    return Shape(language, re.compile(pattern), last, alone, re.compile(above) if above else None, under)


_JS = r"[cm]?[jt]sx?|vue|svelte"
_JVM = r"java|kts?|scala|groovy"
_AT = r"^\s*(?:\[(?:ERROR|error)\] *)?at (?:[\w.@-]*/){0,2}"
_AT_JS = r"^\s*at (?:async )?(?:(?P<function>[^(]+?) \()?"
_GDB = r"#\d+ +(?:0x[0-9a-f]+ )?(?:in )?(?P<function>[^/]+?) (?:\(.*\) )?(?:at )?"
_C = r"swift|c|cc|cpp|cxx|h|hh|hpp|hxx|m|mm|cu|S|s"
_GROUP = r"^[\s|+-]*"  # exception groups draw a tree before each line
_GO_ABOVE = r"^\s*(?:created by )?(?P<function>[\w./*()@-]+?)(?:\([^()]*(?:\([^()]*\)[^()]*)*\)| in goroutine \d+)?$"
SHAPES = (
    _shape("python", _GROUP + r'File "(?P<path>[^"]+)", line (?P<line>\d+)(?:,? in (?P<function>\S+))?', last=True),
    _shape("python", r"^<P>:(?P<line>\d+):(?: in (?P<function>\S+)| [A-Z]\w+|\s*$)", ext="pyi?|rst|txt|md", last=True),
    _shape("python", r"^<P>:(?P<line>\d+)(?::\d+)?: (?:error|note|[A-Z]{1,4}\d+)", ext="pyi?", alone=True),
    _shape("javascript", _AT_JS + r"<URL><P>(?:\?[^\s:)]*)?:(?P<line>\d+):\d+", ext=_JS),
    _shape("javascript", _AT_JS + r"(?P<path>node:[\w/.-]+):(?P<line>\d+):\d+"),
    _shape(
        "javascript",
        r"^\s*(?:async\*)?(?P<function>[\w$.<>/]*)@<URL><P>(?:\?[^\s:]*)?:(?P<line>\d+):\d+$",
        ext=_JS),
    _shape("javascript", r"^\s*(?:❯|→|>) (?:(?P<function>\S+) )?<P>:(?P<line>\d+):\d+", ext=_JS),
    _shape("javascript", r"^\s*\d+\) (?:\[\w[\w -]*\] › )<P>:(?P<line>\d+):\d+ › ", ext=_JS, alone=True),
    _shape("typescript", r"^\s*<P>(?:\((?P<line>\d+),\d+\)|:(?P<line2>\d+):\d+)(?: -|:) error", ext=_JS, alone=True),
    _shape("javascript", r"^\s*(?:\./)?<P>:(?P<line>\d+):\d+$", ext=_JS, alone=True),
    _shape("java", _AT + r"(?P<function>[\w.$<>]+) ?\(<P>(?::(?P<line>\d+))?\)", ext=_JVM),
    _shape(
        "java",
        r"^(?:\[\w+\] )?(?:e: (?:file:/{0,2}(?:/(?=[A-Za-z]:))?)?)?"
        r"<P>:(?:\[?(?P<line>\d+)[,:\]]| \((?P<line2>\d+), \d+\))",
        ext=_JVM, alone=True),
    _shape("go", r"^\s*<P>:(?P<line>\d+) \+0x", ext="go", above=_GO_ABOVE),
    _shape("go", r"^\s*(?:Error Trace:\s*)?<P>:(?P<line>\d+)(?::\d+)?:?(?: |$)", ext="go", alone=True),
    _shape(
        "rust",
        r"^\s*at <P>:(?P<line>\d+):\d+",
        ext="rs",
        above=r"^\s*\d+: +(?:0x[0-9a-f]+ - )?(?P<function>.+?)(?:::h[0-9a-f]{16})?$"),
    _shape("rust", r"^\s*(?:-->|:::) <P>:(?P<line>\d+):\d+", ext="rs|pyi?", alone=True),
    _shape("rust", r"panicked at (?:'.*', )?<P>:(?P<line>\d+):\d+", ext="rs", alone=True),
    _shape("dart", r"^#\d+ +(?P<function>.+?) \(package:\w+/<P>:(?P<line>\d+)(?::\d+)?\)", ext="dart", under="lib/"),
    _shape("dart", r"^#\d+ +(?P<function>.+?) \((?:file://)?<P>:(?P<line>\d+)(?::\d+)?\)", ext="dart"),
    _shape("dart", r"^\s*(?:package:\w+/)<P> (?P<line>\d+):\d+ +(?P<function>\S.*)$", ext="dart", under="lib/"),
    _shape("dart", r"^\s*<P> (?P<line>\d+):\d+ +(?P<function>\S.*)$", ext="dart"),
    _shape("c", r"^\s*" + _GDB + r"<P>:(?P<line>\d+)", ext=_C),
    _shape("c", r"^\s*<P>\((?P<line>\d+)(?:,\d+)?\) ?: (?:fatal )?(?:error|warning)", ext=_C, alone=True),
    _shape(
        "c",
        r"^\s*(?:/\S*ld: |In file included from |from )?<P>:(?:(?P<line>\d+)(?::\d+)?(?:[:,]|$)|\(\.\w+\+0x)",
        ext=_C, alone=True),
    _shape("swift", r"\bfile <P>, line (?P<line>\d+)", ext="swift", alone=True),
    _shape("ruby", r"^\s*(?:# |from |\[)?<P>:(?P<line>\d+)(?::in [`'](?P<function>[^']+)')?", ext="rb|rake|erb"),
    _shape("ruby", r"^\s*(?P<function>[\w:]+#\S+) \[<P>:(?P<line>\d+)\]:?$", ext="rb", alone=True),
    _shape("csharp", r"^\s*at (?P<function>[\w.<>`+\[\],@|$&]+\(.*\)) in (?P<path>.+?):line (?P<line>\d+)"),
    _shape("csharp", r"^\s*<P>\((?P<line>\d+),\d+\): error", ext="cs|fs|vb|razor|xaml", alone=True),
    _shape("php", r"^(?:#\d+ )?<P>(?:\((?P<line>\d+)\)|:(?P<line2>\d+))(?:: (?P<function>[^\s(]+)\()?", ext="php"),
    _shape("php", r"\bin <P>(?::| on line )(?P<line>\d+)", ext="php", alone=True),
    _shape("elixir", r"^\s*(?:\([\w .-]+\) )<P>:(?P<line>\d+): (?P<function>\S+)", ext="exs?"),
    _shape("elixir", r"^\s*<P>:(?P<line>\d+): (?P<function>\(\S+\)|[\w.]+/\d+)", ext="exs?"),
    _shape(
        "elixir",
        r"^\s*(?:└─ |\*\* \(\w+\) )?<P>:(?P<line>\d+)(?::(?:\d+)?:? ?(?P<function>[\w.]+/\d+)?|$)",
        ext="h?eex|exs?",
        alone=True),
    _shape("perl", r"(?P<function>[\w:]+)\(.*\) called at <P> line (?P<line>\d+)", ext="pl|pm|t"),
    _shape("perl", r"\bat <P> line (?P<line>\d+)", ext="pl|pm|t", alone=True),
    _shape("shell", r"^<P>: (?:line )?(?P<line>\d+): ", ext="sh|bash"),
    _shape("docker", r"^(?P<path>(?:\S+/)?Dockerfile[\w.-]*):(?P<line>\d+)$", alone=True),
    _shape(
        "make",
        r"\*\*\* \[(?P<path>[^\s:\]]+):(?P<line>\d+): [^\]]+\] (?:Error|Segmentation|Killed|Terminated)",
        alone=True),
    _shape(
        "cmake",
        r"CMake (?:Error|Warning) at (?P<path>(?:\S*/)?(?:CMakeLists\.txt|[\w.-]+\.cmake)):(?P<line>\d+)",
        alone=True),
    _shape("terraform", r"^\W*on (?P<path>\S+\.(?:tf|tfvars|hcl)) line (?P<line>\d+)", alone=True),
    _shape("other", r"^\s*<P>:(?P<line>\d+):\d+: (?:fatal )?[Ee]rror\b", ext=r"[A-Za-z]\w{0,9}", alone=True),
    _shape("config", r"(?:^|[ (])<P>:(?P<line>\d+)", ext="ya?ml|toml|cfg|ini|tf|json|gradle|txt|proto", alone=True),
)  # fmt: skip
# Linters head the messages of a file with its path; a file may also be named by itself.
HEADING = _shape(
    "javascript",
    r"^(?P<path>/?(?:[\w@.-]+/)+[\w@.\[\]-]+\.(?:[cm]?[jt]sx?|vue|svelte|s?css|json))$",
    alone=True,
)
BELOW_HEADING = re.compile(r"^\s+(?P<line>\d+):\d+\s+(?:error|warning|✖|⚠|×)\s")
# Without any digit only these can be meant.
WITHOUT_LINE = (next(s for s in SHAPES if s.language == "java"), HEADING)
# A new stack begins: what follows is counted from its own innermost frame.
NEW_STACK = re.compile(
    r"^[\s|+]*(?:Traceback \(most recent|Exception Group Traceback|During handling of the above|The above exception was"
    r"|(?:Caused by|Suppressed|Caused|Wrapped by): |goroutine \d+ \[|thread '|stack backtrace:|\+-+ \d+ -+|-+ \d+ -+$"
    r"|--- Pending|Thread \d+|#0 )"
)
