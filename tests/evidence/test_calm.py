"""What the log itself says went well is not why it failed, however loud it is."""

from incident_pipeline.evidence.find import find_failure
from tests.evidence.logs import log

LOUD = "java.lang.IllegalStateException: on purpose\n\tat a.Store.open(Store.java:3)\n"
EXIT = "##[error]Process completed with exit code 1.\n"


def best(text: str) -> str:
    return find_failure([log(text)]).findings[0].text.split("\n")[0]


def test_what_a_passing_test_class_prints_is_no_cause() -> None:
    passing = "[INFO] Running a.StoreTest\n" + LOUD + "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0\n"
    failing = "Error: no free port\n"
    assert best(passing + failing + EXIT) == "Error: no free port"
    loud = next(f for f in find_failure([log(passing + failing + EXIT)]).findings if "on purpose" in f.text)
    assert "went well" in loud.reason


def test_what_a_failing_test_class_prints_still_leads() -> None:
    passing = "[INFO] Running a.CartTest\n[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0\n"
    failing = (
        "[INFO] Running a.StoreTest\n[ERROR] Tests run: 3, Failures: 0, Errors: 1, Skipped: 0 <<< FAILURE!\n" + LOUD
    )
    assert best(failing + passing + EXIT) == "java.lang.IllegalStateException: on purpose"


def test_a_build_that_succeeded_absolves_what_it_printed() -> None:
    text = "$ mvn verify\n" + LOUD + "[INFO] BUILD SUCCESS\n$ deploy\nError: no such host\n" + EXIT
    assert best(text) == "Error: no such host"


def test_a_run_that_ended_green_has_no_strong_finding() -> None:
    for end in ("Done. Your build exited with 0.", "Finished: SUCCESS", "Job succeeded", "Post job cleanup."):
        assert all(f.score < 0.5 for f in find_failure([log(LOUD + "rm: cannot remove 'x'\n" + end)]).findings)


def test_a_crash_is_never_harmless_in_a_run_that_failed() -> None:
    text = "=== RUN   TestA\nSegmentation fault (core dumped)\n--- PASS: TestB (0.0s)\n"
    crash = find_failure([log(text + EXIT)]).findings[0]
    assert crash.text.startswith("Segmentation fault")
    assert crash.score > 0.9


def test_an_error_far_above_an_end_that_does_not_speak_of_it_does_not_lead() -> None:
    text = "##[group]Run ./ci\n##[endgroup]\n" + LOUD + "fine\n" * 400 + "unable to find the widget\n" + EXIT
    assert best(text) == "unable to find the widget"


def test_an_error_far_above_leads_where_the_end_sums_it_up() -> None:
    text = "##[group]Run ./ci\n##[endgroup]\n" + LOUD + "fine\n" * 400 + "make: *** [all] Error 1\n" + EXIT
    assert best(text) == "java.lang.IllegalStateException: on purpose"


def test_last_words_are_neither_chatter_nor_totals() -> None:
    chatter = "".join(f"Fetching gem{n} 1.{n}\n" for n in range(30))
    assert best(chatter + "Your bundle is of another platform\nExited with code exit status 16\n").startswith("Your")
