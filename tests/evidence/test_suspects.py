"""Features that single commits out, each on a history made for it."""

import pytest

from incident_pipeline.evidence.bm25 import bm25, words
from incident_pipeline.evidence.judge import judge
from incident_pipeline.evidence.packages import installed, moved
from incident_pipeline.model.evidence import CodeFacts, Judgement
from tests.evidence import sample

ADD = sample.change("shop/tax.py", "RATE = 1\n", "RATE = 2\n")
TAX = sample.commit(9, "Raise the rate", ADD)


def ask(
    lines: list[str], *commits: sample.Commit, green: tuple[str, ...] = ("ok",), code: CodeFacts | None = None
) -> Judgement:
    failed = sample.failure(lines, len(lines), len(lines))
    window = sample.window(TAX, *commits)
    greens = [sample.log(green, "green")]
    return judge(failed, window, CodeFacts(), logs=[sample.log(lines)], greens=greens)


@pytest.mark.parametrize(
    ("error", "path", "before", "after"),
    [
        ("NameError: name 'Decimal' is not defined", "a.py", "from decimal import Decimal\nx = 1\n", "x = 1\n"),
        ("ImportError: cannot import name 'total' from 'shop'", "a.py", "def total(a):\n", "def _total(a):\n"),
        ("AttributeError: module 'shop' has no attribute 'total'", "a.py", "def total(a):\n", "def totals(a):\n"),
        ("TypeError: total() missing 1 required positional argument", "a.py", "def total(a):\n", "def total(a, b):\n"),
        ("a.ts(1,2): error TS2304: Cannot find name 'total'.", "b.ts", "function total() {\n", "function sum() {\n"),
        ("./a.go:3:2: undefined: Total", "b.go", "func Total(n int) int {\n", "func Sum(n int) int {\n"),
        ("error: cannot find function `total` in this scope", "b.rs", "pub fn total() {\n", "pub fn sum() {\n"),
    ],
)
def test_who_took_a_name_away_is_suspected_when_it_is_missing(error: str, path: str, before: str, after: str) -> None:
    other = sample.commit(2, "Use it", sample.change("shop/b.py", "a = 1\n", "a = total(Decimal(Total))\n"))
    found = ask([error], other, sample.commit(1, "Tidy", sample.change(path, before, after)))
    assert found.suspects[0].hash == sample.sha(1)
    assert found.verdict.status == "LIKELY"


def test_only_its_own_file_can_take_away_a_name_that_an_error_misses() -> None:
    before, after = "import re\nX = 1\n", "X = 1\n"
    other = sample.commit(2, "Remove constants", sample.change("shop/constants.py", before, after))
    guilty = sample.commit(1, "Tidy", sample.change("shop/names.py", before, after))
    lines = ["shop/names.py:1: in <module>", "E   NameError: name 're' is not defined"]
    failed = sample.failure(lines, 2, 2, sample.frame(1, "shop/names.py", 1))
    code = sample.code({"shop/names.py": after})
    found = judge(
        failed, sample.window(other, guilty), code, logs=[sample.log(lines)], greens=[sample.log(["ok"], "green")]
    )
    assert found.suspects[0].hash == guilty.hash
    assert found.suspects[0].probability > 0.9


def test_settings_of_the_failing_tool_weigh_more_than_their_neighbours_in_the_file() -> None:
    head = '[project]\nname = "shop"\nclassifiers = ["b"]\n\n[tool.pytest.ini_options]\npython_files = "check_*.py"\n'
    meta = sample.commit(2, "Metadata", sample.change("pyproject.toml", head.replace('"b"', '"a"'), head))
    guilty = sample.commit(1, "Tidy", sample.change("pyproject.toml", head.replace("check_", "test_"), head))
    lines = ["configfile: pyproject.toml", "collected 0 items", "no tests ran in 0.02s"]
    failed, code = sample.failure(lines, 3, 3), sample.code({"pyproject.toml": head})
    found = judge(
        failed, sample.window(meta, guilty), code, logs=[sample.log(lines)], greens=[sample.log(["ok"], "green")]
    )
    assert [s.hash for s in found.suspects[:2]] == [guilty.hash, meta.hash]
    assert "which pytest reads" in found.suspects[0].reasons[0].text
    assert "which pytest reads" not in " ".join(r.text for r in found.suspects[1].reasons)


@pytest.mark.parametrize(
    "said",
    ["AssertionError: TypeError not raised", "Failed: DID NOT RAISE <class 'TypeError'>", "DID NOT RAISE TypeError"],
)
def test_an_error_waited_for_in_vain_points_at_who_raises_it(said: str) -> None:
    text = "def check(x):\n    if not x:\n        raise TypeError(x)\n\n\ndef show(x):\n    return x\n"
    guilty = sample.commit(1, "Tidy", sample.change("shop/a.py", text.replace("if not x", "if x"), text))
    other = sample.commit(2, "Show", sample.change("shop/a.py", text.replace("return x", "return x + 1"), text))
    lines = ["tests/test_a.py:5: in test_it", f"E   {said}"]
    failed = sample.failure(lines, 2, 2, sample.frame(1, "tests/test_a.py", 5))
    code = sample.code({"shop/a.py": text})
    found = judge(
        failed, sample.window(other, guilty), code, logs=[sample.log(lines)], greens=[sample.log(["ok"], "green")]
    )
    assert found.suspects[0].hash == guilty.hash
    assert "changes check, which the failure reaches" in found.suspects[0].reasons[0].text


