"""A GitHub that never was: real git repositories and invented runs, served over loopback, with state.

    python -m tests.fakes.github --port N
    python -m tests.fakes.github --git PATH --failed-log F --green-log G --head SHA --green SHA --port N

serves one repository (`--repo`, default acme/shop; without `--git` a made one) with red run 1001 and green run 1000
until it is interrupted; `--pull-request` makes the red run a pull request's, `--fork` one from a fork, `--limits` keeps
GitHub's published limits, `--answer 401` refuses everything. Logs are redirects to a second host (another port) that
refuses a request with an Authorization header. Every answer has an ETag; asked with it again, it is a 304.
"""

import argparse
import hashlib
import re
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from tests.fakes import git_json
from tests.fakes.git_json import Missing
from tests.fakes.github_access import FakeApp
from tests.fakes.github_graphql import graphql
from tests.fakes.github_limits import Limiter
from tests.fakes.github_runs import FakeRuns
from tests.fakes.github_state import FakeJob, FakeRepo, FakeRun, pull
from tests.fakes.server import Asked, Reply, json_reply


class FakeGitHub(FakeRuns):
    """Its API is the vendor's server; the storage host is another one. `token` (of user `login`, with `scopes`: None
    for a fine-grained one) or a token of `app` opens it; None and no app: everyone.
    """

    def __init__(
        self, repos: dict[str, FakeRepo], *, token: str | None = None, port: int = 0, app: FakeApp | None = None,
        limits: bool | Limiter = False, login: str = "ana", scopes: str | None = "repo, workflow",
    ) -> None:  # fmt: skip
        self.token, self.app = token, app
        self.login, self.scopes = login, scopes
        self.limiter = Limiter() if limits is True else limits or None
        super().__init__(repos, port)

    def answer(self, asked: Asked) -> Reply:
        return self.limiter.answer(asked, self._tagged) if self.limiter else self._tagged(asked)

    def _tagged(self, asked: Asked) -> Reply:
        reply = self._answer(asked)
        if asked.method != "GET" or reply.status != 200:
            return reply
        tag = f'W/"{hashlib.sha256(reply.body).hexdigest()}"'
        if asked.headers.get("if-none-match") == tag:
            return Reply(304, b"", {"ETag": tag})
        return replace(reply, headers={**reply.headers, "ETag": tag})

    def _answer(self, asked: Asked) -> Reply:
        given = asked.headers.get("authorization", "").removeprefix("Bearer ")
        installed = self.app is not None and self.app.knows(given)
        try:
            if self.app and given.count(".") == 2:
                return self._as_app(self.app, asked, given)
            if (self.token or self.app) and given != self.token and not installed:
                return _refusal("Bad credentials", 401)
            if asked.path == "/graphql" and not given:
                return _refusal("This endpoint requires you to be authenticated.", 401)
            if asked.path == "/user":
                return _refusal("Resource not accessible by integration", 403) if installed else self._user()
            if asked.path == "/rate_limit":
                return json_reply({"resources": {"core": {"limit": 5000, "remaining": 4987, "reset": 1}}})
            if asked.path == "/graphql":
                return json_reply(graphql(asked, {name: repo.git_path for name, repo in self.repos.items()}))
            match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", asked.path)
            repo = self.repos.get(match[1]) if match else None
            return self._route(match[1], repo, match[2] or "", asked) if match and repo else _refusal("Not Found", 404)
        except Missing as missing:
            return _refusal(str(missing), 422 if str(missing).startswith("No commit found for SHA") else 404)

    def _user(self) -> Reply:
        reply = json_reply({"login": self.login})
        return replace(reply, headers={**reply.headers, **({"X-OAuth-Scopes": self.scopes} if self.scopes else {})})

    def _as_app(self, app: FakeApp, asked: Asked, claim: str) -> Reply:
        if refused := app.refuses(claim):
            return _refusal(refused, 401)
        if asked.path == "/app":
            return json_reply({"id": int(app.app_id), "slug": app.slug})
        if asked.path == "/app/installations":
            return self.page(asked, [app.installation(number) for number in app.installations], lambda items: items)
        if match := re.fullmatch(r"/repos/([^/]+)/[^/]+/installation", asked.path):
            found = [number for number, account in app.installations.items() if account == match[1]]
            return json_reply(app.installation(found[0])) if found else _refusal("Not Found", 404)
        match = re.fullmatch(r"/app/installations/(\d+)/access_tokens", asked.path)
        if match is None or asked.method != "POST" or int(match[1]) not in app.installations:
            raise Missing("Not Found")
        return json_reply(app.grant(), 201)

    def _route(self, name: str, repo: FakeRepo, rest: str, asked: Asked) -> Reply:
        for pattern, handler in _ROUTES:
            if match := re.fullmatch(pattern, rest):
                parts = [unquote(part) for part in match.groups()]
                return handler(self, name, repo, asked, *parts)
        raise Missing("Not Found")

    def about(self, name: str, repo: FakeRepo, asked: Asked) -> Reply:
        return json_reply({"full_name": name, "default_branch": repo.default_branch})

    def commits(self, name: str, repo: FakeRepo, asked: Asked) -> Reply:
        q = asked.query
        flags = [f"--{key}={q[key]}" for key in ("since", "until") if key in q]
        start = git_json.rev_parse(repo.git_path, q.get("sha", repo.default_branch))
        found = git_json.log(repo.git_path, *flags, start, *(["--", q["path"]] if "path" in q else []))
        return self.page(asked, found, lambda items: items)

    def commit(self, name: str, repo: FakeRepo, asked: Asked, rev: str) -> Reply:
        found = git_json.commit(repo.git_path, rev)
        return self.page(asked, found["files"], lambda items: {**found, "files": items}, size=300)

    def commit_pulls(self, name: str, repo: FakeRepo, asked: Asked, rev: str) -> Reply:
        return json_reply([p for p in repo.pulls if p["head"]["sha"] == rev])

    def pulls(self, name: str, repo: FakeRepo, asked: Asked) -> Reply:
        branch = asked.query.get("head", ":").partition(":")[2]
        return json_reply([p for p in repo.pulls if p["head"]["ref"] == branch])

    def compare(self, name: str, repo: FakeRepo, asked: Asked, base: str, head: str) -> Reply:
        found = git_json.compare(repo.git_path, base, head)
        first = int(asked.query.get("page", 1)) == 1
        about = {key: value for key, value in found.items() if key != "files" or first}
        return self.page(asked, found["commits"], lambda items: {**about, "commits": items}, size=250)

    def refs(self, name: str, repo: FakeRepo, asked: Asked, kind: str) -> Reply:
        folder = {"branches": "refs/heads", "tags": "refs/tags"}[kind]
        return self.page(asked, git_json.refs(repo.git_path, folder), lambda items: items)

    def tree(self, name: str, repo: FakeRepo, asked: Asked, rev: str) -> Reply:
        return json_reply(git_json.tree(repo.git_path, rev, recursive="recursive" in asked.query))

    def contents(self, name: str, repo: FakeRepo, asked: Asked, path: str) -> Reply:
        rev = git_json.rev_parse(repo.git_path, asked.query.get("ref", repo.default_branch))
        if "raw" in asked.headers.get("accept", ""):
            return Reply(200, git_json.git(repo.git_path, "cat-file", "blob", f"{rev}:{path}"))
        return json_reply(git_json.contents(repo.git_path, rev, path))


