"""What runs, jobs and polls cost: what has ended is asked for once, what may change is asked whether it did."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from incident_pipeline.model.incident import Run
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs.github_actions import Config, GitHubActions, open_source
from tests.fakes.github import FakeGitHub
from tests.fakes.github_limits import Limiter
from tests.fakes.github_state import FakeJob, FakeRun, pull
from tests.sources.git.github_case import REPO, TOKEN
from tests.sources.logs.actions_case import at, fake

pytestmark = pytest.mark.proves("rate limits", by="fake")

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
PULL = pull(42, head="feature", head_sha="a" * 40, base="main", base_sha="b" * 40)
Open = Callable[[], GitHubActions]


@pytest.fixture
def server() -> Iterator[FakeGitHub]:
    fork = FakeRun(13, "a" * 40, branch="feature", event="pull_request", head_repo="stranger/shop", created_at=at(9))
    red = FakeRun(12, "c" * 40, jobs=[FakeJob(n) for n in range(120)])
    green = FakeRun(11, "d" * 40, "success", created_at=at(1), jobs=[FakeJob(500)])
    with fake(red, green, fork, FakeRun(14, "e" * 40, "success", created_at=at(20)), pulls=[PULL]) as running:
        yield running


@pytest.fixture
def opened(server: FakeGitHub, tmp_path: Path) -> Open:
    """Another process each time, with the same cache."""

    def make() -> GitHubActions:
        config = Config(base_url=server.url, token=SecretStr(TOKEN))
        return open_source(config, SourceContext("ci", tmp_path, tmp_path))

    return make


def asked(server: FakeGitHub) -> list[tuple[str, bool]]:
    found = [(r.path.rpartition("/")[2], "if-none-match" in r.headers) for r in server.requests]
    server.requests.clear()
    return found


def test_a_poll_that_finds_nothing_new_is_one_conditional_request(server: FakeGitHub, opened: Open) -> None:
    def poll() -> list[Run]:
        with opened() as source:
            return list(source.get_runs(REPO, SINCE))

    first = poll()
    assert [run.run_id for run in first] == ["14", "13", "12", "11"]
    assert first[1].base_branch == "main"
    assert len(asked(server)) == 2
    for _ in range(3):
        assert poll() == first
        assert asked(server) == [("runs", True)]
    server.repos[REPO].runs.append(FakeRun(15, "f" * 40, created_at=at(30)))
    assert next(run.run_id for run in poll()) == "15"
    assert asked(server) == [("runs", True)]


def test_an_unchanged_answer_costs_nothing_of_the_hours_count(server: FakeGitHub, opened: Open) -> None:
    server.limiter = Limiter()
    for _ in range(4):
        with opened() as source:
            list(source.get_runs(REPO, SINCE))
    assert server.limiter.used == 2
    assert server.limiter.violations == []


def test_a_run_without_its_pull_request_is_asked_about_until_it_has_one(server: FakeGitHub, opened: Open) -> None:
    (found,) = server.repos[REPO].pulls
    server.repos[REPO].pulls.clear()
    for pulls, expected in (((), None), ((), None), ((found,), "main"), ((), "main")):
        server.repos[REPO].pulls[:] = pulls
        with opened() as source:
            assert source.get_run(REPO, "13").base_branch == expected
    assert [what for what, _ in asked(server)] == ["13", "pulls", "pulls", "13", "pulls", "pulls", "13", "pulls", "13"]


def test_jobs_of_a_run_that_ended_and_an_attempt_that_ended_are_asked_for_once(
    server: FakeGitHub, opened: Open
) -> None:
    for expected in ([("1", False), ("jobs", False), ("jobs", False)], []):
        with opened() as source:
            run = source.get_run(REPO, "12", 1)
            assert len(list(source.get_jobs(run))) == 120
        assert asked(server) == expected


def test_a_run_may_be_run_again_so_it_is_asked_about(server: FakeGitHub, opened: Open) -> None:
    with opened() as source:
        assert source.get_run(REPO, "12").attempt == 1
    server.repos[REPO].runs.append(FakeRun(12, "c" * 40, "success", attempt=2))
    with opened() as source:
        assert source.get_run(REPO, "12").attempt == 2


@pytest.mark.proves("running builds", by="fake")
def test_jobs_of_a_run_that_goes_on_are_asked_for_again(server: FakeGitHub, opened: Open) -> None:
    running = Run("ci", REPO, "12", 1, "CI", "c" * 40, "in_progress", None)
    for conditional in (False, True):
        with opened() as source:
            assert len(list(source.get_jobs(running))) == 120
        assert asked(server) == [("jobs", conditional)] * 2


def test_the_green_run_of_a_pull_request_costs_two_requests_once_its_run_is_known(
    server: FakeGitHub, opened: Open
) -> None:
    with opened() as source:
        run = source.get_run(REPO, "13")
        asked(server)
        green = source.last_green_run(run)
        assert green is not None
        assert green.run_id == "11"
        assert asked(server) == [("runs", False), ("runs", False)]
