"""A forge's repository in, a blobless bare clone in the cache out, and every read served from it by the local source.

Git fetches a file's content when a diff or blame first needs it. The token reaches git as a header in its environment,
bound to the forge's address: it is never in a URL, an argument or a file. Surprising fact: a commit that no branch or
pull request holds any more (a force push) can still be fetched by its hash.
"""

import base64
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from incident_pipeline.errors import AccessDenied, BadInput, IncidentError, NotFound, Unavailable
from incident_pipeline.model.git import BlameLine, Commit, Ref
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources.base import GitSource, SourceContext
from incident_pipeline.sources.git._process import GitProgram
from incident_pipeline.sources.git.local import LocalGit

_FULL_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ERRORS: tuple[tuple[str, type[IncidentError], str], ...] = (
    (r"Username|Authentication|\b40[13]\b", AccessDenied, "the clone was refused: token lacks {needs}"),
    (r"error: 30\d", NotFound, "the address redirects; give the repository's present name or `clone_url`"),
    (r"not found|does not exist|not appear to be", NotFound, "nothing to clone; a private repository needs a token"),
    (r"resolve host|connect|timed out|timeout|early EOF|\b5\d\d\b", Unavailable, "the clone broke off; try again"),
)


@dataclass(frozen=True, slots=True)
class Remote:
    """What a forge's adapter tells its mirror.

    `vendor` and `needs` (the permission to clone) are for errors. `web` is the address that credentials are bound to.
    `name` gives the full name of a repository as it was asked for, `url` what a full name is cloned from, `login` the
    user name and secret of Basic authentication (None: public).
    """

    vendor: str
    web: str
    name: Callable[[str], str]
    url: Callable[[str], str]
    login: Callable[[], tuple[str, SecretStr] | None]
    needs: str


def clone_environment(remote: Remote) -> dict[str, str]:
    """What git needs to reach `remote`, on top of the GIT_CONFIG_* variables set; the header goes nowhere else."""
    # Where a redirect leads, git goes on with every header it was given, to whatever host.
    settings = {"http.lowSpeedLimit": "1000", "http.lowSpeedTime": "30", "http.followRedirects": "false"}
    if login := remote.login():
        secret = base64.b64encode(f"{login[0]}:{login[1].get_secret_value()}".encode()).decode()
        settings[f"http.{remote.web}/.extraHeader"] = f"Authorization: Basic {secret}"
    start = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    environment = {"GIT_ALLOW_PROTOCOL": "https:http:ssh:file", "GIT_NO_LAZY_FETCH": "0"}
    for number, (key, value) in enumerate(settings.items(), start):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**environment, "GIT_CONFIG_COUNT": str(start + len(settings))}


