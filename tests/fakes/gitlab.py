"""A GitLab that never was: real git repositories and invented pipelines, served over loopback as REST API v4.

    python -m tests.fakes.gitlab --port N            a sample project with a red pipeline after a green one

It refuses what GitLab refuses: a wrong or missing token, a token without the scope, a page above 100 items (it gives
100), a comparison of unknown refs; and it may stand below a path, as a self-managed server does.
"""

import argparse
import contextlib
import re
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests.fakes import gitlab_ci, gitlab_json
from tests.fakes.gitlab_ci import FakeCiJob, FakeMergeRequest, FakePipeline
from tests.fakes.gitlab_json import Missing
from tests.fakes.server import Asked, FakeVendor, Reply, json_reply

FULL_HASH = re.compile(r"[0-9a-f]{40}")


@dataclass
class FakeProject:
    """`tree_fails`: the status of a tree asked for in one piece. `follows`: a file's history goes on behind a rename.
    `flags`: diffs say `too_large`. `cut_diff`: which files' diffs are left out as too large. `diffs`: what the diff of
    every commit is, instead of git's."""

    git_path: Path
    default_branch: str | None = "main"
    tree_fails: int = 0
    follows: bool = True
    flags: bool = True
    cut_diff: frozenset[str] = frozenset()
    diffs: list[dict[str, Any]] | None = None
    pipelines: list[FakePipeline] = field(default_factory=list[FakePipeline])
    merge_requests: list[FakeMergeRequest] = field(default_factory=list[FakeMergeRequest])


class Refused(Exception):
    """The reply to give instead."""

    def __init__(self, status: int, body: Any) -> None:
        self.reply = json_reply(body, status)
        super().__init__(str(body))


@dataclass
class FakeToken:
    value: str
    scopes: list[str] = field(default_factory=lambda: ["read_api", "read_repository"])
    header: str = "private-token"


