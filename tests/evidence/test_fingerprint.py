"""The key of a failure: equal whatever the run, different whatever else failed."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.evidence.find import find_failure
from incident_pipeline.evidence.fingerprint import MANY_TESTS, failing_tests, fingerprint, shapes
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.flow.bench_lines import load_log
from incident_pipeline.model.evidence import Entity, Failure, Finding, Frame
from tests.evidence.logs import log
from tests.evidence.past import TEST, failure, finding

LOG = """\
##[group]Run python -m pytest
python -m pytest
##[endgroup]
============================= test session starts ==============================
collected {total} items

tests/test_cart.py F.                                                    [{percent:3d}%]

=================================== FAILURES ===================================
__________________________________ test_total __________________________________

    def test_total():
>       assert load("{path}", port={port}).total == 3
E       cart.CartError: cart 0x{hex} of job {sha} at 127.0.0.1:{port} took {took:.2f}s ({path})

tests/test_cart.py:{line}: CartError
=========================== short test summary info ============================
FAILED tests/test_cart.py::test_total - cart.CartError: cart 0x{hex} of job {sha} at 127.0.0.1:{port}
========================= 1 failed, {total} passed in {took:.2f}s =========================
##[error]Process completed with exit code 1.
"""
hexes = st.text("0123456789abcdef", min_size=8, max_size=16).map(lambda h: "7f" + h)
varying = st.fixed_dictionaries({
    "total": st.integers(1, 5000), "percent": st.integers(0, 100), "port": st.integers(1024, 65535), "hex": hexes,
    "sha": st.integers(0, 16**40 - 1).map(lambda n: f"1{n:039x}"[:40]), "took": st.floats(0, 4000),
    "line": st.integers(1, 9999),
    "path": st.integers(0, 10**6).map(lambda n: f"/tmp/pytest-of-runner/pytest-{n}/test_total0/cart{n}.json"),
})  # fmt: skip


def key(text: str) -> str:
    return fingerprint(find_failure([log(text)])).key


@given(varying, varying)
@settings(max_examples=12, deadline=None)
def test_times_addresses_ports_hashes_and_line_numbers_are_no_part_of_a_failure(
    one: dict[str, object], two: dict[str, object]
) -> None:
    assert key(LOG.format(**one)) == key(LOG.format(**two)) != ""


@given(st.permutations([finding(f"E  ValueError: bad {w}", test=f"t.py::test_{w}") for w in ("one", "two", "six")]))
def test_the_order_of_failing_tests_does_not_matter(found: list[Finding]) -> None:
    ordered = Failure(tuple(sorted(found, key=lambda f: f.text)), tests=("t.py::test_one", "t.py::test_six"))
    mixed = Failure(tuple(found), tests=("t.py::test_six", "t.py::test_one"))
    assert fingerprint(mixed) == fingerprint(ordered)


@pytest.mark.parametrize(
    "other",
    [
        failure("E   TypeError: cart is None"),  # another exception
        failure("E   KeyError: 'amount'"),  # another name
        failure("E   KeyError: 'total'", test="tests/test_cart.py::test_count"),  # another test
        failure("E   KeyError: 'total'", test="tests/test_till.py::test_total"),  # the same name in another file
        failure("E   KeyError: 'total'", "E   OSError: [Errno 28] no space"),  # something more
    ],
)
def test_another_error_or_another_test_is_another_failure(other: Failure) -> None:
    assert fingerprint(other).key != fingerprint(failure("E   KeyError: 'total'")).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/a.ts(3,5): error TS2304: no", "src/a.ts(3,5): error TS2305: no"),
        ("error[E0308]: mismatched", "error[E0277]: mismatched"),
        ("request failed: HTTP 403", "request failed: HTTP 502"),
        ("OSError: [Errno 28] write", "OSError: [Errno 13] write"),
        ("module 'sha' has no attribute 'sha256'", "module 'sha' has no attribute 'sha1'"),
        ('{"msg": "cart is gone"}', '{"msg": "till is gone"}'),
    ],
)
def test_codes_and_quoted_names_are_what_the_failure_is(one: str, other: str) -> None:
    assert shapes(one) != shapes(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("E   assert 'pear' == 'plum'", "E   AssertionError: assert 'fig' == 'apple'"),  # values drawn at random
        ("E   assert ['b', 'a'] == ['a', 'b']", "E   assert ['a', 'c', 'd'] == ['a', 'b']"),
        ("\x1b[31mE   ValueError: x\x1b[0m", "E   ValueError: x"),
        ("cannot open C:\\a\\shop\\shop\\src\\cart.py", "cannot open /home/runner/work/shop/shop/src/cart.py"),
        ("took 1m 4s of 300 ms", "took 59.2s of 12 ms"),
        ("read https://ci.example/job/17?x=1 failed", "read https://ci.example/job/18 failed"),
        ("lost 6ba7b810-9dad-11d1-80b4-00c04fd430c8", "lost 7c9e6679-7425-40de-944b-e07fc1f90ae7"),
    ],
)
def test_what_differs_between_runs_is_masked(one: str, other: str) -> None:
    assert shapes(one) == shapes(other) != ()


def test_an_exit_a_total_or_a_heading_alone_is_no_identity() -> None:
    found = (finding("exit code 1", test=None, kind="exit"), finding("1 failed", test=None, kind="summary"))
    assert fingerprint(Failure(found)).key == fingerprint(Failure()).key == ""
    more = (*found, finding("E   KeyError: 'total'"), finding("FAILURES", test=None, kind="header"))
    assert fingerprint(Failure(more, tests=(TEST,))).key == fingerprint(failure("E   KeyError: 'total'")).key


def test_a_test_printed_under_two_names_is_one_test() -> None:
    names = ("test_total", "Cart.test_total", "tests/test_cart.py::Cart::test_total", "tests/test_cart.py::test_count")
    assert failing_tests(Failure(tests=names)) == (
        "tests/test_cart.py::Cart::test_total", "tests/test_cart.py::test_count",
    )  # fmt: skip


def test_of_very_many_failing_tests_one_more_is_still_the_same_failure() -> None:
    def broken(count: int) -> Failure:
        tests = [f"tests/test_cart.py::test_{n}" for n in range(count)]
        return Failure(
            tuple(finding("E   NameError: name 'x' is not defined", test=t) for t in tests), tests=tuple(tests)
        )

    assert fingerprint(broken(MANY_TESTS + 1)).key == fingerprint(broken(MANY_TESTS + 9)).key
    assert fingerprint(broken(2)).key != fingerprint(broken(3)).key


def test_tokens_say_what_the_failure_is_made_of() -> None:
    frames = (
        Frame("log", 3, "/x/shop/cart.py", 4, "total", 0, "python", "shop/cart.py"),
        Frame("log", 4, "/usr/lib/os.py", 1, "f", 1, "python"),  # not of this repository
    )
    entities = (Entity("package", "requests==2.1", "log", 3), Entity("exit_code", "1", "log", 9))
    what = replace(failure("E   cart.CartError: no price for 'pear'"), frames=frames, entities=entities)
    assert fingerprint(what).tokens == (
        "at:shop/cart.py:total", "entity:package=requests", "line:cart.CartError: no price for 'pear'",
        "raised:CartError", "says:cart.carterror", "says:pear", "says:price", f"test:{TEST}",
    )  # fmt: skip


@given(st.text(max_size=2000))
@settings(deadline=None)
def test_any_text_has_a_shape_and_the_shape_is_bounded(text: str) -> None:
    assert all(0 < len(shape) <= 240 and "\n" not in shape for shape in shapes(text))
    assert fingerprint(failure(text)) == fingerprint(failure(text))


@pytest.mark.parametrize(
    "text", ["'" * 60_000, "a/" * 30_000, "0x" + "f" * 60_000, "/tmp/" + ". " * 30_000, "a.b:" * 9000]
)
def test_hostile_lines_take_no_time(text: str) -> None:
    shapes(text)  # the suite's time-out is the judge


def _another_run(text: str, seed: int) -> str:
    """The same log from another run: places moved, times, addresses, hashes, ports and progress changed."""
    dice = random.Random(seed)
    off = dice.randint(1, 40)

    def hexes(count: int) -> str:
        return "".join(dice.choice("0123456789abcdef") for _ in range(count))

    changes: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
        (r"(\.(?:py|java|js|ts|tsx|rs|go|c|cc|h|kt|rb):\[?|, line )(\d{1,8})", lambda m: m[1] + str(int(m[2]) + off)),
        (r"\b\d+\.\d+(?= ?(?:s|ms|secs?|seconds)\b)", lambda _: f"{dice.uniform(0.1, 300):.2f}"),
        (r"0x[0-9a-f]{4,}", lambda _: "0x" + hexes(12)),
        (r"\b[0-9a-f]{40}\b", lambda _: hexes(40)),
        (r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d", lambda m: f"2027-01-{dice.randint(10, 28)}{m[1]}23:{dice.randint(10, 59)}"),
        (r"(?<=:)(\d{4,5})(?=[/'\")\s])", lambda _: str(dice.randint(1024, 65000))),
        (r"\[ *\d+%\]", lambda _: f"[{dice.randint(1, 100):3d}%]"),
    )
    for pattern, change in changes:
        text = re.sub(pattern, change, text)
    return text


@pytest.mark.shared
@pytest.mark.slow
def test_labelled_failures_keep_their_key_in_another_run_and_share_it_with_no_other(shared: Path) -> None:
    paths = [*shared.glob("incidents/*/failed.log.gz"), *shared.glob("benchmarks/lines/logdx/*/failed.log.gz")]
    keys: dict[str, list[LogText]] = {}
    for path in sorted(paths):
        if path.stat().st_size > 20_000:
            continue  # a few large ones take half of the time
        one = load_log(path, label="log")
        text = pl.Series([_another_run(t, 1) for t in one.frame["text"]])
        other = replace(one, frame=one.frame.with_columns(pl.col("line") + 500, text=text))
        first = fingerprint(find_failure([one]))
        assert fingerprint(find_failure([other])).key == first.key != "", path
        keys.setdefault(first.key, []).append(one)
    assert len(keys) > 20
    for same in keys.values():  # true repeats: the same messages, word for word
        said = [{s for f in find_failure([x]).findings if f.score > 0.8 for s in shapes(f.text)} for x in same]
        assert all(s == said[0] for s in said)
