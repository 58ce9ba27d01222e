"""Predictions for a folder of cases, made here by really committing to a small repository."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest

from incident_pipeline.errors import BadInput
from incident_pipeline.flow.bench_incidents import cited_lines, clone_case, judge_case, predict_incidents
from incident_pipeline.model.evidence import Failure, Finding

CART = 'def total(lines):\n    """Sum."""\n    return sum(lines)\n'
TEST = "from cart import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
RED = """\
============================= test session starts ==============================
collected 1 item

test_cart.py F                                                           [100%]

=================================== FAILURES ===================================
__________________________________ test_total __________________________________

    def test_total():
>       assert total([1, 2]) == 3
E       assert 4 == 3
E        +  where 4 = total([1, 2])

test_cart.py:5: AssertionError
=========================== short test summary info ============================
FAILED test_cart.py::test_total - assert 4 == 3
============================== 1 failed in 0.01s ===============================
"""


def git(repo: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(["git", "-C", str(repo), *identity, *arguments], capture_output=True, check=True, text=True)
    return done.stdout.strip()


def save(repo: Path, subject: str, **files: str) -> str:
    for name, text in files.items():
        (repo / name.replace("_py", ".py").replace("_md", ".md")).write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", subject)
    return git(repo, "rev-parse", "HEAD")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    green = save(repo, "Start", cart_py=CART, test_cart_py=TEST)
    save(repo, "Say more", README_md="total of a cart\n")
    guilty = save(repo, "Tidy", cart_py=CART.replace("sum(lines)", "sum(lines) + 1"))
    head = save(repo, "Say even more", README_md="total of a cart, and its test\n")
    case = tmp_path / "cases" / "one"
    case.mkdir(parents=True)
    git(repo, "bundle", "create", "-q", str(case / "repo.bundle"), "main")
    (case / "run.json").write_text(json.dumps({"head_sha": head, "last_green_sha": green, "guilty": guilty}))
    with gzip.open(case / "failed.log.gz", "wt") as out:
        out.write(RED)
    return tmp_path / "cases"


def test_a_case_is_answered_with_its_culprit_its_line_and_a_verdict(folder: Path, tmp_path: Path) -> None:
    (found,) = predict_incidents(folder, tmp_path / "work")
    guilty = json.loads((folder / "one" / "run.json").read_text())["guilty"]
    assert found["case"] == "one"
    assert found["ranked_commits"][0] == guilty
    assert len(found["ranked_commits"]) == 3
    assert 11 in found["cited_lines"]
    assert (found["verdict"], found["tokens"]) == ("commit", 0)


def test_a_second_run_uses_the_clone_and_says_the_same(folder: Path, tmp_path: Path) -> None:
    first, second = (next(predict_incidents(folder, tmp_path / "work")) for _ in range(2))
    assert first["ranked_commits"] == second["ranked_commits"]


def test_a_case_can_be_judged_in_another_window_than_its_own(folder: Path, tmp_path: Path) -> None:
    case = folder / "one"
    guilty = json.loads((case / "run.json").read_text())["guilty"]
    tmp_path.joinpath("work").mkdir()
    repo = clone_case(case, tmp_path / "work")
    whole, newest, after = (
        judge_case(case, repo, base=b, head=h) for b, h in ((None, None), (None, guilty), (guilty, None))
    )
    assert [len(r.judgement.suspects) for r in (whole, newest, after)] == [3, 2, 1]
    assert whole.judgement.suspects[0].hash == newest.judgement.suspects[0].hash == guilty
    assert guilty not in {s.hash for s in after.judgement.suspects}
    assert whole.seconds > 0


def test_a_broken_bundle_is_one_line(folder: Path, tmp_path: Path) -> None:
    (folder / "one" / "repo.bundle").write_bytes(b"no bundle")
    with pytest.raises(BadInput, match=r"repo\.bundle: not a git bundle"):
        list(predict_incidents(folder, tmp_path / "work"))


def test_lines_that_only_say_that_it_failed_are_not_cited() -> None:
    exit_line = Finding("log", 9, 9, "exit code 1", "exit", 0.9, "")
    error = Finding("log", 3, 20, "E assert", "error", 0.5, "")
    assert cited_lines(Failure((exit_line, error)), limit=4) == [3, 4, 5, 6]
    assert cited_lines(Failure((exit_line,))) == [9]
    assert cited_lines(Failure()) == []