class FakeGitLab(FakeVendor):
    """`prefix` is the path of the site. `links_to`: the address that next links name instead of the fake's own."""

    def __init__(
        self, projects: dict[str, FakeProject], *, token: FakeToken | None = None, prefix: str = "", port: int = 0
    ) -> None:
        self.projects, self.token, self.prefix = projects, token, prefix
        self.links_to = ""
        super().__init__(port)

    @property
    def site(self) -> str:
        return self.url + self.prefix

    def answer(self, asked: Asked) -> Reply:
        try:
            self._authorize(asked)
            return self._route(asked, asked.path.removeprefix(self.prefix))
        except Missing as missing:
            return json_reply({"message": str(missing)}, 404)
        except Refused as refused:
            return refused.reply

    def _authorize(self, asked: Asked) -> None:
        if self.token is None:
            return
        sent = {h: asked.headers[h] for h in ("private-token", "job-token", "authorization") if h in asked.headers}
        value = f"Bearer {self.token.value}" if self.token.header == "authorization" else self.token.value
        if sent != {self.token.header: value}:
            raise Refused(401, {"message": "401 Unauthorized"})
        if not {"api", "read_api"} & set(self.token.scopes) and self.token.header == "private-token":
            said = "The request requires higher privileges than provided by the access token."
            raise Refused(403, {"error": "insufficient_scope", "error_description": said, "scope": "api read_api"})

    def _route(self, asked: Asked, rest: str) -> Reply:
        for pattern, handler in _SITE_ROUTES:
            if re.fullmatch(f"/api/v4{pattern}", rest):
                return handler(self, asked)
        match = re.fullmatch(r"/api/v4/projects/([^/]+)(/.*)?", rest)
        if match is None:
            raise Missing("404 Not Found")
        project = self.projects.get(unquote(match[1]))
        if project is None:
            raise Missing("404 Project Not Found")
        for pattern, route in (*_ROUTES, *_CI_ROUTES):
            if found := re.fullmatch(pattern, match[2] or ""):
                return route(self, project, asked, *(unquote(part) for part in found.groups()))
        raise Missing("404 Not Found")

    def page(self, asked: Asked, items: list[Any], *, keyset: str = "", endless: bool = False) -> Reply:
        """One page. `keyset`: the item's key that the next link carries instead of a number. `endless`: GitLab does
        not count commits, so a full page has a next one."""
        size = max(1, min(100, int(asked.query.get("per_page", 20))))
        number = max(1, int(asked.query.get("page", 1)))
        headers, start = {}, (number - 1) * size
        if keyset and "page_token" in asked.query:
            start = 1 + [item[keyset] for item in items].index(asked.query["page_token"])
        found = items[start : start + size]
        more = len(found) == size if endless else start + size < len(items)
        following: dict[str, Any] = {"page_token": found[-1][keyset]} if keyset and found else {"page": number + 1}
        if not keyset:
            headers = {"X-Page": str(number), "X-Per-Page": str(size), "X-Next-Page": str(number + 1) if more else ""}
        if more:
            base = (self.links_to or self.url) + asked.path
            headers["Link"] = f'<{base}?{urlencode({**asked.query, **following})}>; rel="next"'
        reply = json_reply(found)
        etag = f'W/"{hash(reply.body)}"'
        if asked.headers.get("if-none-match") == etag:
            return Reply(304, b"", {"ETag": etag})
        return Reply(200, reply.body, {**reply.headers, **headers, "ETag": etag})

    def version(self, asked: Asked) -> Reply:
        return json_reply({"version": "18.5.0-ee", "revision": "abc"})

    def user(self, asked: Asked) -> Reply:
        return json_reply({"id": 7, "username": "robot", "name": "A robot"})

    def job_of_token(self, asked: Asked) -> Reply:
        if self.token is None or self.token.header != "job-token":
            raise Missing("404 Job Not Found")
        return json_reply({"id": 9, "name": "triage", "user": {"username": "robot"}})

    def own_token(self, asked: Asked) -> Reply:
        scopes = self.token.scopes if self.token else []
        return json_reply({"id": 3, "name": "triage", "scopes": scopes, "expires_at": "2027-01-31", "active": True})

    def about(self, project: FakeProject, asked: Asked) -> Reply:
        return json_reply({"id": 1, "default_branch": project.default_branch, "path_with_namespace": "acme/shop"})

    def commits(self, project: FakeProject, asked: Asked) -> Reply:
        q = asked.query
        flags = [f"--{key}={q[key]}" for key in ("since", "until") if key in q]
        path = ["--follow"] if project.follows and "path" in q else []
        names = ["--", q["path"]] if "path" in q else []
        ref = q.get("ref_name") or project.default_branch or "HEAD"
        if ref.startswith("-"):
            raise Refused(400, {"message": "400 Bad request - ref_name is invalid"})
        return self.page(asked, gitlab_json.log(project.git_path, *flags, *path, ref, *names), endless=True)

    def commit(self, project: FakeProject, asked: Asked, rev: str) -> Reply:
        return json_reply(gitlab_json.commit(project.git_path, rev))

    def diff(self, project: FakeProject, asked: Asked, rev: str) -> Reply:
        if project.diffs is not None:
            return self.page(asked, project.diffs)
        items = gitlab_json.diffs(project.git_path, rev, flags=project.flags)
        for item in items:
            if item["new_path"] in project.cut_diff:
                item |= {"diff": "", **({"too_large": True} if project.flags else {})}
        return self.page(asked, items)

    def refs(self, project: FakeProject, asked: Asked, kind: str) -> Reply:
        folder = {"branches": "refs/heads", "tags": "refs/tags"}[kind]
        return self.page(asked, gitlab_json.refs(project.git_path, folder))

    def merge_base(self, project: FakeProject, asked: Asked) -> Reply:
        refs = parse_qs(urlsplit(asked.url).query).get("refs[]", [])
        known: list[str] = []
        for ref in refs:
            try:
                known.append(gitlab_json.rev_parse(project.git_path, ref))
            except Missing:
                raise Refused(400, {"message": f"400 Bad request - Could not find ref: {ref}"}) from None
        if len(known) < 2:
            raise Refused(400, {"message": "400 Bad request - Provide at least 2 refs"})
        try:
            sha = gitlab_json.git(project.git_path, "merge-base", *known).decode().strip()
        except Missing:
            raise Missing("404 Merge Base Not Found") from None
        return json_reply(gitlab_json.log(project.git_path, "-1", sha)[0])

    def tree(self, project: FakeProject, asked: Asked) -> Reply:
        how = asked.query.get("pagination", "legacy")
        if how == "none" and project.tree_fails:
            raise Refused(project.tree_fails, {"error": "pagination does not have a valid value"})
        recursive = asked.query.get("recursive") == "true"
        ref = asked.query.get("ref") or project.default_branch or "HEAD"
        items = gitlab_json.tree(project.git_path, ref, recursive=recursive)
        return json_reply(items) if how == "none" else self.page(asked, items, keyset="id" if how == "keyset" else "")

    def raw(self, project: FakeProject, asked: Asked, name: str) -> Reply:
        self._check_path(name)
        ref = asked.query.get("ref") or project.default_branch or "HEAD"
        return Reply(200, gitlab_json.blob(project.git_path, ref, name), {"Content-Type": "text/plain"})

    def blame(self, project: FakeProject, asked: Asked, name: str) -> Reply:
        self._check_path(name)
        q = asked.query
        if "ref" not in q:
            raise Refused(400, {"error": "ref is missing, ref is empty"})
        lines = (int(q["range[start]"]), int(q["range[end]"])) if "range[start]" in q else None
        return json_reply(gitlab_json.blame(project.git_path, q["ref"], name, lines))

    def _web(self, asked: Asked) -> str:
        return f"{self.site}/{unquote(asked.path.removeprefix(self.prefix).split('/')[4])}"

    def pipelines(self, project: FakeProject, asked: Asked) -> Reply:
        found = gitlab_ci.listed(project.pipelines, asked.query)
        return self.page(asked, [gitlab_ci.pipeline_json(p, self._web(asked)) for p in found])

    def pipeline(self, project: FakeProject, asked: Asked, number: str) -> Reply:
        return json_reply(gitlab_ci.pipeline_json(_pipeline(project, number), self._web(asked), whole=True))

    def pipeline_jobs(self, project: FakeProject, asked: Asked, number: str) -> Reply:
        pipeline, all_tries = _pipeline(project, number), asked.query.get("include_retried") == "true"
        jobs = [job for job in pipeline.jobs if all_tries or not job.retried]
        return self.page(asked, [gitlab_ci.job_json(job, pipeline, self._web(asked)) for job in jobs])

    def bridges(self, project: FakeProject, asked: Asked, number: str) -> Reply:
        pipeline, web = _pipeline(project, number), self._web(asked)
        return self.page(asked, [gitlab_ci.bridge_json(b, pipeline, web, self.site) for b in pipeline.bridges])

    def test_report(self, project: FakeProject, asked: Asked, number: str) -> Reply:
        return json_reply(gitlab_ci.report_json(_pipeline(project, number)))

    def job(self, project: FakeProject, asked: Asked, number: str) -> Reply:
        return json_reply(gitlab_ci.job_json(*_job(project, number), self._web(asked)))

    def trace(self, project: FakeProject, asked: Asked, number: str) -> Reply:
        """A job without a trace gets an empty one, not a 404; without a token none is given, not even a public one."""
        if not {"private-token", "job-token", "authorization"} & set(asked.headers):
            raise Refused(401, {"message": "401 Unauthorized"})
        trace = _job(project, number)[0].trace
        if isinstance(trace, int):
            raise Refused(trace, {"message": f"{trace} Not Found" if trace == 404 else "as told"})
        return Reply(200, trace, {"Content-Type": "text/plain"})

    def merge_request(self, project: FakeProject, asked: Asked, number: str) -> Reply:
        for request in project.merge_requests:
            if request.iid == int(number):
                return json_reply(gitlab_ci.merge_request_json(request))
        raise Missing("404 Not found")

    def _check_path(self, name: str) -> None:
        if ".." in name.split("/"):
            raise Refused(400, {"error": "file_path should be a valid file path"})


