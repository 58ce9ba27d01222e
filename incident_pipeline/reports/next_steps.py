"""A judgement in, what to do now out: plain words and, where it can be trusted, a command to paste.

Surprising fact: quoting is not enough. A hash, path or test that starts with a dash is an option, and a character that
cannot be seen may run something else when pasted, so such text gets no command at all.
"""

import re
import shlex
from collections.abc import Iterator, Sequence

from incident_pipeline.model.evidence import CodeFacts, Failure, Judgement, Suspect
from incident_pipeline.model.git import Commit
from incident_pipeline.model.incident import Incident, Run, Window
from incident_pipeline.model.report import NextStep
from incident_pipeline.reports.text import has_unseen, is_hash, short

_REPOSITORY = re.compile(r"[A-Za-z0-9_][\w.-]*(?:/[A-Za-z0-9_][\w.-]*)+")
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]*")
_FIRST = {
    "disk": "Free disk space on the runner, then re-run the failed jobs",
    "memory": "Give the job more memory or less parallel work, then re-run the failed jobs",
    "network": "Re-run the failed jobs; if it fails again, see whether the host it could not reach is up",
    "registry": "Re-run the failed jobs; if it fails again, see the status page of the package registry",
    "quota": "Wait for the limit to reset or raise it, then re-run the failed jobs",
    "credentials": "Renew or grant the credential the log names, then re-run the failed jobs",
    "timeout": "Re-run the failed jobs; if it times out again, compare the slow step with the green run",
    "runner": "Re-run the failed jobs on a fresh runner",
}
_RERUN = "Re-run the failed jobs"
_CHANCE = "Re-run the failed jobs: green means chance, red again means that a commit did it"
_SINGLED_OUT = 0.1
_TEST_RUNNERS = {"pytest": "python -m pytest", "jest": "npx jest", "vitest": "npx vitest run"}


def next_steps(
    *, incident: Incident, window: Window, judgement: Judgement, failure: Failure, code: CodeFacts,
    replayed: bool = False,
) -> tuple[NextStep, ...]:  # fmt: skip
    """The first step is the one to do now. `replayed`: a proof was tried on this window, so it is not offered again."""
    verdict = judgement.verdict
    steps: list[NextStep] = []
    if verdict.status == "INCONCLUSIVE":
        steps += _tell_apart(incident.run, window, judgement.suspects, failure, code)
    elif verdict.verdict == "commit":
        steps += _take_back(window, judgement, prove=() if replayed else tuple(_prove(incident, window, failure, code)))
    elif verdict.verdict in {"infrastructure", "flaky"}:
        steps.append(
            _rerun(incident.run, _CHANCE if verdict.verdict == "flaky" else _FIRST.get(verdict.category, _RERUN))
        )
    elif verdict.verdict == "drift":
        steps.append(NextStep("Compare the versions the two runs installed, and pin the one that moved"))
        steps.append(_rerun(incident.run, "Re-run the failed jobs once it is pinned"))
    else:
        steps += _tell_apart(incident.run, window, judgement.suspects, failure, code)
    if not window.complete and not (window.head is None and verdict.verdict == "infrastructure"):
        fetch = list(_fetch(incident.run, window))
        # Without a repository nothing is known of the commits: that comes first.
        steps = [*fetch, *steps] if window.head is None else [*steps, *fetch]
    return tuple(steps)


def _take_back(window: Window, judgement: Judgement, *, prove: Sequence[NextStep]) -> Iterator[NextStep]:
    commit = _commit_of(window, judgement.suspects[0]) if judgement.suspects else None
    if commit is None or not is_hash(commit.hash):
        yield NextStep("Read the first suspect's change")
        return
    sha = short(commit.hash)
    yield NextStep("Read the change", f"git show {sha}")
    yield from prove
    mainline = " -m 1" if commit.is_merge else ""
    certain = judgement.verdict.status == "CONFIRMED"
    yield NextStep("Take it back" if certain else "Take it back, if that is the cause", f"git revert{mainline} {sha}")


