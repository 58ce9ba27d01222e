import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.normalize.grouping import group_templates


def groups(*lines: str | None) -> list[str | None]:
    return group_templates(pl.Series(lines, dtype=pl.String)).to_list()


def test_words_that_vary_between_the_same_neighbours_are_one_variable() -> None:
    names = ("ana", "bob", "chen", "dora")
    found = groups(*(f"User {name} logged in from 10.0.0.{n}" for n, name in enumerate(names)))
    assert set(found) == {"User <*> logged in from <*>"}


def test_few_different_words_stay_different_messages() -> None:
    assert len(set(groups("Cache hit for key 1", "Cache miss for key 2"))) == 2


def test_how_something_ended_is_never_a_variable() -> None:
    ends = ("passed", "failed", "skipped", "ok", "done")
    assert len(set(groups(*(f"The build {end}" for end in ends)))) == len(ends)


def test_which_error_it_was_is_never_a_variable() -> None:
    kinds = ("KeyError", "TypeError", "ValueError", "OSError", "IndexError")
    assert len(set(groups(*(f"worker stopped: {kind}: gone" for kind in kinds)))) == len(kinds)


def test_lists_and_quotes_of_any_length_are_one_group() -> None:
    lines = ("evicted keys: a, b", "evicted keys: a, b, c, d", "evicted keys: x, y, z")
    assert len(set(groups(*lines))) == 1
    assert len(set(groups('said "no"', 'said "no, never again"'))) == 1


def test_a_first_word_varies_only_before_words_that_stand_fast() -> None:
    same = groups(*(f"{name} is healthy again" for name in ("cart", "order", "index", "cache")))
    assert len(set(same)) == 1
    apart = groups(*(f"{verb} 12" for verb in ("Compiling", "Collecting", "Uploading", "Waiting")))
    assert len(set(apart)) == 4


def test_what_stands_far_right_still_counts() -> None:
    long = " ".join(f"word{chr(97 + n)}" for n in range(20))
    assert len(set(groups(f"{long} begins", f"{long} ends"))) == 2


def test_null_stays_null_and_empty_stays_empty() -> None:
    assert groups(None, "", "a 1") == [None, "", "a <*>"]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=12), st.randoms())
def test_groups_do_not_depend_on_the_order_of_lines(lines: list[str | None], rng: random.Random) -> None:
    shuffled = list(range(len(lines)))
    rng.shuffle(shuffled)
    found, other = groups(*lines), groups(*(lines[n] for n in shuffled))
    assert other == [found[n] for n in shuffled]
