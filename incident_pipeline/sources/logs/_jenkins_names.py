"""Names of jobs, builds and repositories: in addresses, in run ids, in git remotes.

A job is known by its full name, folders with slashes (`team/app/main`); a run by that and its number
(`team/app/main#12`). Surprising fact: a multibranch job's name is its branch, itself percent-encoded
(`app/feature%2Fx`), so its address has the sign twice: `job/app/job/feature%252Fx`
(https://github.com/jenkinsci/branch-api-plugin, NameEncoder).
"""

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote, urlsplit

from incident_pipeline.errors import UsageError

MAIN_JOB = "build"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PERMALINK = re.compile(r"last(?:Completed|Failed|Stable|Successful|Unstable|Unsuccessful)?Build")
_PULL = re.compile(r"(?:PR|MR)-(\d+)(?:-(?:head|merge))?")
_PART = re.compile(r"[\w.~+-]+")
_SCP = re.compile(r"(?:[^/@\s]+@)?(?P<host>[^/:\s]+):(?P<path>(?!//).+)")
_LIBRARY = re.compile(r"(?i)(?:jenkins|shared|pipeline|global|ci)[-_.]?(?:shared[-_.]?)?(?:pipeline[-_.]?)?lib")


def job_parts(job: str) -> list[str]:
    """The folders of a job and its own name. UsageError for what is no job's full name."""
    parts = job.split("/")
    if not all(map(is_sound, parts)):
        raise UsageError(f"jenkins: no job's full name, which is like folder/job (got {job[:100]!r})")
    return parts


def is_sound(name: str) -> bool:
    """Whether one folder's or job's name can stand in a path."""
    return name not in {"", ".", ".."} and "/" not in name and not _CONTROL.search(name)


def job_path(job: str) -> str:
    """`job/team/job/app` below the controller. UsageError for what is no job's name."""
    return "/".join(f"job/{quote(part, safe='')}" for part in job_parts(job))


def split_run_id(run_id: str, job: str | None) -> tuple[str, str]:
    """(job, number or permalink) of `job#12`, or of `12` where the job is known. UsageError for anything else."""
    named, _, number = run_id.rpartition("#")
    named = named or job or ""
    if not named or not (_is_number(number) or _PERMALINK.fullmatch(number)):
        raise UsageError(f"jenkins: a run id is like folder/job#12 (got {run_id[:100]!r})")
    return named, number


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def find_run(path: Sequence[str]) -> tuple[str, str] | None:
    """(job, number) of the path of a build's page, in its raw segments below the controller; None when it is none.

    Views are passed over, as is a matrix build's axis. Blue Ocean's pages are those of
    https://github.com/jenkinsci/blueocean-plugin: `blue/organizations/jenkins/<job>/detail/<branch or job>/<number>`.
    """
    segments = [segment for segment in path if segment]
    if segments[:2] == ["blue", "organizations"] and segments[4:5] == ["detail"] and len(segments) > 6:
        return _found([unquote(part) for part in _blue(segments[3], segments[5])], segments[6])
    names: list[str] = []
    at = 0
    while at + 1 < len(segments) and segments[at] in {"view", "job"}:
        if segments[at] == "job":
            names.append(encoded(unquote(segments[at + 1])))
        at += 2
    for number in segments[at : at + 2] if names else ():
        if found := _found(names, number):
            return found
    return None


def _blue(pipeline: str, branch: str) -> list[str]:
    names = unquote(pipeline).split("/")
    own, last = encoded(unquote(branch)), names[-1]
    return [quote(name) for name in (names if unquote(own) == unquote(last) else [*names, own])]


def _found(names: list[str], number: str) -> tuple[str, str] | None:
    if not (_is_number(number) or _PERMALINK.fullmatch(number)):
        return None
    return "/".join(names), number


def encoded(name: str) -> str:
    """A branch's name as its job's: a slash and a number sign cannot stand in one."""
    return name.replace("/", "%2F").replace("#", "%23")


def short_name(job: str, branch: str | None) -> str:
    """What people call a job's log: the same for all branches of a multibranch job."""
    folder, _, own = job.rpartition("/")
    return readable(folder.rpartition("/")[2] if folder and branch and unquote(own) == branch else own)


def readable(name: str) -> str:
    """A job's name without its encoding."""
    return unquote(name)


def branch_of_job(job: str) -> str:
    """The branch that a job of a multibranch job would be of."""
    return unquote(job.rpartition("/")[2])


def pull_number(name: str) -> int | None:
    """The number of the pull or merge request that a multibranch job's `PR-12` is of."""
    found = _PULL.fullmatch(name)
    return int(found[1]) if found else None


def branch_name(ref: str) -> str | None:
    """`main` of `refs/remotes/origin/main`, `origin/main` or `refs/heads/main`; None of a detached head."""
    ref = re.sub(r"^(?:refs/)?remotes/[^/]+/", "", ref)
    ref = ref.removeprefix("refs/heads/").removeprefix("origin/")
    return None if ref in {"", "detached", "HEAD"} else ref


def repo_path(url: str) -> str | None:
    """Every part of a git remote's path but the address: `group/sub/name`. None when it names nothing (`$GIT_URL`)."""
    _, parts = _remote(url)
    return "/".join(parts) or None


def repo_name(url: str) -> str | None:
    """`owner/name`: the last two parts of a git remote's path, all of them on a GitLab (groups nest there)."""
    host, parts = _remote(url)
    return "/".join(parts if "gitlab" in host else parts[-2:]) or None


def _remote(url: str) -> tuple[str, list[str]]:
    url = url.strip()
    try:
        if "://" in url:
            split = urlsplit(url)
            host, path = split.hostname or "", unquote(split.path)
        else:
            found = _SCP.fullmatch(url)
            host, path = (found["host"], found["path"]) if found else ("", url)
    except ValueError:
        return "", []
    parts = [part for part in path.strip("/").removesuffix(".git").split("/") if part not in {"", ".", "_git"}]
    sound = all(_PART.fullmatch(part) and part != ".." for part in parts)
    return host.lower(), parts if sound else []


def is_library(url: str) -> bool:
    """Whether a remote sounds like a shared pipeline library, which a build checks out beside its own repository."""
    return bool(_LIBRARY.search((repo_path(url) or "").rpartition("/")[2]))
