"""A git source and two ends in, the window of commits (base, head] out, with every doubt about its ends said aloud."""

from collections.abc import Iterator
from itertools import islice

from incident_pipeline.errors import IncidentError, NotFound, UsageError
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.redaction import redact_commits
from incident_pipeline.model.git import Commit
from incident_pipeline.model.incident import BaseKind, Window
from incident_pipeline.sources.base import GitSource

MAX_COMMITS = 10_000
COMMITS_WITHOUT_BASE = 50


def read_window(
    git: GitSource, repo: str, *, head: str, base: str | None, base_kind: BaseKind, progress: Progress
) -> Window:
    """Commits with files and patch. An unusable `base` leaves a bounded, incomplete window; a given one is refused."""
    head = git.resolve(repo, head)
    base, problems = _usable_base(git, repo, head, base, base_kind)
    limit = MAX_COMMITS if base else COMMITS_WITHOUT_BASE
    progress.step("Reading commits")
    commits = tuple(redact_commits(_counted(git.get_commits_between(repo, base, head), limit + 1, progress)))
    if len(commits) > limit:
        commits = commits[:limit]
        if base:
            problems.append(f"more than {limit:,} commits between {base[:7]} and {head[:7]}: only the newest were read")
    if base is None:
        problems.append(f"no green run is known before this one: the last {len(commits)} commits were looked at")
    return Window(repo, base, head, base_kind if base else "none", commits, not problems, tuple(problems))


def _counted(commits: Iterator[Commit], limit: int, progress: Progress) -> Iterator[Commit]:
    for commit in islice(commits, limit):
        progress.advance()
        yield commit


def _usable_base(
    git: GitSource, repo: str, head: str, base: str | None, base_kind: BaseKind
) -> tuple[str | None, list[str]]:
    if base is None:
        return None, []
    given = base_kind == "given"
    try:
        base = git.resolve(repo, base)
        fork = git.merge_base(repo, base, head)
    except NotFound as error:
        if given:
            raise
        return None, [
            f"the last green commit {base[:7]} cannot be read here ({error}); a shallow clone lacks it: fetch it"
        ]
    if fork == base:
        return base, []
    if given:
        raise UsageError(
            f"{repo}: head {head[:7]} does not descend from last green {base[:7]}: check --last-green, --head"
        )
    if fork is None:
        return None, [f"the last green commit {base[:7]} shares no history with {head[:7]}"]
    return fork, [f"the last green commit {base[:7]} is no ancestor of {head[:7]} (force push?): taken from {fork[:7]}"]


def pull_request_base(git: GitSource, repo: str, head: str, target: str) -> tuple[str | None, tuple[str, ...]]:
    """Merge base of a pull request's head with its target branch (or commit), and what was wrong, if anything."""
    try:
        return git.merge_base(repo, git.resolve(repo, target), git.resolve(repo, head)), ()
    except IncidentError as error:
        return None, (f"the merge base with {target} could not be found: {error}",)
