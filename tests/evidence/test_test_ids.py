"""Names in failure messages."""

import pytest

from incident_pipeline.evidence import test_ids


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "FAILED tests/test_a.py::TestCart::test_total[a b-1] - assert 2 == 3",
            "tests/test_a.py::TestCart::test_total[a b-1]",
        ),
        ("FAIL: test_total (tests.test_a.CartTest)", "test_total (tests.test_a.CartTest)"),
        ("_________ ERROR collecting tests/test_a.py _________", "tests/test_a.py"),
        ("    --- FAIL: TestRetry/once (0.00s)", "TestRetry/once"),
        ("test tests::totals ... FAILED", "tests::totals"),
        ("  ● Cart › totals", "Cart › totals"),
        ("[ERROR] com.example.CartTest.totals  Time elapsed: 0.01 s  <<< FAILURE!", "com.example.CartTest.totals"),
        ("CartTest > totals() FAILED", "CartTest > totals()"),
        ("rspec ./spec/cart_spec.rb:9 # Cart totals", "./spec/cart_spec.rb:9"),
        ("  Failed App.Tests.Totals [12 ms]", "App.Tests.Totals"),
        ("[  FAILED  ] B.Works (0 ms)", "B.Works"),
        ("not ok 2 - adds", "adds"),
    ],
)
def test_the_failing_test_is_named(text: str, name: str) -> None:
    assert test_ids.test_of(text) == name


@pytest.mark.parametrize("text", ["ERROR: Could not find a version", "ERROR: Job failed: exit code 1", "2 passed"])
def test_an_error_that_is_no_test_names_none(text: str) -> None:
    assert test_ids.test_of(text) is None


def test_symbols_and_packages_are_named_once_in_order() -> None:
    texts = ["AttributeError: 'Cart' object has no attribute 'total'", "ModuleNotFoundError: No module named 'flask'"]
    assert test_ids.symbols([*texts, *texts]) == ("total", "flask")
    assert test_ids.packages([*texts, "No matching distribution found for six==9"]) == ("flask", "six==9")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("##[error]Process completed with exit code 137.", 137),
        ('The command "npm test" exited with 1.', 1),
        ("exit status 2", 2),
        ("all fine", None),
        ("exit code 99999999999999999999", None),
    ],
)
def test_the_exit_code_is_read(text: str, code: int | None) -> None:
    assert test_ids.exit_code(text) == code