_SITE_ROUTES: list[tuple[str, Callable[[FakeGitLab, Asked], Reply]]] = [
    (r"/version", FakeGitLab.version),
    (r"/user", FakeGitLab.user),
    (r"/job", FakeGitLab.job_of_token),
    (r"/personal_access_tokens/self", FakeGitLab.own_token),
]

_ROUTES: list[tuple[str, Callable[..., Reply]]] = [
    (r"", FakeGitLab.about),
    (r"/repository/commits", FakeGitLab.commits),
    (r"/repository/commits/([^/]+)", FakeGitLab.commit),
    (r"/repository/commits/([^/]+)/diff", FakeGitLab.diff),
    (r"/repository/(branches|tags)", FakeGitLab.refs),
    (r"/repository/merge_base", FakeGitLab.merge_base),
    (r"/repository/tree", FakeGitLab.tree),
    (r"/repository/files/([^/]+)/raw", FakeGitLab.raw),
    (r"/repository/files/([^/]+)/blame", FakeGitLab.blame),
]

_CI_ROUTES: list[tuple[str, Callable[..., Reply]]] = [
    (r"/pipelines", FakeGitLab.pipelines),
    (r"/pipelines/(\d+)", FakeGitLab.pipeline),
    (r"/pipelines/(\d+)/jobs", FakeGitLab.pipeline_jobs),
    (r"/pipelines/(\d+)/bridges", FakeGitLab.bridges),
    (r"/pipelines/(\d+)/test_report", FakeGitLab.test_report),
    (r"/jobs/(\d+)", FakeGitLab.job),
    (r"/jobs/(\d+)/trace", FakeGitLab.trace),
    (r"/merge_requests/(\d+)", FakeGitLab.merge_request),
]


