"""The git side of GitLab before answers that gitlab.com really sent, and objects of its documentation."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from incident_pipeline.errors import AccessDenied, NotFound
from incident_pipeline.sources.git._gitlab_json import to_commit, to_files
from tests.replay.recordings import Recording
from tests.replay.requre import cassette
from tests.replay.server import ReplayServer
from tests.sources.git.gitlab_case import gitlab

pytestmark = pytest.mark.shared

LOOSE = ("id", "order", "trailers")
"""What the recorded client or the server's links said besides."""


def ogr(shared: Path, name: str) -> tuple[str, list[Recording]]:
    """The project's name and the exchanges, its number in their paths replaced by it: the recorded client asked for
    the number first."""
    recorded = cassette(shared / "contracts/gitlab/recorded/ogr" / f"{name}.yaml")
    projects = [json.loads(r.body) for r in recorded if r.path.count("/") == 4 and "/projects/" in r.path]
    project = projects[0]["path_with_namespace"]
    number, quoted = f"/projects/{projects[0]['id']}", f"/projects/{project}"
    return project, [replace(r, path=r.path.replace(number, quoted)) for r in recorded]


def sample(shared: Path, name: str) -> Any:
    return json.loads((shared / "contracts/gitlab/recorded" / name).read_text("utf-8"))


@pytest.mark.proves("branches", by="recording")
def test_recorded_pages_of_branches_are_read_to_the_last(shared: Path) -> None:
    project, recorded = ogr(shared, "GenericCommands.test_branches_pagination")
    with ReplayServer(recorded, loose=LOOSE) as server, gitlab(server) as source:
        names = [ref.name for ref in source.get_branches(project)]
    told = [item["name"] for r in recorded if r.path.endswith("/branches") for item in json.loads(r.body)]
    assert names == list(dict.fromkeys(told))
    assert len(names) > 20
    assert len(server.requests) == 2
    assert server.unmatched == []


@pytest.mark.proves("tags", by="recording")
def test_recorded_tags_name_their_commits(shared: Path) -> None:
    project, recorded = ogr(shared, "Tags.test_get_tags")
    with ReplayServer(recorded, loose=LOOSE) as server, gitlab(server) as source:
        tags = list(source.get_tags(project))
    assert len(tags) > 1
    assert all(len(tag.hash) == 40 for tag in tags)


@pytest.mark.proves("commits in a window", by="recording")
def test_recorded_commits_of_a_branch_are_newest_first_and_linked(shared: Path) -> None:
    project, recorded = ogr(shared, "GenericCommands.test_commits")
    with ReplayServer(recorded, loose=LOOSE) as server, gitlab(server) as source:
        commits = list(source.get_commits(project, branch="master"))
    assert len(commits) == 18
    times = [c.committed_at for c in commits if c.committed_at]
    assert times == sorted(times, reverse=True)
    linked = {parent for c in commits for parent in c.parents}
    assert all(c.hash in linked for c in commits[1:])
    assert commits[0].is_merge


@pytest.mark.proves("default branch", by="recording")
def test_a_recorded_project_names_its_default_branch(shared: Path) -> None:
    project, recorded = ogr(shared, "GenericCommands.test_is_not_private")
    with ReplayServer(recorded) as server, gitlab(server) as source:
        assert source.default_branch(project) == "master"


@pytest.mark.proves("files and patch of a commit", by="recording")
def test_a_recorded_commit_is_resolved(shared: Path) -> None:
    project, recorded = ogr(shared, "GenericCommands.test_get_commit_statuses")
    sha = next(r.path for r in recorded if "/commits/" in r.path).split("/commits/")[1].partition("/")[0]
    with ReplayServer(recorded) as server, gitlab(server) as source:
        assert source.resolve(project, sha) == sha


@pytest.mark.proves("errors", by="recording")
def test_a_recorded_404_is_told_with_gitlabs_words(shared: Path) -> None:
    project, recorded = ogr(shared, "GenericCommands.test_nonexisting_file")
    missing = next(r for r in recorded if r.status == 404)
    answers = [replace(missing, path=f"{missing.path}/raw"), replace(missing, path="/api/v4/projects/a/b", query={})]
    with ReplayServer(answers) as server, gitlab(server) as source:
        path = missing.path.rpartition("/")[2].replace("%2E", ".")
        assert source.read_file(project, path, missing.query["ref"]) is None
        with pytest.raises(NotFound, match="404 File Not Found"):
            source.default_branch("a/b")


@pytest.mark.proves("credentials", by="recording")
def test_a_recorded_401_says_that_the_token_is_refused(shared: Path) -> None:
    recorded = cassette(shared / "contracts/gitlab/recorded/ogr/Service.test_wrong_auth.yaml")
    answers = [replace(r, path="/api/v4/projects/a/b") for r in recorded]
    with (
        ReplayServer(answers) as server, gitlab(server) as source,
        pytest.raises(AccessDenied, match="wrong, expired or revoked"),
    ):  # fmt: skip
        source.default_branch("a/b")


@pytest.mark.proves("commits in a window", by="recording")
@pytest.mark.parametrize(
    "name", ["go-scm/commits.json", "go-scm/commit.json", "gitlab4j/commit.json", "perceval/commits_1.json"]
)
def test_sample_commits_are_read_whatever_they_leave_out(shared: Path, name: str) -> None:
    found = sample(shared, name)
    for item in cast("list[dict[str, Any]]", found if isinstance(found, list) else [found]):
        commit = to_commit(item)
        assert (commit.hash, commit.author) == (item["id"], item["author_name"])
        assert commit.committed_at
        assert commit.committed_at.utcoffset() is not None


@pytest.mark.proves("files and patch of a commit", by="recording")
@pytest.mark.parametrize("name", ["go-scm/commit_diff.json", "gitlab4j/diff.json"])
def test_sample_diffs_give_patches_that_start_with_a_hunk(shared: Path, name: str) -> None:
    items = sample(shared, name)
    files = to_files(items)
    assert len(files) == len(items) > 0
    assert all(f.patch and f.patch.startswith("@@ ") for f in files)
