"""Runs the git program for `local`: short commands give bytes, long ones a stream that dies with its reader.

In: arguments that are already safe (full hashes, paths behind `--`). Out: bytes, or an IncidentError of one line.
Surprising: git runs *in* the folder, never with --git-dir, because naming the git directory switches off git's own
check that the repository belongs to the user.
"""

import os
import re
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from weakref import WeakSet

from incident_pipeline.errors import AccessDenied, BadInput, IncidentError, NotFound

# What a repository's own config could turn into a program, or into another shape of the output.
_OPTIONS = (
    "git", "--no-pager", "--literal-pathspecs", "--no-replace-objects",
    "-c", "core.quotePath=false", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "log.showSignature=false", "-c", "log.showRoot=true", "-c", "log.follow=false",
    "-c", "diff.suppressBlankEmpty=false",
)  # fmt: skip
# A hook or an IDE may have set GIT_DIR, GIT_INDEX_FILE, GIT_DIFF_OPTS, ...; only what configures git itself is kept.
_KEPT = ("GIT_CONFIG", "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
_SET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # One write a full buffer, not one a commit.
    "GIT_FLUSH": "0",
    # A partial clone would fetch what it lacks, by a command its own config names: no protocol, no fetch.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
}
_PIPE_BYTES = 1 << 20


_ERRORS: tuple[tuple[str, type[IncidentError], str], ...] = (
    (
        "dubious ownership",
        AccessDenied,
        "the repository belongs to another user: run `git config --global --add safe.directory {where}`",
    ),
    ("Permission denied", AccessDenied, "permission denied: make the repository readable for this user"),
    (
        r"promisor|unable to read|missing blob|bad object|could not fetch|Could not read|corrupt",
        BadInput,
        "objects are missing or damaged: `git fsck` names them, a fresh full clone mends it ({said})",
    ),
    (
        "could not open object name list",
        BadInput,
        "blame.ignoreRevsFile names a file that is not there: unset it ({said})",
    ),
    ("not a git repository", BadInput, "not a git repository: give the folder of one"),
)


@dataclass(frozen=True, slots=True)
class Output:
    """What a command left: exit code, standard output, and its complaint in one printable line."""

    code: int
    out: bytes
    said: str


@dataclass(frozen=True, slots=True)
class GitProgram:
    """Git in one repository. `who` starts every error; `environment` is laid over the safe one (a mirror may fetch)."""

    who: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    running: "WeakSet[subprocess.Popen[bytes]]" = field(default_factory=WeakSet[subprocess.Popen[bytes]])

    def run(self, args: Sequence[str], *, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> Output:
        """One short command, to its end. An exit code not in `ok` is raised."""
        with self._errors():
            done = subprocess.run(
                [*_OPTIONS, *args], cwd=self.folder, env=self._env(), input=stdin, capture_output=True, check=False
            )
        output = Output(done.returncode, done.stdout, complaint(done.stderr))
        if done.returncode not in ok:
            raise self.error(args[0], output.said)
        return output

    @contextmanager
    def stream(self, args: Sequence[str]) -> Generator[IO[bytes]]:
        """The unbuffered standard output of a long command; leaving early kills it, a failed end raises."""
        with TemporaryFile() as complaints:
            with self._errors():
                process = subprocess.Popen(
                    [*_OPTIONS, *args], cwd=self.folder, env=self._env(), bufsize=0, pipesize=_PIPE_BYTES,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints,
                )  # fmt: skip
            self.running.add(process)
            with process:
                try:
                    assert process.stdout is not None  # noqa: S101 - stdout=PIPE
                    yield process.stdout
                except BaseException:
                    process.kill()
                    raise
                if process.stdout.read(1):
                    process.kill()
                    return
            if process.returncode:
                complaints.seek(0)
                raise self.error(args[0], complaint(complaints.read(1 << 16)))

    def stop(self) -> None:
        """Kill what still runs."""
        for process in list(self.running):
            process.kill()

    def error(self, verb: str, said: str) -> IncidentError:
        """The complaint as one of our errors."""
        for pattern, kind, text in _ERRORS:
            if re.search(pattern, said):
                return kind(f"{self.who}: {text.format(where=self.folder, said=said)}")
        return BadInput(f"{self.who}: git {verb} failed: {said}")

    def _env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
        return {**kept, **_SET, **self.environment}

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if self.folder.is_dir():
                raise BadInput(f"{self.who}: the git program is not on PATH: install git") from error
            raise NotFound(f"{self.who}: the folder is gone") from error
        except PermissionError as error:
            raise AccessDenied(f"{self.who}: permission denied: make the repository readable for this user") from error


def text_of(raw: bytes) -> str:
    """What git printed or stored as text; bytes that are no UTF-8 stay visible as `\\xNN`."""
    return raw.decode("utf-8", "backslashreplace")


def complaint(stderr: bytes) -> str:
    """The telling line of git's standard error: the first `fatal:`, else the last; control characters made visible."""
    lines = [line for line in text_of(stderr).splitlines() if line.strip()]
    fatal = [line.partition("fatal: ")[2] for line in lines if line.startswith("fatal: ")]
    line = (fatal or lines[-1:] or ["it said nothing"])[0]
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
