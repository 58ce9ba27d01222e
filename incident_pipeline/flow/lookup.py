"""Where citations are looked up: lines of the incident's logs, lines of the window's patches, lines of files at head.

Surprising fact: code lines come from what was stored, never from the repository again, so a report can be checked
after the repository is gone.
"""

from collections.abc import Sequence
from functools import lru_cache

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.model.evidence import CodeFacts
from incident_pipeline.model.git import Commit
from incident_pipeline.model.incident import Window
from incident_pipeline.model.patch import numbered, parse_hunks


class EvidenceLookup:
    """Answers `reports.check.Lookup` from an incident's logs and window; a short hash finds its one commit."""

    def __init__(self, logs: Sequence[LogText], window: Window, code: CodeFacts) -> None:
        self._logs = {log.label: log for log in logs}
        self._commits = {commit.hash: commit for commit in window.commits}
        self._head = window.head or ""
        self._code = code
        self._patch_lines = lru_cache(maxsize=256)(self._read_patch)
        self._file_lines = lru_cache(maxsize=64)(self._read_file)
        self._log_lines = {log.label: {line: row for row, line in enumerate(log.frame["line"])} for log in logs}

    def log_line(self, label: str, line: int) -> str | None:
        """Cleaned text of that line of the file; a line inside a longer entry is found too."""
        log = self._logs.get(label)
        if log is None:
            return None
        row = self._log_lines[label].get(line)
        if row is not None:
            return log.frame["text"][row].partition("\n")[0]
        return _inside_entry(log, line)

    def log_length(self, label: str) -> int | None:
        """Number of the last line; None when there is no such log."""
        log = self._logs.get(label)
        if log is None:
            return None
        if log.frame.is_empty():
            return 0
        return int(log.frame["line"][-1]) + log.frame["text"][-1].count("\n")

    def code_line(self, sha: str, path: str, line: int, side: str) -> str | None:
        """Text of a line as of that commit (`new`) or before it (`old`), as far as patches and head files show it."""
        if self._head.startswith(sha) and side == "new" and (text := self._file_lines(path).get(line)) is not None:
            return text
        full = next((h for h in self._commits if h.startswith(sha)), None)
        return self._patch_lines(full, path).get((side, line)) if full else None

    def _read_file(self, path: str) -> dict[int, str]:
        return dict(enumerate(self._code.files.get(path, "").split("\n"), start=1))

    def _read_patch(self, sha: str, path: str) -> dict[tuple[str, int], str]:
        return {k: v for change in _changes(self._commits[sha], path) for k, v in _sides(change).items()}


def _changes(commit: Commit, path: str) -> list[str]:
    return [f.patch for f in commit.files or () if path in {f.path, f.old_path} and f.patch]


def _sides(patch: str) -> dict[tuple[str, int], str]:
    lines: dict[tuple[str, int], str] = {}
    for hunk in parse_hunks(patch):
        old = hunk.old_start
        for sign, number, text in numbered(hunk):
            if sign != "-":
                lines["new", number] = text
            if sign != "+":
                lines["old", old] = text
                old += 1
    return lines


def _inside_entry(log: LogText, line: int) -> str | None:
    starts = log.frame["line"]
    row = int(starts.search_sorted(line, side="right")) - 1
    if row < 0:
        return None
    parts = log.frame["text"][row].split("\n")
    offset = line - int(starts[row])
    return parts[offset] if offset < len(parts) else None
