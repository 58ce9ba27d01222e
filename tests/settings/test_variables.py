import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.settings.variables import Value, fill, interpolate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "1"),
        ("x${A}y${A}", "x1y1"),
        ("${MISSING:-d}", "d"),
        ("${MISSING:-}", ""),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY}", ""),
        ("$$", "$"),
        ("$${A}", "${A}"),
        ("$$$$", "$$"),
        ("$A and 5$", "$A and 5$"),
        ("${MISSING:-http://h:9200}", "http://h:9200"),
        ("${TRICKY}", "${A}"),
    ],
)
def test_variables_defaults_and_escapes(text: str, expected: str) -> None:
    assert interpolate(text, {"A": "1", "EMPTY": "", "TRICKY": "${A}"}) == (expected, ())


@pytest.mark.parametrize("text", ["${}", "${1A}", "${A", "${A-d}", "${A B}"])
def test_a_malformed_variable_is_said(text: str) -> None:
    assert interpolate(text, {"A": "1"})[1] == (
        "a variable is written ${NAME} or ${NAME:-default} ($$ is a dollar sign)",
    )


def test_a_missing_variable_names_itself_and_the_way_out() -> None:
    assert interpolate("a ${NOPE}", {}) == (
        "a ${NOPE}",
        ("variable NOPE is not set: export it, or give a default: ${NOPE:-...}",),
    )


def test_fill_walks_lists_and_mappings_and_says_where() -> None:
    value: Value = {"hosts": ["${H}", 3], "deep": {"x": "${NOPE}"}}
    filled, wrong = fill(value, {"H": "h"}, key="config")
    assert filled == {"hosts": ["h", 3], "deep": {"x": "${NOPE}"}}
    assert [key for key, _ in wrong] == ["config.deep.x"]


@given(st.text())
def test_an_escaped_text_comes_back_as_it_was(text: str) -> None:
    assert interpolate(text.replace("$", "$$"), {}) == (text, ())


@given(st.text())
def test_a_value_is_never_looked_at_again(value: str) -> None:
    assert interpolate("<${V}>", {"V": value}) == (f"<{value}>", ())
