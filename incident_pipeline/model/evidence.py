"""What evidence finds and how it judges. Every statement cites `log:line` or `sha:path:line`.

Log labels are `log`, `log2`, `log3`, ... for the failed jobs' logs and `green`, `green2`, ... for the green run's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from incident_pipeline.model.git import BlameLine

VerdictKind = Literal["commit", "infrastructure", "flaky", "drift", "unknown"]
Category = Literal[
    "code", "test", "config", "dependency", "network", "disk", "memory", "runner", "registry", "quota",
    "credentials", "timeout", "unknown",
]  # fmt: skip
Status = Literal["CONFIRMED", "LIKELY", "INCONCLUSIVE"]

_LOG_REF = re.compile(r"(?P<label>(?:log|green)\d*):(?P<line>[1-9]\d*)")
_CODE_REF = re.compile(r"(?P<sha>[0-9a-f]{7,64}):(?P<path>.+):(?P<line>[1-9]\d*)")


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that proves a statement, and the text that stands there (one line, redacted, without ANSI).

    For a removed line the sha is the commit that removed it and `side` is `old`: the line is numbered in the file
    before that commit. Otherwise `side` is `new`: the file as of that commit.
    """

    ref: str
    quote: str
    note: str = ""
    side: Literal["new", "old"] = "new"


def log_ref(label: str, line: int) -> str:
    """`log:2214`."""
    return f"{label}:{line}"


def code_ref(sha: str, path: str, line: int) -> str:
    """`9f3c2ab:src/cart.py:88`; the sha is kept whole, views shorten it."""
    return f"{sha}:{path}:{line}"


def parse_ref(ref: str) -> tuple[Literal["log", "code"], str, str, int] | None:
    """(`log`, label, "", line) or (`code`, sha, path, line); None when `ref` is neither."""
    if match := _LOG_REF.fullmatch(ref):
        return "log", match["label"], "", int(match["line"])
    if match := _CODE_REF.fullmatch(ref):
        return "code", match["sha"], match["path"], int(match["line"])
    return None


_RULERS = re.compile(r"^[=_*-]{3,} (?=\S)|(?<=\S) [=_*-]{3,}$")


@dataclass(frozen=True, slots=True)
class Finding:
    """Lines `line`..`end_line` (1-based, of log `label`) that explain the failure; `score` in 0..1.

    `novel` is None when there was no green log to compare with. `reason` is plain words: why this line was picked.
    """

    label: str
    line: int
    end_line: int
    text: str
    kind: str
    score: float
    reason: str
    novel: bool | None = None
    test: str | None = None
    step: str | None = None

    @property
    def headline(self) -> str:
        """Its first line that says something; with the next one when it only announces that (`Caused by:`).

        The rulers of a banner (`==== no tests ran ====`) are left out.
        """
        said = [_RULERS.sub("", line.strip()) for line in self.text.split("\n") if line.strip()]
        return " ".join(said[:2] if said and said[0].endswith(":") else said[:1])


@dataclass(frozen=True, slots=True)
class Frame:
    """One stack frame or compiler location named in a log. `depth` 0 is the innermost (where it was raised).

    `path` is the path as printed; `repo_path` the file at head it maps to, None when it lies outside the repository.
    """

    label: str
    line: int
    path: str
    source_line: int | None
    function: str | None
    depth: int
    language: str
    repo_path: str | None = None


EntityKind = Literal["url", "host", "error_code", "exit_code", "package", "symbol", "test", "file", "image", "signal"]


@dataclass(frozen=True, slots=True)
class Entity:
    """Something a log names, as it stands there: `value` (a package as `name==version` where the version is said).

    `note` is what the text says of it: a package `asked` or `found`, the tool or protocol whose code it is.
    """

    kind: EntityKind
    value: str
    label: str
    line: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Burst:
    """A shape of line of one service that began or grew: entries a minute `before` and `during` started_at..ended_at.

    `line` of log `label` is the first entry of the burst, `text` its first line. `first_seen`: none before it.
    `template` hashes the event: lines of one log that differ only in words that vary share it.
    """

    service: str
    label: str
    line: int
    text: str
    template: int
    started_at: datetime
    ended_at: datetime
    count: int
    before: float
    during: float
    first_seen: bool


@dataclass(frozen=True, slots=True)
class Deploy:
    """Something that went live: a tag, or a log line that says a version started; `ref` cites where that is said."""

    at: datetime
    service: str
    what: str
    ref: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Answer to the first question: what failed, where in the logs. `findings` best first.

    `context` explains nothing by itself (the job's name, the failed step's command, its last lines, words of trouble);
    an excerpt shows it around the findings. `bursts` and `deploys` are of production logs, oldest first.
    """

    findings: tuple[Finding, ...] = ()
    frames: tuple[Frame, ...] = ()
    tests: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    exit_code: int | None = None
    tool: str | None = None
    compared_with_green: bool = False
    context: tuple[Finding, ...] = ()
    entities: tuple[Entity, ...] = ()
    bursts: tuple[Burst, ...] = ()
    deploys: tuple[Deploy, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A file (and line) at head that flow should fetch blame and text for before `judge` is asked."""

    path: str
    line: int | None
    why: str


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What flow gathered at head: all paths, text and blame of the implicated files, and the lines CODEOWNERS gives."""

    paths: frozenset[str] = frozenset()
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    blame: Mapping[str, tuple[BlameLine, ...]] = field(default_factory=dict[str, tuple[BlameLine, ...]])
    blame_available: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason in plain words, with its weight in the score and the places that prove it."""

    text: str
    weight: float
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspect:
    """One commit of the window. Probabilities of all suspects and `no commit` add to 1."""

    hash: str
    probability: float
    reasons: tuple[Reason, ...]
    subject: str = ""
    author: str = ""
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What kind of failure it is. CONFIRMED needs proof (a replay); evidence alone gives LIKELY or INCONCLUSIVE."""

    verdict: VerdictKind
    category: Category
    status: Status
    confidence: float
    summary: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class RuledOut:
    """What was looked at and found not guilty: how many commits (or which signal), and why."""

    what: str
    why: str
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Answer to the second question: who did it. `suspects` best first; `not_known` and `missing` are said aloud."""

    verdict: Verdict
    suspects: tuple[Suspect, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    not_known: tuple[str, ...] = ()
