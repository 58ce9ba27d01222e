"""What a finding is called in one line."""

import pytest

from incident_pipeline.model.evidence import Finding


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("E  assert 1 == 2\nE   + where", "E  assert 1 == 2"),
        ("\n  Module not found:\n\n  can't resolve 'x'\n  at y", "Module not found: can't resolve 'x'"),
        ("==== no tests ran in 0.02s ====", "no tests ran in 0.02s"),
        ("== 2 ==\nx", "== 2 =="),
        ("=====", "====="),
        ("Caused by:", "Caused by:"),
        ("", ""),
    ],
)
def test_a_headline_is_the_first_line_that_says_something(text: str, said: str) -> None:
    assert Finding("log", 1, 4, text, "error", 0.9, "").headline == said
