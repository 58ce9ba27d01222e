"""A Jenkins that never was: invented jobs and builds, served over loopback below `/jenkins`, with state.

    python -m tests.fakes.jenkins --port N

serves one multibranch pipeline (main with a green and a red build, a branch with a slash) until it is interrupted. It
answers as https://www.jenkins.io/doc/book/using/remote-access-api/ says: `tree` with ranges, the newest 100 in
`builds`, older ones in `allBuilds`, HTML for errors, Basic authentication. Nothing can be posted.
"""

import argparse
import base64
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from tests.fakes.jenkins_state import (
    ANNOTATION,
    HOUR,
    RED_AT,
    FakeBuild,
    FakeJob,
    build_json,
    job_json,
    parse_tree,
    pruned,
    report_json,
    stages_json,
)
from tests.fakes.server import Asked, FakeVendor, Reply, json_reply

PREFIX = "/jenkins"


class FakeJenkins(FakeVendor):
    """`user` and `token`: who may read; no token: anyone. `root`: the address it believes to have."""

    def __init__(
        self, jobs: Iterable[FakeJob], *, user: str = "ann", token: str | None = None, stage_view: bool = True,
        port: int = 0,
    ) -> None:  # fmt: skip
        self.jobs, self.user, self.token, self.stage_view = list(jobs), user, token, stage_view
        self.root = "https://ci.example.com/jenkins"
        super().__init__(port)

    @property
    def address(self) -> str:
        return self.url + PREFIX

    def answer(self, asked: Asked) -> Reply:
        if self.token and asked.headers.get("authorization") != _basic(self.user, self.token):
            return (
                _html(401, "Unauthorized")
                if "authorization" in asked.headers
                else _html(403, "Authentication required")
            )
        if not asked.path.startswith(f"{PREFIX}/"):
            return _html(404, "Not Found")
        return self._route([part for part in asked.path.removeprefix(PREFIX).split("/") if part], asked)

    def _route(self, path: list[str], asked: Asked) -> Reply:
        if path == ["whoAmI", "api", "json"]:
            told = {"_class": "hudson.security.WhoAmI", "name": self.user, "anonymous": self.token is None}
            return json_reply(told | {"authenticated": True, "authorities": ["authenticated", "developers"]})
        inside, job, names = self.jobs, None, list[str]()
        while len(path) > 1 and path[0] == "job":
            name = unquote(path[1])
            job = next((one for one in inside if one.name == name), None)
            if job is None:
                return _html(404, "Not Found")
            names.append(name)
            inside, path = job.jobs, path[2:]
        if path == ["api", "json"]:
            if job:
                return _shown(job_json(job, "/".join(names), self.root), asked)
            jobs = [job_json(one, one.name, self.root) for one in self.jobs]
            return _shown({"_class": "hudson.model.Hudson", "jobs": jobs}, asked)
        return self._build(job, names, path, asked) if job and len(path) > 1 else _html(404, "Not Found")

    def _build(self, job: FakeJob, names: list[str], path: list[str], asked: Asked) -> Reply:
        axes = unquote(path.pop(0)) if job.kind == "matrix" and "=" in unquote(path[0]) else None
        builds = job.newest
        if path[0] == "lastFailedBuild":
            build = next((one for one in builds if one.result == "FAILURE"), None)
        else:
            build = next((one for one in builds if str(one.number) == path[0]), None)
        if build and axes:
            build = build.combinations.get(axes)
        if build is None:
            return _html(404, "Not Found")
        url = job_json(job, "/".join(names), self.root)["url"]
        match path[1:]:
            case ["api", "json"]:
                return _shown(build_json(build, job.kind, url), asked)
            case ["wfapi", "describe"] if job.kind == "pipeline" and self.stage_view:
                return json_reply(stages_json(build))
            case ["consoleText"]:
                return _text(build.log)
            case ["logText", "progressiveText"]:
                return _progressive(build, int(asked.query.get("start", 0)))
            case ["testReport", "api", "json"] if build.cases is not None:
                return _shown(report_json(build.cases), asked)
            case _:
                return _html(404, "Not Found")


def _basic(user: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


def _html(status: int, title: str) -> Reply:
    return Reply(status, f"<html><title>{title}</title></html>".encode(), {"Content-Type": "text/html;charset=utf-8"})


def _shown(value: dict[str, Any], asked: Asked) -> Reply:
    if "tree" not in asked.query:
        return json_reply(pruned(value, None))
    try:
        return json_reply(pruned(value, parse_tree(asked.query["tree"])))
    except ValueError:
        return _html(400, "Illegal tree")


def _text(log: bytes | int, headers: dict[str, str] | None = None) -> Reply:
    if isinstance(log, int):
        return _html(log, "Error")
    return Reply(200, ANNOTATION.sub(b"", log), {"Content-Type": "text/plain;charset=utf-8", **(headers or {})})


def _progressive(build: FakeBuild, start: int) -> Reply:
    if isinstance(build.log, int):
        return _html(build.log, "Error")
    size = len(build.log)
    more = {"X-More-Data": "true"} if build.building else {}
    reply = _text(build.log[start if start <= size else 0 :], {"X-Text-Size": str(size), **more})
    if build.grows:
        build.log += build.grows.pop(0)
        build.building = bool(build.grows)
    return reply


def sample(port: int = 0, token: str | None = None) -> FakeJenkins:
    """A multibranch pipeline to try the program against; a red build of `main` for the repository acme/shop."""
    remote = "https://github.com/acme/shop.git"
    stages = [("Checkout", "SUCCESS"), ("Test", "FAILED")]
    red = FakeBuild(12, git=[(remote, "a" * 40, "main")], stages=stages, log=_SAMPLE_LOG, cases=_SAMPLE_CASES)
    green = FakeBuild(11, "SUCCESS", RED_AT - HOUR, [(remote, "b" * 40, "main")], b"1 passed\nFinished: SUCCESS\n")
    branch = FakeBuild(1, "UNSTABLE", RED_AT - 2 * HOUR, [(remote, "c" * 40, "feature/x")], b"Finished: UNSTABLE\n")
    branches = [FakeJob("main", "pipeline", [green, red], primary=True), FakeJob("feature%2Fx", "pipeline", [branch])]
    return FakeJenkins([FakeJob("shop", "multibranch", jobs=branches)], token=token, port=port)


_SAMPLE_LOG = rb"""Started by an SCM change
[Pipeline] { (Test)
+ pytest -q
E   AssertionError: assert Decimal('19.98') == Decimal('19.97')
tests/test_cart.py:21: AssertionError
ERROR: script returned exit code 1
Finished: FAILURE
"""
_SAMPLE_CASES: list[tuple[str, str, str, str | None, str | None]] = [
    ("tests.test_cart", "test_empty", "PASSED", None, None),
    (
        "tests.test_cart",
        "test_total",
        "REGRESSION",
        "AssertionError: 19.98 == 19.97",
        "tests/test_cart.py:21: AssertionError",
    ),
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.fakes.jenkins")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token")
    args = parser.parse_args()
    with sample(args.port, args.token) as fake:
        print(f"JENKINS_URL={fake.address}\nrun {fake.address}/job/shop/job/main/12/", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"{len(fake.requests)} requests")  # noqa: T201


if __name__ == "__main__":
    main()
