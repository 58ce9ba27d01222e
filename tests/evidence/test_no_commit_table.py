"""What machines say when they are to blame, and the same words in the mouths of tests and programs.

Each row is the line that explains the failure, in a window whose one commit touches code of no known relation.
"""

import pytest

from incident_pipeline.evidence.judge import judge
from incident_pipeline.evidence.no_commit_table import HINTS, INFRASTRUCTURE
from incident_pipeline.model.evidence import Category, CodeFacts, Judgement
from tests.evidence import sample

COMMIT = sample.commit(4, "Edit", sample.change("shop/cart.py", "a = 1\n", "a = 2\n"))


def ask(line: str, *, before: tuple[str, ...] = (), green: tuple[str, ...] = ("ok",)) -> Judgement:
    lines = [*before, line]
    failed = sample.failure(lines, len(lines), len(lines))
    logs, greens = [sample.log(lines)], [sample.log(green, "green")]
    return judge(failed, sample.window(COMMIT, COMMIT), CodeFacts(), logs=logs, greens=greens)


@pytest.mark.parametrize(
    ("category", "line"),
    [
        ("disk", "OSError: [Errno 28] No space left on device"),
        ("disk", "write /var/lib/docker/tmp/x: no space left on device"),
        ("disk", "npm ERR! code ENOSPC"),
        ("disk", "tar: x: Cannot write: Disk quota exceeded"),
        (
            "disk",
            "You are running out of disk space. The runner will stop working when the machine runs out of disk space.",
        ),
        ("memory", "MemoryError"),
        ("memory", "E   MemoryError: Unable to allocate 8.0 GiB"),
        ("memory", "java.lang.OutOfMemoryError: Java heap space"),
        ("memory", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"),
        ("memory", "fatal error: runtime: out of memory"),
        ("memory", "terminate called after throwing an instance of 'std::bad_alloc'"),
        ("memory", "OSError: [Errno 12] Cannot allocate memory"),
        ("memory", "memory allocation of 1073741824 bytes failed"),
        ("memory", "Killed"),
        ("memory", "/home/runner/work/_temp/1.sh: line 3:  2212 Killed                  python -m pytest"),
        ("memory", "make: *** [Makefile:12: test] Killed"),
        ("memory", "g++: fatal error: Killed signal terminated program cc1plus"),
        ("memory", "##[error]Process completed with exit code 137."),
        ("memory", "/usr/local/go/pkg/tool/linux_amd64/compile: signal: killed"),
        ("runner", "OSError: [Errno 24] Too many open files: '/tmp/x'"),
        ("runner", "RuntimeError: can't start new thread"),
        ("runner", "java.lang.OutOfMemory: unable to create native thread: possibly out of process limits"),
        ("runner", "The self-hosted runner: x lost communication with the server."),
        ("runner", "##[error]The runner has received a shutdown signal."),
        ("network", "Temporary failure in name resolution"),
        ("network", "curl: (6) Could not resolve host: example.com"),
        ("network", "fatal: unable to access 'https://git.example.com/a.git/': Failed to connect"),
        ("network", "dial tcp: lookup proxy.example.com on 8.8.8.8:53: no such host"),
        (
            "network",
            "HTTPSConnectionPool(host='files.example.org', port=443): Max retries exceeded with url: /simple/x/",
        ),
        ("network", "npm error network request to https://r.example.com/x failed, reason: socket hang up"),
        ("network", "error: RPC failed; curl 56 GnuTLS recv error (-9)"),
        ("network", "warning: spurious network error (2 tries remaining)"),
        ("network", "read tcp 10.1.0.4:5000->20.2.3.4:443: read: Connection reset by peer"),
        ("registry", "ERROR: HTTP error 503 while getting https://pypi.example.org/simple/x"),
        ("registry", "error: failed to get 200 response from registry.example.com got 502"),
        ("registry", "Error response from daemon: toomanyrequests: too many requests"),
        ("registry", "Could not GET x. Received status code 503 from server: Service Unavailable"),
        ("registry", "[ERROR] Could not transfer artifact org.x:y:jar:1 from/to central"),
        ("quota", "##[error]API rate limit exceeded for installation ID 1."),
        ("quota", "You have reached your pull rate limit. You may increase the limit by authenticating"),
        ("quota", "Failed to CreateArtifact: Artifact storage quota has been hit."),
        ("credentials", "remote: Invalid token. fatal: Authentication failed for 'https://git.example.com/a.git/'"),
        ("credentials", "git@git.example.com: Permission denied (publickey)."),
        ("credentials", "npm ERR! code E401"),
        ("credentials", "denied: requested access to the resource is denied"),
        ("credentials", "Error response from daemon: unauthorized: authentication required"),
        ("credentials", "Uploading x to registry: 403 Forbidden"),
        ("credentials", "##[error]Input required and not supplied: token"),
        ("credentials", "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled"),
        ("timeout", "##[error]The job running on runner x has exceeded the maximum execution time of 360 minutes."),
        ("timeout", "##[error]The operation was canceled."),
    ],
)
def test_a_machine_that_says_so_is_to_blame(category: Category, line: str) -> None:
    verdict = ask(line).verdict
    assert (verdict.verdict, verdict.category) == ("infrastructure", category)
    assert verdict.reasons[0].citations[0].quote == line


@pytest.mark.parametrize(
    "line",
    [
        "E   AssertionError: assert 'No space left on device' in ''",
        '        assert "No space left on device" in str(error.value)',
        '>       raise OSError(28, "No space left on device")',
        '    with pytest.raises(OSError, match="No space left on device"):',
        "✕ retries on ENOSPC (12 ms)",
        "not ok 3 - upload survives ECONNRESET",
        "● client › gives up after ECONNREFUSED",
        "--- FAIL: TestContext/context deadline exceeded (0.00s)",
        "FAILED tests/test_io.py::test_enospc[ENOSPC]",
        "FAIL src/retry.test.ts > retries > on ETIMEDOUT",
        "    expect(log).toContain('Killed')",
        "Player 3 was Killed",
        "score: 12, enemies Killed: 4",
        "E   assert 'Killed by a troll' == 'Killed'",
        "E   assert response.status == 'HTTP 403'",
        "Expected status 200 but got 401 Unauthorized",
        "GET /admin 403 Forbidden",
        "127.0.0.1 - - [05/Jan/2026] GET /private HTTP 403 -",
        'E   - {"error": "rate limit exceeded"}',
        "got: 503 Service Unavailable",
        'left: Err(Timeout("context deadline exceeded"))',
        "client_test.go:8: expected error to be nil, got context deadline exceeded",
        "    throw new Error('Connection refused')",
        "    mock.side_effect = MemoryError('Cannot allocate memory')",
        "+ \"out of memory\"",
        "# Temporary failure in name resolution is retried",
        "ok 12 - reports Connection timed out",
        "✓ says that the authentication failed (3 ms)",
        "login: authentication failed for user 'bob'",
        'level=debug msg="connection aborted: Connection reset by peer"',
        "DEBUG urllib3: Max retries exceeded with url: /x",
        "child ended with exit code 137, as expected",
        "assertThat(error).hasMessage(\"Read timed out\")",
        "E   Failed: DID NOT RAISE <class 'ConnectionError'>",
        "AssertionError: expected 'Too many open files' to equal 'EMFILE'",
        "TimeoutError: page.click: Timeout 30000ms exceeded.",
        "test_timeout_after_retry FAILED",
        "quota = 12",
        "the index has 503 entries",
        "user agent was lost in the header",
    ],
)  # fmt: skip
def test_words_of_trouble_in_tests_and_programs_blame_no_machine(line: str) -> None:
    assert ask(line).verdict.verdict != "infrastructure"


def test_trouble_that_a_test_captured_is_the_tests_own_business() -> None:
    printed = (
        "____ test_cart ____",
        "E   assert 1 == 2",
        "---- Captured stderr call ----",
        "OSError: Cannot allocate memory",
    )
    assert ask("==== 1 failed ====", before=printed).verdict.verdict != "infrastructure"
    assert ask("OSError: Cannot allocate memory", before=printed[:2]).verdict.verdict == "infrastructure"


def test_trouble_beside_an_assertion_that_failed_splits_the_evidence() -> None:
    found = ask("E   AssertionError: assert 1 == 2", before=("OSError: [Errno 28] No space left on device",))
    assert found.verdict.verdict == "infrastructure"
    assert found.verdict.confidence < ask("OSError: [Errno 28] No space left on device").verdict.confidence


def test_a_service_on_this_machine_that_refuses_is_less_telling_than_one_far_away() -> None:
    near = ask("ConnectionError: connect ECONNREFUSED 127.0.0.1:5432")
    far = ask("ConnectionError: connect ECONNREFUSED 20.1.2.3:443")
    assert near.verdict.confidence < far.verdict.confidence


def test_every_pattern_holds_one_of_the_words_that_lines_are_chosen_by() -> None:
    patterns = [pattern for row in INFRASTRUCTURE for pattern in row[3]]
    assert [p for p in patterns if not any(hint in p for hint in HINTS)] == []
