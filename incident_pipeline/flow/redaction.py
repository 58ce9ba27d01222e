"""Commits and files in, the same without secrets out: what git holds is redacted before it is stored or judged."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from incident_pipeline.model.evidence import CodeFacts
from incident_pipeline.model.git import Commit, FileChange
from incident_pipeline.normalize.redact import redact_text


def redact_commits(commits: Iterable[Commit]) -> Iterator[Commit]:
    """Messages and patches redacted; line counts stay as they are, so hunks keep their numbers."""
    for commit in commits:
        files = None if commit.files is None else tuple(map(_redact_change, commit.files))
        yield replace(commit, message=redact_text(commit.message)[0], diff=None, files=files)


def redact_code(code: CodeFacts) -> CodeFacts:
    """Files at head and blamed lines redacted."""
    files = {path: redact_text(text)[0] for path, text in code.files.items()}
    blame = {
        path: tuple(replace(line, text=redact_text(line.text)[0]) for line in lines)
        for path, lines in code.blame.items()
    }
    return replace(code, files=files, blame=blame)


def _redact_change(change: FileChange) -> FileChange:
    return replace(change, patch=redact_text(change.patch)[0]) if change.patch else change
