"""Runs, jobs, logs and artifacts of a fake GitHub, and the storage host that logs and zips are redirected to."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from tests.fakes.git_json import Missing
from tests.fakes.github_logs import run_zip
from tests.fakes.github_state import FakeRepo, FakeRun, artifact_json, created_matches, job_json
from tests.fakes.server import Asked, FakeVendor, Reply, json_reply, serve, stop


class FakeRuns(FakeVendor):
    """Each method answers one of GitHub's paths for a repository called `name`."""

    def __init__(self, repos: dict[str, FakeRepo], port: int = 0) -> None:
        self.repos = repos
        self.storage_requests: list[Asked] = []
        super().__init__(port)
        self._storage = serve(self._stored, 0)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        stop(self._storage)

    def run_url(self, repo: str, run_id: int) -> str:
        return f"{self.url}/{repo}/actions/runs/{run_id}"

    def page(self, asked: Asked, items: list[Any], wrap: Callable[[list[Any]], Any], *, size: int = 30) -> Reply:
        size = min(100, int(asked.query["per_page"])) if "per_page" in asked.query else size
        number, last = int(asked.query.get("page", 1)), max(1, -(-len(items) // size))
        links = {"next": number + 1, "last": last} if number < last else {}
        base = f"{self.url}{asked.path}"
        link = ", ".join(f'<{base}?{urlencode({**asked.query, "page": n})}>; rel="{rel}"' for rel, n in links.items())
        reply = json_reply(wrap(items[(number - 1) * size : number * size]))
        return replace(reply, headers={**reply.headers, **({"Link": link} if link else {})})

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
        return self.page(asked, listed, lambda items: {"total_count": len(found), "workflow_runs": items})

    def run(self, name: str, repo: FakeRepo, asked: Asked, run_id: str, attempt: str = "") -> Reply:
        return json_reply(self._run(name, self._find(repo, run_id, attempt)))

    def jobs(self, name: str, repo: FakeRepo, asked: Asked, run_id: str, attempt: str = "") -> Reply:
        jobs = [job_json(job) for job in self._find(repo, run_id, attempt).jobs]
        return self.page(asked, jobs, lambda items: {"total_count": len(jobs), "jobs": items})

    def job_log(self, name: str, repo: FakeRepo, asked: Asked, job_id: str) -> Reply:
        log = self._log(int(job_id))
        if isinstance(log, int):
            return json_reply({"message": "Gone" if log == 410 else "Not Found"}, log)
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
        return self.page(asked, jobs[0].annotations, lambda items: items)

    def artifacts(self, name: str, repo: FakeRepo, asked: Asked, run_id: str) -> Reply:
        found = [artifact_json(artifact) for artifact in self._find(repo, run_id, "").artifacts]
        return self.page(asked, found, lambda items: {"total_count": len(found), "artifacts": items})

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


def _packed(run: FakeRun) -> bytes | int:
    return run_zip(run) if run.zipped is None else run.zipped
