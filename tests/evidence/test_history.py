"""What is known of a test from earlier incidents changes the verdict, and says on which incidents it rests."""

import pytest

from incident_pipeline.evidence.fingerprint import fingerprint
from incident_pipeline.evidence.history import by_history
from incident_pipeline.evidence.judge import judge
from incident_pipeline.model.evidence import CodeFacts, Failure, Judgement
from incident_pipeline.model.incident import Window
from incident_pipeline.model.memory import PastIncident
from tests.evidence.past import TEST, failure, finding, past
from tests.evidence.sample import CART, change, commit, log, sha, window

NOW = failure("E   assert 3 == 4")
OTHER_ERROR = failure("E   OSError: till is shut")
RANGE = window(commit(1, "Tidy"), commit(2, "Tidy more"))


def strength(*before: PastIncident, now: Failure = NOW, over: Window = RANGE, again: bool | None = None) -> float:
    return sum(s.strength for s in by_history(now, over, before, same_commit_passed=again))


def told(incident: str, verdict: str = "flaky", what: Failure = NOW, by: str = "person") -> PastIncident:
    return past(incident, what, verdict=verdict, told_by=by)


def test_what_people_called_flaky_is_a_sign_that_names_its_incidents() -> None:
    (sign,) = by_history(NOW, RANGE, [told("shop-1801"), told("shop-1822")])
    assert (sign.verdict, sign.category) == ("flaky", "test")
    assert sign.cause == "it failed by chance in shop-1801 and shop-1822 too"
    assert sign.strength > strength(told("shop-1801")) > 0


def test_a_pass_on_the_very_same_commit_proves_chance() -> None:
    assert strength(past("shop-1", NOW, passed_again=True)) == strength(told("shop-2"))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_coming_and_going_over_other_commits_tells_from_the_second_time_on(count: int) -> None:
    before = [past(f"shop-{n}", NOW) for n in range(count)]
    assert (strength(*before) > 0) is (count > 1)
    assert strength(*before) <= strength(told("a"))


def test_one_red_stretch_counts_once_however_many_runs_it_had() -> None:
    assert strength(*(past(f"shop-{n}", NOW, base="b1") for n in range(9))) == 0


def test_without_a_green_run_at_its_start_nothing_has_gone_away() -> None:
    unknown = Window("acme/shop", None, sha(1), "none", RANGE.commits, complete=False)
    assert strength(past("a", NOW), past("b", NOW), over=unknown) == 0


@pytest.mark.parametrize("by", ["person", "proof"])
def test_a_commit_that_was_proved_or_named_is_no_chance(by: str) -> None:
    assert strength(told("a", "commit", by=by), told("b", "commit", by=by)) == 0
    assert 0 < strength(told("a"), told("b", "commit", by=by)) < strength(told("a"))


def test_the_same_test_with_another_error_tells_less() -> None:
    assert 0 < strength(told("a", what=OTHER_ERROR)) < strength(told("a"))


def test_one_unknown_test_beside_a_known_flake_leaves_no_sign() -> None:
    both = Failure(
        (finding("E   assert 3 == 4"), finding("E   KeyError: 'x'", test="t.py::test_b")), tests=(TEST, "t.py::test_b")
    )
    assert strength(told("a"), now=both) == 0
    assert strength(told("a"), past("b", NOW, tests=("t.py::test_b",), verdict="flaky", told_by="person"), now=both) > 0


def test_failing_on_in_this_stretch_speaks_against_chance() -> None:
    earlier = past("shop-2", NOW, head=sha(2))
    assert strength(told("a"), earlier) == strength(told("a")) / 2
    assert strength(told("a"), again=False) < strength(told("a"))


def test_another_repository_has_no_say() -> None:
    assert strength(told("a"), over=Window("acme/web", "b", sha(1), "last_green", RANGE.commits)) == 0


def test_a_failure_without_a_test_is_known_by_its_key_and_the_machine_is_cited() -> None:
    lost = failure("runner lost", test=None, kind="runner")
    (sign,) = by_history(lost, RANGE, [past("shop-1", lost, tests=(), verdict="infrastructure", told_by="person")])
    assert (sign.verdict, sign.cause) == ("infrastructure", "it was the machine in shop-1 too")
    assert [c.ref for c in sign.citations] == ["log:7"]
    assert strength(told("a", what=OTHER_ERROR), now=lost) == 0


LINES = ["##[group]Run python -m pytest", "##[endgroup]", "E   assert 3 == 4"]


def judged(*history: PastIncident) -> Judgement:
    what = Failure((finding("E   assert 3 == 4", line=3),), tests=(TEST,))
    near = window(commit(1, "Count lines", change("shop/list.py", CART, CART + "\n\nX = 1\n")), commit(2, "Tidy"))
    return judge(what, near, CodeFacts(), logs=[log(LINES)], history=history)


def test_without_a_past_nothing_changes() -> None:
    assert judged() == judged(past("shop-1", OTHER_ERROR, tests=("t.py::test_b",)))


def test_a_known_flake_turns_the_verdict_and_the_report_says_why() -> None:
    before, after = judged().verdict, judged(told("shop-1801"), told("shop-1822")).verdict
    assert before.verdict != "flaky"
    assert (after.verdict, after.status) == ("flaky", "LIKELY")
    assert after.summary == f"No commit is to blame: it failed by chance in shop-1801 and shop-1822 too ({TEST})."
    assert [r.text for r in after.reasons] == ["it failed by chance in shop-1801 and shop-1822 too"]


def test_a_fingerprint_of_the_past_is_compared_as_it_was_stored() -> None:
    stored = past("shop-1", fingerprint(NOW), verdict="flaky", told_by="person")
    assert strength(stored) == strength(told("shop-1"))
