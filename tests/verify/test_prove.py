import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from incident_pipeline.model.git import Commit
from incident_pipeline.model.proof import Proof, Trial
from incident_pipeline.verify.plan import Step
from incident_pipeline.verify.prove import Case, Rules, prove
from incident_pipeline.verify.trial import Limits
from incident_pipeline.verify.worktree import open_trees
from tests.flow.sample import git
from tests.verify.repository import COMMAND, WHEN, History, make_history


def replay(
    history: History, *, accused: int | None, command: str = COMMAND, rules: Rules | None = None,
    commits: tuple[Commit, ...] | None = None, on_start: Callable[[Step], None] = lambda _: None,
) -> Proof:  # fmt: skip
    sha = None if accused is None else history.hashes[accused]
    case = Case(
        "acme-1", command, commits or history.commits, history.head, history.base, {sha: 0.8} if sha else {}, sha
    )
    with open_trees(history.repo) as trees:
        return prove(trees, case, rules=rules or Rules(), clock=time.monotonic, on_start=on_start)


def outcomes(history: History, proof: Proof) -> dict[int, str]:
    return {history.hashes.index(trial.hash): trial.outcome for trial in proof.trials}


def test_a_true_accusation_is_confirmed_by_three_runs(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good good good good bad bad bad bad")
    proof = replay(history, accused=4)
    assert (proof.conclusion, proof.culprit) == ("confirmed", history.hashes[4])
    assert outcomes(history, proof) == {7: "failed", 3: "passed", 4: "failed"}
    assert proof.summary == (
        f"The command fails at {history.hashes[4][:7]} and passes at its parent {history.hashes[3][:7]}."
    )
    assert proof.trials[0].why == "head: does it fail here?"
    assert proof.trials[0].tail == ("checking",)
    assert proof.seconds >= sum(trial.seconds for trial in proof.trials) > 0


def test_a_false_accusation_is_refuted_and_the_culprit_found(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good good bad bad bad bad bad bad")
    proof = replay(history, accused=5)
    assert (proof.conclusion, proof.accused, proof.culprit) == ("refuted", history.hashes[5], history.hashes[2])
    assert f"{history.hashes[5][:7]} did not do it" in proof.summary


def test_where_no_commit_was_accused_the_one_found_refutes_that(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good bad bad")
    proof = replay(history, accused=None)
    assert (proof.conclusion, proof.culprit) == ("refuted", history.hashes[1])


def test_a_green_head_is_not_reproduced(tmp_path: Path) -> None:
    proof = replay(make_history(tmp_path, "good good good"), accused=1)
    assert (proof.conclusion, len(proof.trials)) == ("not_reproduced", 1)


def test_a_red_base_points_before_the_window(tmp_path: Path) -> None:
    history = make_history(tmp_path, "bad bad bad")
    proof = replay(history, accused=1)
    assert proof.conclusion == "red_at_base"
    assert history.base[:7] in proof.summary
    assert proof.culprit is None


def test_trees_that_say_125_are_gone_round(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good good skip good good bad bad skip bad")
    command = "case $(cat check) in good) exit 0;; bad) exit 1;; *) exit 125;; esac"
    proof = replay(history, accused=2, command=command)
    assert proof.culprit == history.hashes[5]


def test_a_culprit_behind_trees_that_cannot_be_judged_is_left_among_them(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good good skip skip bad bad")
    command = "case $(cat check) in good) exit 0;; bad) exit 1;; *) exit 125;; esac"
    proof = replay(history, accused=4, command=command)
    assert proof.conclusion == "unsettled"
    assert proof.left == history.hashes[2:5]
    assert "3 commits are left" in proof.summary


def test_a_tree_that_fails_in_another_way_than_the_head_proves_nothing(tmp_path: Path) -> None:
    history = make_history(tmp_path, "4 4 4 1 1")  # exit codes: the test does not exist before the fourth commit
    proof = replay(history, accused=3, command="exit $(cat check)")
    assert proof.conclusion == "unsettled"
    assert outcomes(history, proof)[2] == "skipped"
    assert proof.left == history.hashes[1:4]


def test_a_time_out_is_no_failure(tmp_path: Path) -> None:
    history = make_history(tmp_path, "0 0 30 1")
    rules = Rules(Limits(seconds=1))
    proof = replay(history, accused=3, command="n=$(cat check); test $n = 1 && exit 1; sleep $n", rules=rules)
    assert outcomes(history, proof)[2] == "timeout"
    assert proof.left == history.hashes[2:4]
    late = next(trial for trial in proof.trials if trial.outcome == "timeout")
    assert late.tail == ("[ended: took longer than 1 s]",)


def test_a_command_that_is_left_to_chance_proves_nothing(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good bad bad")
    flip = tmp_path / "flip"
    command = f"test -e {flip} && rm {flip} && exit 1; touch {flip}; {COMMAND}"
    proof = replay(history, accused=1, command=f"{command}; exit 0", rules=Rules(repeat=3))
    assert proof.conclusion == "unsettled"
    assert "left to chance" in proof.summary
    # The first two differ: no third run is needed.
    assert [trial.outcome for trial in proof.trials] == ["passed", "failed"]


def test_repeated_runs_that_agree_are_a_proof(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good bad bad")
    proof = replay(history, accused=1, rules=Rules(repeat=2))
    assert (proof.conclusion, len(proof.trials)) == ("confirmed", 6)


def test_no_more_runs_than_allowed(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good good good good bad bad bad bad")
    proof = replay(history, accused=4, rules=Rules(max_runs=2))
    assert (proof.conclusion, len(proof.trials)) == ("unsettled", 2)
    assert "limit of 2 runs" in proof.summary
    assert history.hashes[4] in proof.left


def test_a_command_that_cannot_be_run_is_said_as_that(tmp_path: Path) -> None:
    proof = replay(make_history(tmp_path, "good bad"), accused=1, command="no-such-program-anywhere -x")
    assert proof.conclusion == "unsettled"
    assert "could not be run (exit code 127)" in proof.summary
    assert "not found" in proof.trials[0].tail[-1]


def test_commits_with_the_same_files_are_run_once(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good good bad")
    git(history.repo, "commit", "-q", "--allow-empty", "-m", "Nothing")
    empty = git(history.repo, "rev-parse", "HEAD")
    longer = History(history.repo, (*history.hashes, empty))
    proof = replay(longer, accused=2)
    assert (proof.conclusion, proof.culprit) == ("confirmed", history.hashes[2])
    assert [trial.hash for trial in proof.trials] == [empty, history.hashes[1]]


def test_a_merge_that_breaks_what_both_sides_pass_is_proved_by_all_its_parents(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good good")
    base, main = history.hashes
    git(history.repo, "checkout", "-q", "-b", "side", base)
    (history.repo / "side").write_text("x", encoding="utf-8")
    git(history.repo, "add", "-A")
    git(history.repo, "commit", "-q", "-m", "Side")
    side = git(history.repo, "rev-parse", "HEAD")
    git(history.repo, "checkout", "-q", "main")
    git(history.repo, "merge", "-q", "--no-ff", "-m", "Merge", side)
    merge = git(history.repo, "rev-parse", "HEAD")
    commits = tuple(
        Commit(sha, "Ana", WHEN, "x", parents=parents)
        for sha, parents in ((merge, (main, side)), (side, (base,)), (main, (base,)))
    )
    both = History(history.repo, (base, main, side, merge))
    proof = replay(both, accused=2, command="! (test -e side && test $(cat number) = 1)", commits=commits)
    assert (proof.conclusion, proof.culprit) == ("refuted", merge)
    assert outcomes(both, proof) == {3: "failed", 1: "passed", 2: "passed"}
    assert f"each of its parents ({main[:7]}, {side[:7]})" in proof.summary


def test_a_polite_kill_ends_it_like_ctrl_c(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good bad")
    before = signal.getsignal(signal.SIGTERM)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt):
        replay(history, accused=1, command="sleep 60", on_start=lambda _: timer.start())
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good bad")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        proof = replay(history, accused=1, on_start=lambda _: os.kill(os.getpid(), signal.SIGHUP))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert proof.conclusion == "confirmed"


def test_each_run_is_announced_and_told(tmp_path: Path) -> None:
    history = make_history(tmp_path, "good bad")
    heard: list[Step | Trial] = []
    case = Case("acme-1", COMMAND, history.commits, history.head, history.base, {}, history.head)
    with open_trees(history.repo) as trees:
        proof = prove(
            trees, case, rules=Rules(), clock=time.monotonic, on_start=heard.append, on_trial=heard.append
        )  # fmt: skip
    assert [type(item) for item in heard] == [Step, Trial] * 2
    assert tuple(item for item in heard if isinstance(item, Trial)) == proof.trials
