import polars as pl

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.flow.lookup import EvidenceLookup
from incident_pipeline.model.evidence import CodeFacts
from incident_pipeline.model.frames import LOG
from incident_pipeline.model.incident import Window
from tests.flow.fakes import commit

PATCH = "@@ -10,3 +10,3 @@ def total(self):\n     a = 1\n-    return a\n+    return round(a)\n     # end\n"


def lookup() -> EvidenceLookup:
    rows = [(1, "first"), (2, "Traceback\n  File x\nValueError"), (5, "last")]
    frame = pl.DataFrame(
        {
            "line": [n for n, _ in rows], "timestamp": [None] * 3, "level": [None] * 3, "template": [0] * 3,
            "raw": [t for _, t in rows], "text": [t for _, t in rows], "metadata": [None] * 3,
        },
        schema=LOG,
    )  # fmt: skip
    commits = (commit(2), commit(1, patch=PATCH))
    window = Window("acme/shop", commit(0).hash, commit(2).hash, "last_green", commits)
    return EvidenceLookup([LogText("log", "tests", frame)], window, CodeFacts(files={"b.py": "one\ntwo\n"}))


def test_a_line_of_a_log_is_found_by_its_number_in_the_file() -> None:
    assert lookup().log_line("log", 5) == "last"


def test_lines_inside_a_longer_entry_are_found() -> None:
    assert [lookup().log_line("log", n) for n in (2, 3, 4)] == ["Traceback", "  File x", "ValueError"]


def test_lines_that_are_not_there_are_not_found() -> None:
    assert [lookup().log_line("log", n) for n in (0, 6)] == [None, None]
    assert lookup().log_line("green", 1) is None


def test_the_length_counts_the_lines_of_the_last_entry() -> None:
    assert lookup().log_length("log") == 5
    assert lookup().log_length("log2") is None


def test_both_sides_of_a_hunk_are_found_under_their_own_numbers() -> None:
    sha = commit(1).hash
    assert lookup().code_line(sha, "a.py", 11, "new") == "    return round(a)"
    assert lookup().code_line(sha, "a.py", 11, "old") == "    return a"
    assert lookup().code_line(sha, "a.py", 12, "new") == "    # end"
    assert lookup().code_line(sha, "a.py", 99, "new") is None


def test_files_at_head_are_found_under_the_head_commit() -> None:
    assert lookup().code_line(commit(2).hash, "b.py", 2, "new") == "two"
    assert lookup().code_line(commit(2).hash, "b.py", 2, "old") is None


def test_unknown_commits_are_not_found() -> None:
    assert lookup().code_line("e" * 40, "a.py", 11, "new") is None
