"""Logs in, single lines by their citation label and number out. An entry may hold several lines (a stack trace)."""

from bisect import bisect_right
from collections.abc import Sequence

from incident_pipeline.evidence.inputs import LogText


class LogLines:
    """Random access to the `text` of logs; line numbers are the file's own."""

    def __init__(self, logs: Sequence[LogText]) -> None:
        self.logs = {log.label: log for log in logs}

    def get(self, label: str, line: int) -> str | None:
        """The text that stands at `line` of log `label`, None when there is no such line."""
        log = self.logs.get(label)
        if log is None or line < 1 or log.frame.height == 0:
            return None
        numbers = log.frame["line"]
        row = bisect_right(numbers, line) - 1  # some twenty looks; a query costs a hundred times as much
        if row < 0:
            return None
        text = log.frame["text"][row]
        parts = (text or "").split("\n")
        offset = line - int(numbers[row])
        return parts[offset] if offset < len(parts) else None

    def span(self, label: str, first: int, last: int) -> list[tuple[int, str]]:
        """(number, text) of lines `first`..`last` that exist."""
        found = ((n, self.get(label, n)) for n in range(first, last + 1))
        return [(n, text) for n, text in found if text is not None]
