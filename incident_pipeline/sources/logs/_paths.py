"""Globs and folders in, the log files they name out: oldest first, each once, none outside the root.

Rotated sets are put in order by what their names say: `app.log.2.gz`, `app.log.1`, `app.log`; with dates the earliest
first and the undated (the live one) last. Surprising fact: a symbolic link counts where it leads, not where it stands.
"""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from incident_pipeline.errors import BadInput

_PACKED = re.compile(r"\.(?:gz|gzip|zst|zstd|bz2|xz)$")
_NUMBER = re.compile(r"\.(\d{1,4})$")
_DATE = re.compile(r"[._-]?((?:19|20)\d\d[-_.]?\d\d[-_.]?\d\d(?:[-_T]?\d{2,6})*)(?:\.(\d{1,4})(?=\.|$))?")
_LIVE = "~"  # sorts after every date


def find_files(patterns: Sequence[str], base: Path, *, anchored: bool = False) -> tuple[list[Path], list[Path]]:
    """(files inside the root in reading order, files refused because they lie outside it).

    Relative patterns start at `base`, which they may not leave; absolute ones may not leave their own fixed folder, or
    `base` when `anchored`. BadInput for a pattern that leaves it by `..`. A folder stands for every file below it.
    """
    inside: dict[Path, None] = {}
    outside: dict[Path, None] = {}
    for pattern in patterns:
        whole = Path(os.path.normpath(base / Path(pattern).expanduser()))
        absolute = Path(pattern).expanduser().is_absolute()
        root = _fixed(whole) if absolute and not anchored else base
        if ".." in _after_wildcard(pattern) or not whole.is_relative_to(os.path.normpath(root)):
            raise BadInput(f"log path {pattern}: leaves {root}: give a path inside it, or set `root`")
        real_root = root.resolve()
        for path in _matches(whole):
            (inside if path.resolve().is_relative_to(real_root) else outside)[path] = None
    return sorted(inside, key=rotation_key), list(outside)


def rotation_key(path: Path) -> tuple[str, str, int, str]:
    """Sorts a rotated set from the oldest to the live file, and keeps different sets apart."""
    name = _PACKED.sub("", path.name)
    if date := _DATE.search(name):  # `.2` after a date is the second file of that day
        stem = name[: date.start()] + name[date.end() :]
        return str(path.parent / stem), re.sub(r"\D", "", date[1]), int(date[2] or 0), path.name
    if number := _NUMBER.search(name):  # `.2` without a date is the second newest
        return str(path.parent / name[: number.start()]), _LIVE, -int(number[1]), path.name
    return str(path.parent / name), _LIVE, 0, path.name


def _matches(pattern: Path) -> Iterator[Path]:
    for name in sorted(glob.glob(str(pattern), recursive=True)):  # noqa: PTH207 - pathlib takes no absolute ones
        path = Path(name)
        if path.is_dir():
            yield from _below(path)
        else:
            yield path


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _fixed(pattern: Path) -> Path:
    """The folder before the first wildcard; of a plain path itself when it is a folder, else the one it is in."""
    parts: Iterable[str] = pattern.parts
    fixed = Path(*_before_wildcard(parts))
    return fixed if fixed != pattern or pattern.is_dir() else pattern.parent


def _before_wildcard(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        if glob.has_magic(part):
            return
        yield part


def _after_wildcard(pattern: str) -> tuple[str, ...]:
    parts = Path(pattern).parts
    return parts[len(list(_before_wildcard(parts))) :]