def test_who_dropped_a_requirement_is_suspected_when_the_module_is_missing() -> None:
    drop = sample.commit(1, "Tidy", sample.change("requirements-ci.txt", "pytest\nmy-mock\n", "pytest\n"))
    found = ask(["ModuleNotFoundError: No module named 'my_mock'"], drop)
    assert found.suspects[0].hash == drop.hash


def test_who_pinned_the_version_that_came_is_suspected() -> None:
    pin = sample.commit(1, "Pin", sample.change("requirements.txt", "runner>=7\n", "runner==4.6\n"))
    names = sample.commit(
        2, "Classify", sample.change("pyproject.toml", "# runner\nx = 1\n", "# runner\nx = 'runner'\n")
    )
    red = ["Successfully installed runner-4.6", "TypeError: required field missing"]
    found = ask(red, names, pin, green=("Successfully installed runner-8.1",))
    assert found.suspects[0].hash == pin.hash
    assert found.verdict.category == "dependency"
    assert any("runner 8.1 -> 4.6" in r.text for r in found.suspects[0].reasons)


def test_a_moved_package_that_no_commit_touched_is_drift() -> None:
    red = ["Successfully installed lib-2.0", "AttributeError: module 'lib' has no attribute 'old'"]
    found = ask(red, green=("Successfully installed lib-1.9",))
    assert (found.verdict.verdict, found.verdict.category) == ("drift", "dependency")
    assert "lib 1.9 -> 2.0" in found.verdict.summary


def test_a_setting_that_the_error_quotes_is_suspected() -> None:
    typo = sample.commit(1, "Sort", sample.change("setup.cfg", "warnings = error\n", "warnings = errors\n"))
    ci = sample.commit(2, "CI", sample.change(".github/workflows/ci.yml", "a: 1\n", "a: 2\n"))
    assert ask(["ERROR: invalid action: 'errors'"], ci, typo).suspects[0].hash == typo.hash


def test_chance_in_the_failing_test_and_no_reachable_change_is_flaky() -> None:
    test = "import random\n\n\ndef test_draw():\n    assert random.random() < 0.9\n"
    lines = ["tests/test_draw.py:5: AssertionError", "E assert 0.95 < 0.9"]
    failed = sample.failure(
        lines, 2, 2, sample.frame(1, "tests/test_draw.py", 5), tests=["tests/test_draw.py::test_draw"]
    )
    docs = sample.commit(1, "Docs", sample.change("README.md", "a\n", "b\n"))
    code = sample.code({"tests/test_draw.py": test})
    found = judge(failed, sample.window(docs), code, logs=[sample.log(lines)], greens=[sample.log(["ok"], "green")])
    assert found.verdict.verdict == "flaky"
    assert "draws at random" in found.verdict.summary
    assert found.verdict.reasons[0].citations[0].quote == "    assert random.random() < 0.9"


@pytest.mark.parametrize(
    ("line", "name", "version"),
    [
        ("Successfully installed my-lib-1.2.3 x-2", "my-lib", "1.2.3"),
        ("Requirement already satisfied: My_Lib in /opt/x (from y) (1.2.3)", "my-lib", "1.2.3"),
        (" + my-lib==1.2.3", "my-lib", "1.2.3"),
        ("  - Installing my.lib (1.2.3)", "my-lib", "1.2.3"),
        ("Using my-lib 1.2.3", "my-lib", "1.2.3"),
        ("   Compiling my-lib v1.2.3", "my-lib", "1.2.3"),
        ("go: downloading my-lib v1.2.3", "my-lib", "1.2.3"),
    ],
)
def test_installs_are_read(line: str, name: str, version: str) -> None:
    assert installed(sample.log([line]))[name][0] == version


def test_nothing_moved_without_a_green_log_or_installs() -> None:
    assert moved([sample.log(["Successfully installed a-1"])], []) == ()
    assert moved([sample.log(["x"])], [sample.log(["Successfully installed a-1"], "green")]) == ()


def test_words_are_split_at_case_and_underscore() -> None:
    assert words("parseHTTPRequest from_timestamp_ms") == [
        "parsehttprequest", "parse", "http", "request", "timestamp", "ms",
    ]  # fmt: skip


def test_bm25_prefers_rare_shared_words_and_short_documents() -> None:
    documents = [{"cart": 1.0, "total": 1.0}, {"cart": 1.0}, {"cart": 1.0, **{f"w{n}": 1.0 for n in range(50)}}]
    first, second, third = bm25(documents, {"cart": 1.0, "total": 1.0})
    assert first > second > third > 0
    assert bm25([], {"cart": 1.0}) == []
