"""A file that Jenkins wrote with XStream in, what matters of a build or its failed tests out, in one pass.

Jenkins writes XML 1.1 and uses what only 1.1 has, references to control characters, which expat refuses: they become
`?`. A document type is refused, so there are no entities to expand.
Surprising fact: XStream writes an object once; where it comes again stands a path to it (`reference="../marked"`,
https://x-stream.github.io/references.html).
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from incident_pipeline.errors import AccessDenied, BadInput, NotFound
from incident_pipeline.sources.logs._jenkins_build import Build, Checkout, millis
from incident_pipeline.sources.logs._junit_report import FailedCase

MAX_TEXT, MAX_NODES = 100_000, 100_000
_CHUNK, _MAX_CARRY = 1 << 16, 16 << 20
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:x([0-9a-fA-F]+)|([0-9]+));")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_STEP = re.compile(r"(.+?)(?:\[(\d+)\])?")
_GIT, _CAUSES = "hudson.plugins.git.util.BuildData", "hudson.model.CauseAction"
_STOPPED = "jenkins.model.InterruptedBuildAction"
_CASE = frozenset({"className", "testName", "skipped", "errorDetails", "errorStackTrace"})
_LEAVES = frozenset({"result", "timestamp", "startTime", "duration", "completed"})


@dataclass(slots=True)
class Node:
    """One element that is kept."""

    tag: str
    reference: str = ""
    parent: "Node | None" = None
    children: list["Node"] = field(default_factory=list["Node"])
    text: str = ""

    def find(self, *path: str) -> "Node | None":
        """The first child of each name in turn, references followed."""
        node: Node | None = self
        for tag in path:
            node = next((child for child in node.children if child.tag == tag), None) if node else None
            node = node.followed() if node else None
        return node

    def followed(self, hops: int = 10) -> "Node | None":
        """The element that this one stands for."""
        if not self.reference:
            return self
        node: Node | None = self
        for step in self.reference.split("/"):
            if node is None or not hops:
                return None
            if step == "..":
                node = node.parent
            elif found := _STEP.fullmatch(step):
                same = [child for child in node.children if child.tag == found[1]]
                at = int(found[2] or 1) - 1
                node = same[at] if at < len(same) else None
        return node.followed(hops - 1) if node else None


def read_build(path: Path, job: str, number: int) -> Build:
    """The build of a `build.xml`. NotFound, AccessDenied, or BadInput when it is none."""
    kept = _Kept()
    _parse(path, kept.start, kept.end, kept.characters)
    root = kept.root
    if root is None or not root.tag.lower().endswith(("build", "run")):  # flow-build, matrix-run, MavenModuleSetBuild
        raise BadInput(f"jenkins {job}: {path.name} of build {number} is none: it starts with <{root and root.tag}>")
    told = {tag: (node.text.strip() if (node := root.find(tag)) else "") for tag in _LEAVES}
    building = told["completed"] == "false" or not told["result"]
    try:
        at = millis(told["timestamp"] or told["startTime"])
        seconds = 0.0 if building else float(told["duration"] or 0) / 1000
    except ValueError:
        raise BadInput(f"jenkins {job}: {path.name} of build {number} has a time that is none") from None
    actions = root.find("actions")
    inside = actions.children if actions else []
    return Build(
        job, number, building, told["result"] or None, at, seconds,
        checkouts=tuple(found for action in inside if action.tag == _GIT for found in _checkouts(action)),
        causes=tuple((kind, "") for action in inside if action.tag == _CAUSES for kind in _kinds(action)),
        timed_out=any(kind.endswith("ExceededTimeout") for a in inside if a.tag == _STOPPED for kind in _kinds(a)),
    )  # fmt: skip


def _checkouts(action: Node) -> Iterator[Checkout]:
    """`lastBuild` is what was checked out; `buildsByBranchName` remembers former builds too."""
    remotes = action.find("remoteUrls")
    revision = action.find("lastBuild", "revision") or action.find("lastBuild", "marked")
    sha = revision.find("sha1") if revision else None
    branches = revision.find("branches") if revision else None
    first = next((b.followed() for b in branches.children), None) if branches else None
    name = first.find("name") if first else None
    commit = sha.text.strip().lower() if sha else ""
    if revision:
        urls = tuple(url.text.strip() for url in remotes.children if url.text.strip()) if remotes else ()
        yield Checkout(urls, commit if _SHA.fullmatch(commit) else "", name.text.strip() if name else "")


def _kinds(action: Node) -> Iterator[str]:
    """Class names of causes: in a list, or (since 2.51) as keys of a bag. XStream writes `$` as `_-`."""
    for holder in action.children:
        for cause in holder.children:
            inner = cause.children[0] if cause.tag == "entry" and cause.children else cause
            yield inner.tag.replace("_-", "$").rpartition(".")[2]


class _Kept:
    """Builds the tree of a build's own facts; all else (a build.xml may hold a plugin's megabytes) is passed over."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._passing = self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._passing or not self._is_wanted(tag) or self._count >= MAX_NODES:
            self._passing += 1
            return
        self._count += 1
        node = Node(tag, attributes.get("reference", "")[:1_000], self._open[-1] if self._open else None)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def _is_wanted(self, tag: str) -> bool:
        match len(self._open):
            case 0:
                return True
            case 1:
                return tag in _LEAVES or tag == "actions"
            case 2:
                return tag in {_GIT, _CAUSES, _STOPPED}
            case _:
                return True

    def end(self, _: str) -> None:
        if self._passing:
            self._passing -= 1
        else:
            self._open.pop()

    def characters(self, text: str) -> None:
        if not self._passing and self._open and len(self._open[-1].text) < MAX_TEXT:
            self._open[-1].text += text


