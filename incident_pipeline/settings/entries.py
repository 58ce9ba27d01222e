"""A sources document in, `SourceEntry` values out. Which types and keys exist is the registry's to say, not known here.

Surprising fact: a broken entry does not raise. It keeps its problems, so that one of ten does not take the others down;
whoever opens it (or checks the whole file) is told.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from incident_pipeline.settings.document import Document
from incident_pipeline.settings.problems import Problem, unknown
from incident_pipeline.settings.variables import Value, fill

Kind = Literal["git", "logs"]
SECTIONS: Mapping[str, Kind] = {"git_sources": "git", "log_sources": "logs"}
_KEYS = ("type", "enabled", "name", "config")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # it becomes a folder and part of an asset key
_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One configured source. `config` has its variables filled in, secrets among them, and is left out of the repr.

    `lines` maps a dotted key of the entry (`config.owner`) to its 1-based line in `path`; "" is the entry itself.
    """

    kind: Kind
    type: str
    name: str
    enabled: bool
    config: Mapping[str, Any] = field(repr=False)
    path: Path | None
    lines: Mapping[str, int] = field(repr=False)
    problems: tuple[Problem, ...] = field(default=(), repr=False)
    label: str = ""

    def problem(self, key: str, text: str, *, at: str | None = None) -> Problem:
        """A problem of `key` (line: that of `at`): `config/sources.yaml:7: git_sources[0].config.token: ...`."""
        at = key if at is None else at
        while at and at not in self.lines:
            at = at.rpartition(".")[0]
        where = ".".join(p for p in (self.label or self.name, key) if p)
        return Problem(self.path, self.lines.get(at, 0), f"{where}: {text}")


def canonical_type(kind: str, name: str) -> str:
    """The registry's spelling of a type: `-` equals `_`, case is ignored, `local` logs are `files`."""
    word = name.strip().lower().replace("-", "_")
    return "files" if kind == "logs" and word == "local" else word


def read_entries(document: Document, env: Mapping[str, str]) -> tuple[tuple[SourceEntry, ...], tuple[Problem, ...]]:
    """All entries of both sections in the order of the file, and what is wrong outside them."""
    problems = list(document.problems)
    problems += [
        Problem(document.path, document.line(key), unknown("key", key, SECTIONS))
        for key in document.data
        if key not in SECTIONS
    ]
    entries: list[SourceEntry] = []
    for section, kind in SECTIONS.items():
        items = document.data.get(section)
        if items is not None and not isinstance(items, list):
            problems.append(Problem(document.path, document.line(section), f"{section}: expected a list (- type: ...)"))
            continue
        entries += _named(_entry(document, env, kind, (section, i, item)) for i, item in enumerate(items or []))
    return tuple(entries), tuple(problems)


def _entry(document: Document, env: Mapping[str, str], kind: Kind, place: tuple[str, int, Value]) -> SourceEntry:
    section, index, item = place
    prefix, label = f"{section}.{index}", f"{section}[{index}]"
    lines = {"": document.line(prefix)}
    lines |= {k[len(prefix) + 1 :]: n for k, n in document.lines.items() if k.startswith(prefix + ".")}
    bare = SourceEntry(kind, "", label, True, {}, document.path, lines, label=label)
    if not isinstance(item, dict):
        return replace(bare, problems=(bare.problem("", "expected keys: type, enabled, name, config"),))
    found: list[Problem] = []
    filled = {key: fill(value, env, key=key) for key, value in item.items()}
    values = {key: value for key, (value, _) in filled.items()}
    missing = [bare.problem(at, text) for _, wrong in filled.values() for at, text in wrong]
    found += [bare.problem("", unknown("key", key, _KEYS), at=key) for key in values if key not in _KEYS]
    enabled = _enabled(values.get("enabled", True))
    if enabled is None:
        found.append(bare.problem("enabled", "expected true or false"))
        enabled = True
    type_name = canonical_type(kind, _text(values, "type", bare, found))
    if values.get("type") is None:
        found.append(bare.problem("", "type is missing, such as type: " + ("github" if kind == "git" else "files")))
    config = values.get("config") or {}
    if not isinstance(config, dict):
        found.append(bare.problem("config", "expected keys and values"))
        config = {}
    name = _text(values, "name", bare, found)
    if name and not _NAME.fullmatch(name):
        found.append(bare.problem("name", "use letters, digits, hyphen, underscore and dot"))
        name = ""
    name = name or (type_name if _NAME.fullmatch(type_name) else label)
    problems = tuple(found + missing if enabled else found)
    return replace(bare, type=type_name, name=name, enabled=enabled, config=config, problems=problems)


def _text(values: Mapping[str, Value], key: str, entry: SourceEntry, found: list[Problem]) -> str:
    value = values.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        found.append(entry.problem(key, "expected a word in quotes"))
        return ""
    return value.strip() if isinstance(value, str) else ""


def _enabled(value: object) -> bool | None:
    return value if isinstance(value, bool) else _BOOLEANS.get(str(value).strip().lower())


def _named(entries: Iterator[SourceEntry]) -> Iterator[SourceEntry]:
    """Entries with unique names: a second nameless `github` is `github-2`; a name given twice is a problem."""
    taken: set[str] = set()
    for entry in entries:
        name, problems = entry.name, ()
        if name in taken and "name" in entry.lines:
            problems = (entry.problem("name", f"{name[:80]!r} is taken: each source of a section has its own"),)
        count = 1
        while name in taken:
            count += 1
            name = f"{entry.name}-{count}"
        taken.add(name)
        yield replace(entry, name=name, problems=entry.problems + problems)
