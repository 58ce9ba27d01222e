"""A GitHub repository over REST in, commits, refs and files out; with `mirror: true` from a clone in the cache.

Surprising fact: GitHub compares in the order oldest first and gives the files of one commit only with that commit, so a
range costs one request for each 100 commits and one for each commit.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from incident_pipeline.errors import BadPayload, IncidentError, NotFound
from incident_pipeline.http.answer import Answer
from incident_pipeline.http.client import Final, never
from incident_pipeline.http.errors import Call
from incident_pipeline.model.git import Commit, Ref
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources._api import Api, reading, stamp
from incident_pipeline.sources._github import (
    PAGE_SIZE,
    GitHubConfig,
    ask_of,
    check_site,
    clone_login,
    find_site,
    is_whole,
    open_api,
    repo_name,
)
from incident_pipeline.sources.base import GitSource, SourceContext
from incident_pipeline.sources.git._diff import to_diff
from incident_pipeline.sources.git._github_files import is_hash, list_paths, read_file, read_files
from incident_pipeline.sources.git._github_json import to_commit, to_files

AT_ONCE = 6
"""Commits read in parallel; GitHub allows 100 requests at once."""

MAX_FILE_PAGES = 11
MAX_RENAMES = 20
REMEMBERED = 8


class Config(GitHubConfig):
    """Keys of a `github` entry."""


def open_source(config: Config, context: SourceContext) -> GitSource:
    """The repository over REST, or its mirror clone when the config says `mirror: true`."""
    source = GitHub(config, api=open_api(config, context), name=context.name)
    if not config.mirror:
        return source
    from incident_pipeline.sources.git._mirror import MirroredGit, Remote  # noqa: PLC0415 - git is needed here only

    site = find_site(config)
    remote = Remote(
        vendor="github",
        web=site.web,
        name=lambda repo: repo_name(repo, config),
        url=lambda name: config.clone_url or f"{site.web}/{name}.git",
        login=lambda: clone_login(source.api, site),
        needs="contents:read",
    )
    return MirroredGit(source, context, remote)


class GitHub(GitSource):
    """Reads as it is asked and keeps only the last few commits and comparisons, which flow asks for twice."""

    def __init__(self, config: GitHubConfig, *, api: Api, name: str = "github", page_size: int = PAGE_SIZE) -> None:
        self.name, self.config, self.api = name, config, api
        self._page_size = page_size
        self._many_at_once = True
        self._known: dict[tuple[str, str], Commit] = {}
        self._compared: dict[tuple[str, str, str], Answer] = {}

    def close(self) -> None:
        """Close the connections."""
        self.api.client.close()

    def check(self) -> SourceCheck:
        """Read the configured repository's default branch (see `check_site`)."""

        def read() -> str:
            return f"default branch {self.default_branch('')}"

        return check_site(self.api, self.config, name=self.name, kind="git", read=read)

    def _at(self, repo: str, what: str, needs: str = "contents:read") -> tuple[str, Call]:
        return ask_of(repo, self.config, what=what, needs=needs)

    def get_commits(
        self, repo: str, since: datetime | None = None, until: datetime | None = None, branch: str | None = None
    ) -> Iterator[Commit]:
        """One request for each 100 commits."""
        params: dict[str, str | int] = {"sha": branch} if branch else {}
        if since:
            params["since"] = stamp(since)
        if until:
            params["until"] = stamp(until + timedelta(seconds=1 if until.microsecond else 0))
        for commit in self._list(repo, params):
            at = commit.committed_at or commit.date
            if (since is None or at >= since) and (until is None or at < until):
                yield commit

    def _list(self, repo: str, params: dict[str, str | int]) -> Iterator[Commit]:
        path, call = self._at(repo, f"commits of {params.get('sha', 'the default branch')}")
        whole = {**params, "per_page": self._page_size}
        for item in self.api.items(f"{path}/commits", call, params=whole, keep="tagged"):
            with reading(call):
                commit = to_commit(item)
            yield commit

    def get_commits_between(self, repo: str, base: str | None, head: str, *, patch: bool = True) -> Iterator[Commit]:
        """One request for each 100 commits and one for each commit, AT_ONCE of them at a time."""
        listed = (
            c.hash for c in (self._list(repo, {"sha": head}) if base is None else self.list_between(repo, base, head))
        )

        def read(sha: str) -> Commit:
            return self._known.get((repo, sha)) or self._commit(repo, sha)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            while batch := tuple(islice(listed, AT_ONCE)):
                for commit in pool.map(read, batch):
                    yield replace(commit, diff=None) if patch else _without_patch(commit)

    def _compare(self, repo: str, base: str, head: str) -> tuple[dict[str, Any], Answer, Call]:
        path, call = self._at(repo, f"comparison {base[:12]}...{head[:12]}")
        key = (path, base, head)
        if key not in self._compared:
            url = f"{path}/compare/{quote(base, safe='')}...{quote(head, safe='')}"
            params = {"per_page": self._page_size, "page": 1}
            answer = self.api.get(url, call, params=params, keep="tagged", final=_final(base, head))
            _remember(self._compared, key, answer)
        answer = self._compared[key]
        return answer.json_object(call), answer, call

    def list_between(self, repo: str, base: str, head: str) -> Iterator[Commit]:
        """Commits in (base, head], newest first, without files: the last page is asked for first."""
        data, answer, call = self._compare(repo, base, head)
        with reading(call):
            first, total = list(data["commits"]), int(data["total_commits"])
        following, count = answer.links.get("next"), 0
        size = max(1, len(first))
        for number in range((total + size - 1) // size, 0, -1):
            page = first
            if number > 1:
                if following is None:
                    raise BadPayload(f"{call.who}: {call.what}: {size} of {total} commits came, and no next page")
                url = _page(following, number)
                page = list(self.api.object(url, call, keep="tagged", final=_final(base, head))["commits"])
            with reading(call):
                commits = [to_commit(item) for item in page]
            count += len(commits)
            yield from reversed(commits)
        if count != total:
            raise BadPayload(
                f"{call.who}: {call.what}: {count} of {total} commits came; did the branch move? try again"
            )

    def get_commit(self, repo: str, rev: str) -> Commit:
        """One request for each 300 files. A patch that GitHub leaves out as too large is marked `truncated`."""
        known = self._known.get((repo, rev))
        if known is None:
            known = self._commit(repo, rev)
            _remember(self._known, (repo, known.hash), known)
        return known

    def _commit(self, repo: str, rev: str) -> Commit:
        path, call = self._at(repo, f"commit {rev[:100]}")
        data: dict[str, Any] = {}
        listed: list[dict[str, Any]] = []
        url = f"{path}/commits/{quote(rev, safe='')}"
        for page in self.api.pages(url, call, max_pages=MAX_FILE_PAGES, keep="tagged", final=_final(rev)):
            data = page.json_object(call)
            listed += data.get("files") or []
        with reading(call):
            files = to_files(listed)
            return to_commit(data, files=files, diff=to_diff(files))

    def get_branches(self, repo: str) -> Iterator[Ref]:
        """One request for each 100 branches."""
        for name, sha in self._refs(repo, "branches"):
            yield Ref(name, "branch", sha)

    def get_tags(self, repo: str) -> Iterator[Ref]:
        """One request for each 100 tags. GitHub peels them."""
        for name, sha in self._refs(repo, "tags"):
            yield Ref(name, "tag", sha)

    def _refs(self, repo: str, kind: str) -> Iterator[tuple[str, str]]:
        path, call = self._at(repo, kind)
        for item in self.api.items(f"{path}/{kind}", call, params={"per_page": self._page_size}, keep="tagged"):
            with reading(call):
                ref = str(item["name"]), str(item["commit"]["sha"])
            yield ref

    def get_file_history(self, repo: str, path: str, rev: str | None = None) -> Iterator[Commit]:
        """One request for each commit. GitHub stops at a rename; here the oldest commit says where to go on."""
        start: str | None = rev
        for _ in range(MAX_RENAMES):
            params: dict[str, str | int] = {"path": path, **({"sha": start} if start else {})}
            oldest: Commit | None = None
            for commit in self._list(repo, params):
                oldest = replace(self._commit(repo, commit.hash), diff=None)
                yield oldest
            renamed = next((f for f in (oldest.files or () if oldest else ()) if f.path == path and f.old_path), None)
            if oldest is None or renamed is None or not oldest.parents:
                return
            path, start = renamed.old_path or path, oldest.parents[0]

    def resolve(self, repo: str, rev: str) -> str:
        """One request; a head's commit is kept, as it is asked for next."""
        return self.get_commit(repo, rev).hash

    def default_branch(self, repo: str) -> str:
        """One request."""
        path, call = self._at(repo, "the repository", "metadata:read")
        data = self.api.object(path, call, keep="tagged")
        with reading(call):
            return str(data["default_branch"])

    def merge_base(self, repo: str, first: str, second: str) -> str | None:
        """One request, kept for `get_commits_between`. GitHub answers 404 when the histories are unrelated."""
        try:
            data, _, call = self._compare(repo, first, second)
        except NotFound as error:
            if "no common ancestor" in str(error).lower():
                return None
            raise
        with reading(call):
            return str(data["merge_base_commit"]["sha"])

    def read_file(self, repo: str, path: str, rev: str) -> str | None:
        """One request, two for a file over 1 MB. Bytes that are no UTF-8 are shown as `\\xNN`."""
        root, call = self._at(repo, f"file {path[:200]}")
        return read_file(self.api, root, call, path=path, rev=rev)

    def read_files(self, repo: str, paths: Sequence[str], rev: str) -> Mapping[str, str | None]:
        """One request for each 50 where there is a token; what is not given whole so costs one each."""
        found: Mapping[str, str | None] = {}
        _, call = self._at(repo, f"{len(paths)} files")
        if self._many_at_once and len(paths) > 1 and self.api.client.credentials:
            try:
                name = repo_name(repo, self.config)
                found = read_files(self.api, call, name=name, paths=tuple(paths), rev=rev)
            except IncidentError:
                self._many_at_once = False  # an old server, a token without it, or its own limit: REST has them all
        return {path: found[path] if path in found else self.read_file(repo, path, rev) for path in paths}

    def list_paths(self, repo: str, rev: str) -> frozenset[str]:
        """One request; where GitHub cuts the list (100,000 entries), one for each folder that has to be read apart."""
        root, call = self._at(repo, f"files of {rev[:12]}")
        return list_paths(self.api, root, call, rev=rev)


def _final(*revisions: str) -> Final:
    """What GitHub says of full hashes holds for ever: a commit, and a comparison, is made of nothing else."""
    return is_whole if all(map(is_hash, revisions)) else never


def _without_patch(commit: Commit) -> Commit:
    return replace(commit, diff=None, files=tuple(replace(f, patch=None) for f in commit.files or ()))


def _page(url: str, number: int) -> str:
    parts = urlsplit(url)
    query = [(key, str(number) if key == "page" else value) for key, value in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _remember(kept: dict[Any, Any], key: object, value: object) -> None:
    if len(kept) >= REMEMBERED:
        kept.pop(next(iter(kept)))
    kept[key] = value
