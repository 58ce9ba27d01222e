"""A command and a tree in, how it ended out: one run, within limits, and nothing of it left behind.

The command is what the user typed, so it goes to `/bin/sh -c` as it is; nothing else ever goes through a shell. It runs
below a keeper (keeper.py), which lives and dies with this process. The command can kill or stop its keeper: then this
process ends what is left of both, and says so. It is no wall: the command runs as the same user.

Memory is watched, not capped: RLIMIT_AS refuses what a program merely reserves (Java, Go and Node reserve gigabytes),
and a refused allocation looks like a failing test. So the resident memory of all its processes is added up some 20
times a second and the run is ended openly when it is too much; a fast one gets some 100 MB past its limit first.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from incident_pipeline.errors import IncidentError
from incident_pipeline.model.proof import Outcome
from incident_pipeline.verify import keeper
from incident_pipeline.verify.environment import command_environment

TAIL_BYTES = 1 << 16
CANNOT_JUDGE = 125  # exit code, as `git bisect run` has it
_NOT_STARTED = frozenset({126, 127})  # the shell's codes for what cannot be run, and what was not found
_PATIENCE_SECONDS, _LATE_SECONDS = 10.0, 20.0
_ANSWER_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one run: wall seconds, MiB of memory and number of processes over all of them, MiB of one file."""

    seconds: float = 600.0
    memory_mib: int = 4096
    processes: int = 1024
    file_mib: int = 4096


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: what it means, its exit code (minus a signal's number), wall seconds, its last lines, and why
    it was ended when that was not its own doing. The lines are as they were printed: not redacted, controls and all,
    and whole, since of a secret that is cut the rest is not known for one.
    """

    outcome: Outcome
    exit_code: int | None
    seconds: float
    tail: tuple[str, ...] = ()
    what: str = ""


def run_command(
    command: str, tree: Path, *, temporary: Path, limits: Limits, env: Mapping[str, str], keep: Iterable[str] = ()
) -> Ended:  # fmt: skip
    """Run `command` in `tree`. Whatever ends this call, an exception too, ends all that the command started."""
    passed = command_environment(env, tree=tree, temporary=temporary, keep=keep)
    spec = {
        "command": command,
        "cwd": str(tree),
        "env": passed,
        "timeout": limits.seconds,
        "memory_bytes": limits.memory_mib << 20,
        "processes": limits.processes,
        "file_bytes": limits.file_mib << 20,
    }
    with _nothing_left():
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(keeper.__file__))], env=passed,  # the command can read the keeper's
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, start_new_session=True,
        )  # fmt: skip
        try:
            answer, tail = _listen(process, json.dumps(spec).encode() + b"\n", seconds=limits.seconds + _LATE_SECONDS)
        finally:
            _dismiss(process)
    try:
        return _ended(json.loads(answer), tail)
    except (ValueError, KeyError, TypeError) as error:  # no answer, or one that the command wrote
        raise IncidentError(
            "verify: the keeper of the command was killed or stopped, perhaps by the command itself: run it again"
        ) from error


@contextlib.contextmanager
def _nothing_left() -> Generator[None]:
    """Whatever a killed keeper leaves falls to this process, and is ended."""
    before = frozenset(keeper.children(os.getpid()))
    keeper.adopt(orphans=True)
    try:
        yield
    finally:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline and (left := set(keeper.children(os.getpid())) - before):
            for pid in [*left, *(below for root in left for below in keeper.descendants(root))]:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            for pid in left:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.005)
        keeper.adopt(orphans=False)


def _listen(process: "subprocess.Popen[bytes]", spec: bytes, *, seconds: float) -> tuple[bytes, bytes]:
    """The keeper's answer and the last of the output. Read until the keeper has answered, not until the output ends:
    a process that nobody may kill (another user's) would hold it open. After `seconds` no answer is waited for.
    """
    deadline = time.monotonic() + seconds
    if not (process.stdin and process.stdout and process.stderr):
        raise AssertionError("all three are pipes")
    view = memoryview(spec)
    answer, tail = b"", bytearray()
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ)
        with contextlib.suppress(BrokenPipeError):  # a keeper that died at once gives no answer either
            while view:
                view = view[process.stdin.write(view) or 0 :]
        done = False
        while not done:
            if (left := deadline - time.monotonic()) <= 0:
                return b"", b""
            for key, _ in selector.select(left):
                part = os.read(key.fd, TAIL_BYTES)
                if key.fileobj is process.stdout:
                    answer, done = (answer + part)[-_ANSWER_BYTES:], done or not part
                elif part:
                    tail = (tail + part)[-TAIL_BYTES:]
                else:
                    selector.unregister(key.fileobj)
        while part := _read_now(process.stderr.fileno()):
            tail = (tail + part)[-TAIL_BYTES:]
    return answer, bytes(tail)


def _read_now(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, TAIL_BYTES)
    except BlockingIOError:
        return b""


def _dismiss(process: "subprocess.Popen[bytes]") -> None:
    """Closing its stdin tells the keeper to end everything; then it goes."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _ended(answer: dict[str, object], tail: bytes) -> Ended:
    code = answer["code"] if isinstance(answer["code"], int) else None
    ended, what = str(answer["ended"]), str(answer["what"])
    seconds = float(str(answer["seconds"]))
    return Ended(_outcome(ended, code), code, seconds, _whole_lines(tail), what)


def _whole_lines(tail: bytes) -> tuple[str, ...]:
    """The lines of it; where output was cut off in front, so is the line or the word that lost its beginning."""
    if len(tail) >= TAIL_BYTES:
        first, _, rest = tail.partition(b"\n")
        tail = rest or first.partition(b" ")[2]
    return tuple(tail.decode("utf-8", "replace").splitlines())


def _outcome(ended: str, code: int | None) -> Outcome:
    if ended == "timeout":
        return "timeout"
    if ended == "limit":
        return "limit"
    if ended != "exited" or code in _NOT_STARTED:
        return "broken"
    return "passed" if code == 0 else "skipped" if code == CANNOT_JUDGE else "failed"
