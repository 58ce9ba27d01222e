"""GitHub Actions before a fake with state."""

import re
import tempfile
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import polars as pl
import pytest
from pydantic import SecretStr

from incident_pipeline.errors import AccessDenied, BadPayload, NotFound, RateLimited, UsageError
from incident_pipeline.model.frames import RAW_LOG
from incident_pipeline.sources._github import GitHubConfig
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs import _decode
from incident_pipeline.sources.logs import github_actions as module
from incident_pipeline.sources.logs.files import read_log_file
from incident_pipeline.sources.logs.github_actions import Config, GitHubActions, open_source
from tests.fakes.github_state import FakeJob, FakeRun
from tests.fakes.server import Reply, json_reply
from tests.sources.git.github_case import REPO, TOKEN, open_api
from tests.sources.logs.actions_case import actions, at, fake

LOG = b"\xef\xbb\xbf2026-03-01T14:02:06.1234567Z one\r\n2026-03-01T14:02:07.0000000Z ##[error]two\n"
NOW = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)


def test_a_run_has_what_an_incident_needs() -> None:
    with fake(FakeRun(12, "a" * 40)) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
    assert (run.run_id, run.attempt, run.workflow, run.workflow_id, run.run_number) == ("12", 1, "CI", "7", 12)
    assert (run.head_sha, run.branch, run.event, run.failed, run.source) == (
        "a" * 40,
        "main",
        "push",
        True,
        "github_actions",
    )
    assert (run.repo, run.title, run.url) == (REPO, "Run 12", server.run_url(REPO, 12))
    assert run.created_at == datetime(2026, 3, 1, 14, 2, tzinfo=UTC)


def test_an_older_attempt_can_be_asked_for_with_its_jobs() -> None:
    first, second = (
        FakeRun(12, "a" * 40, jobs=[FakeJob(1)]),
        FakeRun(12, "a" * 40, "success", attempt=2, jobs=[FakeJob(2)]),
    )
    with fake(first, second) as server, actions(server) as source:
        latest, old = source.get_run(REPO, "12"), source.get_run(REPO, "12", 1)
        assert [(r.attempt, r.failed) for r in (latest, old)] == [(2, False), (1, True)]
        assert [[j.job_id for j in source.get_jobs(r)] for r in (latest, old)] == [["2"], ["1"]]
        with pytest.raises(NotFound, match="run 12 attempt 3 not found"):
            source.get_run(REPO, "12", 3)


def test_all_jobs_of_a_large_matrix_come_page_by_page() -> None:
    jobs = [FakeJob(n, name=f"tests ({n})", conclusion="failure" if n % 2 else "success") for n in range(1, 251)]
    with fake(FakeRun(12, "a" * 40, jobs=jobs)) as server, actions(server) as source:
        found = list(source.get_jobs(source.get_run(REPO, "12")))
    assert [j.job_id for j in found] == [str(n) for n in range(1, 251)]
    assert sum(j.failed for j in found) == 125
    assert [s.name for s in found[0].steps if s.conclusion == "failure"] == ["Run tests"]
    assert len(server.requests) == 4


def test_a_log_is_read_from_the_storage_host_which_never_sees_the_token() -> None:
    with fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1, log=LOG)])) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        (job,) = source.get_jobs(run)
        log = source.read_job_log(run, job)
        (frame,) = log.frames
    assert frame["message"].to_list() == [
        "2026-03-01T14:02:06.1234567Z one",
        "2026-03-01T14:02:07.0000000Z ##[error]two",
    ]
    assert frame["level"].to_list() == [None, "error"]
    status = log.status()
    assert (status.status, status.source, status.what) == ("read", "github_actions", "tests")
    assert (status.rows, status.bytes, status.detail) == (2, len(LOG), "")
    (asked,) = server.storage_requests
    assert "authorization" not in asked.headers
    assert TOKEN not in str(asked)


@pytest.mark.parametrize(
    ("log", "status", "said"),
    [
        (b"", "empty", "no line"),
        (b"\xef\xbb\xbf", "empty", "no line"),
        (404, "missing", "(404)"),
        (410, "expired", "expired (410)"),
    ],
)
def test_empty_missing_and_expired_logs_are_told_apart(log: bytes | int, status: str, said: str) -> None:
    with fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1, log=log)])) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        found = source.read_job_log(run, next(source.get_jobs(run)))
        assert list(found.frames) == []
    assert (found.status().status, found.status().what, found.status().rows) == (status, "tests", 0)
    assert said in found.status().detail


def test_a_log_over_the_limit_is_cut_and_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1, log=b"line\n" * 100)])) as server,
        actions(server, max_log_bytes=50) as source,
    ):
        run = source.get_run(REPO, "12")
        log = source.read_job_log(run, next(source.get_jobs(run)))
        assert sum(len(f) for f in log.frames) == 10
        assert (log.status().status, log.status().detail) == ("truncated", "cut after 50 bytes")
        monkeypatch.setattr(_decode, "MAX_LINE", 3)
        log = source.read_job_log(run, next(source.get_jobs(run)))
        assert [m for f in log.frames for m in f["message"]] == ["lin [line cut: 1 more bytes left out]"] * 10
        status = log.status()
        assert (status.skipped, status.detail) == (10, "cut after 50 bytes; 10 lines over 1 MiB cut")


