"""Bitbucket's source before answers that Bitbucket really gave, and before its own description."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.errors import BadPayload, NotFound
from incident_pipeline.sources.git._bitbucket_json import to_unread_files
from incident_pipeline.sources.git.bitbucket import Bitbucket
from tests.contracts.openapi import Description
from tests.replay.bitbucket_files import BitbucketFiles
from tests.replay.recordings import Recording
from tests.replay.server import ReplayServer
from tests.sources.git.bitbucket_case import REPO, bitbucket, fake, source_before
from tests.sources.git.history import make_history

pytestmark = pytest.mark.shared

PROSE = {"pagelen", "page", "include", "exclude"}
"""Parameters that Bitbucket's prose documents and its description lacks."""


@pytest.fixture
def files(shared: Path) -> Generator[BitbucketFiles]:
    recorded = shared / "contracts/bitbucket/recorded"
    diff = (recorded / "go-scm/pr_file_diff.text").read_bytes()
    with BitbucketFiles(recorded / "jenkins-branch-source", diff=diff) as running:
        yield running


def sample(shared: Path, name: str) -> bytes:
    return (shared / "contracts/bitbucket/recorded/go-scm" / name).read_bytes()


def named(shared: Path, pattern: str) -> list[str]:
    """What stands at the star in the names of the recordings that fit."""
    folder = shared / "contracts/bitbucket/recorded/jenkins-branch-source"
    before, after = pattern.split("*")
    return [file.name.partition(before)[2].removesuffix(after) for file in sorted(folder.glob(f"*{pattern}"))]


