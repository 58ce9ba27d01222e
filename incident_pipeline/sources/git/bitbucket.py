"""A Bitbucket Cloud repository over REST in, commits, refs and files out; with `mirror: true` from a clone of it.

Surprising fact: a name with a slash cannot stand in a path (`src/feature/x/file` is read as the revision `feature`), so
a branch or tag is asked for its hash first. Documentation: https://developer.atlassian.com/cloud/bitbucket/rest/.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from incident_pipeline.errors import BadPayload, NotFound, Unavailable, Unsupported, UsageError
from incident_pipeline.http.answer import Answer
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.model.git import Commit, FileChange, Ref
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources._api import Api, in_window, reading
from incident_pipeline.sources.base import GitSource, SourceContext
from incident_pipeline.sources.git._bitbucket import (
    AT_ONCE,
    PAGE_SIZE,
    Config,
    ask_of,
    open_api,
    remote_of,
    repo_name,
)
from incident_pipeline.sources.git._bitbucket_check import check_login, main_branch
from incident_pipeline.sources.git._bitbucket_json import is_file, is_listing, is_whole, to_commit, to_unread_files
from incident_pipeline.sources.git._bitbucket_walk import shared_parents, until_older
from incident_pipeline.sources.git._log_stream import COMMIT_LIMIT
from incident_pipeline.sources.git._process import text_of
from incident_pipeline.sources.git._repository import inside, refuse_option
from incident_pipeline.sources.git._unified import is_diff, parse_diff

MAX_WALKED = 2_000
"""Commits walked for a merge base where Bitbucket does not tell it."""

HISTORY_PAGE = 50
"""Some lists refuse more than 50 items a page, though the documented maximum is 100; of this one it is not known."""

MAX_LIST_PAGES = 30
MAX_DEPTH = 30
_FULL_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT_HASH = re.compile(r"[0-9a-f]{4,64}")


def open_source(config: Config, context: SourceContext) -> GitSource:
    """The repository over REST, or its mirror clone when the config says `mirror: true`."""
    source = Bitbucket(config, api=open_api(config, context), name=context.name)
    if not config.mirror:
        return source
    from incident_pipeline.sources.git._mirror import MirroredGit  # noqa: PLC0415 - git is needed here only

    return MirroredGit(source, context, remote_of(config))


class Bitbucket(GitSource):
    """Reads as it is asked. What a full hash names is kept for ever by the client's cache."""

    def __init__(self, config: Config, *, api: Api, name: str = "bitbucket", page_size: int = PAGE_SIZE) -> None:
        self.name, self.config, self.api = name, config, api
        self._page = {"pagelen": page_size}

    def close(self) -> None:
        """Close the connections."""
        self.api.client.close()

    def _at(self, repo: str, what: str) -> tuple[str, Call]:
        return ask_of(repo, self.config, what=what)

    def check(self) -> SourceCheck:
        """See `check_login`."""
        return check_login(self.api, self.config, name=self.name)

    def get_commits(
        self, repo: str, since: datetime | None = None, until: datetime | None = None, branch: str | None = None
    ) -> Iterator[Commit]:
        """One request for each 100 commits from the branch's head to the window's start and a little past it.

        The API has no filter by date: see `_bitbucket_walk.until_older` for where reading stops.
        """
        commits = self._list(repo, branch or self.default_branch(repo))
        for commit in until_older(commits, since) if since else commits:
            if in_window(commit.committed_at or commit.date, since, until):
                yield commit

    def _list(self, repo: str, include: str, exclude: str | None = None) -> Iterator[Commit]:
        path, call = self._at(repo, f"commits of {one_line(include)[:100]}")
        params = {**self._page, "include": include, **({"exclude": exclude} if exclude else {})}
        for item in self.api.items(f"{path}/commits", call, params=params, identity="hash"):
            with reading(call):
                commit = to_commit(item)
            yield commit

    def get_commits_between(self, repo: str, base: str | None, head: str, *, patch: bool = True) -> Iterator[Commit]:
        """One request for each 100 commits and one for each commit, AT_ONCE of them at a time."""
        listed = self._list(repo, head, base)

        def read(commit: Commit) -> Commit:
            files, _ = self._changes(repo, commit.hash)
            return replace(commit, files=files if patch else tuple(replace(f, patch=None) for f in files))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            while batch := tuple(islice(listed, AT_ONCE)):
                yield from pool.map(read, batch)

    def get_commit(self, repo: str, rev: str) -> Commit:
        """Two requests; one more for a branch, two for a tag. A merge is shown against its first parent."""
        data, call = self._find(repo, rev)
        with reading(call):
            commit = to_commit(data)
        files, diff = self._changes(repo, commit.hash)
        return replace(commit, files=files, diff=diff)

    def _changes(self, repo: str, sha: str) -> tuple[tuple[FileChange, ...], str | None]:
        """Files and diff. Where the diff is over COMMIT_LIMIT, too large for Bitbucket (555) or cut on its way, the
        diffstat tells the files whose patches are missing; they are marked truncated."""
        path, call = self._at(repo, f"diff of {sha[:12]}")
        try:
            answer = self.api.client.get(
                f"{path}/diff/{sha}", call, max_bytes=COMMIT_LIMIT, keep="tagged", final=lambda a: is_diff(a.body)
            )
            with reading(call):
                files, whole = parse_diff(answer.body)
        except (BadPayload, Unavailable) as error:
            if isinstance(error, Unavailable) and "(555)" not in str(error):
                raise
            return self._unread(repo, sha), None
        if not whole:
            known = {file.path for file in files}
            files += tuple(file for file in self._unread(repo, sha) if file.path not in known)
        return files, text_of(answer.body)

    def _unread(self, repo: str, sha: str) -> tuple[FileChange, ...]:
        path, call = self._at(repo, f"files of {sha[:12]}")
        items = list(self.api.items(f"{path}/diffstat/{sha}", call))
        with reading(call):
            return to_unread_files(items)

    def get_branches(self, repo: str) -> Iterator[Ref]:
        """One request for each 100 branches."""
        for name, target in self._refs(repo, "branches"):
            yield Ref(name, "branch", target)

    def get_tags(self, repo: str) -> Iterator[Ref]:
        """One request for each 100 tags. Bitbucket peels them."""
        for name, target in self._refs(repo, "tags"):
            yield Ref(name, "tag", target)

    def _refs(self, repo: str, kind: str) -> Iterator[tuple[str, str]]:
        path, call = self._at(repo, kind)
        for item in self.api.items(f"{path}/refs/{kind}", call, params=self._page, identity="name"):
            with reading(call):
                ref = str(item["name"]), str(item["target"]["hash"])
            yield ref

    def get_file_history(self, repo: str, path: str, rev: str | None = None) -> Iterator[Commit]:
        """Two requests for each commit: Bitbucket follows renames, but names no more than hashes."""
        root, call = self._at(repo, f"history of {one_line(path)[:200]}")
        sha = self._full(repo, rev or self.default_branch(repo))
        url = f"{root}/filehistory/{sha}/{quote(inside(path, call.who))}"
        size = min(self._page["pagelen"], HISTORY_PAGE)
        for item in self.api.items(url, call, params={"pagelen": size}):
            with reading(call):
                entry: dict[str, Any] = item["commit"]
                found = entry if is_whole(entry) else self._by_hash(repo, str(entry["hash"]))
                commit = to_commit(found)
            files, _ = self._changes(repo, commit.hash)
            yield replace(commit, files=files)

    def resolve(self, repo: str, rev: str) -> str:
        """One request for a hash or a branch, two for a tag."""
        data, call = self._find(repo, rev)
        with reading(call):
            return str(data["hash"])

    def _full(self, repo: str, rev: str) -> str:
        return rev if _FULL_HASH.fullmatch(rev) else self.resolve(repo, rev)

    def _by_hash(self, repo: str, sha: str) -> dict[str, Any]:
        path, call = self._at(repo, f"commit {sha[:12]}")
        return self.api.object(f"{path}/commit/{sha}", call, keep="tagged", final=_is_commit)

    def _find(self, repo: str, rev: str) -> tuple[dict[str, Any], Call]:
        """The commit that a full hash, a branch, a tag or a part of a hash names, looked for in this order."""
        path, call = self._at(repo, f"commit {one_line(rev)[:100]}")
        refuse_option(rev, call.who)
        if _FULL_HASH.fullmatch(rev):
            return self._by_hash(repo, rev), call
        if ".." in rev or rev == ".":
            raise UsageError(f"{call.who}: {one_line(rev)[:100]!r} is no revision: give a branch, tag or hash")
        if rev == "HEAD":
            rev = self.default_branch(repo)
        for kind in ("branches", "tags"):
            with suppress(NotFound), reading(call):
                return self.api.object(f"{path}/refs/{kind}/{quote(rev, safe='')}", call)["target"], call
        if _SHORT_HASH.fullmatch(rev):
            return self.api.object(f"{path}/commit/{rev}", call), call
        raise NotFound(f"{call.who}: no branch, tag or commit {rev[:100]!r}, or the credentials may not see it")

    def default_branch(self, repo: str) -> str:
        """One request. NotFound for an empty repository."""
        path, call = self._at(repo, "the repository")
        return main_branch(self.api.object(path, call), call)

    def merge_base(self, repo: str, first: str, second: str) -> str | None:
        """One request, and one for each name. Walks where Bitbucket answers 404: it does so for unrelated histories."""
        ends = self._full(repo, first), self._full(repo, second)
        path, call = self._at(repo, f"merge base {ends[0][:12]}..{ends[1][:12]}")
        try:
            data = self.api.object(f"{path}/merge-base/{'..'.join(ends)}", call, keep="tagged", final=_is_commit)
        except NotFound:
            return self._walk_to_base(repo, *ends)
        with reading(call):
            return str(data["hash"])

    def _walk_to_base(self, repo: str, first: str, second: str) -> str | None:
        """The newest of the commits on both sides where the first side leaves them."""
        only = list(islice(self._list(repo, first, second), MAX_WALKED + 1))
        if len(only) > MAX_WALKED:
            raise Unsupported(f"bitbucket {repo_name(repo, self.config)}: no merge base within {MAX_WALKED:,} commits; "
                              "set `mirror: true` for this source")  # fmt: skip
        if not only:
            return first
        shared = [to_commit(self._by_hash(repo, sha)) for sha in shared_parents(only)]
        return max(shared, key=lambda c: c.date).hash if shared else None

    def read_file(self, repo: str, path: str, rev: str) -> str | None:
        """One request, and one for a name. Bytes that are no UTF-8 are shown as `\\xNN`; a folder is None."""
        root, call = self._at(repo, f"file {one_line(path)[:200]}")
        sha = self._full(repo, rev)
        try:
            answer = self.api.get(f"{root}/src/{sha}/{quote(inside(path, call.who))}", call, keep="always")
        except NotFound as error:
            if "no such file" in str(error).lower():
                return None
            raise
        if b"\0" in answer.body or _is_folder(answer):
            return None
        return text_of(answer.body)

    def list_paths(self, repo: str, rev: str) -> frozenset[str]:
        """One request for each 100 files and folders, at most MAX_LIST_PAGES: the hour's requests are few."""
        root, call = self._at(repo, f"files of {one_line(rev)[:100]}")
        sha = self._full(repo, rev)
        paths: set[str] = set()
        params = {**self._page, "max_depth": MAX_DEPTH}
        try:
            for number, page in enumerate(self.api.pages(f"{root}/src/{sha}/", call, params=params, keep="no"), 1):
                with reading(call):
                    items = self.api.listed(page, call)
                    paths |= {str(item["path"]) for item in items if is_file(item)}
                    deep = any(str(item["path"]).count("/") >= MAX_DEPTH - 1 for item in items)
                if deep or (number == MAX_LIST_PAGES and page.json_object(call).get("next")):
                    raise _too_many(call)
        except Unavailable as error:
            if "(555)" not in str(error):
                raise
            raise _too_many(call) from None
        return frozenset(paths)


def _is_commit(answer: Answer) -> bool:
    """Not a page of some proxy or an error under a good status: that would be kept for ever."""
    return answer.body.lstrip()[:1] == b"{" and b'"hash"' in answer.body


def _is_folder(answer: Answer) -> bool:
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return False
    with suppress(ValueError, RecursionError):
        return is_listing(json.loads(answer.body))
    return False


def _too_many(call: Call) -> Unsupported:
    return Unsupported(f"{call.who}: too many files to list over REST; set `mirror: true` for this source")