def test_lines_break_and_carry_times_as_those_of_a_log_file_do(tmp_path: Path) -> None:
    body = (
        b"\xef\xbb\xbf2026-03-01T12:00:00.1234567Z ##[group]Run pytest\r\n"
        b"2026-03-01T12:00:01.0000000Z 10%\r20%\r\n"
        b"2026-03-01T12:00:02.9999999Z ##[error]\x1b[31mboom\x1b[0m \xff\n"
        b"2026-13-41T12:00:00.1234567Z no such day\n"
        b"\xef\xbb\xbfno time, \x0c\xe2\x80\xa8no break"
    )
    (tmp_path / "job.log").write_bytes(body)
    with fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1, log=body)])) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        frame = pl.concat(source.read_job_log(run, next(source.get_jobs(run))).frames)
    same = pl.concat(read_log_file(tmp_path / "job.log").frames)
    assert frame.equals(same)
    assert dict(frame.schema) == RAW_LOG
    assert frame["line"].to_list() == [1, 2, 3, 4, 5, 6]
    times = [datetime(2026, 3, 1, 12, 0, at, micro, tzinfo=UTC) for at, micro in ((0, 123456), (1, 0), (2, 999999))]
    assert frame["timestamp"].to_list() == [*times[:2], None, times[2], None, None]
    assert frame["level"].to_list() == [None, None, None, "error", None, None]
    assert frame["message"].to_list()[1:4] == [
        "2026-03-01T12:00:01.0000000Z 10%",
        "20%",
        "2026-03-01T12:00:02.9999999Z ##[error]\x1b[31mboom\x1b[0m \\xff",
    ]
    assert frame["message"][5] == "\ufeffno time, \x0c\u2028no break"


BINARY = r"^github acme/shop: log of job 1: is binary, not a text log \([^\n]*\)$"


@pytest.mark.parametrize("body", [b"PK\x03\x04\x14\0\0\0" * 9, b"text\0with nul", bytes(range(128, 256)) * 20])
def test_a_binary_body_is_a_failed_log_with_its_reason(body: bytes) -> None:
    with fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1, log=body)])) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        log = source.read_job_log(run, next(source.get_jobs(run)))
    assert list(log.frames) == []
    assert (log.status().status, log.status().what) == ("failed", "tests")
    assert re.fullmatch(BINARY, log.status().detail)


@pytest.mark.parametrize("frames", [0, 1, 100])
@pytest.mark.parametrize("body", [b"", b"x" * 3 * 2**20, b"line\n" * 120_000, b"text\0with nul", 404])
def test_the_downloaded_file_is_gone_however_far_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes | int, frames: int
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with (
        fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1, log=body)])) as server,
        actions(server, max_log_bytes=10**8) as source,
    ):
        run = source.get_run(REPO, "12")
        log = source.read_job_log(run, next(source.get_jobs(run)))
        rows = sum(map(len, islice(log.frames, frames)))
        assert rows == log.status().rows or frames < 100
        assert list(tmp_path.iterdir()) == []


def test_a_transfer_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1)])) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        job = next(source.get_jobs(run))
        server.next_replies = [json_reply({"message": "no"}, 403)]
        with pytest.raises(AccessDenied):
            source.read_job_log(run, job)
    assert list(tmp_path.iterdir()) == []


def test_refusals_of_a_log_are_raised() -> None:
    with fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1)])) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        job = next(source.get_jobs(run))
        server.next_replies = [json_reply({"message": "Must have admin rights"}, 403)]
        with pytest.raises(AccessDenied, match=r"github acme/shop: token lacks actions:read \(403\): Must have"):
            source.read_job_log(run, job)
        server.next_replies = [Reply(429, b"", {"Retry-After": "900"})]
        with pytest.raises(RateLimited):
            source.read_job_log(run, job)


def test_failed_runs_of_a_window_come_newest_first_whatever_kind_of_red() -> None:
    kinds = ["failure", "success", "timed_out", "startup_failure", "cancelled", "failure", None]
    runs = [FakeRun(n, "a" * 40, kind, created_at=at(n)) for n, kind in enumerate(kinds, 1)]
    since, until = datetime(2026, 3, 1, 14, 1, tzinfo=UTC), datetime(2026, 3, 1, 14, 6, tzinfo=UTC)
    with fake(*runs) as server, actions(server) as source:
        assert [r.run_id for r in source.get_runs(REPO, since, until, failed_only=True)] == ["4", "3", "1"]
        assert [r.run_id for r in source.get_runs(REPO, since, until)] == ["5", "4", "3", "2", "1"]
        assert [r.run_id for r in source.get_runs(REPO)] == ["7", "6", "5", "4", "3", "2", "1"]
        assert list(source.get_runs(REPO, branch="other")) == []