@pytest.mark.proves("commits between two hashes", by="recording")
def test_a_recorded_range_is_read_with_its_commits(shared: Path, files: BitbucketFiles) -> None:
    (ends,) = named(shared, "-commits_include_*.json")
    head, base = (re.sub("_([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), end) for end in ends.split("_exclude_"))
    with source_before(files.api) as source:
        commits = list(source.get_commits_between(files.repo, base, head))
        assert next(c.hash for c in commits) == source.resolve(files.repo, head)
    assert len(commits) > 1
    assert all(child.parents[0] == parent.hash for child, parent in pairwise(commits))
    assert commits[-1].parents[0].startswith(base)
    for commit in commits:
        assert commit.author
        assert "@" in commit.author_email
        assert commit.message
        assert [(f.status, f.additions, f.deletions, f.truncated) for f in commit.files or ()] == [
            ("modified", 1, 1, False)
        ]


@pytest.mark.proves("files and patch of a commit", by="recording")
def test_every_recorded_commit_is_read_by_its_hash(shared: Path, files: BitbucketFiles) -> None:
    hashes = [name for name in named(shared, "-commit-*.json") if re.fullmatch("[0-9a-f]+", name)]
    assert len(hashes) > 5
    with source_before(files.api) as source:
        for name in hashes:
            commit = source.get_commit(files.repo, name)
            assert commit.hash.startswith(name)
            assert commit.date.tzinfo is not None
            assert commit.diff


@pytest.mark.proves("branches", by="recording")
@pytest.mark.proves("tags", by="recording")
@pytest.mark.proves("default branch", by="recording")
def test_recorded_branches_and_tags_are_listed_and_found_by_name(files: BitbucketFiles) -> None:
    with source_before(files.api) as source:
        branches, tags = list(source.get_branches(files.repo)), list(source.get_tags(files.repo))
        assert source.default_branch(files.repo) in {ref.name for ref in branches}
        assert len(branches) > 2
        assert all(re.fullmatch("[0-9a-f]{40}", ref.hash) for ref in (*branches, *tags))
        slashed = next(ref for ref in branches if "/" in ref.name)
        assert source.resolve(files.repo, slashed.name) == slashed.hash
        odd = next(ref for ref in tags if "#" in ref.name)
        assert source.resolve(files.repo, odd.name) == odd.hash
        with pytest.raises(NotFound):
            source.resolve(files.repo, "feature")


@pytest.mark.proves("files at a revision", by="recording")
def test_a_recorded_file_is_read_at_a_hash(shared: Path, files: BitbucketFiles) -> None:
    sha, _, path = re.split("(?<=[0-9a-f]{40})(-)", named(shared, "-src-*_format_meta.json")[0])
    with source_before(files.api) as source:
        text = source.read_file(files.repo, path, sha)
    assert text
    assert text.encode() == next(shared.rglob(f"*{sha}-{path}_at_*")).read_bytes()


@pytest.mark.proves("files and patch of a commit", by="recording")
@pytest.mark.parametrize("name", ["jenkins", "diffstat.json", "pr_diffstat.json"])
def test_recorded_lists_of_files_are_read_whatever_stands_for_a_missing_side(shared: Path, name: str) -> None:
    folder = shared / "contracts/bitbucket/recorded/jenkins-branch-source"
    raw = next(folder.glob("*-diffstat-*")).read_bytes() if name == "jenkins" else sample(shared, name)
    items: list[dict[str, Any]] = json.loads(raw)["values"]
    files = to_unread_files(items)
    assert len(files) == len(items)
    for item, file in zip(items, files, strict=True):
        assert item["status"].removesuffix("d")[:4] in {file.status[:4], "remove"[:4]}
        assert (file.additions, file.deletions) == (item["lines_added"], item["lines_removed"])
        assert file.path
        assert (file.old_path is not None) == (file.status == "renamed")


@contextmanager
def answering(path: str, body: bytes, status: int = 200) -> Generator[tuple[Bitbucket, ReplayServer]]:
    """The source before one recorded answer, whatever the page size."""
    headers = (("Content-Type", "application/json"),)
    recording = Recording("GET", f"/2.0/repositories/{REPO}{path}", status, headers=headers, body=body)
    with (
        ReplayServer([recording], loose={"pagelen", "include", "max_depth"}, missing_status=404) as server,
        source_before(f"{server.url}/2.0") as source,
    ):
        yield source, server


@pytest.mark.proves("commits in a window", by="recording")
@pytest.mark.proves("credentials", by="recording")
def test_a_recorded_page_whose_next_link_leads_to_another_host_is_read_and_not_followed(shared: Path) -> None:
    body = sample(shared, "commits.json")
    with answering("/commits", body) as (source, server):
        commits = source.get_commits(REPO, branch="main")
        assert next(commits).hash == json.loads(body)["values"][0]["hash"]
        with pytest.raises(BadPayload, match="another host"):
            list(commits)
        assert len(server.requests) == 1


@pytest.mark.proves("files at a revision", by="recording")
def test_a_recorded_folder_and_a_missing_file_are_no_text(shared: Path) -> None:
    sha = "1" * 40
    with answering(f"/src/{sha}/docs", sample(shared, "content_list.json")) as (source, _):
        assert source.read_file(REPO, "docs", sha) is None
    with answering(f"/src/{sha}/docs", sample(shared, "content_fail.json"), 404) as (source, _):
        assert source.read_file(REPO, "docs", sha) is None
    with answering(f"/src/{sha}/a.json", sample(shared, "content.json")) as (source, _):
        assert source.read_file(REPO, "a.json", sha) == sample(shared, "content.json").decode()


@pytest.mark.proves("commits in a window", by="description")
@pytest.mark.proves("commits between two hashes", by="description")
@pytest.mark.proves("files and patch of a commit", by="description")
@pytest.mark.proves("branches", by="description")
@pytest.mark.proves("tags", by="description")
@pytest.mark.proves("file history", by="description")
@pytest.mark.proves("default branch", by="description")
@pytest.mark.proves("files at a revision", by="description")
def test_every_request_is_as_bitbucket_describes_it(shared: Path, tmp_path: Path) -> None:
    description = Description.load(shared / "contracts/bitbucket/openapi.json")
    repo, sha = make_history(tmp_path / "repo")
    with fake(repo.path, too_large={sha["edit"]}) as server, bitbucket(server, page_size=2) as source:
        assert list(source.get_commits(REPO))
        assert list(source.get_commits_between(REPO, sha["first"], sha["head"]))
        assert source.get_commit(REPO, "v1")
        assert source.resolve(REPO, sha["edit"][:9])
        assert list(source.get_branches(REPO))
        assert list(source.get_tags(REPO))
        assert list(source.get_file_history(REPO, "src/basket.py"))
        assert source.read_file(REPO, "src/basket.py", "main")
        assert source.list_paths(REPO, "main")
        assert source.merge_base(REPO, "main", "side")
        asked = [r for r in server.requests if "/merge-base/" not in r.path]  # documented, but not in this description
        # The root folder's path is empty; Bitbucket's prose asks for the slash, the description cannot say it.
        asked = [replace(r, url=re.sub(r"(/src/\w+/)(?=\?)", r"\1folder", r.url)) for r in asked]
        assert [p for r in asked for p in description.problems(r, base="/2.0", allow=PROSE)] == []
    assert len(server.requests) - len(asked) == 1
    assert {"commits", "diff", "diffstat", "filehistory", "src", "refs", "commit"} <= {
        r.path.split("/")[5] for r in asked if r.path.count("/") > 4
    }
