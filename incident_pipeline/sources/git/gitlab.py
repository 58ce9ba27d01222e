"""A GitLab project over REST in, commits, refs, files and blame out; with `mirror: true` from a clone in the cache.

Surprising fact: GitLab's comparison is cut at its limits, but the list of commits takes a range (`base..head`) and is
paged without end; it answers an empty list, not an error, for a range of names that it does not know.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

from incident_pipeline.errors import BadPayload, NotFound, Unavailable, Unsupported, UsageError
from incident_pipeline.http.answer import Answer
from incident_pipeline.http.client import Final, never
from incident_pipeline.http.errors import Call
from incident_pipeline.model.git import BlameLine, Commit, FileChange, Ref
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources._api import Api, in_window, reading, stamp
from incident_pipeline.sources._gitlab import (
    PAGE_SIZE,
    GitLabConfig,
    ask_of,
    check_site,
    find_site,
    open_api,
    project_name,
)
from incident_pipeline.sources.base import GitSource, SourceContext
from incident_pipeline.sources.git._diff import to_diff
from incident_pipeline.sources.git._gitlab_json import (
    may_be_cut,
    placed,
    to_blame,
    to_commit,
    to_files,
    with_cuts,
)

AT_ONCE = 6
MAX_DIFF_PAGES = 31
"""GitLab lists at most 3,000 files of a commit: https://docs.gitlab.com/administration/diff_limits/."""

MAX_RENAMES = 20
MAX_PLACED = 8
_FULL_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Config(GitLabConfig):
    """Keys of a `gitlab` entry."""


def open_source(config: Config, context: SourceContext) -> GitSource:
    """The project over REST, or its mirror clone when the config says `mirror: true`."""
    source = GitLab(config, api=open_api(config, context), name=context.name)
    if not config.mirror:
        return source
    from incident_pipeline.sources.git._mirror import MirroredGit, Remote  # noqa: PLC0415 - git is needed here only

    site = find_site(config)
    remote = Remote(
        vendor="gitlab",
        web=site.web,
        name=lambda repo: project_name(repo, config),
        url=lambda name: config.clone_url or f"{site.web}/{name}.git",
        login=site.login,
        needs="read_repository",
    )
    return MirroredGit(source, context, remote)