def test_a_window_of_more_runs_than_a_query_gives_is_asked_for_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RUNS_A_QUERY", 1_000)
    runs = [
        FakeRun(n, "a" * 40, created_at=f"2026-03-01T{10 + n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z")
        for n in range(2_300)
    ]
    with fake(*runs) as server, actions(server) as source:
        found = [int(r.run_id) for r in source.get_runs(REPO, datetime(2026, 3, 1, tzinfo=UTC), NOW)]
    assert found == list(range(2_299, -1, -1))


def test_entries_of_a_window_carry_their_job_and_keep_lines_without_a_time() -> None:
    log = LOG + b"no time\n2026-03-01T16:00:00.0000000Z later\n"
    since = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
    with fake(FakeRun(12, "a" * 40, jobs=[FakeJob(1, log=log)])) as server, actions(server) as source:
        found = list(source.get_logs(REPO, since, NOW))
        assert [(e.line, e.level) for e in found] == [(1, None), (2, "error"), (3, None)]
        assert found[1].metadata == {"run_id": "12", "job_id": "1", "job": "tests"}
        assert found[2].timestamp is None
        assert [e.line for e in source.get_logs(REPO, since, NOW, "warning")] == [2]
        (frame,) = source.read_frames(REPO, since, NOW)
        assert frame["line"].to_list() == [1, 2, 3]
        with pytest.raises(UsageError, match="unknown level"):
            list(source.get_logs(REPO, since, NOW, "purple"))


PAGE = "https://github.com/acme/shop/actions/runs/123456789"


def opened(config: GitHubConfig) -> GitHubActions:
    return GitHubActions(config, api=open_api("https://ghe.example"))


@pytest.mark.parametrize(
    ("url", "attempt"),
    [
        (PAGE, None), (PAGE + "/", None), (PAGE + "?pr=4#summary", None), (PAGE + "/attempts/3", 3),
        (PAGE + "/job/99", None), (PAGE + "/attempts/2/job/99?x=1", 2), (f"  {PAGE}\n", None),
        (PAGE.replace("github.com", "GitHub.com"), None), (PAGE + "/workflow", None),
    ],
)  # fmt: skip
def test_a_runs_page_gives_repository_run_and_attempt(url: str, attempt: int | None) -> None:
    with opened(GitHubConfig(token=SecretStr(TOKEN))) as source:
        assert source.parse_run_url(url) == (REPO, "123456789", attempt)


@pytest.mark.parametrize(
    "url",
    [
        PAGE.replace("github.com", "gitlab.com"),
        PAGE.replace("github.com", "github.com.evil.example"),
        PAGE.replace("github.com", "x@github.com"),
        PAGE.replace("github.com", "github.com:8443"),
        PAGE.replace("https", "ftp"),
        PAGE.replace("123456789", "12a"),
        f"{PAGE}/attempts/x",
        "https://github.com/acme/shop/actions",
        "not a url",
        "",
        "https://[::1",
    ],
)
def test_another_page_or_host_is_refused_in_one_line(url: str) -> None:
    with opened(GitHubConfig()) as source, pytest.raises(UsageError) as caught:
        source.parse_run_url(url)
    assert "\n" not in str(caught.value)


def test_an_enterprise_servers_pages_are_its_own() -> None:
    with opened(GitHubConfig(base_url="https://ghe.example/api/v3")) as source:
        assert source.parse_run_url("https://ghe.example/a/b/actions/runs/5") == ("a/b", "5", None)
        with pytest.raises(UsageError, match=r"not on ghe\.example"):
            source.parse_run_url(PAGE)


@pytest.mark.parametrize("run_id", ["", "12a", "../1", "-1", "１２"])
def test_a_run_id_that_is_no_number_is_refused_before_any_request(run_id: str) -> None:
    with fake() as server, actions(server) as source, pytest.raises(UsageError, match="a number"):
        source.get_run(REPO, run_id)
    assert server.requests == []


@pytest.mark.parametrize(
    "body", [{"id": 1}, {"id": "x", "status": "y"}, {"id": 1, "status": "x", "created_at": "soon"}]
)
def test_a_run_that_is_none_is_a_bad_payload(body: dict[str, object]) -> None:
    with fake() as server, actions(server) as source:
        server.next_replies = [json_reply(body)]
        with pytest.raises(BadPayload, match="github acme/shop: run 1: cannot be read"):
            source.get_run(REPO, "1")


def test_check_says_what_is_wrong_and_does_not_raise(tmp_path: Path) -> None:
    config = Config(owner="acme", repo="shop", token=SecretStr(TOKEN))
    with fake(FakeRun(1, "a" * 40)) as server:
        context = SourceContext("ci", tmp_path, tmp_path)
        with open_source(config.model_copy(update={"base_url": server.url}), context) as source:
            assert (source.check().works, source.check().what, source.name) == (True, REPO, "ci")
        with actions(server, token="no") as source:
            status = source.check()
        assert (status.works, "token is refused" in status.advice) == (False, True)
        with actions(server) as source:
            assert source.check().works