def read_cases(path: Path) -> list[FailedCase]:
    """Failed tests of a `junitResult.xml` (hudson.tasks.junit.CaseResult: it failed when it has an error and was not
    skipped). NotFound when there is none."""
    cases = _Cases()
    _parse(path, cases.start, cases.end, cases.characters)
    return cases.found


class _Cases:
    def __init__(self) -> None:
        self.found: list[FailedCase] = []
        self._path: list[str] = []
        self._suite = ""
        self._case: dict[str, str] = {}

    def start(self, tag: str, _: dict[str, str]) -> None:
        self._path.append(tag)
        if tag == "case":
            self._case = {}
        if tag == "suite":
            self._suite = ""

    def end(self, tag: str) -> None:
        self._path.pop()
        case = self._case
        if tag != "case" or case.get("skipped", "").strip() == "true":
            return
        details, trace = case.get("errorDetails", ""), case.get("errorStackTrace", "")
        if details or trace:
            self.found.append(
                FailedCase(self._suite, case.get("className", ""), case.get("testName", ""), details, trace)
            )

    def characters(self, text: str) -> None:
        match self._path[-2:]:
            case ["case", name] if len(self._case.get(name, "")) < MAX_TEXT and name in _CASE:
                self._case[name] = self._case.get(name, "") + text
            case ["suite", "name"]:
                self._suite += text
            case _:
                pass


def _parse(
    path: Path, start: Callable[[str, dict[str, str]], None], end: Callable[[str], None],
    characters: Callable[[str], None],
) -> None:  # fmt: skip
    def refuse(*_: object) -> None:
        raise BadInput(f"jenkins: {path} has a document type, which Jenkins never writes: not read")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, refuse
    try:
        for piece in _pieces(path):
            parser.Parse(piece, False)
        parser.Parse("", True)
    except expat.ExpatError as error:
        raise BadInput(f"jenkins: {path} cannot be read: {error}") from None
    except FileNotFoundError:
        raise NotFound(f"jenkins: {path} is not there") from None
    except PermissionError:
        raise AccessDenied(f"jenkins: {path} may not be read: change its permissions or your user") from None
    except OSError as error:
        raise BadInput(f"jenkins: {path}: {error.strerror or error}") from None


def _pieces(path: Path) -> Iterator[str]:
    """The text as XML 1.0, cut behind a `>` so that no reference is cut in two."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    carry = ""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            carry += decoder.decode(chunk)
            at = carry.rfind(">") + 1
            if not at and len(carry) > _MAX_CARRY:
                raise BadInput(f"jenkins: {path} is no XML")
            yield _CONTROL.sub(_legal, carry[:at])
            carry = carry[at:]
    yield _CONTROL.sub(_legal, carry)


def _legal(match: re.Match[str]) -> str:
    digits, base = (match[1], 16) if match[1] else (match[2] or "", 10)
    code = int(digits, base) if digits and len(digits) < 9 else 0
    fine = code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return match[0] if fine else "?"
