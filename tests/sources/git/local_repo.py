"""A small repository built by git itself, with fixed names and times."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from incident_pipeline.errors import IncidentError

START = 1_700_000_000


@dataclass
class Repo:
    path: Path
    clock: int = START
    env: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def make(cls, path: Path, *, bare: bool = False) -> "Repo":
        path.mkdir(parents=True)
        repo = cls(path)
        repo.git("init", "-q", "-b", "main", *(["--bare"] if bare else []))
        return repo

    def git(self, *args: str | bytes, stdin: bytes = b"") -> str:
        return self.git_bytes(*args, stdin=stdin).decode().strip()

    def git_bytes(self, *args: str | bytes, stdin: bytes = b"") -> bytes:
        who = {"NAME": "Ann", "EMAIL": "ann@example.org", "DATE": f"@{self.clock} +0200"}
        env = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        command: list[str | bytes] = ["git", "-c", "protocol.file.allow=always", *args]
        return subprocess.run(
            command, cwd=self.path, env={**os.environ, **env, **self.env}, input=stdin, check=True, capture_output=True
        ).stdout

    def write(self, name: str | bytes, content: str | bytes) -> None:
        file = os.path.join(os.fsencode(self.path), os.fsencode(name))  # noqa: PTH118 - the name may not be text
        os.makedirs(os.path.dirname(file), exist_ok=True)  # noqa: PTH103, PTH120
        with open(file, "wb") as out:  # noqa: PTH123
            out.write(content.encode() if isinstance(content, str) else content)

    def commit(self, message: str = "change", files: dict[str, str | bytes] | None = None) -> str:
        """Commit everything that changed, a minute after the commit before."""
        for name, content in (files or {}).items():
            self.write(name, content)
        self.clock += 60
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-", stdin=message.encode())
        return self.git("rev-parse", "HEAD")


def one_line(error: pytest.ExceptionInfo[IncidentError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith("local /")
    return text