def _refusal(message: str, status: int) -> Reply:
    return json_reply({"message": message, "documentation_url": "https://docs.example"}, status)


_ROUTES: list[tuple[str, Callable[..., Reply]]] = [
    (r"", FakeGitHub.about),
    (r"/commits", FakeGitHub.commits),
    (r"/commits/([^/]+)/pulls", FakeGitHub.commit_pulls),
    (r"/commits/([^/]+)", FakeGitHub.commit),
    (r"/pulls", FakeGitHub.pulls),
    (r"/compare/(.+)\.\.\.(.+)", FakeGitHub.compare),
    (r"/(branches|tags)", FakeGitHub.refs),
    (r"/git/trees/([^/]+)", FakeGitHub.tree),
    (r"/contents/(.+)", FakeGitHub.contents),
    (r"/actions/runs", FakeGitHub.runs),
    (r"/actions/workflows/(\d+)/runs", FakeGitHub.runs),
    (r"/actions/runs/(\d+)", FakeGitHub.run),
    (r"/actions/runs/(\d+)/attempts/(\d+)", FakeGitHub.run),
    (r"/actions/runs/(\d+)/jobs", FakeGitHub.jobs),
    (r"/actions/runs/(\d+)/attempts/(\d+)/jobs", FakeGitHub.jobs),
    (r"/actions/jobs/(\d+)/logs", FakeGitHub.job_log),
    (r"/actions/runs/(\d+)/logs", FakeGitHub.run_logs),
    (r"/actions/runs/(\d+)/attempts/(\d+)/logs", FakeGitHub.run_logs),
    (r"/check-runs/(\d+)/annotations", FakeGitHub.annotations),
    (r"/actions/runs/(\d+)/artifacts", FakeGitHub.artifacts),
    (r"/actions/artifacts/(\d+)/zip", FakeGitHub.artifact),
]


