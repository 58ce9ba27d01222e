"""What is wrong in a config file, as values, so that all of it can be said at once: one line for each problem."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from incident_pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem at `line` (1-based, 0 when unknown) of `path`. Its text never holds a value that may be a secret."""

    path: Path | None
    line: int
    text: str

    def __str__(self) -> str:
        where = "" if self.path is None else f"{self.path}:{self.line}: " if self.line else f"{self.path}: "
        return where + self.text


def config_error(problems: Sequence[Problem]) -> ConfigError:
    """One error for all problems, in the order of the file; several are joined by newlines, one line each."""
    ordered = sorted(problems, key=lambda p: (str(p.path or ""), p.line))
    first = ordered[0]
    if len(ordered) == 1:
        return ConfigError(first.text, path=first.path, line=first.line or None)
    error = ConfigError("\n".join(str(p) for p in ordered))
    error.path, error.line = first.path, first.line or None
    return error


def unknown(what: str, word: object, known: Iterable[str]) -> str:
    """`unknown key 'onwer', did you mean 'owner'?`, or the whole list when nothing is near."""
    names = sorted(known)
    text = str(word)[:80]
    near = difflib.get_close_matches(text.lower(), names, n=1)
    if near:
        return f"unknown {what} {text!r}, did you mean {near[0]!r}?"
    return f"unknown {what} {text!r}; known: {', '.join(names)}"
