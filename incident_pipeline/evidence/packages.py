"""Install output in, package -> version out, for the usual installers; and which packages differ between two logs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from incident_pipeline.evidence.inputs import LogText

_PIP = re.compile(r"Successfully installed (.+)")
_PIP_ITEM = re.compile(r"^(.+)-(\d[^-\s]*)$")
_ONE = re.compile(
    r"(?:^\s*\+ |Requirement already satisfied: |- Installing |^(?:Installing|Using|Fetching|Fetched) |Setting up "
    r"|^\s*(?:Compiling|Downloaded|Locking) |go: downloading |added )"
    r"([\w@./-]+?)(?:\[[\w,-]+\])?(?:==|@| \(|:\w+ \(| )v?(\d[\w.+~-]*)"
)
_SATISFIED = re.compile(r"Requirement already satisfied: ([\w.-]+).*\((\d[\w.+-]*)\)\s*$")
_NAME = re.compile(r"@?[A-Za-z][\w.+/-]*")
_HINT = (
    r"Successfully installed |Requirement already satisfied|^\s*\+ \S+(?:==|@)\d|- Installing "
    r"|^(?:Installing|Using|Fetching) \S+ \d|Setting up |Compiling \S+ v\d|go: downloading "
)


@dataclass(frozen=True, slots=True)
class Moved:
    """A package whose version differs: `green` or `red` None where it was not installed; `line` is of the red log."""

    name: str
    green: str | None
    red: str | None
    label: str
    line: int
    text: str

    @property
    def say(self) -> str:
        """`pytest 8.4.2 -> 4.6.11`, `mock 5.1 -> not installed`."""
        return f"{self.name} {self.green or 'not installed'} -> {self.red or 'not installed'}"


@lru_cache(maxsize=1 << 16)
def canonical(name: str) -> str:
    """Names compare without case and with `-`, `_` and `.` equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named_packages(text: str) -> set[str]:
    """Canonical names that a line of a manifest may name: whole paths (`example.org/cache`, `@acme/ui`) and words."""
    found = _NAME.findall(text[:2000])
    return {canonical(w.strip("./-")) for w in (*found, *(part for w in found for part in w.split("/")))}


def installed(log: LogText) -> dict[str, tuple[str, int, str]]:
    """Canonical package name -> (version, line, text of that line) as one log's install output says."""
    rows = log.frame.filter(pl.col("text").str.contains(_HINT)).select("line", "text").iter_rows()
    found: dict[str, tuple[str, int, str]] = {}
    for line, text in rows:
        if match := _PIP.search(text):
            for item in match[1].split():
                if part := _PIP_ITEM.match(item):
                    found[canonical(part[1])] = (part[2], line, text)
        elif match := _SATISFIED.search(text) or _ONE.search(text):
            found[canonical(match[1])] = (match[2], line, text)
    return found


def moved(logs: Sequence[LogText], greens: Sequence[LogText]) -> tuple[Moved, ...]:
    """Packages that differ between the first failed log and the first green one, when both list installs."""
    if not logs or not greens:
        return ()
    red, green = installed(logs[0]), installed(greens[0])
    if not red or not green:
        return ()
    last_line, last_text = max((v[1], v[2]) for v in red.values())
    found: list[Moved] = []
    for name in sorted({*red, *green}):
        old, new = green.get(name), red.get(name)
        if (old and old[0]) != (new and new[0]):
            line, text = (new[1], new[2]) if new else (last_line, last_text)
            found.append(Moved(name, old and old[0], new and new[0], logs[0].label, line, text))
    return tuple(found)
