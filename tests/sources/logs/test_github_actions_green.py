"""Which green run is the baseline, and what a pull request goes to."""

from incident_pipeline.model.incident import Run
from tests.fakes.github_state import FakeRun, pull
from tests.sources.git.github_case import REPO
from tests.sources.logs.actions_case import actions, at, fake


def green(number: int, **changes: str) -> FakeRun:
    run = FakeRun(number, f"{number:040x}", "success", created_at=at(number))
    for key, value in changes.items():
        setattr(run, key, value)
    return run


def test_the_last_green_run_is_of_the_same_workflow_and_branch_and_before() -> None:
    other = green(9)
    other.workflow_id = 8
    forks = green(8, event="pull_request", head_repo="stranger/shop")
    red = FakeRun(10, "a" * 40, created_at=at(10))
    with (
        fake(green(1), green(3), green(5, branch="side"), other, forks, red, green(11)) as server,
        actions(server) as source,
    ):
        found = source.last_green_run(source.get_run(REPO, "10"))
        assert found is not None
        assert found.run_id == "3"
        assert len(server.requests) == 2


def test_a_rerun_takes_no_green_run_of_a_newer_commit() -> None:
    again = FakeRun(10, "a" * 40, created_at=at(30), attempt=2)
    with fake(green(3), green(20), again) as server, actions(server) as source:
        found = source.last_green_run(source.get_run(REPO, "10", 2))
    assert found is not None
    assert found.run_id == "3"


def test_no_green_run_is_none() -> None:
    with fake(FakeRun(10, "a" * 40)) as server, actions(server) as source:
        assert source.last_green_run(source.get_run(REPO, "10")) is None


PULL = pull(42, head="feature", head_sha="a" * 40, base="main", base_sha="b" * 40)


def pull_request_run(**changes: object) -> FakeRun:
    run = FakeRun(10, "a" * 40, branch="feature", event="pull_request", created_at=at(10), pulls=[PULL])
    for key, value in changes.items():
        setattr(run, key, value)
    return run


def base_of(run: Run) -> tuple[int | None, str | None, str | None]:
    return run.pr_number, run.base_branch, run.base_sha


def test_a_pull_request_falls_back_to_its_base_branch() -> None:
    with fake(green(3), green(11), pull_request_run()) as server, actions(server) as source:
        run = source.get_run(REPO, "10")
        assert base_of(run) == (42, "main", "b" * 40)
        found = source.last_green_run(run)
    assert found is not None
    assert (found.run_id, found.branch) == ("3", "main")


def test_a_pull_request_prefers_a_green_run_of_its_own_branch() -> None:
    own = green(5, branch="feature", event="pull_request")
    with fake(green(7), own, pull_request_run()) as server, actions(server) as source:
        found = source.last_green_run(source.get_run(REPO, "10"))
    assert found is not None
    assert found.run_id == "5"


def test_another_forks_branch_of_the_same_name_is_no_baseline() -> None:
    strangers = green(5, branch="feature", event="pull_request", head_repo="other/shop")
    mine = pull_request_run(head_repo="me/shop", pulls=[])
    with fake(green(3), strangers, mine, pulls=[PULL]) as server, actions(server) as source:
        found = source.last_green_run(source.get_run(REPO, "10"))
    assert found is not None
    assert found.run_id == "3"


def test_a_forks_pull_request_is_found_by_its_commit_or_by_its_branch() -> None:
    mine = pull_request_run(head_repo="me/shop", pulls=[])
    with fake(mine, pulls=[PULL]) as server, actions(server) as source:
        assert base_of(source.get_run(REPO, "10")) == (42, "main", "b" * 40)
        assert base_of(next(source.get_runs(REPO, failed_only=True))) == (42, "main", "b" * 40)
    moved = pull(42, head="feature", head_sha="c" * 40, base="main", base_sha="b" * 40)
    with fake(mine, pulls=[moved]) as server, actions(server) as source:
        assert base_of(source.get_run(REPO, "10")) == (42, "main", "b" * 40)
    with fake(mine) as server, actions(server) as source:
        assert base_of(source.get_run(REPO, "10")) == (None, None, None)


def test_a_merge_queues_run_names_its_base() -> None:
    queued = FakeRun(
        10, "a" * 40, branch=f"gh-readonly-queue/release/1.x/pr-7-{'d' * 40}", event="merge_group", created_at=at(10)
    )
    with fake(queued, green(3, branch="release/1.x")) as server, actions(server) as source:
        run = source.get_run(REPO, "10")
        found = source.last_green_run(run)
    assert base_of(run) == (7, "release/1.x", "d" * 40)
    assert found is not None
    assert found.run_id == "3"
