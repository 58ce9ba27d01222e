"""What failed, whatever the run: a located Failure in, a key that the same failure shares on other commits out.

Surprising fact: novelty's mask cannot serve here. It hides every digit, and TS2304 or HTTP 403 is what a failure *is*;
it keeps the words of an assertion's values, which another run of the same test may print in another order.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

from incident_pipeline.evidence.clues import test_ids
from incident_pipeline.model.evidence import Failure, Finding
from incident_pipeline.model.memory import Fingerprint

MANY_TESTS = 12  # beyond it one cause broke a whole file, and a test more or less is no other failure
_ONLY_THAT = frozenset({"exit", "summary", "header", "heading", "block", "cascade", "location", "test", "stack"})
_NEAR_BEST = 0.6  # without a test's name: messages that weigh at least this share of the best one
_MAX_LINE, _MAX_SHAPE, _MAX_TESTS, _MAX_WORDS, _MAX_LINES, _MAX_PLACES, _MAX_DEPTH = 600, 240, 40, 60, 12, 20, 3
_STOP = frozenset(
    """a all an and any are as assert assertionerror at be been but by can cannot could did do does error failed for
    from has have if in into is it its more not of on or than that the this to was were when which while will with
    without you your""".split()  # noqa: SIM905 - words read best as words
)
_ENTITIES = frozenset({"error_code", "host", "package", "image", "signal"})

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_LEAD = re.compile(
    r"^(?:\s|E\s{2,}|\[gw\d+\]|##\[error\]|::error[^:]{0,200}::|\[(?:ERROR|FATAL|error)\]|(?:ERROR|FATAL):? |[>|│╷] )+"
)
_DIFF = re.compile(r"^(?:[-+?] |[\W_]*$)")
_URL = re.compile(r"\b[a-z][a-z+]{1,9}://(?:[^\s/@'\"]{1,100}@)?([\w.-]+)[^\s'\"<>)\]]*")
_HEX = re.compile(
    r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b0x[0-9a-fA-F]+\b"
    r"|(?<![A-Za-z0-9])(?=[a-fA-F]{0,40}[0-9])[0-9a-fA-F]{7,128}(?![A-Za-z0-9])"
)
_TEMPORARY = re.compile(
    r"(?:[A-Za-z]:|/private)?[\\/](?:(?:var[\\/]folders|tmp|temp|Temp)\b|[\w .~\\/-]{0,80}[\\/]Temp\b)[^\s'\":,;)\]]*"
    r"|\b(?:tmp|temp)[-_.]?(?=[A-Za-z_-]{0,20}\d)\w+"
)
_PATH = re.compile(r"(?:[A-Za-z]:)?[\w.@+~-]*(?:[\\/]+[\w.@+~-]+)+")
_HASHED = re.compile(r"(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{4,}(?:\.|$)")
_COMPARES = re.compile(
    r"(?:^|[\s:])(?:assert |Assert\w*(?:Error|Failed)|[Ee]xpected\b|[Rr]eceived\b|[Aa]ctual\b|left:|right:)|[=!]=|≠"
)
_PARTS = re.compile(
    r"(?P<code>\b[A-Z]{1,8}[0-9]{2,5}\b"
    r"|\b(?:HTTP(?:/[0-9.]+)?|[Ee]rrno|[Ss]tatus(?: code)?|exit (?:code|status)|[Ss]ignal)[ :=(]{1,3}[0-9]{1,3}\b"
    r"|\b[Ee]rror:? [45][0-9]{2}\b)"
    r"|(?P<quote>(?<!\w)[rbfu]?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`))"
    r"|(?P<number>[0-9]+(?:[.,:][0-9]+)*)"
)
_DOTS = re.compile(r"[.]{3,}|={3,}|-{3,}|_{3,}|…")
_NAME = re.compile(r"[A-Za-z_$@][\w.$:/@-]{0,100}")
_UNIT = re.compile(r"# ?(?:[nuµm]?s|secs?|seconds?|mins?|minutes?|m|h|hours?|[kKMG]?i?B|bytes|%)(?!\w)")
_RUN = re.compile(r"#(?:[\s,:./;+-]*#)+")
_VALUES = re.compile(r"§(?:[\s,:]*§)+")
_RAISED = re.compile(
    r"(?:^|[\s.:(\[])([A-Z]\w*(?:Error|Exception|Failure|Warning|Exit|Interrupt|Timeout|Panic)|error\[E\d+\]|panicked)\b"
)
_CODE = re.compile(r"\b[A-Z]{1,8}[0-9]{2,5}\b|\bHTTP(?:/[0-9.]+)? [0-9]{3}\b")
_WORD = re.compile(r"[A-Za-z_][\w.]{2,60}")
_SEPARATORS = re.compile(r"[\s:./>›#]+")


def fingerprint(failure: Failure) -> Fingerprint:
    """The failing tests and the shapes of what they say, hashed; times, numbers, places in files do not count.

    `key` is "" when nothing says what failed (an exit code alone is no identity).
    """
    tests = failing_tests(failure)
    messages = _messages(failure.findings, named=bool(tests))
    counted = Counter(s for m in messages for s in shapes(m.text))
    if not counted:  # nothing but the values of a comparison
        counted = Counter(_shape(line) for m in messages for line in m.text.split("\n")[:1] if line.strip())
    wanted: Iterable[str] = tests
    if len(tests) > MANY_TESTS:
        wanted = _files(tests)
        most = max(counted.values(), default=0)
        counted = Counter({s: n for s, n in counted.items() if 2 * n >= most})
    tokens = _tokens(failure, tests, tuple(sorted(counted)))
    if not (tests or counted):
        return Fingerprint("", tokens)
    text = "\n".join([*sorted(wanted), "\0", *sorted(counted)])
    return Fingerprint(blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest(), tokens)


def failing_tests(failure: Failure) -> tuple[str, ...]:
    """Each failing test once, by its longest name, sorted; what varies from run to run in a name is masked."""
    named = {_steady(t) for t in test_ids(failure)} - {""}
    tails = {tail for name in named for tail in _tails(name)}
    return tuple(sorted(n for n in named if _parts(n) not in tails))


def shapes(text: str) -> tuple[str, ...]:
    """The lines of a message with all that may differ from run to run masked; lines of a diff say only values."""
    lines = (_LEAD.sub("", _ANSI.sub("", line)[:_MAX_LINE]).strip() for line in text.split("\n"))
    return tuple(dict.fromkeys(shape for line in lines if not _DIFF.match(line) and (shape := _shape(line))))


def _shape(line: str) -> str:
    compares = _COMPARES.search(line) is not None
    line = _URL.sub(r"\1", line)
    line = _TEMPORARY.sub("#", _HEX.sub("#", line))
    line = _PATH.sub(_short_path, line)
    line = _PARTS.sub(lambda m: _part(m, compares=compares), line)
    line = _VALUES.sub("§", _RUN.sub("#", _UNIT.sub("#", _DOTS.sub(" ", line))))
    line = re.sub(r"^(?:\w+\.)*AssertionError: (?=assert )", "", " ".join(line.split()))
    return line[:_MAX_SHAPE]


def _part(match: re.Match[str], *, compares: bool) -> str:
    if match["code"]:
        return match["code"]
    if match["number"]:
        return "#"
    text = match["quote"].strip("rbfu")[1:-1]
    if compares:
        return "§"  # a value
    if _NAME.fullmatch(text):
        return f"'{text}'"
    return f"'{re.sub('[0-9]+(?:[.,:][0-9]+)*', '#', text)}'"


def _short_path(match: re.Match[str]) -> str:
    """The last two parts: what comes before differs between machines."""
    parts = [p for p in re.split(r"[\\/]+", match.group()) if p]
    return "/".join("#" if _HASHED.match(p) else p for p in parts[-2:])


def _steady(name: str) -> str:
    name = _TEMPORARY.sub("#", _HEX.sub("#", _ANSI.sub("", name[:_MAX_LINE]).replace("\\", "/")))
    return " ".join(name.removeprefix("./").split())


def _parts(name: str) -> tuple[str, ...]:
    return tuple(_SEPARATORS.split(name))


def _tails(name: str) -> Iterator[tuple[str, ...]]:
    """The shorter names of the same test: one line calls it `test_a`, another `tests/test_x.py::test_a`."""
    parts = _parts(name)
    return (parts[start:] for start in range(1, len(parts)))


def _files(tests: Sequence[str]) -> set[str]:
    """The files that the tests name, else their classes."""
    files = {t.partition("::")[0] for t in tests if "::" in t} or {t.partition(" > ")[0] for t in tests if " > " in t}
    return files or {t.rpartition(".")[0] for t in tests}


def _messages(findings: Sequence[Finding], *, named: bool) -> list[Finding]:
    """What says why: of the failing tests where tests are named, else whatever weighs near the best."""
    why = [f for f in findings if f.kind not in _ONLY_THAT]
    why = [f for f in why if f.novel is not False] or why
    if named:
        tests = [f for f in why if f.test]
        if tests:
            return tests
    best = max((f.score for f in why), default=0.0)
    near = [f for f in why if f.score >= _NEAR_BEST * best]
    return near or [f for f in findings if f.kind == "test" and not named]


def _tokens(failure: Failure, tests: Sequence[str], said: Sequence[str]) -> tuple[str, ...]:
    words = sorted({w for s in said for w in _words(s)})
    raised = {r for s in said for r in (*_RAISED.findall(s), *_CODE.findall(s))}
    if any(s.startswith("assert ") for s in said):
        raised.add("AssertionError")
    return tuple(
        sorted(
            {
                *(f"test:{t}" for t in tests[:_MAX_TESTS]),
                *(f"raised:{r}" for r in raised),
                *(f"says:{w}" for w in words[:_MAX_WORDS]),
                *(f"line:{s}" for s in [s for s in said if len(_words(s)) > 1][:_MAX_LINES]),
                *(f"at:{p}" for p in _first(sorted(set(_places(failure))), _MAX_PLACES)),
                *(f"entity:{e.kind}={_bare(e.value)}" for e in failure.entities if e.kind in _ENTITIES),
            }
        )
    )


def _words(said: str) -> set[str]:
    return {w.lower().strip(".") for w in _WORD.findall(said)} - _STOP


def _places(failure: Failure) -> Iterator[str]:
    for frame in failure.frames:
        if frame.repo_path and frame.depth <= _MAX_DEPTH:
            yield f"{frame.repo_path}:{frame.function or ''}"


def _bare(value: str) -> str:
    """A package without its version: `name==1.2` moves, `name` stays."""
    return re.split(r"[=<>~!@ ]", value, maxsplit=1)[0] or value


def _first(items: Iterable[str], limit: int) -> list[str]:
    return [item for _, item in zip(range(limit), items, strict=False)]
