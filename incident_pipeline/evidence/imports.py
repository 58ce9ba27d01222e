"""Files at head in, the files of the repository that they import out. Names are matched with paths, nothing is run."""

import re
from collections.abc import Iterator, Mapping

from incident_pipeline.evidence.roles import role
from incident_pipeline.model.evidence import Place

_STATEMENT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<of>[.\w]+)[ \t]+import[ \t]+(?P<names>[^#\n]+)"
    r"|import[ \t]+(?P<plain>[\w.]+(?:[ \t]*,[ \t]*[\w.]+)*)"
    r"|[^\n]{0,200}?(?:from|require\(|import\()[ \t]*['\"](?P<js>[^'\"\n]+)['\"])",
    re.MULTILINE,
)
_BOUND = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<of>[.\w]+)[ \t]+import[ \t]+(?:\((?P<many>[^)]{0,2000})\)|(?P<names>[^#\n(]+))"
    r"|import[ \t]+(?P<plain>[\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*)"
    r"[ \t]*(?:#.*)?$)",
    re.MULTILINE,
)
_SUFFIXES = (
    ".py",
    "/__init__.py",
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    "/index.ts",
    "/index.js",
    ".java",
    ".kt",
    ".rb",
)
_ROOTS = ("", "src/", "lib/", "python/", "src/main/java/", "src/main/kotlin/")


def imported_places(files: Mapping[str, str], paths: frozenset[str]) -> tuple[Place, ...]:
    """Files that the test files among `files` import, then those that the others import; each once, not yet fetched."""
    order = sorted(files, key=lambda p: (role(p) != "test", p))
    found: dict[str, Place] = {}
    for path in order:
        if role(path) in {"test", "source"}:
            for target in _targets(path, files[path], paths):
                if target not in files:
                    found.setdefault(target, Place(target, None, f"imported by {path}"))
    return tuple(found.values())


def bound_by_imports(text: str) -> dict[str, str]:
    """Name -> the dotted module that a Python text imports it from, or that it is."""
    found: dict[str, str] = {}
    for match in _BOUND.finditer(text[:100_000]):
        for part in (match["many"] or match["names"] or match["plain"] or "").split(","):
            name, _, alias = (word.strip() for word in part.partition("#")[0].partition(" as "))
            bound = alias or (name if match["of"] else name.partition(".")[0])
            if bound:
                found[bound] = match["of"] or name
    return found


def _targets(path: str, text: str, paths: frozenset[str]) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    for match in _STATEMENT.finditer(text[:100_000]):
        for name in _names(match):
            for candidate in _candidates(name, folder):
                if candidate in paths:
                    yield candidate
                    break


def _names(match: re.Match[str]) -> Iterator[str]:
    if match["js"]:
        yield match["js"]
    elif match["of"]:
        base = match["of"]
        joint = "" if base.endswith(".") else "."
        for part in re.findall(r"\w+", match["names"])[:20]:
            yield f"{base}{joint}{part}"
        yield base
    else:
        yield from re.split(r"\s*,\s*", match["plain"])


def _candidates(name: str, folder: str) -> Iterator[str]:
    if name.startswith(("./", "../")):
        parts = folder.split("/") if folder else []
        for step in name.split("/"):
            if step == "..":
                parts = parts[:-1]
            elif step != ".":
                parts = [*parts, step]
        yield from ("/".join(parts) + suffix for suffix in ("", *_SUFFIXES))
        return
    dots = len(name) - len(name.lstrip("."))
    stem = name.lstrip(".").replace(".", "/")
    if dots:
        parents = folder.split("/")[: max(0, len(folder.split("/")) - dots + 1)] if folder else []
        yield from ("/".join([*parents, stem]).strip("/") + suffix for suffix in _SUFFIXES)
        return
    for root in (*_ROOTS, f"{folder}/" if folder else ""):
        yield from (f"{root}{stem}{suffix}" for suffix in _SUFFIXES)
