"""The git side of GitHub before answers that GitHub really sent."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_pipeline.errors import AccessDenied, BadPayload, Unavailable
from incident_pipeline.http.errors import Call
from tests.http.clock import START, Clock
from tests.replay.recordings import Recording, exchanges, wiremock
from tests.replay.server import ReplayServer
from tests.sources.git.github_case import github, open_api

pytestmark = pytest.mark.shared

LIMITS = "AbuseLimitHandlerTest/wiremock/testHandler_Wait_Secondary_Limits"


def hub4j(shared: Path, name: str) -> list[Recording]:
    found = wiremock(shared / "contracts/github/recorded/hub4j" / name, now=START)
    assert found
    return found


def pygithub(shared: Path, name: str) -> list[Recording]:
    return exchanges(shared / "contracts/github/recorded/pygithub" / f"{name}.txt")


def repo_of(recordings: list[Recording], kind: str) -> str:
    """`owner/name` of the first recorded request for `kind`, so that no recording's text stands here."""
    path = next(r.path for r in recordings if f"/{kind}" in r.path and r.path.startswith("/repos/"))
    return "/".join(path.split("/")[2:4])


def ends_of(recordings: list[Recording]) -> tuple[str, str]:
    """Base and head of the recorded comparison."""
    base, _, head = next(r.path for r in recordings if "/compare/" in r.path).rpartition("/")[2].partition("...")
    return base, head


@pytest.mark.proves("commits between two hashes", by="recording")
@pytest.mark.proves("merge base", by="recording")
@pytest.mark.parametrize("scenario", ["listCommitsBetween", "listCommitsBetweenPaginated"])
def test_a_recorded_comparison_gives_its_commits_newest_first(shared: Path, scenario: str) -> None:
    recorded = [r for r in hub4j(shared, f"GHRepositoryTest/wiremock/{scenario}") if r.query.get("per_page") != "1"]
    with ReplayServer(recorded) as server, github(server, page_size=5) as source:
        repo, (base, head) = repo_of(recorded, "compare"), ends_of(recorded)
        commits = list(source.list_between(repo, base, head))
        assert source.merge_base(repo, base, head) == base
    assert len(commits) == 9
    assert commits[0].hash == head
    times = [c.committed_at for c in commits if c.committed_at]
    assert times == sorted(times, reverse=True)
    assert server.unmatched == []


@pytest.mark.proves("commits between two hashes", by="recording")
def test_two_pages_of_a_comparison_by_tags(shared: Path) -> None:
    recorded = pygithub(shared, "Repository.testCompareCommitsPerPage")
    with ReplayServer(recorded) as server, github(server, page_size=3) as source:
        commits = list(source.list_between(repo_of(recorded, "compare"), *ends_of(recorded)))
    assert [len(commits), len({c.hash for c in commits}), len(server.requests)] == [4, 4, 2]
    linked = [parent for c in commits for parent in c.parents]
    assert all(c.hash in linked for c in commits[1:])


@pytest.mark.proves("files and patch of a commit", by="recording")
def test_a_commit_of_more_than_300_files_is_read_to_its_last_page(shared: Path) -> None:
    recorded = hub4j(shared, "CommitTest/wiremock/listFilesWhereCommitHasLargeChange")
    with ReplayServer(recorded) as server, github(server) as source:
        sha = next(r.path for r in recorded if "/commits/" in r.path).rpartition("/")[2]
        files = source.get_commit(repo_of(recorded, "commits"), sha).files or ()
    assert len(files) == len({f.path for f in files}) == 691
    assert not any(f.truncated for f in files)
    assert len(server.requests) == 3


@pytest.mark.proves("commits in a window", by="recording")
def test_commits_of_a_recorded_window_and_path(shared: Path) -> None:
    recorded = pygithub(shared, "Repository.testGetCommitsWithSinceUntil")
    since, until = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 3, 31, tzinfo=UTC)
    with ReplayServer(recorded) as server, github(server) as source:
        commits = list(source.get_commits(repo_of(recorded, "commits"), since, until))
    assert len(commits) == 47
    assert all(c.committed_at and since <= c.committed_at < until for c in commits)
    assert all(c.author and c.parents for c in commits)


@pytest.mark.proves("tags", by="recording")
def test_recorded_tags_of_three_pages(shared: Path) -> None:
    recorded = hub4j(shared, "GHRepositoryTest/wiremock/listTags")
    with ReplayServer(recorded) as server, github(server, page_size=33) as source:
        tags = list(source.get_tags(repo_of(recorded, "tags")))
    assert len({t.name for t in tags}) == 95
    assert {t.kind for t in tags} == {"tag"}


def test_a_recorded_empty_list_and_an_error_under_status_200(shared: Path) -> None:
    recorded = hub4j(shared, "GHRepositoryTest/wiremock/listTagsEmpty")
    with ReplayServer(recorded) as server, github(server) as source:
        assert list(source.get_tags(repo_of(recorded, "tags"))) == []
    recorded = hub4j(shared, "GHRepositoryTest/wiremock/getBranchNonExistentBut200Status")
    path = next(r.path for r in recorded if "/branches/" in r.path)
    call = Call("github", "a branch")
    with ReplayServer(recorded) as server:
        api = open_api(server.url)
        with api.client, pytest.raises(BadPayload, match="an error came as success"):
            api.object(path, call)


@pytest.mark.proves("rate limits", by="recording")
@pytest.mark.parametrize(
    ("scenario", "waited"),
    [
        ("", 60.0),
        ("_Body_Marker_Only", 60.0),
        ("_Too_Many_Requests", 8.0),
        ("_Too_Many_Requests_Date_Retry_After", 8.0),
        ("_Too_Many_Requests_Date_Retry_After_Missing_Date_Header", 8.0),
        ("_Too_Many_Requests_No_Retry_After", 60.0),
    ],
)
def test_recorded_secondary_limits_are_waited_for(shared: Path, scenario: str, waited: float) -> None:
    recorded = hub4j(shared, LIMITS + scenario)
    clock = Clock()
    with ReplayServer(recorded) as server:
        api = open_api(server.url, patience=clock.patience())
        with api.client:
            data = api.object(next(r.path for r in recorded if r.status in {403, 429}), Call("github", "x"))
    assert data["id"]
    assert clock.slept == [waited + 0.5]


@pytest.mark.proves("errors", by="recording")
def test_recorded_faults_end_in_success_or_in_one_line(shared: Path) -> None:
    call = Call("github", "the repository")
    for name, outcome in {
        "Retry.testReturnsRepoAfter3Retries": 200,
        "Retry.testRaisesRetryErrorAfterMaxRetries": Unavailable,
        "Exceptions.testNonJsonDataReturnedByGithub": Unavailable,
        "Exceptions.testBadAuthentication": AccessDenied,
    }.items():
        recorded = pygithub(shared, name)
        with ReplayServer(recorded) as server:
            api = open_api(server.url)
            with api.client:
                if isinstance(outcome, int):
                    assert api.get(recorded[0].path, call).status == outcome
                    assert api.client.tries == 4
                    continue
                with pytest.raises(outcome) as caught:
                    api.object(recorded[0].path, call)
                assert "\n" not in str(caught.value)


@pytest.mark.proves("default branch", by="recording")
def test_a_renamed_repository_is_followed(shared: Path) -> None:
    recorded = pygithub(shared, "Requester.testLoggingRedirection")
    with ReplayServer(recorded) as server, github(server) as source:
        assert source.default_branch("/".join(recorded[0].path.split("/")[2:4]))
    assert [r.headers.get("authorization") is not None for r in server.requests] == [True, True]
