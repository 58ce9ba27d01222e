"""A Bitbucket Cloud that never was: real git repositories, served over loopback as its REST API 2.0 serves them.

    python -m tests.fakes.bitbucket --port N [--git PATH]

serves one repository as acme/shop until it is interrupted. It refuses what Bitbucket refuses: wrong or missing
credentials, an account's read without its scope, pages over 100 items ("Invalid pagelen"), page links that it never
gave, a revision with a slash in a path, more requests in all than `hourly`.
"""

import argparse
import base64
import re
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests.fakes import bitbucket_json, git_json
from tests.fakes.bitbucket_json import Missing
from tests.fakes.server import Asked, FakeVendor, Reply, json_reply
from tests.sources.git.history import make_history

SAMPLE_TOKEN = "ATCTT3-nobodys-access-token"
_REPOSITORY = re.compile(r"/2\.0/repositories/([^/]+/[^/]+)(/.*)?")


@dataclass
class FakeRepo:
    """`too_large`: commits whose diff times out (555). `cut`: how many bytes of a commit's diff arrive. `order`: how
    commits are listed. `committers`: whether commits name theirs. `tells_base`: whether it knows merge-base at all."""

    git_path: Path
    default_branch: str | None = "main"
    too_large: set[str] = field(default_factory=set[str])
    cut: dict[str, int] = field(default_factory=dict[str, int])
    order: str = "--date-order"
    committers: bool = True
    tells_base: bool = True


class Refused(Exception):
    """The reply to give instead."""

    def __init__(self, status: int, message: str, **detail: Any) -> None:
        error = {"message": message, **({"detail": detail} if detail else {})}
        self.reply = json_reply({"type": "error", "error": error}, status)
        super().__init__(message)


