"""Markdown whose hostile text stays text, parsed with a CommonMark parser to see what a site would make of it."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from incident_pipeline.reports.markdown import block, code, prose, render_markdown
from tests.reports.cases import CASES, hostile_case
from tests.reports.sample import commit_case

_PARSER = MarkdownIt("commonmark")


def _tokens(text: str) -> Iterator[Token]:
    for token in _PARSER.parse(text):
        yield token
        yield from token.children or ()


def _plain(text: str) -> str:
    return "\n".join(token.content for token in _tokens(text) if token.type == "text")


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_only_our_own_links_and_no_markup_of_strangers(name: str, brief: bool) -> None:
    tokens = list(_tokens(render_markdown(CASES[name]().build(), brief=brief)))
    assert not [token for token in tokens if token.type in {"html_inline", "html_block", "image"}]
    links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    assert all(link.startswith("https://github.com/acme/shop/") for link in links)
    assert bool(links) == (name != "hostile")


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_outside_code_nobody_is_pinged_and_nothing_is_linked(name: str, brief: bool) -> None:
    plain = _plain(render_markdown(CASES[name]().build(), brief=brief))
    assert not [mark for mark in ("@", "#", "://", "www.", "<", "\x1b", "\u202e") if mark in plain]


@pytest.mark.parametrize("name", CASES)
def test_a_comment_has_at_most_25_lines(name: str) -> None:
    lines = render_markdown(CASES[name]().build(), brief=True).splitlines()
    assert 5 < len(lines) <= 25


def test_a_comment_says_verdict_proof_suspect_owner_and_next_command() -> None:
    text = render_markdown(commit_case().build(), brief=True)
    assert text.startswith(
        '**LIKELY** 4be91f7 "Round discounts per line" (12:31) broke `tests/test_cart.py::test_total`'
    )
    for part in (
        "- E1 `log:2214`",
        "- E2 `9f3c2ab:src/shop/cart.py:88`",
        "- E3",
        "`@acme/checkout`",
        "\ngit show 4be91f7\n",
    ):
        assert part in text
    assert "[The failed run](https://github.com/acme/shop/actions/runs/7718421842)" in text


def test_the_whole_report_shows_folds_hunks_and_what_was_not_read() -> None:
    text = render_markdown(commit_case().build())
    for part in (
        "... 2,189 lines left out", "   2214 > E       AssertionError", "-    84         return total.quantize(CENT)",
        "- `github_actions` deploy: **expired**", "this commit was never run twice",
    ):  # fmt: skip
        assert part in text


@given(st.text(st.characters(codec=None)))
def test_inline_code_holds_any_text_whole(text: str) -> None:
    spans = [token for token in _tokens(f"x {code(text)} y") if token.type == "code_inline"]
    assert len(spans) == 1


@example(["```", "````", "# after"])
@given(st.lists(st.text("`~ab \n\x1b"), max_size=5))
def test_a_fence_is_closed_by_nothing_inside(lines: list[str]) -> None:
    kinds = [token.type for token in _PARSER.parse("\n".join(block(lines, "text")) + "\n\nafter")]
    assert kinds == ["fence", "paragraph_open", "inline", "paragraph_close"]


@given(st.text())
def test_prose_leaves_no_mark_outside_code(text: str) -> None:
    rendered = "- x " + prose(text)
    assert [
        token for token in _tokens(rendered) if token.type in {"link_open", "html_inline", "image", "em_open"}
    ] == []
    assert not set("@#<[`_*") & set(_plain(rendered))


def test_prose_keeps_plain_words_plain() -> None:
    said = prose('changed cart.py, see tests/test_a.py::test_b: it\'s "round" (12:31) 3.5')
    assert said == 'changed `cart.py`, see `tests/test_a.py::test_b`: it\'s "round" (12:31) 3.5'


def test_hostile_text_is_all_there_to_read() -> None:
    text = render_markdown(hostile_case().build())
    assert "<script>alert(1)</script>" in text
    assert "␛[31mred" in text
