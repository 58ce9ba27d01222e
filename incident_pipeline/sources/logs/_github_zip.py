"""The zip of all logs of a run's attempt in, one job's log out at a time. Nothing that it says of itself is believed.

    0_build (3.12).txt           a job's log; older zips number from 1, those of a former service below 0
    build (3.12)/1_Set up.txt    its steps, parts of the same; in newer zips often only `system.txt`, about its runner

Surprising fact: which file is which job's is told by its name alone, which GitHub cleans of what no file may be called,
cuts at 90 UTF-16 units and numbers where it is there already (` (1)`). A name that may be two jobs' is nobody's here:
those logs, and those that the zip leaves out, have to be asked for one by one.
https://github.com/cli/cli/issues/5011 (names), https://github.com/cli/cli/pull/11172 (what is left out).
"""

import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from incident_pipeline.errors import BadInput
from incident_pipeline.model.incident import Job
from incident_pipeline.sources.logs._bytes import MAX_SWELLING, MAX_SWOLLEN
from incident_pipeline.sources.logs._report_zip import check_contents

NAME_UNITS = 90
SLACK = timedelta(minutes=5)
_CHUNK = 1 << 20
_TAIL = 64 << 10
_NO_NAME = re.compile(r'["<>|:*?\\/\x00-\x1f]')
_LOG = re.compile(r"(-?)\d+_(.*)\.txt", re.DOTALL)
_STEP = re.compile(r"([^/]*)/(?:(\d+)_[^/]*|system)\.txt", re.DOTALL)
_AGAIN = re.compile(r"(.*) \(\d+\)", re.DOTALL)
_TIME = re.compile(rb"^(?:\xef\xbb\xbf)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A job's log was written; `cut` says why not all of it."""

    size: int
    cut: str = ""


class RunLogs:
    """An open zip; `names` are those of all jobs of the attempt. BadInput when it is none or is broken."""

    def __init__(self, file: IO[bytes], names: Iterable[str]) -> None:
        check_contents(file)
        with _damage_told():
            self._archive = zipfile.ZipFile(file)
        infos, jobs = self._archive.infolist(), Counter(map(clean, names))
        self._logs, self._steps = _logs(infos, jobs), _steps(infos, jobs)
        self._left = max(MAX_SWOLLEN, MAX_SWELLING * file.seek(0, 2))

    def unpack(self, job: Job, out: IO[bytes], *, max_bytes: int) -> Unpacked | None:
        """Write the job's log to `out`; None when the zip has none that is surely its own. BadInput when broken."""
        return self._write(job, self._logs.get(clean(job.name), ()), out, max_bytes=max_bytes)

    def unpack_steps(self, job: Job, out: IO[bytes], *, max_bytes: int) -> Unpacked | None:
        """The same of its steps one after another, `system.txt` first: what there is of a job that never began."""
        return self._write(job, self._steps.get(clean(job.name), ()), out, max_bytes=max_bytes)

    def _write(
        self, job: Job, members: Sequence[zipfile.ZipInfo], out: IO[bytes], *, max_bytes: int
    ) -> Unpacked | None:
        limit, size = min(max_bytes, self._left), 0
        for member in members:
            with _damage_told(), self._archive.open(member) as packed:
                while size <= limit and (chunk := packed.read(min(_CHUNK, limit + 1 - size))):
                    out.write(chunk[: limit - size])
                    size += len(chunk)
        self._left -= min(size, limit)
        out.flush()
        if not members or not _is_of(job, out):
            return None
        swollen = size > limit and limit < max_bytes
        bound = f"the zip swells over {MAX_SWELLING}-fold: " if swollen else ""
        return Unpacked(min(size, limit), f"{bound}cut after {limit:,} bytes" if size > limit else "")


def clean(name: str) -> str:
    """A job's name as the zip knows it."""
    units = _NO_NAME.sub("", name).encode("utf-16-le", "surrogatepass")[: 2 * NAME_UNITS]
    return units.decode("utf-16-le", "replace").strip()


def _logs(infos: Iterable[zipfile.ZipInfo], jobs: Counter[str]) -> dict[str, tuple[zipfile.ZipInfo, ...]]:
    """The one file of each job whose name is its alone."""
    found: dict[str, list[tuple[bool, zipfile.ZipInfo]]] = {}
    numbered: set[str] = set()
    for info in infos:
        match = _LOG.fullmatch(info.filename)
        if match is None or "/" in info.filename:
            continue
        name = clean(match[2])
        found.setdefault(name, []).append((match[1] == "-", info))
        if name not in jobs and (again := _AGAIN.fullmatch(name)):
            numbered.add(again[1])
    sure: dict[str, tuple[zipfile.ZipInfo, ...]] = {}
    for name, files in found.items():
        newest = tuple(info for former, info in files if not former) or tuple(info for _, info in files)
        if len(newest) == 1 and jobs[name] == 1 and name not in numbered:
            sure[name] = newest
    return sure


def _steps(infos: Iterable[zipfile.ZipInfo], jobs: Counter[str]) -> dict[str, tuple[zipfile.ZipInfo, ...]]:
    found: dict[str, list[tuple[int, zipfile.ZipInfo]]] = {}
    for info in infos:
        match = _STEP.fullmatch(info.filename)
        if match and jobs[clean(match[1])] == 1:
            found.setdefault(clean(match[1]), []).append((int(match[2] or 0), info))
    return {name: tuple(info for _, info in sorted(steps, key=lambda s: s[0])) for name, steps in found.items()}


def _is_of(job: Job, log: IO[bytes]) -> bool:
    """Whether a line's time lies in the job's: a zip of another attempt has files of the same names."""
    log.seek(0)
    head = log.read(_TAIL)
    log.seek(max(0, log.seek(0, 2) - _TAIL))
    times = [datetime.fromisoformat(found.decode() + "+00:00") for found in _times(head + b"\n" + log.read())]
    if not times or job.started_at is None or job.completed_at is None:
        return True
    return min(times) <= job.completed_at + SLACK and max(times) >= job.started_at - SLACK


def _times(text: bytes) -> Iterator[bytes]:
    for match in _TIME.finditer(text):
        try:
            datetime.fromisoformat(match[1].decode())
        except ValueError:
            continue
        yield match[1]


@contextmanager
def _damage_told() -> Generator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise BadInput(f"the zip of its run is damaged ({error})") from None
