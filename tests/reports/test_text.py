"""Strangers' text made safe to look at."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.reports.text import count, cut, cut_path, moment, short, visible
from tests.reports.sample import GREEN, RED


@given(st.text(st.characters(codec=None)))
def test_nothing_unseen_is_left_and_one_line_stays_one(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not any(
        unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"} for c in shown
    )
    shown.encode()


@given(st.text("abcdefghij äöü=/._", max_size=50))
def test_harmless_text_is_left_alone(text: str) -> None:
    assert visible(text) == text


def test_unseen_characters_are_named() -> None:
    assert visible("\x1b[31m\t\n\x7f\u202ex\ud800") == "␛[31m    ␊␡[U+202E]x\ufffd"


@given(st.text(max_size=30), st.integers(1, 40))
def test_a_cut_text_fits_and_says_that_it_was_cut(text: str, width: int) -> None:
    for shown in (cut(text, width), cut_path(text, width)):
        assert len(shown) <= width
        assert (shown == text) or "…" in shown


def test_a_path_keeps_its_end() -> None:
    assert cut_path("src/very/deep/cart.py:88", 12) == "…/cart.py:88"


def test_small_phrases() -> None:
    assert (count(1, "commit"), count(1204, "line"), count(0, "row")) == ("1 commit", "1,204 lines", "0 rows")
    assert (short("4be91f7" + "0" * 33), short("no hash"), short(None)) == ("4be91f7", "no hash", "")
    assert (moment(GREEN, RED), moment(GREEN), moment(None)) == ("11:40", "2026-11-24 11:40", "at an unknown time")
