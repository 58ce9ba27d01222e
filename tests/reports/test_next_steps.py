"""What to do now: the right command first, and no command that a stranger could have written."""

import shlex
from dataclasses import replace

import pytest

from incident_pipeline.model.evidence import CodeFacts
from incident_pipeline.reports.next_steps import next_steps
from tests.reports.cases import CASES, hostile_case, inconclusive_case, infrastructure_case
from tests.reports.sample import Case, commit_case


def _commands(case: Case) -> list[str]:
    return [step.command for step in case.build().next_steps]


def test_a_likely_commit_is_read_reproduced_and_reverted() -> None:
    assert _commands(commit_case()) == [
        "git show 4be91f7",
        "incident-responder verify acme-shop-1842 --command 'python -m pytest tests/test_cart.py::test_total'",
        "git revert 4be91f7",
    ]


def test_a_proof_that_was_tried_is_not_offered_again() -> None:
    case = commit_case()
    tried = next_steps(
        incident=case.incident, window=case.window, judgement=case.judgement, failure=case.failure, code=case.code,
        replayed=True,
    )  # fmt: skip
    assert [step.command for step in tried] == ["git show 4be91f7", "git revert 4be91f7"]


def test_a_merge_is_reverted_against_its_first_parent() -> None:
    case = commit_case()
    commits = tuple(replace(c, parents=("a" * 40, "b" * 40)) for c in case.window.commits)
    assert "git revert -m 1 4be91f7" in _commands(replace(case, window=replace(case.window, commits=commits)))


def test_infrastructure_is_run_again() -> None:
    step, *others = infrastructure_case().build().next_steps
    assert step.command == "gh run rerun 7718421842 --failed --repo acme/shop"
    assert step.text == "Free disk space on the runner, then re-run the failed jobs"
    assert not others


def test_another_ci_system_gets_words_without_a_command() -> None:
    case = infrastructure_case()
    assert case.incident.run
    run = replace(case.incident.run, source="jenkins")
    assert _commands(replace(case, incident=replace(case.incident, run=run))) == [""]


def test_two_suspects_are_told_apart_at_the_older_one_and_a_hole_is_fetched() -> None:
    assert _commands(inconclusive_case()) == [
        "git switch --detach 4be91f7 && python -m pytest tests/test_cart.py::test_total",
        "git fetch --unshallow",
        "incident-responder investigate --logs github-actions --repo acme/shop --run-id 7718421842",
    ]


def test_one_suspect_against_none_is_told_apart_by_running_again() -> None:
    case = inconclusive_case()
    alone = replace(case, judgement=replace(case.judgement, suspects=case.judgement.suspects[:1]))
    assert _commands(alone)[0] == "gh run rerun 7718421842 --failed --repo acme/shop"


@pytest.mark.parametrize(
    "test", ["--rootdir=/evil", "tests/gone.py::x", "tests/a.py\x1b[2K", "tests/a.py\nreboot", "", "-p evil"]
)
def test_a_test_name_that_is_an_option_unknown_or_unseen_gets_no_command(test: str) -> None:
    case = commit_case()
    paths = frozenset({test.partition("::")[0]} - {"tests/gone.py"})
    odd = replace(case, failure=replace(case.failure, tests=(test,)), code=CodeFacts(paths, case.code.files))
    assert _commands(odd) == ["git show 4be91f7", "git revert 4be91f7"]


def test_a_test_name_is_one_word_for_the_shell() -> None:
    case = commit_case()
    name = "tests/test_cart.py::test_total[$(reboot) `id`; 'x']"
    command = _commands(replace(case, failure=replace(case.failure, tests=(name,))))[1]
    assert shlex.split(shlex.split(command)[-1])[-1] == name  # for our shell, and for the one that verify starts


def test_a_suspect_that_is_no_hash_gets_no_command() -> None:
    case = commit_case()
    evil = "--output=/etc/passwd"
    commits = (replace(case.window.commits[0], hash=evil),)
    suspects = (replace(case.judgement.suspects[0], hash=evil),)
    odd = replace(
        case, window=replace(case.window, commits=commits), judgement=replace(case.judgement, suspects=suspects)
    )
    assert not any(_commands(odd))


def test_a_hostile_report_has_only_commands_made_of_hashes_and_numbers() -> None:
    assert _commands(hostile_case()) == [
        "git show 4be91f7",
        "git revert 4be91f7",
        f"git fetch origin a81d0c4{'0' * 33} 9f3c2ab{'0' * 33}",
        "incident-responder investigate --logs github-actions --repo acme/shop --run-id 7718421842",
    ]


@pytest.mark.parametrize("name", CASES)
def test_every_command_of_this_program_exists(name: str) -> None:
    ours = [c.split()[1] for c in _commands(CASES[name]()) if c.startswith("incident-responder")]
    assert set(ours) <= {"investigate", "incidents", "sql", "verify"}
