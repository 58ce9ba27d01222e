"""The tests of the sources in, the table of what they prove and by what out: `python -m tests.sources.proofs`.

A test says it with `@pytest.mark.proves(capability, by=...)`; its file's name says of which source. Tests that a class
inherits count for it, by its `proved_by` where no fake stands between (git itself).
"""

import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from incident_pipeline.sources import registry
from incident_pipeline.sources.base import CiLogSource

BY = {"description": "D", "recording": "R", "engine": "E", "fake": "F"}
GIT = (
    "commits in a window", "commits between two hashes", "files and patch of a commit", "branches", "tags",
    "file history", "default branch", "merge base", "files at a revision", "mirror clone",
)  # fmt: skip
CI = (
    "runs", "jobs and steps", "job logs", "running builds", "last green run", "run URL", "test reports", "annotations",
    "files on disk",
)  # fmt: skip
ENTRIES = ("entries in a window", "paging", "level filter", "field mapping", "roles and profiles", "formats")
ALL = ("credentials", "rate limits", "errors", "check")

Proofs = Mapping[tuple[str, str], set[str]]

_FOLDER = Path(__file__).parent


def proofs() -> Proofs:
    """(source, capability) -> by what it is proved."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind in ("git", "logs"):
        types = registry.git_types() if kind == "git" else registry.log_types()
        for file in sorted((_FOLDER / kind).glob("test_*.py")):
            source = max((t for t in types if file.stem.startswith(f"test_{t}")), key=len, default=None)
            if source is None:
                continue
            module = importlib.import_module(f"tests.sources.{kind}.{file.stem}")
            for capability, by in _marks(module):
                found[source, capability].add(by)
    return found


def _marks(module: ModuleType) -> Iterator[tuple[str, str]]:
    functions = [v for n, v in vars(module).items() if n.startswith("test") and inspect.isfunction(v)]
    for holder in (module, *functions):
        yield from _marks_of(holder)
    for kind in (v for n, v in vars(module).items() if n.startswith("Test") and inspect.isclass(v)):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            for capability, by in _marks_of(method) if name.startswith("test") else ():
                yield capability, getattr(kind, "proved_by", by)


def _marks_of(holder: object) -> Iterator[tuple[str, str]]:
    said = getattr(holder, "pytestmark", [])
    marks: list[pytest.Mark] = [getattr(m, "mark", m) for m in (said if isinstance(said, list) else [said])]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    yield from ((str(mark.args[0]), str(mark.kwargs["by"])) for mark in marks if mark.name == "proves")


def tables() -> str:
    """Three Markdown tables: git, CI systems, logs."""
    found = proofs()
    ci = [t for t in registry.log_types() if _is_ci(t)]
    entries = [t for t in registry.log_types() if t not in ci]
    return "\n".join(
        _table(title, types, (*capabilities, *ALL), found)
        for title, types, capabilities in (
            ("git", registry.git_types(), GIT), ("CI", ci, CI), ("logs", entries, ENTRIES),
        )
    )  # fmt: skip


def _table(title: str, types: Sequence[str], capabilities: tuple[str, ...], found: Proofs) -> str:
    lines = [f"| {title} | {' | '.join(types)} |", f"|---|{'---|' * len(types)}"]
    for capability in capabilities:
        cells = [" ".join(BY[by] for by in BY if by in found.get((t, capability), ())) or "-" for t in types]
        lines.append(f"| {capability} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def unknown() -> set[str]:
    """Capabilities and proofs that tests name and no table has."""
    known = {*GIT, *CI, *ENTRIES, *ALL}
    return {c for _, c in proofs() if c not in known} | {b for by in proofs().values() for b in by if b not in BY}


def _is_ci(name: str) -> bool:
    """Whether a type's source is a CI system, by its class."""
    module = importlib.import_module(f"incident_pipeline.sources.logs.{name}")
    classes = [v for v in vars(module).values() if inspect.isclass(v)]
    return any(issubclass(c, CiLogSource) and c is not CiLogSource for c in classes)


if __name__ == "__main__":
    print(tables())  # noqa: T201
