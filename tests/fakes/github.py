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
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from tests.fakes import git_json
from tests.fakes.git_json import Missing
from tests.fakes.github_access import FakeApp
from tests.fakes.github_graphql import graphql
from tests.fakes.github_limits import Limiter
from tests.fakes.github_logs import run_zip
from tests.fakes.github_state import FakeJob, FakeRepo, FakeRun, artifact_json, created_matches, job_json, pull
from tests.fakes.server import Asked, FakeVendor, Reply, json_reply, serve, stop


class FakeGitHub(FakeVendor):
    """Its API is the vendor's server; the storage host is another one. `token` (of user `login`, with `scopes`: None
    for a fine-grained one) or a token of `app` opens it; None and no app: everyone. `latency`: seconds an answer takes.
    """

    def __init__(
        self, repos: dict[str, FakeRepo], *, token: str | None = None, port: int = 0, app: FakeApp | None = None,
        limits: bool | Limiter = False, login: str = "ana", scopes: str | None = "repo, workflow",
    ) -> None:  # fmt: skip
        self.repos, self.token, self.app = repos, token, app
        self.login, self.scopes = login, scopes
        self.limiter = Limiter() if limits is True else limits or None
        self.latency = 0.0
        self.storage_requests: list[Asked] = []
        super().__init__(port)
        self._storage = serve(self._stored, 0)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        stop(self._storage)

    def run_url(self, repo: str, run_id: int) -> str:
        return f"{self.url}/{repo}/actions/runs/{run_id}"

    def answer(self, asked: Asked) -> Reply:
        return self.limiter.answer(asked, self._tagged) if self.limiter else self._tagged(asked)

    def _tagged(self, asked: Asked) -> Reply:
        time.sleep(self.latency)
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
            return self._page(asked, [app.installation(number) for number in app.installations], lambda items: items)
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

    def _stored(self, asked: Asked) -> Reply:
        self.storage_requests.append(asked)
        if "authorization" in asked.headers:
            return Reply(400, b"<Error>InvalidAuthenticationInfo</Error>", {"Content-Type": "application/xml"})
        if asked.path.startswith("/zips/"):
            zipped = self._zip(int(asked.path.rpartition("/")[2]))
            return Reply(200, zipped if isinstance(zipped, bytes) else b"", {"Content-Type": "application/zip"})
        if asked.path.startswith("/runs/"):
            _, _, owner, repo, run_id, attempt = asked.path.split("/")
            zipped = _packed(self._find(self.repos[f"{owner}/{repo}"], run_id, attempt))
            return Reply(200, zipped if isinstance(zipped, bytes) else b"", {"Content-Type": "application/zip"})
        log = self._log(int(asked.path.rpartition("/")[2]))
        return Reply(200, log if isinstance(log, bytes) else b"", {"Content-Type": "text/plain"})

    def _log(self, job_id: int) -> bytes | int:
        jobs = [job for repo in self.repos.values() for run in repo.runs for job in run.jobs]
        return next((job.log for job in jobs if job.id == job_id), 404)

    def _page(self, asked: Asked, items: list[Any], wrap: Callable[[list[Any]], Any], *, size: int = 30) -> Reply:
        size = min(100, int(asked.query["per_page"])) if "per_page" in asked.query else size
        number, last = int(asked.query.get("page", 1)), max(1, -(-len(items) // size))
        links = {"next": number + 1, "last": last} if number < last else {}
        base = f"{self.url}{asked.path}"
        link = ", ".join(f'<{base}?{urlencode({**asked.query, "page": n})}>; rel="{rel}"' for rel, n in links.items())
        reply = json_reply(wrap(items[(number - 1) * size : number * size]))
        return Reply(reply.status, reply.body, {**reply.headers, **({"Link": link} if link else {})})

    def about(self, name: str, repo: FakeRepo, asked: Asked) -> Reply:
        return json_reply({"full_name": name, "default_branch": repo.default_branch})

    def commits(self, name: str, repo: FakeRepo, asked: Asked) -> Reply:
        q = asked.query
        flags = [f"--{key}={q[key]}" for key in ("since", "until") if key in q]
        start = git_json.rev_parse(repo.git_path, q.get("sha", repo.default_branch))
        found = git_json.log(repo.git_path, *flags, start, *(["--", q["path"]] if "path" in q else []))
        return self._page(asked, found, lambda items: items)

    def commit(self, name: str, repo: FakeRepo, asked: Asked, rev: str) -> Reply:
        found = git_json.commit(repo.git_path, rev)
        return self._page(asked, found["files"], lambda items: {**found, "files": items}, size=300)

    def commit_pulls(self, name: str, repo: FakeRepo, asked: Asked, rev: str) -> Reply:
        return json_reply([p for p in repo.pulls if p["head"]["sha"] == rev])

    def pulls(self, name: str, repo: FakeRepo, asked: Asked) -> Reply:
        branch = asked.query.get("head", ":").partition(":")[2]
        return json_reply([p for p in repo.pulls if p["head"]["ref"] == branch])

    def compare(self, name: str, repo: FakeRepo, asked: Asked, base: str, head: str) -> Reply:
        found = git_json.compare(repo.git_path, base, head)
        first = int(asked.query.get("page", 1)) == 1
        about = {key: value for key, value in found.items() if key != "files" or first}
        return self._page(asked, found["commits"], lambda items: {**about, "commits": items}, size=250)

    def refs(self, name: str, repo: FakeRepo, asked: Asked, kind: str) -> Reply:
        folder = {"branches": "refs/heads", "tags": "refs/tags"}[kind]
        return self._page(asked, git_json.refs(repo.git_path, folder), lambda items: items)

    def tree(self, name: str, repo: FakeRepo, asked: Asked, rev: str) -> Reply:
        return json_reply(git_json.tree(repo.git_path, rev, recursive="recursive" in asked.query))

    def contents(self, name: str, repo: FakeRepo, asked: Asked, path: str) -> Reply:
        rev = git_json.rev_parse(repo.git_path, asked.query.get("ref", repo.default_branch))
        if "raw" in asked.headers.get("accept", ""):
            return Reply(200, git_json.git(repo.git_path, "cat-file", "blob", f"{rev}:{path}"))
        return json_reply(git_json.contents(repo.git_path, rev, path))

    def runs(self, name: str, repo: FakeRepo, asked: Asked, workflow: str = "") -> Reply:
        q = asked.query
        found = [
            run
            for run in sorted(repo.runs, key=lambda r: (r.created_at, r.id), reverse=True)
            if (not workflow or str(run.workflow_id) == workflow)
            and q.get("branch", run.branch) == run.branch
            and q.get("status", run.conclusion) in {run.conclusion, "completed"}
            and created_matches(run.created_at, q.get("created"))
        ]
        listed = [self._run(name, run) for run in found][:1000]
        return self._page(asked, listed, lambda items: {"total_count": len(found), "workflow_runs": items})

    def run(self, name: str, repo: FakeRepo, asked: Asked, run_id: str, attempt: str = "") -> Reply:
        return json_reply(self._run(name, self._find(repo, run_id, attempt)))

    def jobs(self, name: str, repo: FakeRepo, asked: Asked, run_id: str, attempt: str = "") -> Reply:
        jobs = [job_json(job) for job in self._find(repo, run_id, attempt).jobs]
        return self._page(asked, jobs, lambda items: {"total_count": len(jobs), "jobs": items})

    def job_log(self, name: str, repo: FakeRepo, asked: Asked, job_id: str) -> Reply:
        log = self._log(int(job_id))
        if isinstance(log, int):
            return json_reply({"message": "Not Found" if log == 404 else "Server Error"}, log)
        return self._elsewhere(f"/signed/{job_id}")

    def _elsewhere(self, path: str) -> Reply:
        where = f"http://127.0.0.1:{self._storage.server_address[1]}{path}?sig=s3cret"
        return Reply(302, b"", {"Location": where})

    def run_logs(self, name: str, repo: FakeRepo, asked: Asked, run_id: str, attempt: str = "") -> Reply:
        run = self._find(repo, run_id, attempt)
        zipped = _packed(run)
        if isinstance(zipped, int):
            return json_reply({"message": "Gone" if zipped == 410 else "Not Found"}, zipped)
        return self._elsewhere(f"/runs/{name}/{run.id}/{run.attempt}")

    def annotations(self, name: str, repo: FakeRepo, asked: Asked, job_id: str) -> Reply:
        jobs = [job for run in repo.runs for job in run.jobs if str(job.id) == job_id]
        if not jobs:
            raise Missing("Not Found")
        return self._page(asked, jobs[0].annotations, lambda items: items)

    def artifacts(self, name: str, repo: FakeRepo, asked: Asked, run_id: str) -> Reply:
        found = [artifact_json(artifact) for artifact in self._find(repo, run_id, "").artifacts]
        return self._page(asked, found, lambda items: {"total_count": len(found), "artifacts": items})

    def artifact(self, name: str, repo: FakeRepo, asked: Asked, artifact_id: str) -> Reply:
        zipped = self._zip(int(artifact_id))
        if isinstance(zipped, int):
            return json_reply({"message": "Artifact has expired" if zipped == 410 else "Not Found"}, zipped)
        return self._elsewhere(f"/zips/{artifact_id}")

    def _zip(self, artifact_id: int) -> bytes | int:
        artifacts = [a for repo in self.repos.values() for run in repo.runs for a in run.artifacts]
        return next((a.zipped for a in artifacts if a.id == artifact_id), 404)

    def _find(self, repo: FakeRepo, run_id: str, attempt: str) -> FakeRun:
        runs = [run for run in repo.runs if str(run.id) == run_id and attempt in {"", str(run.attempt)}]
        if not runs:
            raise Missing("Not Found")
        return max(runs, key=lambda run: run.attempt)

    def _run(self, name: str, run: FakeRun) -> dict[str, Any]:
        return {
            "id": run.id, "name": run.workflow, "workflow_id": run.workflow_id, "head_sha": run.head_sha,
            "head_branch": run.branch, "event": run.event, "status": "completed", "conclusion": run.conclusion,
            "run_attempt": run.attempt, "run_number": run.id % 10_000, "created_at": run.created_at,
            "updated_at": run.created_at, "html_url": self.run_url(name, run.id), "pull_requests": run.pulls,
            "head_repository": {"full_name": run.head_repo or name}, "display_title": f"Run {run.id}",
        }  # fmt: skip


def _refusal(message: str, status: int) -> Reply:
    return json_reply({"message": message, "documentation_url": "https://docs.example"}, status)


def _packed(run: FakeRun) -> bytes | int:
    return run_zip(run) if run.zipped is None else run.zipped


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
