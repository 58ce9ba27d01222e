import random
from datetime import timedelta
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.production import NOON, Entry, arrivals, log, look, minutes, noise

BROKEN = "KeyError: 'currency' in order {}"


def broken(seed: int, first: float, last: float, *, rate: float = 4, text: str = BROKEN) -> list[Entry]:
    chance = random.Random(seed)
    return [(at, "error", text.format(chance.randrange(999))) for at in arrivals(chance, rate, first, last)]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 1 << 30), st.sampled_from([0.2, 1.0, 3.0]))
def test_stationary_noise_makes_no_burst(seed: int, busy: float) -> None:
    found = look(log(noise(seed, busy=busy)))
    assert found.onset is None
    assert found.bursts == ()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 1 << 30))
def test_a_fivefold_rise_of_one_shape_is_found_and_dated_within_three_bins(seed: int) -> None:
    rows = [*noise(seed), *broken(seed, 0, 80, rate=3), *broken(seed + 1, 80, 120, rate=15)]
    (first, *_) = look(log(rows)).bursts
    assert first.text.startswith("KeyError")
    assert not first.first_seen
    assert 3 < first.during / first.before < 8
    assert abs(first.started_at - (NOON + minutes(80))) <= 3 * timedelta(seconds=30)


def test_what_was_never_seen_before_is_dated_to_the_entry_and_cited_by_its_line() -> None:
    one = log([*noise(1), *broken(2, 80, 110)])
    found = look(one, log="orders")
    first = found.bursts[0]
    entries = one.frame.filter(one.frame["text"].str.starts_with("KeyError"))
    assert (first.service, first.label, first.line) == ("orders", "log", entries["line"][0])
    assert (first.started_at, found.onset) == (entries["timestamp"][0], entries["timestamp"][0])
    assert (first.first_seen, first.before, first.count) == (True, 0.0, entries.height)
    assert first.ended_at == entries["timestamp"][-1]


def test_errors_that_were_there_all_along_are_no_burst_beside_the_one_that_began() -> None:
    chronic = broken(3, 0, 120, rate=5, text="payment provider said no to {}")
    found = look(log([*noise(1), *chronic, *broken(2, 90, 120)]))
    assert [b.text.partition(" ")[0] for b in found.bursts] == ["KeyError:"]


def test_a_busy_hour_in_which_everything_grows_is_no_burst() -> None:
    chance = random.Random(4)
    rows: list[Entry] = []
    for first, last, rate in ((0, 60, 1.0), (60, 120, 5.0)):
        rows += [(at, "info", "handled request {}") for at in arrivals(chance, 20 * rate, first, last)]
        rows += [(at, "error", "payment declined") for at in arrivals(chance, rate, first, last)]
    assert look(log(rows)).onset is None


def test_a_hole_in_the_log_and_a_service_that_starts_make_no_burst() -> None:
    holed = [e for e in noise(5, busy=3) if e[0] and not NOON + minutes(20) < e[0] < NOON + minutes(70)]
    late = [(at + minutes(60) if at else None, level, text) for at, level, text in noise(6, last=60)]
    assert look(log(holed), log(late, "log2")).onset is None


def test_clumps_that_come_again_and_again_are_no_burst() -> None:
    clumps = [(NOON + minutes(at + n / 600), "error", "batch failed") for at in range(5, 120, 12) for n in range(20)]
    assert look(log([*noise(7), *clumps])).onset is None


def test_the_service_that_breaks_comes_before_those_that_only_pass_it_on() -> None:
    gateway = broken(8, 80.05, 110, rate=40, text="502 from orders for request {}")
    found = look(
        log([*noise(9), *gateway], "log"), log([*noise(10), *broken(11, 80, 110)], "log2"),
        log="gateway", log2="orders",
    )  # fmt: skip
    assert [b.service for b in found.bursts[:2]] == ["orders", "gateway"]
    assert found.onset == min(b.started_at for b in found.bursts)


def test_a_server_error_that_the_shape_masks_is_told_from_success() -> None:
    chance = random.Random(12)
    good = [(at, "info", f'"GET /cart HTTP/1.1" 200 {chance.randrange(999)}') for at in arrivals(chance, 20, 0, 120)]
    bad = [(at, "info", '"GET /cart HTTP/1.1" 500 12') for at in arrivals(chance, 5, 90, 120)]
    found = look(log([*good, *bad]))
    assert [b.text for b in found.bursts] == ['"GET /cart HTTP/1.1" 500 12']


def test_what_was_over_before_the_asked_window_sets_no_onset() -> None:
    rows = [*noise(13), *broken(14, 20, 30)]
    assert look(log(rows), since=NOON + minutes(60)).onset is None
    assert look(log(rows), since=NOON + minutes(25)).onset is not None


def test_a_rare_new_error_joins_the_burst_it_came_with() -> None:
    once: list[Entry] = [(NOON + minutes(80.1), "fatal", "worker died of OutOfMemoryError")]
    found = look(log([*noise(15), *broken(16, 80, 110), *once]))
    assert "worker died of OutOfMemoryError" in {b.text for b in found.bursts if b.first_seen and b.count == 1}
    assert look(log([*noise(15), *once])).onset is None


def test_entries_out_of_order_and_without_levels_are_counted_all_the_same() -> None:
    rows = [(at, None, text) for at, _, text in [*noise(17), *broken(18, 80, 110)]]
    random.Random(1).shuffle(rows)
    found = look(log(rows, ordered=False))
    assert found.onset is not None
    assert abs(found.onset - (NOON + minutes(80))) < minutes(2)
    assert found.entries == len(rows)


def test_a_log_without_times_has_no_burst_and_says_so() -> None:
    rows = [(None, level, text) for _, level, text in noise(19)]
    found = look(log(rows), log([*noise(20), *broken(21, 80, 110)], "log2"))
    assert (found.untimed, found.entries > 0) == (len(rows), True)
    assert found.notes == ("log: its entries carry no time, so no burst can be dated in it",)
    assert {b.label for b in found.bursts} == {"log2"}


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(NOON, "error", "boom")],
        [(NOON, "error", "boom")] * 500,
        [(NOON + timedelta(milliseconds=n), "error", "boom") for n in range(900)],
        [(NOON + timedelta(days=30 * 365), "error", "from the future")] * 9,
        [(NOON + minutes(n), "info", "\x00\x1b[31m{}%s\n'\";--" * 50) for n in range(99)],
        [(NOON + minutes(n / 50), "error", "error " + "a" * 50_000) for n in range(60)],
    ],
    ids=["nothing", "one", "one moment", "one second", "the future", "hostile", "long"],
)
def test_odd_logs_have_no_onset(rows: list[Entry]) -> None:
    assert look(log(rows)).onset is None


def test_the_same_logs_give_the_same_answer_whatever_their_order() -> None:
    first, second = log([*noise(22), *broken(23, 80, 110)]), log([*noise(24), *broken(25, 81, 110)], "log2")
    assert look(first, second, log="a", log2="b") == look(second, first, log="a", log2="b")


def test_a_day_of_one_line_costs_little_and_has_no_onset() -> None:
    rows: list[Entry] = [(NOON + timedelta(seconds=n % 10_000), "error", "still waiting") for n in range(200_000)]
    one = log(rows)
    began = process_time()
    assert look(one).onset is None
    assert process_time() - began < 3
