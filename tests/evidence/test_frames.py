"""Stack frames and places, as each language prints them."""

import pytest

from incident_pipeline.evidence.frames import read_frames
from incident_pipeline.model.evidence import Frame

PLACES = (
    ("python", '  File "/w/app/cart.py", line 12, in total', "/w/app/cart.py", 12, "total"),
    ("python", "tests/test_cart.py:9: AssertionError", "tests/test_cart.py", 9, None),
    ("python", "tests/test_cart.py:43: in helper", "tests/test_cart.py", 43, "helper"),
    ("python", "app/cart.py:76: error: Module has no attribute", "app/cart.py", 76, None),
    ("javascript", "    at Object.toBe (src/cart.test.js:11:27)", "src/cart.test.js", 11, "Object.toBe"),
    ("javascript", "    at async /app/run-tests.js:991:9", "/app/run-tests.js", 991, None),
    ("javascript", "./src/app/page.tsx:14:7", "src/app/page.tsx", 14, None),
    ("typescript", "src/a.tsx(55,6): error TS6196: x", "src/a.tsx", 55, None),
    ("java", "\tat com.example.CartTest.totals(CartTest.java:21)", "CartTest.java", 21, "com.example.CartTest.totals"),
    ("java", "[ERROR] /w/src/main/java/a/B.java:[71,65] cannot find symbol", "/w/src/main/java/a/B.java", 71, None),
    ("java", "e: file:///w/app/src/main/kotlin/Main.kt:7:13 Unresolved", "/w/app/src/main/kotlin/Main.kt", 7, None),
    ("go", "\t/w/app/server/server.go:88 +0x1b", "/w/app/server/server.go", 88, None),
    ("go", "internal/store/store.go:17:9: undefined: newPool", "internal/store/store.go", 17, None),
    ("rust", "  --> src/main.rs:12:9", "src/main.rs", 12, None),
    ("rust", "thread 'a' panicked at src/lib.rs:22:9:", "src/lib.rs", 22, None),
    ("c", "/w/src/main.cpp:14:5: error: 'foo' was not declared", "/w/src/main.cpp", 14, None),
    ("c", "#3 0x55f in do_work /w/src/work.c:88:3", "/w/src/work.c", 88, "do_work"),
    ("ruby", "     # ./spec/cart_spec.rb:11:in `block in <top>'", "./spec/cart_spec.rb", 11, "block in <top>"),
    ("csharp", "   at A.CartTests.Totals() in /w/CartTests.cs:line 14", "/w/CartTests.cs", 14, "A.CartTests.Totals()"),
    ("php", "/w/tests/CartTest.php:14", "/w/tests/CartTest.php", 14, None),
    ("docker", "Dockerfile:336", "Dockerfile", 336, None),
)  # fmt: skip


@pytest.mark.parametrize(("language", "text", "path", "line", "function"), PLACES)
def test_a_frame_is_read(language: str, text: str, path: str, line: int, function: str | None) -> None:
    assert read_frames("log", [(7, text)]) == (Frame("log", 7, path, line, function, 0, language),)


def test_python_prints_the_innermost_frame_last() -> None:
    rows = [(1, '  File "a.py", line 1, in outer'), (2, "    inner()"), (3, '  File "b.py", line 2, in inner')]
    assert [(f.path, f.depth) for f in read_frames("log", rows)] == [("a.py", 1), ("b.py", 0)]


def test_java_prints_the_innermost_frame_first() -> None:
    rows = [(1, "\tat a.B.inner(B.java:1)"), (2, "\tat a.C.outer(C.java:2)")]
    assert [(f.path, f.depth) for f in read_frames("log", rows)] == [("B.java", 0), ("C.java", 1)]


def test_compiler_messages_are_places_of_their_own() -> None:
    rows = [(1, "a.go:1:2: undefined: x"), (2, "b.go:3:4: undefined: y")]
    assert [f.depth for f in read_frames("log", rows)] == [0, 0]


def test_windows_paths_use_slashes() -> None:
    (frame,) = read_frames("log", [(1, '  File "D:\\a\\cart.py", line 3, in f')])
    assert frame.path == "D:/a/cart.py"


def test_ordinary_text_has_no_frames() -> None:
    assert read_frames("log", [(1, "done in 3 s"), (2, ""), (3, "x" * 5_000 + ".py:3: in f")]) == ()


def test_lint_messages_stand_in_the_file_that_heads_them() -> None:
    rows = [(1, "/w/src/cart.js"), (2, "  3:5  error  'x' is not defined  no-undef"), (3, "  9:1  warning  y  no-y")]
    assert [(f.path, f.source_line, f.line, f.depth) for f in read_frames("log", rows)] == [
        ("/w/src/cart.js", 3, 2, 0),
        ("/w/src/cart.js", 9, 3, 0),
    ]


def test_each_cause_is_a_stack_of_its_own() -> None:
    rows = [(1, "\tat a.B.b(B.java:1)"), (2, "\tat a.C.c(C.java:2)"), (3, "Caused by: x"), (4, "\tat a.D.d(D.java:3)")]
    assert [(f.path, f.depth) for f in read_frames("log", rows)] == [("B.java", 0), ("C.java", 1), ("D.java", 0)]
