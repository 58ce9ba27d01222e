"""Which signals become sentences."""

from incident_pipeline.evidence.proof import Signal
from incident_pipeline.evidence.telling import telling
from incident_pipeline.model.evidence import Citation

PLACES = (Citation("log:1", "a"), Citation("log:2", "b"))


def signals(*names: str) -> list[Signal]:
    return [Signal(name, 0.5, f"says {name}", PLACES) for name in names]


def told(*names: str, first: bool = True) -> list[str]:
    return [s.feature for s in telling(signals(*names), first=first)]


def test_what_a_stronger_signal_says_is_not_repeated() -> None:
    assert told("missing", "reach", "frame", "words", "setup", "blame") == ["missing", "frame", "blame"]
    assert told("reach", "words") == ["reach", "words"]


def test_the_stronger_of_two_that_say_the_same_takes_the_place_of_the_other() -> None:
    assert told("reach", "near_test", "frame") == ["frame", "near_test"]


def test_changing_what_runs_is_no_reason_but_where_there_is_no_other() -> None:
    assert told("reach", "behaviour") == ["reach"]
    assert told("behaviour") == ["behaviour"]
    assert told("behaviour", first=False) == []


def test_other_suspects_get_two_reasons_with_one_place_each() -> None:
    found = telling(signals("reach", "near_test", "words"), first=False)
    assert [len(s.citations) for s in found] == [1, 1]


def test_a_trace_of_a_signal_is_not_told() -> None:
    assert telling([Signal("words", 0.01, "x", PLACES), *signals("reach")], first=False)[0].feature == "reach"
