"""Small values of our own for the tests of this room."""

from datetime import UTC, datetime, timedelta

import polars as pl

from incident_pipeline.model.evidence import (
    Citation,
    CodeFacts,
    Failure,
    Finding,
    Frame,
    Judgement,
    Reason,
    RuledOut,
    Suspect,
    Verdict,
)
from incident_pipeline.model.frames import LOG
from incident_pipeline.model.git import BlameLine, Commit, FileChange
from incident_pipeline.model.incident import Incident, Job, LogRef, Run, Step, Window
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.model.report import Report

T0 = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
REPO = "acme/shop"


def log_frame(lines: int, *, start: int = 1, text: str = "line") -> pl.DataFrame:
    """A LOG frame with `lines` entries from line `start`."""
    numbers = range(start, start + lines)
    return pl.DataFrame(
        {
            "line": list(numbers),
            "timestamp": [T0 + timedelta(seconds=n) for n in numbers],
            "level": ["error" if n % 10 == 0 else None for n in numbers],
            "template": [2**64 - 1 - n % 3 for n in numbers],
            "raw": [f"{text} {n}" for n in numbers],
            "text": [f"{text} {n}" for n in numbers],
            "metadata": [None] * lines,
        },
        schema=LOG,
    )


def sha(number: int) -> str:
    """A full hash."""
    return f"{number:040x}"


def commit(number: int, *, patch: bool = True, files: bool = True) -> Commit:
    """A commit with three files: a change, a rename and a binary one."""
    changes = (
        FileChange("a.py", "modified", additions=1, deletions=1, patch=f"@@ -1 +1 @@\n-{number}\n+'; DROP TABLE x;--"),
        FileChange("b.py", "renamed", old_path="old.py", additions=0, deletions=0, patch=""),
        FileChange("c.png", "added", binary=True),
    )
    bare = tuple(FileChange(c.path, c.status, c.old_path, c.additions, c.deletions, c.binary) for c in changes)
    return Commit(
        hash=sha(number),
        author="Zoë Q. O'Hara",
        date=T0 + timedelta(minutes=number),
        message=f"Change {number}\n\nBody \x1b[31mred\x1b[0m \ufffd",
        author_email="zoe@example.org",
        committer="bot",
        committed_at=None if number % 2 else T0,
        parents=(sha(number - 1),) if number % 3 else (sha(number - 1), sha(900)),
        files=(changes if patch else bare) if files else None,
    )


RUN = Run(
    source="github", repo=REPO, run_id="123456789", attempt=2, workflow="CI", head_sha=sha(9), status="completed",
    conclusion="failure", run_number=1842, event="push", branch="main", url="https://ci.example/1", created_at=T0,
)  # fmt: skip
GREEN = Run(
    source="github", repo=REPO, run_id="123456700", attempt=1, workflow="CI", head_sha=sha(1), status="completed",
    conclusion="success", pr_number=7, base_branch="main", base_sha=sha(1),
)  # fmt: skip
JOBS = (
    Job("2", "tests (3.12)", "completed", "failure", T0, T0 + timedelta(minutes=3), "https://ci.example/2",
        (Step(1, "Set up", "success", T0, T0), Step(2, "Run", "failure"))),
    Job("1", "lint", "in_progress", None),
)  # fmt: skip
INCIDENT = Incident(
    id="shop-1842-2", tenant="default", kind="ci", source="github", repo=REPO, title="CI #1842", run=RUN, jobs=JOBS,
    green_run=GREEN, occurred_at=T0, since=T0 - timedelta(hours=1), until=T0,
    origin='{"run_id": 1}', same_commit_passed=True,
)  # fmt: skip
WINDOW = Window(
    REPO, base=sha(1), head=sha(9), base_kind="last_green", commits=tuple(commit(n) for n in (9, 5, 7)),
    complete=False, problems=("one page was missing",),
)  # fmt: skip
LOGS = (LogRef("log", 11, "tests (3.12)", "2", "u"), LogRef("green", 12, "tests (3.12)"))
STATUSES = (
    SourceStatus("github", "logs", "tests (3.12)", "read", rows=10, bytes=100),
    SourceStatus("github", "git", "range", "truncated", "stopped at 1,000", skipped=3),
)
FINDING = Finding("log", 10, 12, "AssertionError: 1 != 2", "assertion", 0.9, "new", novel=True, test="t.py::test_a")
FAILURE = Failure((FINDING,), (Frame("log", 9, "a.py", 3, "f", 0, "python", "a.py"),), ("t.py::test_a",), exit_code=1)
REASON = Reason("changed the line", 0.5, (Citation(f"{sha(9)}:a.py:1", "-1", side="old"),))
CODE = CodeFacts(
    frozenset({"a.py", "b.py"}), {"a.py": "x = 1\n"}, {"a.py": (BlameLine(1, sha(9), "a.py", 1, "x = 1"),)}, True
)
SUSPECT = Suspect(sha(9), 0.8, (REASON,), "Change 9", "Zoë", T0)
VERDICT = Verdict("commit", "code", "LIKELY", 0.8, "9 did it", (REASON,))
JUDGEMENT = Judgement(VERDICT, (SUSPECT,), (RuledOut("2 commits", "docs only", (sha(5),)),), ("never run twice",))


def report(*, incident: str = INCIDENT.id, verdict: str = "commit") -> Report:
    """A report with one finding and one suspect."""
    return Report(
        schema_version=1, incident=incident, tenant="default", title="CI #1842", repo=REPO, source="github", run=RUN,
        jobs=JOBS, green_run=GREEN, head=sha(9), base=sha(1), base_kind="last_green", window_complete=True,
        window_commits=3, occurred_at=T0, verdict=verdict, category="code", status="LIKELY", confidence=0.8,  # pyright: ignore[reportArgumentType] - tests vary it
        summary="9 did it", findings=(FINDING,), citations=(), suspects=(SUSPECT,), ruled_out=(), not_known=(),
        owners=(), next_steps=(), logs=LOGS, excerpts=(), hunks=(), timeline=(), sources=STATUSES, notes=(),
        engine="deterministic", evidence_hash="e1", program_version="0.1.0", log_lines=10, created_at=T0,
    )  # fmt: skip
