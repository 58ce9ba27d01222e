"""What git and CI say of a failure in, the same without secrets out: redacted before it is stored or judged.

Surprising fact: a secret may stand anywhere a person types: an author's name, a path, a branch, the name of a step.
Repositories and ids keep their words, as they are what is asked for again.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar, cast

from incident_pipeline.model.evidence import CodeFacts
from incident_pipeline.model.git import Commit, FileChange
from incident_pipeline.model.incident import Incident
from incident_pipeline.normalize.redact import redact_text

T = TypeVar("T")
_KEPT = frozenset(("id", "tenant", "source", "service", "repo", "run_id", "origin"))


def without_secrets(value: T) -> T:
    """A text, a tuple or list of such, or a dataclass of such, each text redacted; anything else as it is."""
    return cast("T", _redacted(value))


def redact_incident(incident: Incident) -> Incident:
    """An incident with its runs and jobs; the request that it came from stays JSON."""
    origin: Any = json.loads(incident.origin) if incident.origin else {}
    safe = {key: _redacted(value) for key, value in origin.items()}
    return replace(
        without_secrets(incident),
        origin=json.dumps(safe, ensure_ascii=False, sort_keys=True) if origin else incident.origin,
    )


def redact_commits(commits: Iterable[Commit]) -> Iterator[Commit]:
    """Names, messages, paths and patches redacted; line counts stay as they are, so hunks keep their numbers."""
    for commit in commits:
        files = None if commit.files is None else tuple(map(_redact_change, commit.files))
        yield replace(
            commit, message=redact_text(commit.message)[0], diff=None, files=files,
            author=_name(commit.author), author_email=_name(commit.author_email), committer=_name(commit.committer),
        )  # fmt: skip


def redact_code(code: CodeFacts) -> CodeFacts:
    """Files at head and blamed lines redacted."""
    files = {path: redact_text(text)[0] for path, text in code.files.items()}
    blame = {
        path: tuple(replace(line, text=redact_text(line.text)[0]) for line in lines)
        for path, lines in code.blame.items()
    }
    return replace(code, files=files, blame=blame)


def _redact_change(change: FileChange) -> FileChange:
    path, old_path = _name(change.path), _name(change.old_path) if change.old_path else change.old_path
    if not change.patch and (path, old_path) == (change.path, change.old_path):
        return change
    return replace(change, path=path, old_path=old_path, patch=change.patch and redact_text(change.patch)[0])


@lru_cache(maxsize=1 << 16)
def _name(text: str) -> str:
    """Authors and paths come again and again."""
    return redact_text(text)[0]


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return redact_text(value)[0]
    if isinstance(value, tuple):
        return tuple(map(_redacted, cast("tuple[object, ...]", value)))
    if isinstance(value, list):
        return list(map(_redacted, cast("list[object]", value)))
    if is_dataclass(value) and not isinstance(value, type):
        texts = {field.name: _redacted(getattr(value, field.name)) for field in fields(value)}
        return replace(value, **{name: text for name, text in texts.items() if name not in _KEPT})
    return value
