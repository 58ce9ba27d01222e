"""Commits, file changes, refs and blame, the same whatever the host. In and out: nothing; these are values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ChangeStatus = Literal["added", "modified", "deleted", "renamed", "copied", "type-changed"]


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk of a unified diff. Lines keep their first character: space, `+`, `-` or backslash."""

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    section: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of one commit. `patch` holds the hunks only (from the first `@@`), None when not asked or binary."""

    path: str
    status: ChangeStatus
    old_path: str | None = None
    additions: int | None = None
    deletions: int | None = None
    binary: bool = False
    submodule: bool = False
    patch: str | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. `date` is the author's, aware UTC. `diff` and `files` are None unless asked; () means no file."""

    hash: str
    author: str
    date: datetime
    message: str
    diff: str | None = None
    author_email: str = ""
    committer: str = ""
    committed_at: datetime | None = None
    parents: tuple[str, ...] = ()
    files: tuple[FileChange, ...] | None = None

    @property
    def subject(self) -> str:
        """First line of the message."""
        return self.message.partition("\n")[0]

    @property
    def is_merge(self) -> bool:
        """Has more than one parent."""
        return len(self.parents) > 1


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch or tag and the commit it points to (an annotated tag is peeled)."""

    name: str
    kind: Literal["branch", "tag"]
    hash: str


@dataclass(frozen=True, slots=True)
class BlameLine:
    """Who last changed line `line` (1-based, of the file at the asked revision), and where it stood in that commit."""

    line: int
    hash: str
    path: str
    original_line: int
    text: str
