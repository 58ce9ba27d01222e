"""Which earlier incidents are told, and which are not: a needless one is worse than none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.evidence.fingerprint import fingerprint
from incident_pipeline.evidence.likeness import similar
from incident_pipeline.model.evidence import Failure
from incident_pipeline.model.memory import Fingerprint, PastIncident
from tests.evidence.past import TEST, failure, past

NOW = failure("E   cart.CartError: no price for 'pear'")
ELSEWHERE = failure("E   cart.CartError: no price for 'pear'", test="tests/test_till.py::test_sum")
UNLIKE = failure("E   TypeError: unsupported operand", test="tests/test_mail.py::test_send")


def names(now: Failure, before: list[PastIncident], repo: str = "acme/shop") -> list[str]:
    return [s.past.incident for s in similar(fingerprint(now), before, repo=repo)]


def test_the_same_message_in_another_test_is_told_and_says_what_is_shared() -> None:
    (found,) = similar(fingerprint(NOW), [past("shop-1", ELSEWHERE), past("shop-2", UNLIKE)], repo="acme/shop")
    assert found.past.incident == "shop-1"
    assert found.shared == ("CartError", "the message cart.CartError: no price for 'pear'")
    assert 0.65 <= found.likeness < 1


def test_the_same_failure_is_told_as_such_and_first() -> None:
    found = similar(fingerprint(NOW), [past("shop-1", ELSEWHERE), past("shop-2", NOW)], repo="acme/shop")
    assert (found[0].past.incident, found[0].likeness) == ("shop-2", 1.0)
    assert found[0].shared[:2] == ("the same failure", f"the failing test {TEST}")


@pytest.mark.parametrize(
    "other",
    [
        UNLIKE,
        failure("E   KeyError: 'pear'", test="tests/test_mail.py::test_send"),  # a word
        failure("E   cart.CartError: lost the till and all that was in it", test="tests/test_b.py::test_b"),  # a class
        Failure(),
    ],
)
def test_what_only_shares_a_word_or_a_kind_of_error_is_not_told(other: Failure) -> None:
    assert names(NOW, [past("shop-1", other)]) == []


def test_phrases_of_a_build_tool_make_nothing_alike() -> None:
    goal = (
        "[ERROR] Failed to execute goal org.plugins:compiler:3.1:compile (default) on project {}: Compilation failure"
    )
    one, two = (failure(goal.format(name), test=None, kind="goal") for name in ("shop", "till"))
    assert names(one, [past("shop-1", two, tests=())]) == []


def test_what_is_in_every_incident_counts_for_little() -> None:
    common = "E   OSError: cannot reach the till"
    before = [past(f"shop-{n}", failure(common, f"E   ValueError: amount of item_{n}x")) for n in range(40)]
    now = failure(common, "E   LookupError: shelf is empty", test="tests/test_shelf.py::test_get")
    assert names(now, before) == []
    assert names(now, before[:1]) == []


def test_people_and_replays_are_preferred_to_a_report() -> None:
    before = [
        past("shop-1", ELSEWHERE),
        past("shop-2", ELSEWHERE, told_by="proof"),
        past("shop-3", ELSEWHERE, told_by="person"),
    ]
    assert names(NOW, before) == ["shop-3", "shop-2", "shop-1"]


def test_of_one_red_stretch_only_one_is_told() -> None:
    before = [past(f"shop-{n}", NOW, base="b1") for n in range(4)] + [past("shop-9", NOW, base="b2")]
    assert names(NOW, before) == ["shop-0", "shop-9"]


def test_another_repository_helps_less() -> None:
    (here,) = similar(fingerprint(NOW), [past("shop-1", NOW)], repo="acme/shop")
    (there,) = similar(fingerprint(NOW), [past("shop-1", NOW)], repo="acme/web")
    assert there.likeness < here.likeness == 1.0


def test_nothing_to_compare_finds_nothing() -> None:
    assert similar(Fingerprint(""), [past("shop-1", NOW)], repo="acme/shop") == ()
    assert similar(fingerprint(NOW), [], repo="acme/shop") == ()


@given(st.permutations([past(f"shop-{n}", what) for n, what in enumerate((NOW, ELSEWHERE, UNLIKE, ELSEWHERE, NOW))]))
@settings(deadline=None)
def test_the_order_of_the_past_does_not_matter(before: list[PastIncident]) -> None:
    assert names(NOW, before) == names(NOW, sorted(before, key=lambda p: p.incident))
    assert names(NOW, before)[:2] == ["shop-0", "shop-4"]
