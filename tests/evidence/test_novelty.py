"""New since the green run: by shape, and only when the green run is of the same job."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.evidence.novelty import compare, known_shapes, mask
from tests.evidence.logs import lines


def shape(text: str) -> str:
    return pl.DataFrame({"text": [text]}).select(mask(pl.col("text"))).item()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("took 12.5s", "took 8 ms"),
        ("at 10:11:12.123", "at 09:00:01.7"),
        ("commit 9f3c2ab11de", "commit 0a1b2c3d4e5f"),
        ("port 40112 open", "port 8080 open"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-e89b-12d3-a456-426614174fff"),
        ("wrote /tmp/tmp8f_x1/a", "wrote /tmp/tmpk2_77/a"),
        ("see https://ci.example/run/1", "see https://ci.example/run/2/attempts"),
        ("Progress (1): 1.6/1.8 MB", "Progress (1): 0.2/1.8 MB"),
    ],
)
def test_what_varies_from_run_to_run_is_masked(one: str, other: str) -> None:
    assert shape(one) == shape(other)


def test_none_and_some_are_not_the_same() -> None:
    assert shape("Failures: 0") != shape("Failures: 1")
    assert shape("Failures: 2") == shape("Failures: 17")


def test_a_line_the_green_run_has_too_is_not_new() -> None:
    novelty = compare(lines("start 1\nboom\n"), known_shapes([lines("start 2\nfine\n")]))
    assert novelty.new.to_list() == [False, True]
    assert novelty.trusted


def test_any_of_several_green_logs_will_do() -> None:
    assert compare(lines("a\nb\nc\n"), known_shapes([lines("a\n"), lines("b\n")])).new.to_list() == [False, False, True]


def test_without_a_green_log_nothing_can_be_told() -> None:
    novelty = compare(lines("a\nb\n"), known_shapes([]))
    assert novelty.new.to_list() == [None, None]
    assert not novelty.trusted


def test_a_green_log_of_another_job_is_not_trusted() -> None:
    mine = "\n".join(f"compile module {c}" for c in "abcdefghijklmnopqrst")
    other = "\n".join(f"push layer {c}" for c in "abcdefghijklmnopqrst")
    assert not compare(lines(mine), known_shapes([lines(other)]), before=20).trusted


def test_a_long_stack_does_not_spoil_the_trust() -> None:
    start = "\n".join(f"step {c}" for c in "abcdefghijkl")
    stack = "\n".join(f"  at Frame{c}.run(x)" for c in "abcdefghijklmnopqrstuvwxyz" * 3)
    assert compare(lines(f"{start}\n{stack}"), known_shapes([lines(start)]), before=12).trusted


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40), max_size=20))
def test_a_log_has_nothing_new_against_itself(texts: list[str]) -> None:
    log = lines("\n".join(texts))
    assert not compare(log, known_shapes([lines("\n".join(texts))])).new.any()