class FakeBitbucket(FakeVendor):
    """`token` is an access token; `logins` maps a user name or an address to its password or API token, and `scopes`
    are what these may do. Without either all is public."""

    def __init__(
        self, repos: dict[str, FakeRepo], *,
        token: str | None = None, logins: dict[str, str] | None = None, scopes: str = "account, repository",
        hourly: int = 1_000, port: int = 0,
    ) -> None:  # fmt: skip
        self.repos, self.token, self.logins, self.scopes, self.hourly = repos, token, logins or {}, scopes, hourly
        self._given: set[str] = set()
        super().__init__(port)

    @property
    def api(self) -> str:
        return f"{self.url}/2.0"

    def answer(self, asked: Asked) -> Reply:
        try:
            user = self._user(asked)
            self._count()
            reply = self._route(asked, user)
        except Refused as refused:
            return refused.reply
        except Missing as missing:
            return Refused(404, str(missing)).reply
        return Reply(reply.status, reply.body, {**reply.headers, "X-OAuth-Scopes": self.scopes})

    def _count(self) -> None:
        if len(self.requests) > self.hourly:
            raise Refused(429, "Rate limit for this resource has been exceeded")

    def _user(self, asked: Asked) -> str | None:
        """The account that asks; None for an access token, or nobody where all is public."""
        sent = asked.headers.get("authorization", "")
        if not self.token and not self.logins:
            return None
        pairs = {base64.b64encode(f"{u}:{s}".encode()).decode(): u for u, s in self.logins.items()}
        kind, _, secret = sent.partition(" ")
        if kind == "Basic" and secret in pairs:
            return pairs[secret]
        if kind == "Bearer" and self.token and secret == self.token:
            return None
        raise Refused(401, "Token is invalid, expired, or not supported for this endpoint.")

    def _route(self, asked: Asked, user: str | None) -> Reply:
        if asked.path == "/2.0/user":
            if user is None or "account" not in self.scopes:
                raise Refused(403, "Your credentials lack one or more required privilege scopes.", required=["account"])
            return json_reply({"type": "user", "display_name": f"Name of {user}"})
        if match := re.fullmatch(r"/2\.0/repositories/([^/]+)", asked.path):
            names = [name for name in self.repos if name.startswith(f"{match[1]}/")]
            return self._page(asked, [{"type": "repository", "full_name": name} for name in names])
        match = _REPOSITORY.fullmatch(asked.path)
        repo = self.repos.get(unquote(match[1])) if match else None
        if match is None or repo is None:
            raise Missing("Repository not found" if match else "Resource not found")
        for pattern, handler in _ROUTES:
            if found := re.fullmatch(pattern, match[2] or "", re.DOTALL):
                return handler(self, repo, asked, *(unquote(part) for part in found.groups()))
        raise Missing("Resource not found")

    def _page(self, asked: Asked, items: list[Any], *, size: int = 10, most: int = 100) -> Reply:
        text = asked.query.get("pagelen", str(size))
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise Refused(400, "Invalid pagelen")
        if "page" in asked.query and asked.url not in self._given:
            raise Refused(400, "Invalid page")
        length, number = int(text), int(asked.query.get("page", "1"))
        page: dict[str, Any] = {"pagelen": length, "page": number, "values": items[(number - 1) * length :][:length]}
        if number * length < len(items):
            query = {**parse_qs(urlsplit(asked.url).query), "page": [str(number + 1)]}
            link = f"{asked.path}?{urlencode(query, doseq=True)}"
            self._given.add(link)
            page["next"] = f"{self.url}{link}"
        return json_reply(page)

    def _sha(self, repo: FakeRepo, rev: str) -> str:
        """A revision in a path ends at its first slash, encoded or not: what is behind it is of the path."""
        return bitbucket_json.rev_parse(repo.git_path, rev.partition("/")[0])

    def about(self, repo: FakeRepo, asked: Asked) -> Reply:
        branch = {"type": "branch", "name": repo.default_branch} if repo.default_branch else None
        return json_reply({"type": "repository", "scm": "git", "mainbranch": branch})

    def commits(self, repo: FakeRepo, asked: Asked) -> Reply:
        query = parse_qs(urlsplit(asked.url).query)
        ends = [bitbucket_json.rev_parse(repo.git_path, rev) for rev in query.get("include", [])] or ["--all"]
        ends += ["^" + bitbucket_json.rev_parse(repo.git_path, rev) for rev in query.get("exclude", [])]
        return self._page(
            asked, bitbucket_json.log(repo.git_path, repo.order, *ends, committers=repo.committers), size=30
        )

    def commit(self, repo: FakeRepo, asked: Asked, rev: str) -> Reply:
        return json_reply(bitbucket_json.log(repo.git_path, "-1", self._sha(repo, rev), committers=repo.committers)[0])

    def diff(self, repo: FakeRepo, asked: Asked, rev: str) -> Reply:
        sha = self._sha(repo, rev)
        if sha in repo.too_large:
            raise Refused(555, "The diff is too large")
        raw = bitbucket_json.diff(repo.git_path, sha)
        return Reply(200, raw[: repo.cut.get(sha, len(raw))], {"Content-Type": "text/plain"})

    def diffstat(self, repo: FakeRepo, asked: Asked, rev: str) -> Reply:
        return self._page(asked, bitbucket_json.diffstat(repo.git_path, self._sha(repo, rev)), size=500, most=500)

    def refs(self, repo: FakeRepo, asked: Asked, kind: str) -> Reply:
        return self._page(asked, bitbucket_json.refs(repo.git_path, kind, committers=repo.committers))

    def ref(self, repo: FakeRepo, asked: Asked, kind: str, name: str) -> Reply:
        found = bitbucket_json.refs(repo.git_path, kind, committers=repo.committers)
        for item in found:
            if item["name"] == name:
                return json_reply(item)
        raise Missing(f"No ref {name}")

    def file_history(self, repo: FakeRepo, asked: Asked, rev: str, name: str) -> Reply:
        return self._page(asked, bitbucket_json.file_history(repo.git_path, self._sha(repo, rev), name), size=50)

    def merge_base(self, repo: FakeRepo, asked: Asked, first: str, second: str) -> Reply:
        ends = self._sha(repo, first), self._sha(repo, second)
        try:
            if not repo.tells_base:
                raise Missing("Resource not found")
            sha = git_json.git(repo.git_path, "merge-base", *ends).decode().strip()
        except git_json.Missing:
            raise Missing("No common ancestor") from None
        return json_reply(bitbucket_json.log(repo.git_path, "-1", sha, committers=repo.committers)[0])

    def src(self, repo: FakeRepo, asked: Asked, rev: str, name: str) -> Reply:
        sha, folder = self._sha(repo, rev), name.strip("/")
        depth = int(asked.query.get("max_depth", "1"))
        found = bitbucket_json.entries(repo.git_path, sha, folder, depth)
        if found is not None:
            return self._page(asked, found)
        raw, kind = bitbucket_json.blob(repo.git_path, sha, folder)
        return Reply(200, raw, {"Content-Type": kind, "Content-Disposition": "attachment", "ETag": f'"{hash(raw)}"'})


_ROUTES: list[tuple[str, Callable[..., Reply]]] = [
    (r"", FakeBitbucket.about),
    (r"/commits/?", FakeBitbucket.commits),
    (r"/commit/([^/]+)", FakeBitbucket.commit),
    (r"/diff/([^/]+)", FakeBitbucket.diff),
    (r"/diffstat/([^/]+)", FakeBitbucket.diffstat),
    (r"/refs/(branches|tags)", FakeBitbucket.refs),
    (r"/refs/(branches|tags)/([^/]+)", FakeBitbucket.ref),
    (r"/filehistory/([^/]+)/(.+)", FakeBitbucket.file_history),
    (r"/merge-base/([^/]+?)\.\.([^/]+)", FakeBitbucket.merge_base),
    (r"/src/([^/]+)/(.*)", FakeBitbucket.src),
]


def sample(port: int = 0, git_path: Path | None = None) -> FakeBitbucket:
    """One repository, acme/shop, read with SAMPLE_TOKEN."""
    if git_path is None:
        git_path = Path(tempfile.mkdtemp(prefix="fake-bitbucket-")) / "shop"
        make_history(git_path)
    return FakeBitbucket({"acme/shop": FakeRepo(git_path)}, token=SAMPLE_TOKEN, port=port)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.fakes.bitbucket")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--git", type=Path)
    args = parser.parse_args()
    with sample(args.port, args.git) as fake:
        print(f"base_url: {fake.api}\ntoken: {SAMPLE_TOKEN}\nrepository: acme/shop", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"{len(fake.requests)} requests")  # noqa: T201


if __name__ == "__main__":
    main()
