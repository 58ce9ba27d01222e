"""One writer at a time, across processes and threads: `flock` on a file beside the warehouse, never on the warehouse.

The file holds the pid of the writer while it writes. Surprising fact: a pid in a file that nobody locks means that a
writer died (or failed) before it published, so whoever finds it has to publish what was committed.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Generator
from pathlib import Path

from incident_pipeline.errors import Busy

_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.05


@contextlib.contextmanager
def exclusive(path: Path, *, wait_seconds: float) -> Generator[bool]:
    """Hold the lock; yields True when the writer before left something unpublished. Busy after `wait_seconds`.

    Left by an exception, the mark stays, so that the next one publishes.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(handle, path, wait_seconds=wait_seconds)
        marked = bool(os.pread(handle, 1, 0))
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield marked
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)  # closing gives the flock back


def is_marked(path: Path) -> bool:
    """A writer is at work, or one died. Never waits."""
    try:
        return path.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False


def _acquire(handle: int, path: Path, *, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    pause = _FIRST_PAUSE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                pid = os.pread(handle, 20, 0).decode("ascii", "replace")
                holder = f"process {pid}" if pid else "another process"
                raise Busy(
                    f"warehouse {path.parent}: {holder} is writing, waited {wait_seconds:g} s: try again"
                ) from None
            time.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            return
