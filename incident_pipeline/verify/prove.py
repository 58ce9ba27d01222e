"""A repository, a window with its suspects and a command in, a proof out: plan, tree and trial in turn until it stands.

Surprising fact: a tree that fails in another way than the head (with another exit code) proves nothing of this failure:
the test may not exist there yet, or something else is broken. It counts as one that could not be judged.
"""

import os
import signal
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType

from incident_pipeline.model.git import Commit
from incident_pipeline.model.proof import Conclusion, Outcome, Proof, Trial
from incident_pipeline.verify.graph import Graph, Seen, build_graph
from incident_pipeline.verify.plan import End, Step, next_step
from incident_pipeline.verify.trial import Limits, run_command
from incident_pipeline.verify.worktree import Trees

MAX_RUNS = 30
_SEEN: Mapping[Outcome, Seen] = {"passed": "passed", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be proved. `commits` are those of the window, in any order, `head` among them.

    `base`: the last green commit, when every commit outside the window is in its history; else None.
    `probabilities` by hash; `accused` is the suspect that the report names, None when it blames no commit.
    """

    incident: str
    command: str
    commits: tuple[Commit, ...]
    head: str
    base: str | None
    probabilities: Mapping[str, float] = field(default_factory=dict[str, float])
    accused: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of one run, how often each tree is judged, how many runs at most, variables kept for the command."""

    limits: Limits = field(default_factory=Limits)
    repeat: int = 1
    max_runs: int = MAX_RUNS
    keep_env: tuple[str, ...] = ()


def nothing(_: Trial) -> None:
    """The default of `on_trial`."""


def prove(
    trees: Trees, case: Case, *, rules: Rules, clock: Callable[[], float], on_start: Callable[[Step], None],
    on_trial: Callable[[Trial], None] = nothing, env: Mapping[str, str] = os.environ,
) -> Proof:  # fmt: skip
    """Replay until the culprit is proved or nothing more can be learned. `clock` gives seconds.

    `on_start` hears of each run before it starts, `on_trial` after it; the lines in a trial are not redacted.
    """
    started = clock()
    graph = build_graph(case.commits, base=case.base)
    names = trees.names([node.hash for node in graph.nodes])
    court = _Court(trees, case, graph=graph, rules=rules, names=names, env=env)
    court.seen.update({sha: "unjudged" for sha, name in names.items() if not name})  # a shallow clone lacks it
    with _stoppable():
        end = _search(court, on_start=on_start, on_trial=on_trial)
    proof = _conclude(court, end)
    return replace(proof, trials=tuple(court.trials), seconds=clock() - started)


@dataclass(slots=True)
class _Court:
    trees: Trees
    case: Case
    graph: Graph
    rules: Rules
    names: Mapping[str, str]
    env: Mapping[str, str]
    seen: dict[str, Seen] = field(default_factory=dict[str, Seen])
    trials: list[Trial] = field(default_factory=list[Trial])


def _search(
    court: _Court, *, on_start: Callable[[Step], None], on_trial: Callable[[Trial], None]
) -> End:  # fmt: skip
    case = court.case
    while True:
        step = next_step(
            court.graph, head=case.head, accused=case.accused, probabilities=case.probabilities, seen=court.seen
        )
        if isinstance(step, End):
            return step
        if len(court.trials) + court.rules.repeat > court.rules.max_runs:
            return End("unsettled", None, _left(court), f"the limit of {court.rules.max_runs} runs was reached")
        outcomes: list[Outcome] = []
        for _ in range(court.rules.repeat):
            on_start(step)
            trial = _run(court, step)
            court.trials.append(trial)
            on_trial(trial)
            outcomes.append(trial.outcome)
            if len(set(outcomes)) > 1:
                return _chance(court, step, outcomes)
        _note(court, step.hash, _SEEN.get(outcomes[0], "unjudged"))


def _run(court: _Court, step: Step) -> Trial:
    tree = court.trees.check_out(step.hash)
    ended = run_command(
        court.case.command, tree, temporary=court.trees.temporary, limits=court.rules.limits, env=court.env,
        keep=court.rules.keep_env,
    )  # fmt: skip
    at_head = next((trial.exit_code for trial in court.trials if trial.outcome == "failed"), ended.exit_code)
    outcome = "skipped" if ended.outcome == "failed" and ended.exit_code != at_head else ended.outcome
    tail = ended.tail + ((f"[ended: {ended.what}]",) if ended.what else ())
    return Trial(step.hash, outcome, step.why, ended.exit_code, ended.seconds, tail)


def _note(court: _Court, sha: str, outcome: Seen) -> None:
    """What one tree showed holds for every commit with the same files."""
    same = [sha, *(node.hash for node in court.graph.nodes if court.names[node.hash] == court.names[sha])]
    court.seen.update(dict.fromkeys(same, outcome))


def _chance(court: _Court, step: Step, outcomes: Sequence[Outcome]) -> End:
    passed, runs = outcomes.count("passed"), len(outcomes)
    how = f"it passed {passed} of {runs} times" if passed else f"it ended as {' and '.join(dict.fromkeys(outcomes))}"
    why = f"the command itself is left to chance: on {step.hash[:7]} {how}"
    return End("unsettled", None, _left(court), why)


def _left(court: _Court) -> tuple[str, ...]:
    return court.graph.hashes(court.graph.still_possible(court.seen) & court.graph.inside)


_KINDS: Mapping[str, Conclusion] = {
    "not_reproduced": "not_reproduced", "red_at_base": "red_at_base", "unsettled": "unsettled",
}  # fmt: skip


def _conclude(court: _Court, end: End) -> Proof:
    case = court.case
    made = Proof(case.incident, case.command, "unsettled", "", accused=case.accused, culprit=end.culprit, left=end.left)
    if end.culprit:
        kind: Conclusion = "confirmed" if end.culprit == case.accused else "refuted"
        return replace(made, conclusion=kind, summary=_proved(court, end.culprit))
    summary = {
        "not_reproduced": f"The command passes at {case.head[:7]} here: nothing to prove.",
        "red_at_base": f"The command fails before the range too, at {_failed_outside(court)}: "
        "an earlier push, or this machine, may be guilty.",
    }.get(end.kind, f"Not settled: {end.why}; {_count(end.left)} left{', or an older one' if end.older else ''}.")
    if court.trials and court.seen.get(case.head) == "unjudged":
        summary = f"Not settled: at {case.head[:7]} the command {_how(court.trials[0])}."
    return replace(made, conclusion=_KINDS[end.kind], summary=summary)


def _proved(court: _Court, culprit: str) -> str:
    node = court.graph.nodes[court.graph.index[culprit]]
    parents = [court.graph.nodes[p].hash[:7] for p in node.parents]
    if not parents:
        return f"{culprit[:7]} is the first commit, and the command fails on it."
    passes = f"at its parent {parents[0]}" if len(parents) == 1 else f"at each of its parents ({', '.join(parents)})"
    accused = court.case.accused
    cleared = f" {accused[:7]} did not do it." if accused and accused != culprit else ""
    return f"The command fails at {culprit[:7]} and passes {passes}.{cleared}"


def _failed_outside(court: _Court) -> str:
    failed = [n.hash[:7] for n in court.graph.nodes if n.outside and court.seen.get(n.hash) == "failed"]
    return ", ".join(failed)


def _how(trial: Trial) -> str:
    return {
        "timeout": "took longer than the time allowed", "limit": "went past a limit", "skipped": "says it cannot judge",
        "broken": f"could not be run (exit code {trial.exit_code})",
    }.get(trial.outcome, trial.outcome)  # fmt: skip


def _count(left: Sequence[str]) -> str:
    return "1 commit is" if len(left) == 1 else f"{len(left)} commits are"


@contextmanager
def _stoppable() -> Generator[None]:
    """A polite kill or a closed terminal ends like Ctrl-C, so that trees and processes are cleaned up."""

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [s for s in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) != signal.SIG_IGN]  # nohup ignores one
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
