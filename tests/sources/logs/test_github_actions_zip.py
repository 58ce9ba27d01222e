"""Many jobs' logs out of the zip of their run: whose is whose, what is asked for by itself, and what a zip may cost."""

import io
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from incident_pipeline.errors import AccessDenied
from incident_pipeline.model.incident import Job
from incident_pipeline.sources.base import JobLog
from incident_pipeline.sources.logs import _github_logs, _github_zip
from incident_pipeline.sources.logs._github_logs import MANY
from incident_pipeline.sources.logs._github_zip import RunLogs, clean
from incident_pipeline.sources.logs.github_actions import GitHubActions
from tests.fakes.github import FakeGitHub
from tests.fakes.github_logs import run_zip
from tests.fakes.github_state import FakeJob, FakeRun
from tests.fakes.server import Reply, json_reply
from tests.sources.git.github_case import REPO, TOKEN
from tests.sources.logs.actions_case import actions, fake

pytestmark = pytest.mark.proves("job logs", by="fake")


def log_of(text: str, *, hour: int = 14) -> bytes:
    return f"2026-03-01T{hour}:02:06.1234567Z {text}\r\n".encode()


def jobs_of(*names: str) -> list[FakeJob]:
    return [FakeJob(n, name, log=log_of(f"log of {n}")) for n, name in enumerate(names, 1)]


MATRIX = (
    "build (3.11)",
    "build (3.12)",
    "lint / check",
    "x" * 120,
    'odd: "a<b>|c*?\\d"',
    "café \U0001f9c0" + "y" * 100,
)


def read(source: GitHubActions, *, only: Callable[[Job], bool] = lambda _: True) -> list[tuple[JobLog, list[str]]]:
    run = source.get_run(REPO, "12")
    wanted = [job for job in source.get_jobs(run) if only(job)]
    return [(log, _lines(log)) for log in source.read_job_logs(run, wanted)]


def _lines(log: JobLog) -> list[str]:
    return [line.partition("Z ")[2] for frame in log.frames for line in frame["message"]]


def logs_asked(server: FakeGitHub) -> list[str]:
    return [asked.path.rpartition("/actions/")[2] for asked in server.requests if asked.path.endswith("/logs")]


@pytest.mark.parametrize("layout", ["2021", "2025"])
def test_many_logs_cost_two_requests_and_each_is_its_jobs(layout: str) -> None:
    run = FakeRun(12, "a" * 40, jobs=jobs_of(*MATRIX))
    run.zipped = run_zip(run, layout)  # pyright: ignore[reportArgumentType] - one of the two
    with fake(run) as server, actions(server) as source:
        found = read(source)
        assert [(log.job.name, lines) for log, lines in found] == [
            (name, [f"log of {n}"]) for n, name in enumerate(MATRIX, 1)
        ]
        assert {log.status().status for log, _ in found} == {"read"}
        assert logs_asked(server) == ["runs/12/attempts/1/logs"]
        assert len(server.storage_requests) == 1
        assert all("authorization" not in asked.headers for asked in server.storage_requests)
        assert TOKEN not in str(server.storage_requests)


def test_few_logs_are_asked_for_by_themselves() -> None:
    with fake(FakeRun(12, "a" * 40, jobs=jobs_of(*MATRIX))) as server, actions(server) as source:
        found = read(source, only=lambda job: int(job.job_id) < MANY)
        assert [lines for _, lines in found] == [[f"log of {n}"] for n in range(1, MANY)]
        assert logs_asked(server) == [f"jobs/{n}/logs" for n in range(1, MANY)]


def test_a_log_from_the_zip_is_the_same_as_by_itself() -> None:
    body = b"\xef\xbb\xbf" + log_of("##[error]no \x1b[31m\xc3\xa9\xff") + b"10%\r20%\r\nno time"
    jobs = [FakeJob(n, f"job {n}", log=body) for n in range(MANY)]
    with fake(FakeRun(12, "a" * 40, jobs=jobs)) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        all_jobs = list(source.get_jobs(run))
        alone = pl.concat(source.read_job_log(run, all_jobs[0]).frames)
        together = [pl.concat(log.frames) for log in source.read_job_logs(run, all_jobs)]
    assert len(alone) == 4
    assert len(together) == MANY
    assert all(frame.equals(alone) for frame in together)


@pytest.mark.parametrize("names", [("same", "same"), ("a/b", "ab"), ("z" * 95 + "1", "z" * 95 + "2")])
def test_logs_whose_name_may_be_anothers_are_asked_for_by_themselves(names: tuple[str, str]) -> None:
    jobs = jobs_of(*names, "other", "more", "last")
    with fake(FakeRun(12, "a" * 40, jobs=jobs)) as server, actions(server) as source:
        assert [lines for _, lines in read(source)] == [[f"log of {n}"] for n in range(1, 6)]
        assert logs_asked(server) == ["runs/12/attempts/1/logs", "jobs/1/logs", "jobs/2/logs"]
        # the namesake need not be among those that are wanted
        assert next(lines for _, lines in read(source, only=lambda job: job.job_id != "2")) == ["log of 1"]


