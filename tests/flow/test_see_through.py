"""Blame of a line that was only reformatted in the window goes back to who really changed it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from incident_pipeline.flow.gather import gather_code, see_through
from incident_pipeline.model.evidence import CodeFacts, Failure, Frame, Place
from incident_pipeline.model.incident import Window
from incident_pipeline.sources.git.local import LocalGit
from tests.sources.git.local_repo import Repo

FIRST = "def total(lines):\n    return sum(lines)\n"
GUILTY = "def total(lines):\n    return sum(lines) - len('a')\n"
QUOTED = 'def total(lines):\n    return sum(lines) - len("a")\n'
WRAPPED = 'def total(lines):\n    return (\n        sum(lines) - len("a")\n    )\n'
FRAME = Frame("log", 1, "cart.py", 2, "total", 0, "python", "cart.py")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo.make(tmp_path / "shop")


@pytest.fixture
def source(repo: Repo) -> Iterator[LocalGit]:
    with LocalGit(repo.path) as git:
        yield git


def ask(git: LocalGit, base: str, head: str, frame: Frame = FRAME) -> CodeFacts:
    window = Window("", base, head, "last_green", tuple(git.get_commits_between("", base, head)))
    code = gather_code(git, "", head, [Place("cart.py", frame.source_line, "named in a stack frame")])
    return see_through(git, "", head, Failure(frames=(frame,)), window=window, code=code)


def test_a_line_that_two_commits_reformatted_is_the_guilty_ones(repo: Repo, source: LocalGit) -> None:
    base = repo.commit("first", {"cart.py": FIRST})
    guilty = repo.commit("change", {"cart.py": GUILTY})
    repo.commit("quotes", {"cart.py": QUOTED})
    head = repo.commit("black", {"cart.py": QUOTED.replace("sum(lines) - len", "sum( lines ) - len")})
    found = ask(source, base, head).blame["cart.py"]
    assert [line.hash for line in found] == [base, guilty]
    assert [line.line for line in found] == [1, 2]


def test_a_line_that_was_really_changed_stays_where_it_is(repo: Repo, source: LocalGit) -> None:
    base = repo.commit("first", {"cart.py": FIRST})
    guilty = repo.commit("change", {"cart.py": GUILTY})
    assert ask(source, base, guilty).blame["cart.py"][1].hash == guilty


def test_a_reformatted_line_older_than_the_window_is_nobodys_of_it(repo: Repo, source: LocalGit) -> None:
    base = repo.commit("first", {"cart.py": GUILTY})
    head = repo.commit("quotes", {"cart.py": QUOTED})
    assert ask(source, base, head).blame["cart.py"][1].hash == base


def test_a_merge_is_seen_through(repo: Repo, source: LocalGit) -> None:
    base = repo.commit("first", {"cart.py": FIRST, "a.txt": "a\n"})
    repo.git("checkout", "-q", "-b", "side")
    guilty = repo.commit("change", {"cart.py": GUILTY})
    repo.git("checkout", "-q", "main")
    repo.commit("other", {"a.txt": "b\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    head = repo.git("rev-parse", "HEAD")
    assert ask(source, base, head).blame["cart.py"][1].hash == guilty


def test_a_frame_past_the_end_of_the_file_asks_nothing(repo: Repo, source: LocalGit) -> None:
    base = repo.commit("first", {"cart.py": FIRST})
    head = repo.commit("black", {"cart.py": WRAPPED})
    beyond = Frame("log", 1, "cart.py", 99, "total", 0, "python", "cart.py")
    assert ask(source, base, head, beyond).blame["cart.py"][0].hash == base