class MirroredGit(GitSource):
    """Clones at the first read, fetches at most once for each repository while it is open, and then only when asked
    for something that may have moved (a branch) or is not there yet."""

    streams_patches = True

    def __init__(self, rest: GitSource, context: SourceContext, remote: Remote) -> None:
        self.name, self._rest, self._remote = context.name, rest, remote
        self._folder = context.cache_dir / "mirrors"
        self._opened: dict[str, LocalGit] = {}
        self._fetched: set[str] = set()

    def close(self) -> None:
        """End what still runs."""
        self._rest.close()
        for local in self._opened.values():
            local.close()

    def check(self) -> SourceCheck:
        """One small read over REST; nothing is cloned."""
        return self._rest.check()

    def mirror(self, repo: str) -> Path:
        """The clone's folder, cloned if it is not there. AccessDenied, NotFound, Unavailable."""
        return self._local(repo).path

    def _local(self, repo: str) -> LocalGit:
        name = self._remote.name(repo)
        if name not in self._opened:
            url = self._remote.url(name)
            folder = self._folder / (urlsplit(self._remote.web).hostname or self._remote.vendor) / f"{name.lower()}.git"
            environment = clone_environment(self._remote)
            if not folder.is_dir():
                self._clone(name, url, folder, environment)
                self._fetched.add(name)
            self._opened[name] = LocalGit(folder, name=self.name, environment=environment)
        return self._opened[name]

    def _clone(self, name: str, url: str, folder: Path, environment: dict[str, str]) -> None:
        """Beside its place first, then renamed: a killed clone is never taken for a whole one."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".cloning-", dir=folder.parent))
        try:
            git = GitProgram(f"{self._remote.vendor} {name}", part, environment)
            self._run(git, ["clone", "--quiet", "--mirror", "--filter=blob:none", "--", url, "."])
            if not folder.is_dir():
                part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _fetch(self, name: str, *what: str) -> None:
        environment = clone_environment(self._remote)
        git = GitProgram(f"{self._remote.vendor} {name}", self._opened[name].path, environment)
        self._run(git, ["fetch", "--quiet", "--no-auto-gc", *(what or ("--prune", "origin"))])

    def _run(self, git: GitProgram, args: list[str]) -> None:
        output = git.run(args, ok=(0, 1, 128))
        if output.code == 0:
            return
        for pattern, kind, text in _ERRORS:
            if re.search(pattern, output.said):
                raise kind(f"{git.who}: {text.format(needs=self._remote.needs)} ({output.said})")
        raise BadInput(f"{git.who}: git {args[0]} failed: {output.said}")

    def _fresh(self, repo: str) -> LocalGit:
        local, name = self._local(repo), self._remote.name(repo)
        if name not in self._fetched:
            self._fetch(name)
            self._fetched.add(name)
        return local

    def _having(self, repo: str, *revisions: str | None) -> LocalGit:
        """The clone, fetched when a revision is unknown or is a name, which may have moved."""
        local = self._local(repo)
        for rev in revisions:
            if rev is None or not _FULL_HASH.fullmatch(rev):
                self._fresh(repo)
            elif not _knows(local, rev):
                self._fresh(repo)
                if not _knows(local, rev):
                    self._fetch_one(repo, rev)
        return local

    def _fetch_one(self, repo: str, rev: str) -> None:
        name = self._remote.name(repo)
        try:
            self._fetch(name, "origin", rev)
        except (BadInput, NotFound) as error:
            raise NotFound(f"{self._remote.vendor} {name}: no commit {rev}; it was never pushed, or is gone") from error

    def get_commits(
        self, repo: str, since: datetime | None = None, until: datetime | None = None, branch: str | None = None
    ) -> Iterator[Commit]:
        """Fetched first: the window may reach to now."""
        return self._fresh(repo).get_commits(repo, since, until, branch)

    def get_commits_between(self, repo: str, base: str | None, head: str, *, patch: bool = True) -> Iterator[Commit]:
        """Files' contents are fetched as the patches need them."""
        revisions = (head,) if base is None else (base, head)
        return self._having(repo, *revisions).get_commits_between(repo, base, head, patch=patch)

    def get_commit(self, repo: str, rev: str) -> Commit:
        """From the clone."""
        return self._having(repo, rev).get_commit(repo, rev)

    def get_branches(self, repo: str) -> Iterator[Ref]:
        """As of the fetch."""
        return self._fresh(repo).get_branches(repo)

    def get_tags(self, repo: str) -> Iterator[Ref]:
        """As of the fetch."""
        return self._fresh(repo).get_tags(repo)

    def get_file_history(self, repo: str, path: str, rev: str | None = None) -> Iterator[Commit]:
        """From the clone."""
        return self._having(repo, rev).get_file_history(repo, path, rev)

    def resolve(self, repo: str, rev: str) -> str:
        """From the clone."""
        return self._having(repo, rev).resolve(repo, rev)

    def default_branch(self, repo: str) -> str:
        """As of the clone."""
        return self._local(repo).default_branch(repo)

    def merge_base(self, repo: str, first: str, second: str) -> str | None:
        """From the clone."""
        return self._having(repo, first, second).merge_base(repo, first, second)

    def blame(
        self, repo: str, path: str, rev: str, lines: tuple[int, int] | None = None, *, ignore: Sequence[str] = ()
    ) -> tuple[BlameLine, ...]:
        """What REST cannot give."""
        return self._having(repo, rev).blame(repo, path, rev, lines, ignore=ignore)

    def read_file(self, repo: str, path: str, rev: str) -> str | None:
        """From the clone; the content is fetched once."""
        return self._having(repo, rev).read_file(repo, path, rev)

    def list_paths(self, repo: str, rev: str) -> frozenset[str]:
        """From the clone, without any limit."""
        return self._having(repo, rev).list_paths(repo, rev)


def _knows(local: LocalGit, rev: str) -> bool:
    try:
        local.resolve("", rev)
    except NotFound:
        return False
    return True