def demo_repo(args: argparse.Namespace) -> FakeRepo:
    """The repository of the command line: a green run, then a red one."""
    green = FakeRun(1000, args.green, "success", created_at="2026-03-01T11:40:00Z")
    green.jobs = [FakeJob(5000, conclusion="success", log=args.green_log.read_bytes() if args.green_log else 404)]
    red = FakeRun(1001, args.head, jobs=[FakeJob(5001, log=args.failed_log.read_bytes())])
    repo = FakeRepo(args.git, [green, red], default_branch=args.branch)
    green.branch = red.branch = args.branch
    if args.pull_request or args.fork:
        base_sha = git_json.rev_parse(args.git, args.branch)
        repo.pulls = [pull(42, head="feature", head_sha=args.head, base=args.branch, base_sha=base_sha)]
        red.branch, red.event, red.pulls = "feature", "pull_request", [] if args.fork else repo.pulls
        red.head_repo = "stranger/shop" if args.fork else None
    return repo


def sample(*, port: int = 0, repo: str = "acme/shop", limits: bool = False) -> FakeGitHub:
    """A made repository with a red run after a green one: something to try the CLI on."""
    from tests.flow.sample import GREEN, make_sample  # noqa: PLC0415 - only a person who tries it needs it

    made = make_sample(Path(tempfile.mkdtemp(prefix="fake-github-")))
    words = ["--git", made.repo, "--failed-log", made.failed_log, "--green-log", made.green_log]
    words += ["--head", made.hashes[-1], "--green", made.hashes[GREEN]]
    return FakeGitHub({repo: demo_repo(_parser().parse_args(list(map(str, words))))}, port=port, limits=limits)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.fakes.github")
    for flag in ("--git", "--failed-log", "--green-log"):
        parser.add_argument(flag, type=Path)
    for flag in ("--head", "--green", "--token"):
        parser.add_argument(flag)
    parser.add_argument("--branch", default="main")
    parser.add_argument("--repo", default="acme/shop")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--answer", type=int)
    for flag in ("--pull-request", "--fork", "--limits"):
        parser.add_argument(flag, action="store_true")
    return parser


def _opened(args: argparse.Namespace) -> FakeGitHub:
    if args.git is None:
        return sample(port=args.port, repo=args.repo, limits=args.limits)
    args.head, args.green = (git_json.rev_parse(args.git, rev) for rev in (args.head, args.green))
    return FakeGitHub({args.repo: demo_repo(args)}, token=args.token, port=args.port, limits=args.limits)


def main() -> None:
    args = _parser().parse_args()
    with _opened(args) as fake:
        if args.answer:
            fake.always = json_reply({"message": "as told"}, args.answer)
        print(f"GITHUB_API_URL={fake.url}\nGITHUB_SERVER_URL={fake.url}", flush=True)  # noqa: T201
        print(f"run {fake.run_url(args.repo, 1001)}", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"{len(fake.requests)} requests to the API, {len(fake.storage_requests)} to the log storage")  # noqa: T201


if __name__ == "__main__":
    main()
