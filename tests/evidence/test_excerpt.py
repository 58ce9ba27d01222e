"""The excerpt keeps what decides, keeps to its budget, and says what it left out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.evidence.excerpt import select_lines
from incident_pipeline.evidence.find import find_failure
from tests.evidence.logs import log

LONG = "\n".join(
    [
        "Complete job name: unit",
        "##[group]Run make test",
        "make test",
        "##[endgroup]",
        *(f"compile unit {n}" for n in range(400)),
        "E   ValueError: the one that decides",
        *(f"tidy unit {n}" for n in range(400)),
        "##[error]Process completed with exit code 2.",
    ]
)


def test_what_decides_and_how_it_ended_are_kept() -> None:
    text = LONG.splitlines()
    selection = select_lines(log(LONG), find_failure([log(LONG)]), max_chars=400)
    shown = {text[n - 1] for n in selection.lines}
    assert {"E   ValueError: the one that decides", "##[error]Process completed with exit code 2."} <= shown
    assert {"Complete job name: unit", "##[group]Run make test"} <= shown


def test_a_message_repeated_does_not_crowd_out_another() -> None:
    text = "\n".join(["E   ValueError: many times over and over\n\nplain"] * 200 + ["E   KeyError: once", "plain"])
    selection = select_lines(log(text), find_failure([log(text)]), max_chars=500)
    assert 601 in selection.lines


def test_nothing_found_gives_an_empty_excerpt() -> None:
    selection = select_lines(log("all\nfine"), find_failure([log("all\nfine")]), max_chars=100)
    assert selection.lines == ()
    assert selection.left_out == ((1, 2),)


def test_an_empty_log_gives_an_empty_excerpt() -> None:
    selection = select_lines(log(""), find_failure([log("")]), max_chars=100)
    assert (selection.lines, selection.left_out) == ((), ())


def test_the_smaller_of_two_budgets_counts() -> None:
    text = log("\n".join(f"E   ValueError: {n}" for n in range(100)))
    failure = find_failure([text])
    by_chars = select_lines(text, failure, max_chars=300)
    assert select_lines(text, failure, max_tokens=100) == by_chars
    assert select_lines(text, failure, max_chars=300, max_tokens=4_000) == by_chars
    assert by_chars.lines


PIECES = st.sampled_from(
    [
        "E   ValueError: x",
        "",
        "plain text",
        "  at a.B.c(B.java:1)",
        "FAILED tests/test_a.py::test_b - x",
        "make: *** [a] Error 1",
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(PIECES, max_size=60), st.integers(0, 600))
def test_the_budget_holds_and_every_line_is_either_shown_or_left_out(pieces: list[str], budget: int) -> None:
    text = "\n".join(pieces)
    count = len(text.splitlines())
    selection = select_lines(log(text), find_failure([log(text)]), max_chars=budget)
    shown = [text.splitlines()[n - 1] for n in selection.lines]
    assert len("\n".join(shown)) <= budget
    left_out = [n for a, b in selection.left_out for n in range(a, b + 1)]
    assert sorted([*selection.lines, *left_out]) == list(range(1, count + 1))
