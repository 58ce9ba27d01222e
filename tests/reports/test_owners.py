"""CODEOWNERS as GitHub reads it."""

import time

import pytest

from incident_pipeline.model.evidence import Suspect
from incident_pipeline.reports.owners import owners

SUSPECT = Suspect("4be91f7", 0.9, (), "subject", "Ada  Example")


def _names(text: str, path: str) -> list[str]:
    return [owner.name for owner in owners(None, [path], {"CODEOWNERS": text})]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*", "a/b/c.py", True),
        ("*.js", "web/app.js", True),
        ("*.js", "web/app.jsx", False),
        ("/build/logs/", "build/logs/a.txt", True),
        ("/build/logs/", "x/build/logs/a.txt", False),
        ("docs/*", "docs/a.md", True),
        ("docs/*", "docs/deep/a.md", False),
        ("apps/", "x/apps/y/z.py", True),
        ("apps/", "apps", False),
        ("**/logs", "a/b/logs/today.txt", True),
        ("/src/**/cart.py", "src/cart.py", True),
        ("/src/**/cart.py", "src/a/b/cart.py", True),
        ("/src/**", "src/a/b.py", True),
        ("cart.py", "src/shop/cart.py", True),
        ("cart?.py", "src/cart1.py", True),
        ("src/cart.py", "x/src/cart.py", False),
        ("a.c", "abc", False),
        (r"a\ b.txt", "a b.txt", True),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    assert _names(f"{pattern} @acme/owner\n", path) == (["@acme/owner"] if matches else [])


def test_the_last_match_wins_and_may_take_ownership_away() -> None:
    text = "* @acme/all\n/src/ @acme/src a@acme.example # both\n/src/free/\n[Section] @acme/never\n"
    assert _names(text, "README") == ["@acme/all"]
    assert _names(text, "src/a.py") == ["@acme/src", "a@acme.example"]
    assert _names(text, "src/free/a.py") == []


def test_the_first_place_that_exists_counts_alone() -> None:
    files = {"docs/CODEOWNERS": "* @acme/docs", ".github/CODEOWNERS": "/only/ @acme/only"}
    assert owners(None, ["a.py"], files) == ()


def test_the_author_is_named_first_and_nobody_twice() -> None:
    found = owners(SUSPECT, ["a.py", "b.py"], {"CODEOWNERS": "* @acme/all @acme/all"})
    assert [(owner.name, owner.why) for owner in found] == [
        ("Ada Example", "wrote 4be91f7"), ("@acme/all", "owns a.py (CODEOWNERS)"),
    ]  # fmt: skip


def test_a_pattern_made_to_take_for_ever_is_passed_over() -> None:
    started = time.process_time()
    assert _names("* @acme/all\n/" + "*a" * 12 + "b @acme/owner", "a" * 120) == ["@acme/all"]
    assert time.process_time() - started < 1
