"""What went live and when the errors began in, the window of commits that may have done it out.

The range is (what ran before, what ran when it began] where deploys name commits or tagged versions; else it is cut by
time. Surprising fact: a tag is only a release, so it moves the range when a log says that its version went live.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from incident_pipeline.errors import IncidentError
from incident_pipeline.evidence.deploys import named_by, previous_tag, tagged
from incident_pipeline.flow.progress import Progress
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.window import read_window
from incident_pipeline.model.evidence import Deploy
from incident_pipeline.model.git import Ref
from incident_pipeline.model.incident import BaseKind, Incident, Window
from incident_pipeline.sources.base import GitSource

LOOK_BACK = timedelta(days=1)
SLACK = timedelta(minutes=1)
MAX_TAGS = 1_000
MAX_RESOLVED = 20
MAX_LATER = 100
_NO_GREEN = "no green run is known"


@dataclass(frozen=True, slots=True)
class Live:
    """`deploys` oldest first; `lead`: the service that broke; `first`: onset or asked start, whichever is earlier;
    `latest`: what was committed or deployed after it came too late to be guilty."""

    deploys: tuple[Deploy, ...]
    lead: str | None
    first: datetime
    latest: datetime


def read_live_window(
    git: GitSource | None, incident: Incident, request: Request, *, live: Live, progress: Progress
) -> tuple[Window, tuple[Deploy, ...], tuple[str, ...]]:
    """The window, the deploys with whole hashes where the repository knows them (tags when no log told of any), and
    sentences on how the range was chosen."""
    repo = incident.repo
    if git is None:
        return _none(repo, "no git source: commits were not looked at"), live.deploys, ()
    tags = _tags(git, repo, live.deploys)
    deploys = _resolved(git, repo, live.deploys, tags)
    head, before, notes = _deployed(deploys, live, tags)
    if head is None:
        last = next(git.get_commits(repo, until=live.latest, branch=request.head), None)
        if last is None:
            return _none(repo, f"no commit before {live.latest:%Y-%m-%d %H:%M} UTC"), live.deploys, ()
        head = last.hash
    base, kind = _base(git, repo, request, head=head, before=before, first=live.first)
    window = read_window(git, repo, head=head, base=base, base_kind=kind, progress=progress)
    problems = tuple(_no_base(len(window.commits)) if p.startswith(_NO_GREEN) else p for p in window.problems)
    window = replace(window, problems=problems)
    shown = tuple(d for d, _ in deploys) or tagged(tags, window.commits)
    return window, shown, (*notes, *_later(git, repo, request, live=live, until=incident.until))


def _none(repo: str, problem: str) -> Window:
    return Window(repo, None, None, "none", (), complete=False, problems=(problem,))


def _no_base(commits: int) -> str:
    return f"no commit or deploy is known before the errors' day: the last {commits} commits were looked at"


def _tags(git: GitSource, repo: str, deploys: Sequence[Deploy]) -> tuple[Ref, ...]:
    """Tags, where they cost one read or a version waits for its commit."""
    if not git.streams_patches and not any(not d.hash for d in deploys):
        return ()
    try:
        return tuple(islice(git.get_tags(repo), MAX_TAGS))
    except IncidentError:
        return ()  # a host without tags has fewer facts, not an error


def _resolved(git: GitSource, repo: str, deploys: Sequence[Deploy], tags: Sequence[Ref]) -> list[tuple[Deploy, bool]]:
    """Each deploy with its whole hash, and whether the repository knows it; of many only the last are asked for."""
    found: list[tuple[Deploy, bool]] = []
    for number, deploy in enumerate(deploys):
        full = _commit_of(git, repo, deploy, tags) if number >= len(deploys) - MAX_RESOLVED else None
        found.append((replace(deploy, hash=full), True) if full else (deploy, False))
    return found


def _commit_of(git: GitSource, repo: str, deploy: Deploy, tags: Sequence[Ref]) -> str | None:
    if not deploy.hash:
        return named_by(deploy.what, tags)
    try:
        return git.resolve(repo, deploy.hash)
    except IncidentError:
        return None


def _deployed(
    deploys: Sequence[tuple[Deploy, bool]], live: Live, tags: Sequence[Ref]
) -> tuple[str | None, str | None, tuple[str, ...]]:
    """(commit that ran when it began, commit that ran before that, a sentence); of the service that broke, if known."""
    known = [d for d, is_known in deploys if is_known and d.at <= live.latest]
    own = [d for d in known if d.service == live.lead] or known
    if not own:
        return None, None, ()
    last = own[-1]
    before = next((d.hash for d in reversed(own) if d.hash != last.hash), None) or previous_tag(last.what, tags)
    said = f"{last.service} went live with {last.what} at {last.at:%Y-%m-%d %H:%M:%S} UTC ({last.ref})"
    return last.hash, before, (f"{said}: commits up to {last.hash[:7]} were looked at",)


def _base(
    git: GitSource, repo: str, request: Request, *, head: str, before: str | None, first: datetime
) -> tuple[str | None, BaseKind]:
    """The commit after which the guilty one lies: given, deployed before, or the last one of the day before."""
    if request.last_green:
        return request.last_green, "given"
    if before and _leads_to(git, repo, before, head):  # else it was rolled back: no range leads there
        return before, "time"
    last = next(git.get_commits(repo, until=first - LOOK_BACK, branch=head), None)
    return (last.hash, "time") if last and last.hash != head else (None, "time")


def _leads_to(git: GitSource, repo: str, before: str, head: str) -> bool:
    try:
        return git.merge_base(repo, before, head) == before
    except IncidentError:
        return False


def _later(git: GitSource, repo: str, request: Request, *, live: Live, until: datetime | None) -> tuple[str, ...]:
    if until is None or until <= live.latest:
        return ()
    later = len(list(islice(git.get_commits(repo, since=live.latest, until=until, branch=request.head), MAX_LATER)))
    if not later:
        return ()
    many = f"{later} commits were" if later > 1 else "1 commit was"
    return (f"{many} made after the errors had begun, and left out",)
