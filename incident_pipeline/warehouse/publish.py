"""Copies of the warehouse that readers open: `published/warehouse-<n>.duckdb`, the newest named by `published/current`.

A copy is made under the write lock from the closed, checkpointed file, so it is always a whole state. It is immutable
once named. Surprising fact: removing a copy does not disturb a reader that has it open; only the moment between
reading the name and opening the file is open to a race, and the reader tries again.
"""

import os
import shutil
from pathlib import Path

_KEEP = 2


def publish(live: Path, folder: Path) -> Path:
    """Copy the closed file `live` and make it the current one; older copies but one are removed. OSError when full."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = sorted(_number(path) for path in folder.glob("warehouse-*.duckdb"))
    number = (numbers[-1] if numbers else 0) + 1
    target = folder / f"warehouse-{number}.duckdb"
    copy, pointer = folder / "copy.tmp", folder / "current.tmp"
    try:
        shutil.copyfile(live, copy)
        copy.replace(target)
        pointer.write_text(target.name, encoding="ascii")
        pointer.replace(folder / "current")
    finally:
        copy.unlink(missing_ok=True)
        pointer.unlink(missing_ok=True)
    for old in numbers[: 1 - _KEEP]:
        (folder / f"warehouse-{old}.duckdb").unlink(missing_ok=True)
    return target


def current(folder: Path) -> Path | None:
    """The newest copy, None when nothing was published yet. It may vanish at once: open it, or ask again."""
    try:
        return folder / (folder / "current").read_text(encoding="ascii")
    except (FileNotFoundError, NotADirectoryError):
        return None


def sync(path: Path) -> None:
    """Force a file (or the names in a folder) to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _number(path: Path) -> int:
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0