def test_a_numbered_file_may_be_the_jobs_second_log_or_a_namesakes() -> None:
    run = FakeRun(12, "a" * 40, jobs=jobs_of("build", "test (1)", "c", "d"))
    run.zipped = packed({
        "0_build.txt": log_of("first"), "0_build (1).txt": log_of("second"), "1_test (1).txt": log_of("one"),
        "-7_c.txt": log_of("former"), "2_c.txt": log_of("c"), "-8_d.txt": log_of("d"),
    })  # fmt: skip
    with fake(run) as server, actions(server) as source:
        assert [lines for _, lines in read(source)] == [["log of 1"], ["one"], ["c"], ["d"]]


def packed(files: dict[str, bytes], **how: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text, **how)  # pyright: ignore[reportArgumentType] - levels only
    return out.getvalue()


def test_a_zip_of_another_attempt_is_not_taken_for_this_ones() -> None:
    run = FakeRun(12, "a" * 40, jobs=jobs_of("a", "b", "c", "d"))
    run.zipped = packed({f"{n}_{name}.txt": log_of("attempt 2", hour=19) for n, name in enumerate("abcd")})
    with fake(run) as server, actions(server) as source:
        assert [lines for _, lines in read(source)] == [[f"log of {n}"] for n in range(1, 5)]


def test_a_server_that_knows_no_attempts_has_the_runs_zip() -> None:
    run = FakeRun(12, "a" * 40, jobs=jobs_of("a", "b", "c", "d"))
    with fake(run) as server, actions(server) as source:
        attempt = source.get_run(REPO, "12")
        jobs = list(source.get_jobs(attempt))
        server.next_replies = [json_reply({"message": "Not Found"}, 404)]
        assert [_lines(log) for log in source.read_job_logs(attempt, jobs)] == [[f"log of {n}"] for n in range(1, 5)]
        assert logs_asked(server) == ["runs/12/attempts/1/logs", "runs/12/logs"]


@pytest.mark.parametrize(
    "zipped",
    [
        404, 500, b"", b"<html>no zip</html>",
        packed({f"{n}_{name}.txt": log_of("x") for n, name in enumerate("abcd")})[:-40],
        packed({"0_other.txt": b""}),
    ],
)  # fmt: skip
def test_without_a_zip_that_can_be_read_each_log_is_asked_for(zipped: bytes | int) -> None:
    run = FakeRun(12, "a" * 40, jobs=jobs_of("a", "b", "c", "d"), zipped=zipped)
    with fake(run) as server, actions(server) as source:
        found = read(source)
        assert [(log.status().status, lines) for log, lines in found] == [
            ("read", [f"log of {n}"]) for n in range(1, 5)
        ]
        assert logs_asked(server)[-4:] == [f"jobs/{n}/logs" for n in range(1, 5)]


def test_a_file_that_is_damaged_inside_the_zip_is_asked_for_by_itself() -> None:
    run = FakeRun(12, "a" * 40, jobs=jobs_of("a", "b", "c", "d"))
    whole = bytearray(run_zip(run))
    at = whole.index(b"0_a.txt") + len("0_a.txt")
    whole[at + 3] ^= 0xFF
    run.zipped = bytes(whole)
    with fake(run) as server, actions(server) as source:
        assert [lines for _, lines in read(source)] == [[f"log of {n}"] for n in range(1, 5)]
        assert logs_asked(server)[1:] == ["jobs/1/logs"]


def test_a_zip_that_has_expired_is_said_of_each_and_not_asked_for_again() -> None:
    run = FakeRun(12, "a" * 40, jobs=jobs_of("a", "b", "c", "d"), zipped=410)
    with fake(run) as server, actions(server) as source:
        found = read(source)
        assert [(log.status().status, lines) for log, lines in found] == [("expired", [])] * 4
        assert "has expired (410)" in found[0][0].status().detail
        assert logs_asked(server) == ["runs/12/attempts/1/logs"]


def test_a_refused_zip_is_raised() -> None:
    run = FakeRun(12, "a" * 40, jobs=jobs_of("a", "b", "c", "d"))
    with fake(run) as server, actions(server) as source:
        attempt = source.get_run(REPO, "12")
        jobs = list(source.get_jobs(attempt))
        server.next_replies = [json_reply({"message": "Must have admin rights"}, 403)]
        with pytest.raises(AccessDenied, match="lacks actions:read"):
            list(source.read_job_logs(attempt, jobs))


