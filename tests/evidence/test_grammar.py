"""The grammar of error lines, by example: one line a shape, as the tools print it."""

import re

import polars as pl
import pytest

from incident_pipeline.evidence import grammar
from incident_pipeline.evidence.grammar import NOISE, RULES, classify

# (kind, tool, line)
EXAMPLES = (
    ("crash", None, "Fatal Python error: Segmentation fault"),
    ("crash", None, "##[error]Process completed with exit code 139."),
    ("crash", None, "==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x60200"),
    ("memory", None, "run.sh: line 1:  2012 Killed                  pytest tests"),
    ("memory", None, "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"),
    ("memory", None, "java.lang.OutOfMemoryError: GC overhead limit exceeded"),
    ("memory", None, "##[error]Process completed with exit code 137."),
    ("disk", None, "tar: cannot write: No space left on device"),
    ("runner", None, "##[error]The runner has received a shutdown signal."),
    ("network", None, "fatal: unable to access 'https://git.example/a.git/': The requested URL returned error: 503"),
    ("network", None, "curl: (6) Could not resolve host: files.example"),
    ("network", None, "npm error code ECONNRESET"),
    ("network", None, "wget: server returned error: HTTP/1.1 502 Bad Gateway"),
    ("quota", None, "toomanyrequests: You have reached your pull rate limit."),
    ("credentials", None, "gh: Resource not accessible by integration (HTTP 403)"),
    ("credentials", None, "fatal: detected dubious ownership in repository at '/work'"),
    ("timeout", None, "E   Failed: Timeout >60.0s +++++++++++++++ Timeout +++++++++++++++"),
    ("timeout", None, "##[error]The job has exceeded the maximum execution time of 360 minutes."),
    ("registry", None, "ERROR: No matching distribution found for flask==9.9"),
    ("registry", None, "npm error code ERESOLVE"),
    ("registry", None, "Could not find artifact com.example:core:jar:1.2 in central"),
    ("exit", None, "##[error]Process completed with exit code 1."),
    ("exit", None, "Build step 'Execute shell' marked build as failure"),
    ("exit", None, "error Command failed with exit code 1."),
    ("cancelled", None, "##[error]The operation was canceled."),
    ("summary", "pytest", "=== 1 failed, 12 passed, 2 warnings in 0.31s ==="),
    ("summary", "unittest", "FAILED (failures=1, errors=1)"),
    ("summary", "jest", "Tests:       1 failed, 3 passed, 4 total"),
    ("summary", "jest", "      Tests  1 failed | 4 passed (5)"),
    ("summary", "mocha", "  1 failing"),
    ("summary", "rspec", "4 examples, 1 failure"),
    ("summary", "cargo", "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out"),
    ("summary", "maven", "[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0"),
    ("summary", "maven", "[INFO] Core Library ........................ FAILURE [ 23.127 s]"),
    ("summary", "gradle", "27 tests completed, 1 failed"),
    ("summary", "dotnet", "Failed!  - Failed:     1, Passed:     9, Skipped:     0, Total:    10"),
    ("summary", "phpunit", "Tests: 3, Assertions: 3, Failures: 1."),
    ("summary", "ctest", "50% tests passed, 1 tests failed out of 2"),
    ("summary", None, "Found 3 errors in 2 files (checked 10 source files)"),
    ("summary", None, "✖ 2 problems (1 error, 1 warning)"),
    ("cascade", None, "make[1]: *** [Makefile:12: test] Error 1"),
    ("cascade", None, "error: could not compile `app` (bin \"app\") due to previous error"),
    ("compile", "tsc", "src/a.tsx(55,6): error TS6196: 'A' is declared but never used."),
    ("compile", "tsc", "src/a.tsx:55:6 - error TS6196: 'A' is declared but never used."),
    ("compile", "rustc", "error[E0308]: mismatched types"),
    ("compile", "cc", "/home/a/main.cpp:14:5: error: 'foo' was not declared in this scope"),
    ("compile", "cc", "main.cpp:(.text+0x15): undefined reference to `foo()'"),
    ("compile", "msbuild", "src/Program.cs(12,13): error CS0103: The name 'Foo' does not exist"),
    ("compile", "javac", "[ERROR] /w/src/main/java/a/B.java:[71,65] cannot find symbol"),
    ("compile", "javac", "e: file:///w/app/src/main/kotlin/Main.kt:7:13 Unresolved reference: foo"),
    ("compile", "go", "internal/store/store.go:17:9: undefined: newPool"),
    ("compile", "bundler", "Module not found: Error: Can't resolve './cart' in '/w/src'"),
    ("configure", "cmake", "CMake Error at CMakeLists.txt:23 (find_package):"),
    ("assertion", "pytest", "E       assert 2 == 3"),
    ("test", "pytest", "FAILED tests/test_cart.py::test_total - assert 2 == 3"),
    ("test", "pytest", "____________________ test_total ____________________"),
    ("test", "unittest", "FAIL: test_total (tests.test_a.CartTest)"),
    ("location", "python", "tests/test_cart.py:9: AssertionError"),
    ("lint", "linter", "src/app/cart.py:3:8: F401 [*] `os` imported but unused"),
    ("lint", "eslint", "  88:15  error    React Hook \"useMemo\" is called conditionally  react-hooks/rules"),
    ("lint", "formatter", "would reformat src/app/cart.py"),
    ("lint", "formatter", "[warn] src/cart.ts"),
    ("test", "pre-commit", "mypy.....................................................................Failed"),
    ("test", "jest", "  ● Cart › totals"),
    ("test", "jest", "FAIL src/cart.test.js"),
    ("assertion", "jest", "    Expected: 3"),
    ("test", "tap", "not ok 2 should be equal"),
    ("test", "go", "--- FAIL: TestRetry (0.01s)"),
    ("assertion", "go", "    retry_test.go:42: got 4, want 3"),
    ("crash", "go", "panic: runtime error: index out of range [3] with length 3"),
    ("crash", "rust", "thread 'tests::totals' panicked at src/lib.rs:22:9:"),
    ("test", "cargo", "test tests::totals ... FAILED"),
    ("test", "surefire", "[ERROR] com.example.CartTest.totals  Time elapsed: 0.01 s  <<< FAILURE!"),
    ("goal", "maven", "[ERROR] Failed to execute goal org.apache:maven-surefire-plugin:2.22:test on project shop"),
    ("test", "gradle", "CartTest > totals() FAILED"),
    ("goal", "gradle", "Execution failed for task ':app:test'."),
    ("error", "rspec", "     Failure/Error: expect(cart.total).to eq(3)"),
    ("test", "dotnet", "  Failed App.Tests.CartTests.Totals [12 ms]"),
    ("assertion", "dotnet", "   Assert.Equal() Failure"),
    ("test", "ctest", " 2/2 Test  #2: unit_b ...........................***Failed    0.02 sec"),
    ("error", "php", "PHP Fatal error:  Uncaught Foo in /w/a.php:3"),
    ("error", "docker", "ERROR: failed to solve: process \"make\" did not complete successfully: exit code: 2"),
    ("error", "terraform", "│ Error: Unsupported argument"),
    ("error", "kubernetes", "web-6d8f   0/1   CrashLoopBackOff   5   3m"),
    ("error", "shell", "./deploy.sh: line 12: kubectl: command not found"),
    ("error", "git", "fatal: not a git repository"),
    ("error", "jenkins", "ERROR: no such stage"),
    ("error", "actions", "##[error]Unable to resolve action `a/b@v9`"),
    ("exception", None, "Caused by: java.lang.IllegalStateException: closed"),
    ("exception", None, "KeyError: 'total'"),
    ("exception", None, "FileNotFoundError: [Errno 2] No such file or directory: 'x'"),
    ("stack", "python", "Traceback (most recent call last):"),
)  # fmt: skip

