"""Output of several workers or services, mixed line by line, is read apart."""

from incident_pipeline.evidence.find import find_failure
from tests.evidence.logs import lines, log

EXIT = "##[error]Process completed with exit code 1.\n"


def mixed(own: list[str], *, name: str, others: str, join: str = "{name}{text}") -> str:
    quiet = [join.format(name=others, text=f"request {n} served") for n in range(len(own) + 6)]
    loud = [join.format(name=name, text=text) for text in [*["listening"] * 5, *own]]
    return "\n".join(line for pair in zip(loud, quiet[: len(loud)], strict=False) for line in pair) + "\n" + EXIT


TRACE = [
    "Traceback (most recent call last):",
    '  File "/app/main.py", line 9, in <module>',
    "    run()",
    "KeyError: 'x'",
]


def test_the_name_of_a_service_comes_off_and_is_kept() -> None:
    found = lines("api  | listening\ndb   | ready\n" * 5)
    assert found[0] == "listening"
    assert found.frame["stream"].unique().sort().to_list() == ["api", "db"]


def test_names_of_build_steps_tasks_and_processes_come_off() -> None:
    assert lines("#12 3.41 E: Unable to locate package x")[0] == "E: Unable to locate package x"
    assert lines("==41== Invalid read of size 8")[0] == "Invalid read of size 8"
    assert lines("@acme/api:test: FAIL src/a.test.ts\n" * 5)[0] == "FAIL src/a.test.ts"
    assert lines("    [junit] Testcase: a\n" * 5)[0] == "Testcase: a"
    assert lines("2e2O plain\n01O gitlab\n01O gitlab")[1] == "gitlab"


def test_a_place_in_a_file_and_a_table_are_no_streams() -> None:
    for line in ("src/a.c:12: error: x", "14 |     let x = 1;", "alpha | beta", "e: file:///a.kt:1:2 x"):
        assert lines(line)[0] == line


def test_a_trace_is_found_whole_between_the_lines_of_another_service() -> None:
    failure = find_failure([log(mixed(TRACE, name="api | ", others="web | "))])
    assert failure.findings[0].text == "KeyError: 'x'"
    shown = {n for f in failure.findings if f.kind == "block" for n in range(f.line, f.end_line + 1)}
    assert {11, 13, 15, 17} <= shown
    assert not shown & {12, 14, 16}
    assert [frame.source_line for frame in failure.frames] == [9]


def test_too_many_names_are_no_streams() -> None:
    text = "".join(f"job-{n} | step\n" * 5 for n in range(300))
    assert lines(text)[0] == "job-0 | step"


def test_identical_answers_for_mixed_logs() -> None:
    text = mixed(TRACE, name="@a/b:test: ", others="@a/c:test: ")
    assert find_failure([log(text)]) == find_failure([log(text)])