def test_a_log_that_the_zip_lacks_is_missing_empty_or_told_by_its_steps() -> None:
    jobs = [*jobs_of("a", "b"), FakeJob(3, "c", log=404), FakeJob(4, "d", log=b""), FakeJob(5, "e", log=410)]
    run = FakeRun(12, "a" * 40, jobs=jobs)
    run.zipped = packed({
        "0_a.txt": log_of("a"), "1_b.txt": log_of("b"), "3_d.txt": b"",
        "e/2_Run.txt": log_of("run"), "e/10_End.txt": log_of("end"), "e/system.txt": log_of("waiting for a runner"),
    })  # fmt: skip
    with fake(run) as server, actions(server) as source:
        found = read(source)
    assert [log.status().status for log, _ in found] == ["read", "read", "missing", "empty", "truncated"]
    assert found[4][0].status().detail == "there is no log of its own; read from its steps"
    assert found[4][1] == ["waiting for a runner", "run", "end"]


def test_nothing_is_asked_for_when_nothing_is_wanted() -> None:
    with fake(FakeRun(12, "a" * 40)) as server, actions(server) as source:
        assert read(source) == []
        assert logs_asked(server) == []


def test_no_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with fake(FakeRun(12, "a" * 40, jobs=jobs_of(*MATRIX))) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        logs = source.read_job_logs(run, list(source.get_jobs(run)))
        next(logs)
        del logs
        assert list(tmp_path.iterdir()) == []


JOB = Job("1", "a", "completed", "failure")


def test_a_log_over_the_limit_is_cut_and_said() -> None:
    jobs = [FakeJob(n, f"job {n}", log=b"line\n" * 100) for n in range(MANY)]
    with (
        fake(FakeRun(12, "a" * 40, jobs=jobs)) as server,
        actions(server, max_log_bytes=50) as source,
    ):
        told = [log.status() for log, _ in read(source)]
    assert {(s.status, s.detail, s.rows) for s in told} == {("truncated", "cut after 50 bytes", 10)}


def test_a_bomb_is_cut_however_many_files_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_github_zip, "MAX_SWOLLEN", 1_000_000)
    monkeypatch.setattr(_github_zip, "MAX_SWELLING", 2)
    body = packed({f"{n}_{name}.txt": b"0" * 600_000 for n, name in enumerate("abc")})
    logs = RunLogs(io.BytesIO(body), "abc")
    done = [logs.unpack(replace(JOB, name=name), io.BytesIO(), max_bytes=10**9) for name in "abc"]
    assert [d and (d.size, d.cut) for d in done] == [
        (600_000, ""),
        (400_000, "the zip swells over 2-fold: cut after 400,000 bytes"),
        (0, "the zip swells over 2-fold: cut after 0 bytes"),
    ]


def test_a_zip_over_its_limit_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_github_logs, "MAX_ZIP_BYTES", 100)
    with fake(FakeRun(12, "a" * 40, jobs=jobs_of("a", "b", "c", "d"))) as server, actions(server) as source:
        assert [lines for _, lines in read(source)] == [[f"log of {n}"] for n in range(1, 5)]


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("a / b", "a  b"), ("x" * 91, "x" * 90), ("\U0001f9c0" * 46, "\U0001f9c0" * 45), ("../../etc", "....etc"),
        (" a:b ", "ab"), ("a" * 89 + "\U0001f9c0", "a" * 89 + "\ufffd"), ("\ud800", "\ufffd"),
    ],
)  # fmt: skip
def test_a_name_is_cleaned_as_github_cleans_it(name: str, cleaned: str) -> None:
    assert clean(name) == cleaned


@pytest.mark.parametrize("times", [b"2026-99-99T99:99:99.1234567Z x\n", b"no time\n", b""])
def test_a_log_without_a_time_may_be_any_jobs(times: bytes) -> None:
    job = replace(JOB, started_at=datetime(2026, 3, 1, tzinfo=UTC), completed_at=datetime(2026, 3, 1, 1, tzinfo=UTC))
    assert RunLogs(io.BytesIO(packed({"0_a.txt": times})), "a").unpack(job, io.BytesIO(), max_bytes=99)


def test_a_transfer_that_breaks_off_starts_over() -> None:
    run = FakeRun(12, "a" * 40, jobs=jobs_of("a", "b", "c", "d"))
    with fake(run) as server, actions(server) as source:
        attempt = source.get_run(REPO, "12")
        jobs = list(source.get_jobs(attempt))
        server.next_replies = [Reply(200, run_zip(run), {"Content-Type": "application/zip"}, cut=100)]
        assert [_lines(log) for log in source.read_job_logs(attempt, jobs)] == [[f"log of {n}"] for n in range(1, 5)]
        assert logs_asked(server) == ["runs/12/attempts/1/logs"] * 2
