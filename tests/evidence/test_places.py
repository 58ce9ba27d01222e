"""Printed paths are mapped to files at head, and the files worth fetching are few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.evidence.places import PathIndex, locate, places, test_path
from incident_pipeline.model.evidence import Failure, Frame
from tests.evidence import sample

PATHS = frozenset({
    "src/shop/cart.py", "tests/test_cart.py", "web/src/app.ts", "api/src/app.ts", "core/com/acme/Cart.java", "ast.py",
    "setup.py",
})  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("src/shop/cart.py", "src/shop/cart.py"),
        ("./src/shop/cart.py", "src/shop/cart.py"),
        ("/home/runner/work/shop/shop/src/shop/cart.py", "src/shop/cart.py"),
        ("D:\\a\\shop\\shop\\src\\shop\\cart.py", "src/shop/cart.py"),
        ("/opt/py/lib/python3.11/site-packages/shop/cart.py", "src/shop/cart.py"),
        ("file:///builds/x/web/src/app.ts", "web/src/app.ts"),
        ("shop/cart.py", "src/shop/cart.py"),
        ("src/app.ts", None),
        ("/opt/py/lib/python3.11/ast.py", None),
        ("/usr/lib/python3/dist-packages/setup.py", None),
        ("/x/node_modules/left-pad/src/app.ts", None),
        ("/rustc/0123abcd/library/std/setup.py", None),
        ("/usr/local/go/src/setup.py", None),
        ("/w/build/lib/shop/cart.py", "src/shop/cart.py"),
        ("build/lib.linux-x86_64-3.11/shop/cart.py", "src/shop/cart.py"),
        ("bazel-out/k8-fastbuild/bin/tests/test_cart.py", "tests/test_cart.py"),
        ("/w/web/dist/app.js", "web/src/app.ts"),
        ("dist/app.js", None),
        ("<frozen importlib._bootstrap>", None),
        ("", None),
    ],
)
def test_a_printed_path_is_the_file_with_the_longest_tail(printed: str, expected: str | None) -> None:
    assert PathIndex(PATHS).find(printed) == expected


def test_a_java_frame_is_found_by_its_class() -> None:
    found = locate(Failure(frames=(Frame("log", 1, "Cart.java", 9, "com.acme.Cart.total", 0, "java"),)), PATHS)
    assert found.frames[0].repo_path == "core/com/acme/Cart.java"


@given(st.sampled_from(sorted(PATHS)), st.lists(st.sampled_from(["a", "b-c", "work", "x.y"]), max_size=4))
def test_any_prefix_leads_to_the_same_file_or_nowhere(path: str, prefix: list[str]) -> None:
    assert PathIndex(PATHS).find("/".join(["", *prefix, path])) == path


@pytest.mark.parametrize(
    ("test", "path"),
    [("tests/test_a.py::test_b[1/2]", "tests/test_a.py"), ("src/a.test.ts", "src/a.test.ts"), ("TestCart", None)],
)
def test_a_test_id_begins_with_its_file(test: str, path: str | None) -> None:
    assert test_path(test) == path


def test_frames_come_first_then_tests_then_what_the_window_changed() -> None:
    changed = sample.commit(
        1, "x", sample.change("src/shop/cart.py", "a\n", "b\n"), sample.change("README.md", "a\n", "b\n")
    )
    failed = Failure(frames=(sample.frame(3, "src/shop/tax.py", 7),), tests=("tests/test_cart.py::test_total",))
    found = places(failed, sample.window(changed))
    assert [(p.path, p.line) for p in found] == [
        ("src/shop/tax.py", 7), ("tests/test_cart.py", None), ("src/shop/cart.py", None),
    ]  # fmt: skip


def test_places_are_bounded() -> None:
    files = [sample.change(f"src/m{n}.py", "a\n", "b\n") for n in range(100)]
    assert len(places(Failure(), sample.window(sample.commit(1, "x", *files)))) == 40


def test_a_file_that_the_window_deleted_is_not_fetched() -> None:
    gone = sample.FileChange("src/a.py", "deleted")
    window = sample.window(
        sample.commit(2, "drop", gone), sample.commit(1, "x", sample.change("src/a.py", "a\n", "b\n"))
    )
    assert places(Failure(), window) == ()
