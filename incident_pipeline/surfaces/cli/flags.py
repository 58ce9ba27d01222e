"""The words of `investigate` and the environment of a CI job in, one `Request` out. Nothing is read or asked.

Surprising fact: a time without a zone is UTC, whatever the machine's own zone, and the answer says so.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from incident_pipeline.errors import UsageError
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.sources import ci_job, run_owner

AROUND = timedelta(minutes=30)


def read_flags(
    typed: Request, *, since: str | None = None, until: str | None = None, at: str | None = None,
    env: Mapping[str, str], now: datetime,
) -> Request:  # fmt: skip
    """The request; `since`, `until` and `at` are still words. UsageError when words contradict or name no failure."""
    _check_blank(typed)
    if at is not None and (since is not None or until is not None):
        raise UsageError("--at stands for a window of its own: leave --since and --until out")
    start, end, notes = _around(at, now=now) if at is not None else _window(since, until, now=now)
    flags = _from_ci_job(replace(typed, repo=_repo(typed.repo), since=start, until=end, notes=notes), env)
    _check_together(flags)
    if flags.logs is None and flags.run_url:
        return replace(flags, logs=run_owner(flags.run_url))
    return flags


def parse_time(text: str, option: str) -> tuple[datetime, bool]:
    """Aware UTC of an ISO 8601 time or date (`2024-01-01 14:00`), and whether it had no zone. UsageError otherwise."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f'{option} {text[:40]!r}: no time; write it like "2024-01-01 14:00" or 2024-01-01T14:00+02:00'
        ) from None
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC), True
    try:
        return time.astimezone(UTC), False
    except OverflowError:
        raise UsageError(f"{option} {text[:40]!r}: out of range") from None


def _check_blank(flags: Request) -> None:
    for option, value in (
        ("--logs", flags.logs), ("--repo", flags.repo), ("--run-url", flags.run_url), ("--run-id", flags.run_id),
        ("--git", flags.git), ("--last-green", flags.last_green), ("--head", flags.head),
        *(("--service", name) for name in flags.services),
    ):  # fmt: skip
        if value is not None and not value.strip():
            raise UsageError(f"{option} is empty: is the variable behind it set?")


def _named(flags: Request) -> list[str]:
    """The options that say which failure is meant."""
    ways = (
        ("--run-url", flags.run_url), ("--run-id", flags.run_id), ("--since", flags.since),
        ("--log-file", flags.log_files),
    )  # fmt: skip
    return [option for option, value in ways if value]


def _from_ci_job(flags: Request, env: Mapping[str, str]) -> Request:
    """Inside a CI system's job its own run is meant when nothing else was named."""
    job = None if _named(flags) else ci_job(env)
    if job is None:
        return flags
    kind, told = job
    if (flags.logs or kind).lower().replace("-", "_") != kind or flags.repo not in {None, told["repo"]}:
        return flags
    attempt = told.get("attempt", "")
    here = int(attempt) if attempt.isascii() and attempt.isdigit() else None
    return replace(flags, logs=kind, repo=told["repo"], run_id=told["run_id"], attempt=flags.attempt or here)


def _check_together(flags: Request) -> None:
    named = _named(flags)
    if not named:
        raise UsageError("what failed? give --run-url, --run-id, --since with --until, or --log-file FILE")
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} each name the failure: give one of them")
    if flags.attempt is not None and not (flags.run_id or flags.run_url):
        raise UsageError("--attempt goes with --run-id or --run-url")
    if flags.green_logs and not flags.log_files:
        raise UsageError("--green-log goes with --log-file: a CI system gives its green run itself")
    if flags.services and not flags.since:
        raise UsageError("--service goes with --at, or --since with --until: whose production logs to read")
    if flags.run_url and not re.match(r"https?://[^/\s]+/", flags.run_url):
        raise UsageError("--run-url: not the address of a run; copy it from the browser (https://...)")


def _repo(repo: str | None) -> str | None:
    if repo is None:
        return None
    if "://" in repo or repo.startswith("git@"):
        raise UsageError("--repo takes OWNER/NAME as in acme/web, not an address")
    if re.search(r"[\s\x00-\x1f]", repo):
        raise UsageError("--repo takes OWNER/NAME as in acme/web: no spaces")
    return repo.strip("/")


def _window(
    since: str | None, until: str | None, *, now: datetime
) -> tuple[datetime | None, datetime | None, tuple[str, ...]]:
    if since is None:
        if until is not None:
            raise UsageError("--until needs --since")
        return None, None, ()
    start, naive = parse_time(since, "--since")
    end, naive_end = parse_time(until, "--until") if until is not None else (now, False)
    if start > now:
        raise UsageError(f"--since {_show(start)} lies in the future (it is {_show(now)})")
    if start >= end:
        raise UsageError(f"--since {_show(start)} is not before --until {_show(end)}")
    notes = ["times given without a zone were taken as UTC"] if naive or naive_end else []
    if until is None:
        notes.append(f"--until was not given: taken as now, {_show(end)}")
    return start, end, tuple(notes)


def _around(at: str, *, now: datetime) -> tuple[datetime, datetime, tuple[str, ...]]:
    """Half an hour to either side; no end lies in the future."""
    time, naive = parse_time(at, "--at")
    if time > now:
        raise UsageError(f"--at {_show(time)} lies in the future (it is {_show(now)})")
    try:
        start, end = time - AROUND, min(now, time + AROUND)
    except OverflowError:
        raise UsageError(f"--at {at[:40]!r}: out of range") from None
    notes = ("times given without a zone were taken as UTC",) if naive else ()
    return start, end, (*notes, f"--at {_show(time)}: looked at {_show(start)} to {_show(end)}")


def _show(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
