"""A failure and the paths at head in, the files it points at out: which file a printed path is, which files to fetch.

Surprising fact: the same file is printed as an absolute path of the runner, from a package folder, or as installed;
what they all share is the longest tail of folders.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from incident_pipeline.evidence.roles import role
from incident_pipeline.model.evidence import Failure, Frame, Place
from incident_pipeline.model.incident import Window

MAX_PLACES = 40
_TOOLCHAIN = re.compile(
    r"(?:^|/)(?:node_modules|\.cargo|\.rustup|go/pkg/mod|\.m2|\.gradle|lib/python\d[\d.]*|hostedtoolcache|usr/(?:lib|include|share)"
    r"|vendor/bundle|gems|rustc/[0-9a-f]{7,40}|usr/local/go|\.pub-cache|\.nuget/packages|_deps)/|^<|^node:"
)
_INSTALLED = re.compile(r"(?:^|/)(?:site|dist)-packages/(.+)$")
# Built copies: what lies below these folders was made of a file below `src/`, `lib/` or the package itself.
_BUILT = re.compile(
    r"^(?P<before>(?:.*/)?)(?:build/lib(?:\.[\w.-]+)?|bazel-out/[^/]+/bin|_build/\w+/lib/\w+|dist|lib|build|out|esm?|cjs)/"
    r"(?P<rest>.+)$"
)
_MADE_OF = {"js": ("ts", "tsx", "js", "jsx"), "mjs": ("mts", "mjs"), "cjs": ("cts", "cjs")}
_JAVA = re.compile(r"^([\w$.]+)\.[\w$<>]+$")
_PATH = re.compile(r"[\w@.+-]*(?:[/\\][\w@.+-]+)*\.[A-Za-z]\w{0,4}\b")


class PathIndex:
    """Paths at head by their last part."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.by_name: dict[str, list[tuple[str, ...]]] = {}
        for path in sorted(paths):
            parts = tuple(path.split("/"))
            self.by_name.setdefault(parts[-1], []).append(parts)

    def find(self, printed: str, function: str | None = None) -> str | None:
        """The file at head that `printed` means; None when it is another's file or two fit equally well."""
        path = printed.replace("\\", "/").removeprefix("file://").removeprefix("./")
        installed = _INSTALLED.search(path)
        if installed:
            path = installed[1]
        elif _TOOLCHAIN.search(path):
            return None
        parts = tuple(p for p in path.split("/") if p not in {"", "."})
        if (
            len(parts) == 1
            and function
            and (java := _JAVA.match(function))
            and parts[0].endswith((".java", ".kt", ".scala"))
        ):
            parts = (*java[1].split("$")[0].split(".")[:-1], parts[0])
        if not parts:
            return None
        return self._longest_tail(parts, whole=not installed) or (None if installed else self._source_of(path))

    def _source_of(self, path: str) -> str | None:
        """The file that a built copy was made of: `web/dist/app.js` of `web/src/app.ts`."""
        built = _BUILT.match(path)
        if built is None:
            return None
        stem, _, ending = built["rest"].rpartition(".")
        for folder in ("src/", "", "lib/"):
            for source in _MADE_OF.get(ending, (ending,)):
                parts = tuple(p for p in f"{built['before']}{folder}{stem}.{source}".split("/") if p not in {"", "."})
                found = self._longest_tail(parts, whole=True)
                if found:
                    return found
        return None

    def _longest_tail(self, parts: tuple[str, ...], *, whole: bool) -> str | None:
        best: list[tuple[int, bool, tuple[str, ...]]] = []
        for candidate in self.by_name.get(parts[-1], ()):
            shared = _shared_tail(parts, candidate)
            complete = shared == len(candidate) or shared == len(parts)
            if complete if whole else shared >= 2:
                best.append((shared, shared == len(candidate), candidate))
        best.sort(key=lambda b: (-b[0], not b[1], len(b[2])))
        if not best or (len(best) > 1 and best[0][:2] == best[1][:2] and not best[0][1]):
            return None
        return "/".join(best[0][2])


def _shared_tail(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    count = 0
    for a, b in zip(reversed(first), reversed(second), strict=False):
        if a != b:
            break
        count += 1
    return count


@lru_cache(maxsize=4)
def path_index(paths: frozenset[str]) -> PathIndex:
    """The index of these paths; kept, since `locate`, `places` and `judge` ask for the same."""
    return PathIndex(paths)


def locate(failure: Failure, paths: frozenset[str]) -> Failure:
    """The same failure with `Frame.repo_path` filled where the printed path is a file of `paths` (those at head)."""
    index = path_index(paths)
    known: dict[tuple[str, str | None], str | None] = {}

    def find(frame: Frame) -> str | None:
        key = (frame.path, frame.function if frame.language in {"java", "kotlin", "scala"} else None)
        if key not in known:
            known[key] = index.find(*key)
        return known[key]

    return replace(failure, frames=tuple(replace(f, repo_path=find(f)) for f in failure.frames))


def test_path(test: str) -> str | None:
    """The path a test id begins with, as printed: `tests/test_a.py::test_b[1]` -> `tests/test_a.py`."""
    match = _PATH.match(test.partition("::")[0])
    return match.group().replace("\\", "/") if match and match.end() > 2 else None


test_path.__test__ = False  # pyright: ignore[reportFunctionMemberAccess] - its name would make pytest collect it


def places(failure: Failure, window: Window, *, limit: int = MAX_PLACES) -> tuple[Place, ...]:
    """At most `limit` files whose text `judge` wants, most telling first; those with a line are wanted with blame too.

    Frames come first, then tests, then code that commits of the window changed (nearest in name to the failure first):
    a file that no commit of the window touched can only be a way station.
    """
    found: dict[str, Place] = {}
    for frame in sorted(failure.frames, key=lambda f: f.depth):
        if frame.repo_path:
            found.setdefault(frame.repo_path, Place(frame.repo_path, frame.source_line, "named in a stack frame"))
    for test in failure.tests:
        path = test_path(test)
        if path:
            found.setdefault(path, Place(path, None, "holds a failing test"))
    stems = Counter(_stem(p) for p in found)
    touched = _touched(window)
    order = sorted(touched, key=lambda p: (-_nearness(p, stems, failure), -touched[p], p))
    for path in order:
        found.setdefault(path, Place(path, None, "changed in the window"))
    return tuple(found.values())[:limit]


def _touched(window: Window) -> Counter[str]:
    """Code, manifests and settings of the window -> number of commits; deleted files are not at head."""
    touched: Counter[str] = Counter()
    gone: set[str] = set()
    for commit in reversed(window.commits):
        for change in commit.files or ():
            if change.status == "deleted":
                gone.add(change.path)
            else:
                gone.discard(change.path)
                gone |= {change.old_path} if change.status == "renamed" and change.old_path else set()
                if not change.binary and role(change.path) in {"source", "test", "manifest", "config"}:
                    touched[change.path] += 1
    for path in gone:
        touched.pop(path, None)
    return touched


def _stem(path: str) -> str:
    name = path.rpartition("/")[2].partition(".")[0].lower()
    return re.sub(r"^tests?_|_tests?$|_?spec$|tests?$", "", name) or name


def _nearness(path: str, stems: Mapping[str, int], failure: Failure) -> int:
    kind = role(path)
    stem = _stem(path)
    near = 4 if stem in stems else 2 if any(stem in t.lower() for t in failure.tests[:20]) else 0
    return near + {"source": 3, "test": 1}.get(kind, 2 if kind == "manifest" and failure.packages else 0)
