"""Steps, the failed one, echoes and clean-up, on the logs of several CI vendors."""

from incident_pipeline.evidence.structure import read_structure
from tests.evidence.logs import lines

GITHUB = """\
##[group]Run make build
make build
shell: bash
##[endgroup]
built
##[group]Run make test
make test || exit 1
##[endgroup]
boom
##[error]Process completed with exit code 2.
##[group]Run upload
##[endgroup]
Post job cleanup.
"""


def test_github_steps_and_the_failed_one() -> None:
    found = read_structure(lines(GITHUB))
    assert [s.name for s in found.steps] == ["make build", "make test", "upload"]
    assert found.failed == 1
    assert found.exit_row == 9
    assert found.clean_up == 12


def test_a_script_that_is_only_printed_is_an_echo() -> None:
    found = read_structure(lines(GITHUB))
    assert [row for row in range(13) if found.echoed(row)] == [0, 1, 2, 3, 5, 6, 7, 10, 11]


def test_gitlab_fails_in_the_step_before_it_tidies_up() -> None:
    text = """\
section_start:1700000010:step_script
$ pip install x
ERROR: no x
section_start:1700000021:cleanup_file_variables
Cleaning up project directory and file based variables
ERROR: Job failed: exit code 1
"""
    found = read_structure(lines(text))
    assert found.failed is not None
    assert found.steps[found.failed].name == "step_script"


def test_travis_commands_are_the_steps_where_there_is_nothing_else() -> None:
    found = read_structure(lines('$ npm ci\nadded 3\n$ npm test\nboom\nThe command "npm test" exited with 1.\n'))
    assert [s.name for s in found.steps] == ["npm ci", "npm test"]
    assert found.failed == 1


def test_the_last_echoed_command_is_kept() -> None:
    found = read_structure(lines("+ mvn clean\nok\n+ mvn test\nboom\nBuild step 'x' marked build as failure\n"))
    assert found.command_row == 2


def test_an_installers_list_is_no_command() -> None:
    assert read_structure(lines("+ react-dom 19.2.5\n+ requests==2.0\nboom\n")).steps == ()


def test_a_workspace_wiped_before_the_work_is_not_the_end() -> None:
    text = (
        "[WS-CLEANUP] Deleting project workspace...\n" + "work\n" * 20 + "[WS-CLEANUP] Deleting project workspace...\n"
    )
    assert read_structure(lines(text)).clean_up == 21


def test_a_log_that_names_the_step_on_every_line() -> None:
    text = "\n".join(
        f"job\t{step}\t2024-01-01T00:00:00.0000000Z {what}"
        for step, what in (("build", "ok"), ("test", "boom"), ("test", "##[error]Process completed with exit code 1."))
    )
    read = lines(text)
    assert read[1] == "boom"
    found = read_structure(read)
    assert [(s.name, s.start, s.end) for s in found.steps] == [("build", 0, 1), ("test", 1, 3)]
    assert found.failed == 1


def test_an_empty_log_has_no_structure() -> None:
    found = read_structure(lines(""))
    assert (found.steps, found.failed, found.exit_row, found.clean_up) == ((), None, None, 0)


def test_the_first_job_that_fails_does_not_hide_the_second() -> None:
    found = read_structure(lines("Complete job name: a\n" + GITHUB + "Complete job name: b\n" + GITHUB))
    assert found.exit_row is None
    assert found.clean_up == 27
    assert found.job_row == 0


STEP = "##[group]Run {0}\n{0}\n##[endgroup]\nboom\n##[error]Process completed with exit code 1.\n"
FINE = "##[group]Run {0}\n{0}\n##[endgroup]\nok\n"


def names(text: str, failed_steps: tuple[str, ...] = ()) -> tuple[str | None, list[str], list[str]]:
    read = lines(text)
    read.failed_steps = failed_steps
    found = read_structure(read)
    name = [s.name for s in found.steps]
    failed = None if found.failed is None else name[found.failed]
    return failed, [name[i] for i in sorted(found.also)], [name[i] for i in sorted(found.continued)]


def test_a_step_after_which_work_went_on_was_allowed_to_fail() -> None:
    text = STEP.format("cargo audit") + FINE.format("cargo build") + STEP.format("cargo test")
    assert names(text) == ("cargo test", [], ["cargo audit"])


def test_a_step_that_tidies_up_is_not_why_the_run_failed() -> None:
    assert names(STEP.format("pytest") + STEP.format("docker compose down")) == ("pytest", [], [])
    assert names(FINE.format("pytest") + STEP.format("codecov upload")) == ("codecov upload", [], [])


def test_steps_that_fail_in_a_row_may_both_be_guilty() -> None:
    assert names(STEP.format("eslint") + STEP.format("jest")) == ("eslint", ["jest"], [])


def test_the_ci_knows_best_which_step_failed() -> None:
    text = STEP.format("eslint") + STEP.format("jest")
    assert names(text, ("Run jest",)) == ("jest", [], [])
    assert names(text, ("Some other name",)) == ("eslint", ["jest"], [])
