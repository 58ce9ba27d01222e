"""The words of `investigate` and the environment of a CI job in, one `Request` out. Nothing is read or asked.

Surprising fact: a time without a zone is UTC, whatever the machine's own zone, and the answer says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from incident_pipeline.errors import UsageError
from incident_pipeline.flow.request import Request

_GITHUB_RUN = re.compile(r"https?://github\.com/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Flags:
    """What was typed, as it was typed."""

    logs: str | None = None
    repo: str | None = None
    run_url: str | None = None
    run_id: str | None = None
    attempt: int | None = None
    since: str | None = None
    until: str | None = None
    git: str | None = None
    git_path: Path | None = None
    log_files: tuple[Path, ...] = ()
    green_logs: tuple[Path, ...] = ()
    last_green: str | None = None
    head: str | None = None


def read_flags(flags: Flags, *, env: Mapping[str, str], now: datetime) -> Request:
    """The request. UsageError when the words contradict each other or name no failure."""
    _check_blank(flags)
    flags = _from_ci_job(flags, env)
    _check_together(flags)
    since, until, notes = _window(flags, now)
    logs = flags.logs
    if logs is None and flags.run_url and _GITHUB_RUN.match(flags.run_url):
        logs = "github_actions"
    return Request(
        logs=logs, repo=_repo(flags.repo), run_url=flags.run_url, run_id=flags.run_id, attempt=flags.attempt,
        since=since, until=until, git=flags.git, git_path=flags.git_path, log_files=flags.log_files,
        green_logs=flags.green_logs, last_green=flags.last_green, head=flags.head, notes=notes,
    )  # fmt: skip


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


def _check_blank(flags: Flags) -> None:
    for option, value in (
        ("--logs", flags.logs), ("--repo", flags.repo), ("--run-url", flags.run_url), ("--run-id", flags.run_id),
        ("--git", flags.git), ("--last-green", flags.last_green), ("--head", flags.head),
    ):  # fmt: skip
        if value is not None and not value.strip():
            raise UsageError(f"{option} is empty: is the variable behind it set?")


def _named(flags: Flags) -> list[str]:
    """The options that say which failure is meant."""
    ways = (
        ("--run-url", flags.run_url), ("--run-id", flags.run_id), ("--since", flags.since or flags.until),
        ("--log-file", flags.log_files),
    )  # fmt: skip
    return [option for option, value in ways if value]


def _from_ci_job(flags: Flags, env: Mapping[str, str]) -> Flags:
    """Inside a GitHub Actions job its own run is meant when nothing else was named."""
    run_id, repo = env.get("GITHUB_RUN_ID"), env.get("GITHUB_REPOSITORY")
    if _named(flags) or not (run_id and repo):
        return flags
    if (flags.logs or "github_actions").lower().replace("-", "_") != "github_actions" or flags.repo not in {None, repo}:
        return flags
    attempt = env.get("GITHUB_RUN_ATTEMPT", "")
    here = int(attempt) if attempt.isascii() and attempt.isdigit() else None
    return replace(flags, logs="github_actions", repo=repo, run_id=run_id, attempt=flags.attempt or here)


def _check_together(flags: Flags) -> None:
    named = _named(flags)
    if not named:
        raise UsageError("what failed? give --run-url, --run-id, --since with --until, or --log-file FILE")
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} each name the failure: give one of them")
    if flags.attempt is not None and not (flags.run_id or flags.run_url):
        raise UsageError("--attempt goes with --run-id or --run-url")
    if flags.green_logs and not flags.log_files:
        raise UsageError("--green-log goes with --log-file: a CI system gives its green run itself")
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


def _window(flags: Flags, now: datetime) -> tuple[datetime | None, datetime | None, tuple[str, ...]]:
    if flags.since is None:
        if flags.until is not None:
            raise UsageError("--until needs --since")
        return None, None, ()
    since, naive = parse_time(flags.since, "--since")
    until, naive_end = parse_time(flags.until, "--until") if flags.until is not None else (now, False)
    if since > now:
        raise UsageError(f"--since {_show(since)} lies in the future (it is {_show(now)})")
    if since >= until:
        raise UsageError(f"--since {_show(since)} is not before --until {_show(until)}")
    notes = ["times given without a zone were taken as UTC"] if naive or naive_end else []
    if flags.until is None:
        notes.append(f"--until was not given: taken as now, {_show(until)}")
    return since, until, tuple(notes)


def _show(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