QUIET = (
    "",
    "tests/test_errors.py::test_failure PASSED                                [ 50%]",
    "[INFO] Tests run: 749, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 29.06 s",
    "test result: ok. 12 passed; 0 failed; 0 ignored",
    "Compiling thiserror v1.0.50",
    "Downloading https://files.example/error-1.0.tgz",
    "  ✓ shows an error message (2 ms)",
    "+ git fetch --prune || echo failed",
    "cc -Wall -Werror -c failure.c",
    "##[group]Run exit 1 || echo error",
    "[WARNING] Some input files use or override a deprecated API: error prone",
    "-- Looking for pthread_create - found",
    " * [new branch]      fix/error -> origin/fix/error",
)


def ruled(lines: tuple[str, ...]) -> list[int]:
    return classify(pl.Series("text", lines, pl.String)).to_list()


def test_each_tools_error_line_is_known() -> None:
    found = zip(EXAMPLES, ruled(tuple(line for _, _, line in EXAMPLES)), strict=True)
    known = [(RULES[index].kind, RULES[index].tool, line) if index >= 0 else line for (_, _, line), index in found]
    assert known == list(EXAMPLES)


def test_a_line_that_only_speaks_of_errors_is_left_alone() -> None:
    assert [line for line, index in zip(QUIET, ruled(QUIET), strict=True) if index != -1] == []


def test_the_cheap_first_look_loses_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = tuple(line for _, _, line in EXAMPLES)
    quick = ruled(lines)
    monkeypatch.setattr(grammar, "_SIGNS", ".")
    assert ruled(lines) == quick


def test_nothing_in_gives_nothing_out() -> None:
    assert ruled(()) == []


def test_repeated_lines_get_the_same_rule() -> None:
    first, other, again = ruled(("E   ValueError: x", "hello", "E   ValueError: x"))
    assert first == again >= 0
    assert other == -1


def test_every_pattern_holds_in_both_engines() -> None:
    for pattern in (*NOISE, *(rule.pattern for rule in RULES)):
        re.compile(pattern)
        pl.Series(["x"]).str.contains(pattern)
