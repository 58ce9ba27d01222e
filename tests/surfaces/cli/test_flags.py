from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.errors import UsageError
from incident_pipeline.flow.request import Request
from incident_pipeline.surfaces.cli.flags import parse_time, read_flags

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CI = {"GITHUB_RUN_ID": "77", "GITHUB_REPOSITORY": "acme/web", "GITHUB_RUN_ATTEMPT": "2"}
Typed = dict[str, Any]
URL = "https://github.com/acme/web/actions/runs/123"


def _read(
    env: dict[str, str] | None = None,
    *,
    since: str | None = None,
    until: str | None = None,
    at: str | None = None,
    **typed: Any,
) -> Request:
    return read_flags(Request(**typed), since=since, until=until, at=at, env=env or {}, now=NOW)


def test_about_a_time_is_half_an_hour_to_either_side_and_never_in_the_future() -> None:
    request = _read(at="2026-11-24T11:50Z", services=("orders", "gateway"))
    assert (request.since, request.until) == (NOW - timedelta(minutes=40), NOW)
    assert request.services == ("orders", "gateway")
    assert request.notes == ("--at 2026-11-24 11:50 UTC: looked at 2026-11-24 11:20 UTC to 2026-11-24 12:00 UTC",)
    assert _read(at="2026-11-24 10:00").notes[0] == "times given without a zone were taken as UTC"


@pytest.mark.parametrize(
    ("text", "time", "naive"),
    [
        ("2024-01-01 14:00", datetime(2024, 1, 1, 14, tzinfo=UTC), True),
        ("2024-01-01", datetime(2024, 1, 1, tzinfo=UTC), True),
        ("2024-01-01T14:00:05Z", datetime(2024, 1, 1, 14, 0, 5, tzinfo=UTC), False),
        (" 2024-01-01T14:00+02:00 ", datetime(2024, 1, 1, 12, tzinfo=UTC), False),
    ],
)
def test_times_are_utc_unless_they_name_a_zone(text: str, time: datetime, naive: bool) -> None:
    assert parse_time(text, "--since") == (time, naive)


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - hypothesis adds the zone
def test_any_iso_time_with_a_zone_is_the_same_moment(time: datetime) -> None:
    parsed, naive = parse_time(time.isoformat(), "--since")
    offset = time.utcoffset()
    assert offset is not None
    assert not naive
    assert parsed == (time.replace(tzinfo=UTC) - offset)


def test_the_issue_of_a_window_is_read_as_utc_and_said() -> None:
    request = _read(repo="acme/web", since="2024-01-01 14:00", until="2024-01-01 15:00")
    assert request.since == datetime(2024, 1, 1, 14, tzinfo=UTC)
    assert request.until == datetime(2024, 1, 1, 15, tzinfo=UTC)
    assert request.notes == ("times given without a zone were taken as UTC",)


def test_a_window_without_an_end_ends_now_and_says_so() -> None:
    request = _read(since="2026-11-24T11:00Z")
    assert request.until == NOW
    assert request.notes == ("--until was not given: taken as now, 2026-11-24 12:00 UTC",)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (Typed(), "what failed? give --run-url, --run-id, --since with --until, or --log-file FILE"),
        (Typed(run_id="1", run_url=URL), "--run-url and --run-id each name the failure: give one of them"),
        (
            Typed(run_id="1", since="2024-01-01"),
            "--run-id and --since each name the failure: give one of them",
        ),
        (
            Typed(run_id="1", log_files=(Path("x"),)),
            "--run-id and --log-file each name the failure: give one of them",
        ),
        (
            Typed(since="2024-01-02", until="2024-01-01"),
            "--since 2024-01-02 00:00 UTC is not before --until 2024-01-01 00:00 UTC",
        ),
        (
            Typed(since="2024-01-01", until="2024-01-01"),
            "--since 2024-01-01 00:00 UTC is not before --until 2024-01-01 00:00 UTC",
        ),
        (
            Typed(since="2099-01-01"),
            "--since 2099-01-01 00:00 UTC lies in the future (it is 2026-11-24 12:00 UTC)",
        ),
        (Typed(until="2024-01-01"), "--until needs --since"),
        (
            Typed(at="2024-01-01", since="2024-01-01"),
            "--at stands for a window of its own: leave --since and --until out",
        ),
        (Typed(at="2099-01-01"), "--at 2099-01-01 00:00 UTC lies in the future (it is 2026-11-24 12:00 UTC)"),
        (Typed(at="0001-01-01T00:00Z"), "--at '0001-01-01T00:00Z': out of range"),
        (Typed(at="noon"), "--at 'noon': no time; write it like \"2024-01-01 14:00\" or 2024-01-01T14:00+02:00"),
        (
            Typed(run_id="1", services=("orders",)),
            "--service goes with --at, or --since with --until: whose production logs to read",
        ),
        (Typed(since="2024-01-01", services=(" ",)), "--service is empty: is the variable behind it set?"),
        (
            Typed(since="yesterday"),
            "--since 'yesterday': no time; write it like \"2024-01-01 14:00\" or 2024-01-01T14:00+02:00",
        ),
        (Typed(since="0001-01-01T00:00+14:00"), "--since '0001-01-01T00:00+14:00': out of range"),
        (Typed(attempt=2, since="2024-01-01"), "--attempt goes with --run-id or --run-url"),
        (
            Typed(run_id="1", green_logs=(Path("g"),)),
            "--green-log goes with --log-file: a CI system gives its green run itself",
        ),
        (Typed(run_url="123"), "--run-url: not the address of a run; copy it from the browser (https://...)"),
        (Typed(run_id=" "), "--run-id is empty: is the variable behind it set?"),
        (Typed(repo="", run_id="1"), "--repo is empty: is the variable behind it set?"),
        (
            Typed(repo="https://github.com/acme/web", run_id="1"),
            "--repo takes OWNER/NAME as in acme/web, not an address",
        ),
        (Typed(repo="acme /web", run_id="1"), "--repo takes OWNER/NAME as in acme/web: no spaces"),
    ],
)
def test_words_that_do_not_go_together_are_one_line(typed: Typed, said: str) -> None:
    with pytest.raises(UsageError) as error:
        _read(**typed)
    assert str(error.value) == said


def test_inside_a_ci_job_no_flag_is_needed() -> None:
    request = _read(CI)
    assert (request.logs, request.repo, request.run_id, request.attempt) == ("github_actions", "acme/web", "77", 2)


@pytest.mark.parametrize(
    "typed",
    [
        Typed(run_id="5"),
        Typed(run_url=URL),
        Typed(log_files=(Path("x"),)),
        Typed(since="2024-01-01"),
    ],
)
def test_what_is_named_wins_over_the_ci_job(typed: Typed) -> None:
    assert _read(CI, **typed).run_id == typed.get("run_id")


@pytest.mark.parametrize("typed", [Typed(logs="jenkins"), Typed(repo="other/repo")])
def test_the_ci_job_is_not_meant_when_another_place_is_named(typed: Typed) -> None:
    with pytest.raises(UsageError, match="what failed"):
        _read(CI, **typed)


def test_a_github_run_url_names_its_logs() -> None:
    assert _read(run_url=URL).logs == "github_actions"
    assert _read(run_url="https://ci.example.com/run/1").logs is None
    assert _read(run_url=URL, logs="jenkins").logs == "jenkins"


def test_the_end_of_a_window_may_lie_ahead() -> None:
    ahead = NOW + timedelta(days=1)
    assert _read(since="2026-11-24T11:00Z", until=ahead.isoformat()).until == ahead