def _pipeline(project: FakeProject, number: str) -> FakePipeline:
    for pipeline in project.pipelines:
        if pipeline.id == int(number):
            return pipeline
    raise Missing("404 Not found")


def _job(project: FakeProject, number: str) -> tuple[FakeCiJob, FakePipeline]:
    for pipeline in project.pipelines:
        for job in pipeline.jobs:
            if job.id == int(number):
                return job, pipeline
    raise Missing("404 Not found")


def sample(*, port: int = 0, repo: str = "acme/shop") -> FakeGitLab:
    """A made repository with a red pipeline after a green one: something to try the CLI on."""
    from tests.flow.sample import GREEN, make_sample  # noqa: PLC0415 - only a person who tries it needs it

    made = make_sample(Path(tempfile.mkdtemp(prefix="fake-gitlab-")))
    green_job = FakeCiJob(5000, status="success", trace=made.green_log.read_bytes())
    green = FakePipeline(1000, made.hashes[GREEN], "success", jobs=[green_job])
    green.created_at, green.updated_at = "2026-03-01T11:40:00.000Z", "2026-03-01T11:43:00.000Z"
    red = FakePipeline(1001, made.hashes[-1], jobs=[FakeCiJob(5001, trace=made.failed_log.read_bytes())])
    project = FakeProject(made.repo, pipelines=[green, red])
    return FakeGitLab({repo: project}, token=FakeToken("glpat-of-nobody-0000000"), port=port)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.fakes.gitlab")
    parser.add_argument("--port", type=int, default=0)
    with sample(port=parser.parse_args().port) as fake:
        (name,) = fake.projects
        print(f"CI_SERVER_URL={fake.site}\nGITLAB_TOKEN={fake.token.value if fake.token else ''}", flush=True)  # noqa: T201
        print(f"run {fake.site}/{name}/-/pipelines/1001", flush=True)  # noqa: T201
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
