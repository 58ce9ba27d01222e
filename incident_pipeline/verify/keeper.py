"""Runs one shell command as its keeper: holds its limits, ends everything it started, says how it ended.

A program of its own, started by path with `python -I -S` (standard library only). In: one line of JSON on stdin, which
then stays open; when it closes, whoever started us is gone, and everything is ended. Out: one line of JSON on stdout.
The command's output goes to our stderr.

Surprising fact: killing a process group is not enough, a daemon has left it. So the keeper makes itself the reaper of
all that descends from it (Linux), and whatever it can still see of them is ended, however often it forked.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

GRACE_SECONDS = 2.0
POLL_SECONDS = 0.05
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    """Keep one command."""
    spec = json.loads(sys.stdin.buffer.readline())
    adopt(orphans=True)
    started = time.monotonic()
    try:
        child = subprocess.Popen(
            ["/bin/sh", "-c", spec["command"]], cwd=spec["cwd"], env=spec["env"], stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(), stderr=sys.stderr.fileno(), start_new_session=True,
            preexec_fn=lambda: _limit(spec),  # noqa: PLW1509 - this program has one thread
        )  # fmt: skip
    except OSError as error:
        return _answer(ended="broken", code=None, started=started, what=error.strerror or "cannot be started")
    ended, what = _watch(child, spec, started=started)
    seconds = time.monotonic() - started
    _end_all(child)
    return _answer(ended=ended, code=child.returncode, started=time.monotonic() - seconds, what=what)


def _answer(*, ended: str, code: int | None, started: float, what: str) -> int:
    seconds = time.monotonic() - started
    print(json.dumps({"ended": ended, "code": code, "seconds": seconds, "what": what}), flush=True)  # noqa: T201 - the answer
    return 0


def _limit(spec: dict[str, Any]) -> None:
    """In the child, before the shell: the kernel's own backstops. They are set wide: what they refuse the command could
    take for a failure of its own. The limits that count are watched from outside and end it openly.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    cpu = int(spec["timeout"] * (os.cpu_count() or 1)) + 60
    for what, most in (
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, spec["file_bytes"]), (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_NPROC, _threads_of_user() + 4 * spec["processes"]),
    ):  # fmt: skip
        with contextlib.suppress(OSError, ValueError):
            hard = resource.getrlimit(what)[1]
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (allowed, allowed))
    with contextlib.suppress(OSError):  # when memory runs out, let the kernel choose the command and not a bystander
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def _watch(child: "subprocess.Popen[bytes]", spec: dict[str, Any], *, started: float) -> tuple[str, str]:
    """Wait for the end: its own (`exited`), the caller's (`stopped`), or that of a limit."""
    ends = started + spec["timeout"]
    awaited = [sys.stdin.fileno(), *_pidfd(child.pid)]
    while child.poll() is None:
        left = ends - time.monotonic()
        if left <= 0:
            return "timeout", f"took longer than {spec['timeout']:g} s"
        ready, _, _ = select.select(awaited, [], [], min(POLL_SECONDS, left))
        if sys.stdin.fileno() in ready:
            return "stopped", "the caller is gone"
        _reap(child)
        running = descendants()
        if len(running) > spec["processes"]:
            return "limit", f"ran more than {spec['processes']} processes"
        if sum(map(_own_bytes, running)) > spec["memory_bytes"]:
            return "limit", f"took more than {spec['memory_bytes'] >> 20} MiB of memory"
    return "exited", ""


def _reap(child: "subprocess.Popen[bytes]") -> None:
    """Let go of orphans that have ended; the child itself is left to `poll`."""
    for pid in children(os.getpid()):
        if pid != child.pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def adopt(*, orphans: bool) -> None:
    """Whether what a dead descendant leaves behind becomes a child of this process (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, int(orphans))


def descendants(root: int | None = None) -> list[int]:
    """All that lives below a process (this one), the direct children first."""
    found: list[int] = []
    queue = [root or os.getpid()]
    while queue:
        below = children(queue.pop())
        found += below
        queue += below
    return found


def children(pid: int) -> list[int]:
    """The direct children of all threads of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _own_bytes(pid: int) -> int:
    """Resident memory without what it shares with files: the number that grows when a program takes memory."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        _, resident, shared = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[:3]
        return (int(resident) - int(shared)) * _PAGE
    return 0


def _end_all(child: "subprocess.Popen[bytes]") -> None:
    """Ask, wait, then kill until nothing is left: the ones that fork meanwhile too."""
    deadline = time.monotonic() + GRACE_SECONDS
    _signal_all(child, signal.SIGTERM)
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    deadline = time.monotonic() + GRACE_SECONDS
    while _alive(child) and time.monotonic() < deadline:
        _signal_all(child, signal.SIGKILL)
        time.sleep(0.005)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_SECONDS)


def _signal_all(child: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    # The group first: where /proc does not say who descends from whom, it is all that can be reached.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
    for pid in descendants():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _alive(child: "subprocess.Popen[bytes]") -> bool:
    child.poll()
    _reap(child)
    return not all(map(_is_zombie, descendants()))


def _is_zombie(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state in {"Z", "X"}


def _threads_of_user() -> int:
    """How many threads this user runs: what the kernel counts against RLIMIT_NPROC."""
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.getuid():
                count += sum(1 for _ in (folder / "task").iterdir())
    return count


def _pidfd(pid: int) -> list[int]:
    """A descriptor that becomes readable when the process ends; none where the system has no such thing."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return [os.pidfd_open(pid)]
    return []


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
