"""Places in, the text and blame of those files at head out: what evidence wants before it judges.

Bounded, and forgiving: a host without blame, file contents or listings gives less evidence, not an error.
"""

from collections.abc import Sequence
from dataclasses import replace

from incident_pipeline.errors import NotFound, Unsupported
from incident_pipeline.evidence.failure import placed
from incident_pipeline.evidence.imports import imported_places
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.places import places
from incident_pipeline.evidence.see_through import hollow_lines
from incident_pipeline.model.evidence import CodeFacts, Failure, Place
from incident_pipeline.model.git import BlameLine
from incident_pipeline.model.incident import Window
from incident_pipeline.sources.base import GitSource

MAX_FILES = 60
MAX_BLAMED = 8
MAX_ROUNDS = 3  # of reformatting commits over one line
MAX_CHARS = 1 << 20
OWNERS_FILES = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")


def gather(
    git: GitSource, window: Window, failure: Failure, *, logs: Sequence[LogText]
) -> tuple[Failure, CodeFacts]:  # fmt: skip
    """The failure placed at the window's head, and the code it points at there, reformatting seen through."""
    head = window.head or "HEAD"
    paths = gather_paths(git, window.repo, head)
    failure = placed(failure, logs, paths)
    code = gather_code(git, window.repo, head, places(failure, window), paths=paths)
    return failure, see_through(git, window.repo, head, failure, window=window, code=code)


def gather_paths(git: GitSource, repo: str, head: str) -> frozenset[str]:
    """Every path at head, empty where the host cannot list them."""
    try:
        return git.list_paths(repo, head)
    except (Unsupported, NotFound):
        return frozenset()


def gather_code(
    git: GitSource, repo: str, head: str, places: Sequence[Place], *, paths: frozenset[str] | None = None,
    max_files: int = MAX_FILES, max_blamed: int = MAX_BLAMED,
) -> CodeFacts:  # fmt: skip
    """Text of `places` at `head` (CODEOWNERS too), then of the modules they import; blame of the places with a line.

    `paths` are all paths at head if the caller has listed them already. Files over MAX_CHARS are left out.
    """
    paths = gather_paths(git, repo, head) if paths is None else paths
    files: dict[str, str] = {}
    owners = [Place(p, None, "says whom to ask") for p in OWNERS_FILES if p in paths]
    _read(git, repo, head, places=owners, files=files, paths=paths, limit=len(owners))
    _read(git, repo, head, places=places, files=files, paths=paths, limit=max_files)
    _read(git, repo, head, places=imported_places(files, paths), files=files, paths=paths, limit=max_files)
    wanted = [p.path for p in places if p.line is not None and p.path in files][:max_blamed]
    blame, available = _blame(git, repo, head, wanted)
    return CodeFacts(paths, files, blame, available)


def _read(
    git: GitSource, repo: str, head: str, *, places: Sequence[Place], files: dict[str, str], paths: frozenset[str],
    limit: int,
) -> None:  # fmt: skip
    known = (place.path for place in places if place.path not in files and (not paths or place.path in paths))
    wanted = list(dict.fromkeys(known))
    while wanted and len(files) < limit:
        asked, wanted = wanted[: limit - len(files)], wanted[limit - len(files) :]
        try:
            found = git.read_files(repo, asked, head)
        except (Unsupported, NotFound):
            return
        files |= {path: text for path, text in found.items() if text is not None and len(text) <= MAX_CHARS}


def _blame(git: GitSource, repo: str, head: str, paths: Sequence[str]) -> tuple[dict[str, tuple[BlameLine, ...]], bool]:
    found: dict[str, tuple[BlameLine, ...]] = {}
    for path in paths:
        try:
            found[path] = git.blame(repo, path, head)
        except Unsupported:
            return {}, False
        except NotFound:
            continue
    return found, True


def see_through(
    git: GitSource, repo: str, head: str, failure: Failure, *, window: Window, code: CodeFacts
) -> CodeFacts:
    """`code` with the blame of the lines of stacks that a commit of the window only reformatted asked for again.

    At most MAX_ROUNDS such commits lie over one line. Where git can pass over none, its first answer stays.
    """
    blame = dict(code.blame)
    passed: dict[tuple[str, int], tuple[str, ...]] = {}
    for _ in range(MAX_ROUNDS):
        hollow = hollow_lines(failure, window, blame)
        asked = [h for h in hollow if h.hash not in passed.get((h.path, h.line), ())]
        for line in asked:
            place = (line.path, line.line)
            passed[place] = (*passed.get(place, ()), line.hash)
            found = git.blame(repo, line.path, head, (line.line, line.line), ignore=passed[place])
            if found:
                blame[line.path] = (*blame[line.path][: line.line - 1], found[0], *blame[line.path][line.line :])
        if not asked:
            break
    return replace(code, blame=blame)