class GitLab(GitSource):
    """What a full hash names never changes, so it is kept; the rest is asked for again by its ETag."""

    def __init__(self, config: GitLabConfig, *, api: Api, name: str = "gitlab", page_size: int = PAGE_SIZE) -> None:
        self.name, self.config, self.api = name, config, api
        self._page_size = page_size

    def close(self) -> None:
        """Close the connections."""
        self.api.client.close()

    def check(self) -> SourceCheck:
        """Read the configured project's default branch (see `check_site`)."""

        def read() -> str:
            return f"default branch {self.default_branch('')}"

        return check_site(self.api, self.config, name=self.name, kind="git", read=read)

    def _at(self, repo: str, what: str) -> tuple[str, Call]:
        return ask_of(repo, self.config, what=what, needs="read_api")

    def get_commits(
        self, repo: str, since: datetime | None = None, until: datetime | None = None, branch: str | None = None
    ) -> Iterator[Commit]:
        """One request for each 100 commits. GitLab takes whole seconds, both ends included, of the committer's time."""
        params: dict[str, str | int] = {"ref_name": branch} if branch else {}
        if since:
            params["since"] = stamp(since)
        if until:
            params["until"] = stamp(until + timedelta(seconds=1 if until.microsecond else 0))
        for commit in self._list(repo, params):
            if in_window(commit.committed_at or commit.date, since, until):
                yield commit

    def _list(self, repo: str, params: dict[str, str | int], *, final: Final = never) -> Iterator[Commit]:
        """NotFound when nothing came because a name is unknown."""
        ref = str(params.get("ref_name", ""))
        path, call = self._at(repo, f"commits of {ref or 'the default branch'}")
        url, none = f"{path}/repository/commits", True
        params = {**params, "per_page": self._page_size}
        for item in self.api.items(url, call, params=params, keep="tagged", final=final, identity="id"):
            none = False
            with reading(call):
                commit = to_commit(item)
            yield commit
        if none:
            for name in ref.split("..") if ref else ():
                self.resolve(repo, name)

    def get_commits_between(self, repo: str, base: str | None, head: str, *, patch: bool = True) -> Iterator[Commit]:
        """One request for each 100 commits and one for each commit, AT_ONCE of them at a time."""
        ends = (head,) if base is None else (base, head)
        listed = self._list(repo, {"ref_name": "..".join(ends)}, final=_final(*ends))

        def read(commit: Commit) -> Commit:
            files = self._files(repo, commit.hash)
            return replace(commit, files=files if patch else tuple(replace(f, patch=None) for f in files))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            while batch := tuple(islice(listed, AT_ONCE)):
                yield from pool.map(read, batch)

    def get_commit(self, repo: str, rev: str) -> Commit:
        """Two requests, one more for each further 100 files."""
        data, call = self._commit(repo, rev)
        with reading(call):
            sha = str(data["id"])
        files = self._files(repo, sha)
        with reading(call):
            return to_commit(data, files=files, diff=to_diff(files))

    def _commit(self, repo: str, rev: str) -> tuple[dict[str, Any], Call]:
        path, call = self._at(repo, f"commit {rev[:100]}")
        if rev in {"", ".", ".."}:
            raise NotFound(f"{call.who}: {rev!r} names no commit")
        url = f"{path}/repository/commits/{quote(rev, safe='')}"
        return self.api.object(url, call, keep="tagged", final=_final(rev)), call

    def _files(self, repo: str, sha: str) -> tuple[FileChange, ...]:
        """GitLab leaves out what is too large; what cannot be told from the diff itself costs one more request."""
        path, call = self._at(repo, f"diff of commit {sha[:12]}")
        url, params = f"{path}/repository/commits/{sha}/diff", {"per_page": self._page_size}
        listed: list[dict[str, Any]] = []
        for page in self.api.pages(
            url, call, params=params, keep="tagged", final=_final(sha), max_pages=MAX_DIFF_PAGES
        ):
            listed += self.api.listed(page, call)
        with reading(call):
            files = to_files(listed)
            if may_be_cut(listed):
                files = with_cuts(files, listed, self._commit(repo, sha)[0]["stats"])
        return files

    def get_branches(self, repo: str) -> Iterator[Ref]:
        """One request for each 100 branches."""
        for name, sha in self._refs(repo, "branches"):
            yield Ref(name, "branch", sha)

    def get_tags(self, repo: str) -> Iterator[Ref]:
        """One request for each 100 tags. GitLab peels them; a tag of a tree or blob has no commit and is left out."""
        for name, sha in self._refs(repo, "tags"):
            yield Ref(name, "tag", sha)

    def _refs(self, repo: str, kind: str) -> Iterator[tuple[str, str]]:
        path, call = self._at(repo, kind)
        params: dict[str, str | int] = {"per_page": self._page_size}
        for item in self.api.items(f"{path}/repository/{kind}", call, params=params, keep="tagged", identity="name"):
            with reading(call):
                ref = (str(item["name"]), str(item["commit"]["id"])) if item["commit"] is not None else None
            if ref:
                yield ref

    def get_file_history(self, repo: str, path: str, rev: str | None = None) -> Iterator[Commit]:
        """One request for each commit. A server goes on behind a rename or not, as its operator set it
        (`remove_file_commit_history_following`); where it stops at one, the parent is asked."""
        start: str | None = rev
        for _ in range(MAX_RENAMES):
            oldest, behind = None, None
            params: dict[str, str | int] = {"path": path, **({"ref_name": start} if start else {})}
            for listed in self._list(repo, params):
                oldest = replace(listed, files=self._files(repo, listed.hash))
                behind = next((f.old_path for f in oldest.files or () if f.path == path and f.old_path), None)
                path = behind or path
                yield oldest
            if oldest is None or behind is None or not oldest.parents:
                return
            start = oldest.parents[0]

    def resolve(self, repo: str, rev: str) -> str:
        """One request."""
        data, call = self._commit(repo, rev)
        with reading(call):
            return str(data["id"])

    def default_branch(self, repo: str) -> str:
        """One request. NotFound while the repository is empty."""
        path, call = self._at(repo, "the project")
        data = self.api.object(path, call, keep="tagged")
        if not data.get("default_branch"):
            raise NotFound(f"{call.who}: no default branch; the repository is empty, or the token may not read it")
        return str(data["default_branch"])

    def merge_base(self, repo: str, first: str, second: str) -> str | None:
        """One request. GitLab answers 404 when the histories are unrelated, and 400 when it does not know one."""
        path, call = self._at(repo, f"merge base of {first[:12]} and {second[:12]}")
        query = urlencode([("refs[]", first), ("refs[]", second)])
        url = f"{path}/repository/merge_base?{query}"
        try:
            data = self.api.object(url, call, keep="tagged", final=_final(first, second))
        except NotFound as error:
            if "merge base not found" in str(error).lower():
                return None
            raise
        except BadPayload as error:
            if "could not find ref" in str(error).lower():
                raise NotFound(str(error)) from None
            raise
        with reading(call):
            return str(data["id"])

    def blame(
        self, repo: str, path: str, rev: str, lines: tuple[int, int] | None = None, *,
        ignore: Sequence[str] = (),  # noqa: ARG002 - GitLab can pass over none
    ) -> tuple[BlameLine, ...]:  # fmt: skip
        """One request, and those for the MAX_PLACED newest commits in it: only their lines are placed in their commit,
        the others stand as they do at `rev`. `ignore` changes nothing."""
        root, call = self._at(repo, f"blame of {path[:200]}")
        query = [("ref", rev)] + ([("range[start]", str(lines[0])), ("range[end]", str(lines[1]))] if lines else [])
        url = f"{root}/repository/files/{_file(path)}/blame?{urlencode(query)}"
        groups = self.api.listed(self.api.get(url, call, keep="tagged", final=_final(rev)), call)
        with reading(call):
            found = to_blame(groups, path, first=lines[0] if lines else 1)
            dates = {str(g["commit"]["id"]): str(g["commit"].get("committed_date") or "") for g in groups}
        moved: dict[int, BlameLine] = {}
        for sha in sorted(dates, key=lambda sha: dates[sha], reverse=True)[:MAX_PLACED]:
            moved |= placed([line for line in found if line.hash == sha], self.get_commit(repo, sha))
        return tuple(moved.get(line.line, line) for line in found)

    def read_file(self, repo: str, path: str, rev: str) -> str | None:
        """One request. Bytes that are no UTF-8 are shown as `\\xNN`; a file in LFS is its pointer, as in git."""
        root, call = self._at(repo, f"file {path[:200]}")
        try:
            url = f"{root}/repository/files/{_file(path)}/raw"
            answer = self.api.get(url, call, params={"ref": rev}, keep="tagged", final=_final(rev, accept=_is_raw))
        except NotFound as error:
            if "commit not found" in str(error).lower():
                raise
            return None
        if not _is_raw(answer):
            raise BadPayload(f"{call.who}: {call.what}: a web page came instead of the file; is a proxy between?")
        return None if b"\0" in answer.body else answer.body.decode("utf-8", "backslashreplace")

    def list_paths(self, repo: str, rev: str) -> frozenset[str]:
        """One request; on a server before 15.3, or one that fails over so long a list, one for each 100 entries."""
        root, call = self._at(repo, f"files of {rev[:12]}")
        url = f"{root}/repository/tree"
        params: dict[str, str | int] = {"ref": rev, "recursive": "true"}
        try:
            none = {**params, "pagination": "none"}
            answer = self.api.get(url, call, params=none, keep="tagged", final=_final(rev))
            listed = self.api.listed(answer, call)
        except (BadPayload, Unavailable):
            params |= {"pagination": "keyset", "per_page": self._page_size}
            try:
                listed = list(self.api.items(url, call, params=params, keep="tagged", final=_final(rev)))
            except UsageError:
                message = f"{call.who}: too many files to list over REST; set `mirror: true` for this source"
                raise Unsupported(message) from None
        with reading(call):
            return frozenset(str(item["path"]) for item in listed if item["type"] == "blob")


def _is_told(answer: Answer) -> bool:
    """Not a page of some proxy, no error under a good status, and no empty list: a commit may not be pushed yet."""
    start = answer.body.lstrip()[:1]
    return (start == b"{" and b'"id"' in answer.body) or (start == b"[" and answer.body.strip() != b"[]")


def _is_raw(answer: Answer) -> bool:
    """GitLab gives every file as plain text, never as a web page: https://docs.gitlab.com/api/repository_files/."""
    return not answer.headers.get("content-type", "").startswith("text/html")


def _final(*revisions: str, accept: Final = _is_told) -> Final:
    """What is told about full hashes stays so for ever."""
    return accept if all(map(_FULL_HASH.fullmatch, revisions)) else never


def _file(path: str) -> str:
    """`path` as one segment of a URL. NotFound for one that no tree holds: it would lead elsewhere."""
    if not path or {"", ".", ".."} & set(path.split("/")):
        raise NotFound(f"gitlab: no file {path[:200]!r}")
    return quote(path, safe="")