def _prove(incident: Incident, window: Window, failure: Failure, code: CodeFacts) -> Iterator[NextStep]:
    test = _test_command(failure, code)
    if test and window.base and window.head and _IDENTIFIER.fullmatch(incident.id):
        command = f"incident-responder verify {incident.id} --command {shlex.quote(test)}"
        yield NextStep("Prove it: about 3 runs of the test, in throw-away trees on your machine", command)


def _tell_apart(
    run: Run | None, window: Window, suspects: Sequence[Suspect], failure: Failure, code: CodeFacts
) -> Iterator[NextStep]:
    """No commit against the best suspect: run it again. Two suspects: run the test at the older of them."""
    nobody = 1.0 - sum(suspect.probability for suspect in suspects)
    if len(suspects) < 2 or nobody >= suspects[1].probability:
        yield _rerun(run, "Re-run the failed jobs on the same commit: green means no commit is to blame")
    if not suspects or suspects[0].probability < _SINGLED_OUT:
        return  # as good as any other commit of the range: to run its test would tell nothing
    order = [commit.hash for commit in window.commits]
    pair = sorted((s.hash for s in suspects[:2] if s.hash in order), key=order.index)
    if len(pair) == 2 and all(map(is_hash, pair)):
        newer, older = pair
        test = _test_command(failure, code)
        first, last = short(older), short(newer)
        words = f"Run the failing test at {first}: red there clears {last}, green there clears {first}"
        yield NextStep(words, f"git switch --detach {short(older)}" + (f" && {test}" if test else ""))
    elif is_hash(suspects[0].hash):
        yield NextStep("Read the first suspect's change", f"git show {short(suspects[0].hash)}")


def _commit_of(window: Window, suspect: Suspect) -> Commit | None:
    return next((commit for commit in window.commits if commit.hash == suspect.hash), None)


def _rerun(run: Run | None, words: str) -> NextStep:
    source = run.source.replace("-", "_") if run else ""
    if run and source == "github_actions" and run.run_id.isascii() and run.run_id.isdigit() and _is_repo(run.repo):
        return NextStep(words, f"gh run rerun {run.run_id} --failed --repo {run.repo}")
    return NextStep(words)


def _fetch(run: Run | None, window: Window) -> Iterator[NextStep]:
    if window.head is None:
        yield NextStep("Name the repository, so that its commits are looked at: --git local --git-path DIR")
        return
    if window.base is None:
        yield NextStep("Say which commit was green last, so that the range is known: --last-green SHA")
        return
    shallow = any("shallow" in problem.lower() for problem in window.problems)
    ends = [end for end in (window.base, window.head) if end and is_hash(end)]
    command = "git fetch --unshallow" if shallow else " ".join(["git fetch origin", *ends]) if ends else ""
    yield NextStep("Fetch the commits that are missing from the range, then ask again", command)
    if run and _is_repo(run.repo) and run.run_id.isascii() and run.run_id.isdigit():
        source = shlex.quote(run.source.replace("_", "-"))
        if _safe(source):
            again = f"incident-responder investigate --logs {source} --repo {run.repo} --run-id {run.run_id}"
            yield NextStep("Ask again", again)


def _test_command(failure: Failure, code: CodeFacts) -> str:
    """The command that runs the first failed test whose file is in the repository; else an empty string."""
    runner = _TEST_RUNNERS.get(failure.tool or "")
    paths = code.paths | {frame.repo_path for frame in failure.frames}
    known = (test for test in failure.tests if _safe(test) and test.partition("::")[0] in paths)
    test = next(known, "")
    return f"{runner} {shlex.quote(test)}" if runner and test else ""


def _safe(text: str) -> bool:
    """May stand in a command once it is quoted: something, no option, nothing unseen, not endless."""
    return bool(text) and not text.startswith("-") and len(text) <= 300 and not has_unseen(text)


def _is_repo(text: str) -> bool:
    return _REPOSITORY.fullmatch(text) is not None and text.isascii()
