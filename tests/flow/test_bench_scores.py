"""Statistics with known answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.flow.bench_scores import Estimate, brier, calibrate, estimate, gain, wilson


def test_a_mean_of_like_cases_is_certain_and_of_one_case_has_no_interval() -> None:
    assert estimate([0.5] * 9) == Estimate(0.5, 0.5, 0.5)
    assert estimate([0.5]) == Estimate(0.5)


def test_the_interval_of_a_mean_is_about_two_standard_errors_wide() -> None:
    found = estimate([0.0, 1.0] * 50)
    assert found.value == 0.5
    assert found.low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.02)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.02)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_an_interval_repeats_and_stays_within_the_cases(values: list[float]) -> None:
    found = estimate(values, draws=80)
    assert found == estimate(values, draws=80)
    assert min(values) - 1e-9 <= (found.low or 0.0) <= (found.high or 0.0) <= max(values) + 1e-9


def test_a_gain_that_each_case_shares_is_certain_however_the_cases_differ() -> None:
    theirs = [0.1, 0.9, 0.4, 0.0]
    found = gain([x + 0.1 for x in theirs], theirs)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    with pytest.raises(ValueError, match="argument 2"):
        gain([1.0], theirs)


def test_wilson_gives_the_published_intervals() -> None:
    # Newcombe 1998, table I: 81 of 263 and 0 of 20.
    assert wilson(81, 263).value == pytest.approx(0.3080, abs=5e-5)
    assert (wilson(81, 263).low, wilson(81, 263).high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (wilson(0, 20).low, wilson(0, 20).high) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(0, 0) == Estimate(0.0)


def test_brier_is_the_mean_squared_error_of_the_confidence() -> None:
    assert brier([(0.9, True), (0.2, False)]).value == pytest.approx(0.025)
    assert brier([(1.0, True), (0.0, False)]).value == 0
    assert brier([(0.5, True), (0.5, False)]).value == 0.25


def test_claims_fall_into_bins_and_the_error_weighs_each_bin_by_its_claims() -> None:
    found = calibrate([(0.6, True), (0.6, False), (0.5, True), (1.0, True), (0.0, False)], edges=(0, 0.5, 0.7, 1))
    assert [(b.start, b.end, b.cases) for b in found.bins] == [(0, 0.5, 1), (0.5, 0.7, 3), (0.7, 1, 1)]
    middle = found.bins[1]
    assert (middle.confidence, middle.right.value) == pytest.approx((1.7 / 3, 2 / 3))
    assert found.error == pytest.approx(3 / 5 * (2 / 3 - 1.7 / 3))


def test_bins_that_nobody_claimed_are_left_out() -> None:
    assert [b.cases for b in calibrate([(0.99, True)]).bins] == [1]
