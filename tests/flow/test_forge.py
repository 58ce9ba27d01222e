"""What the flow makes of a forge's harder cases: pull requests, matrices, re-runs, lost logs, many red runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_pipeline.flow.history import list_incidents, query
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.settings import load_settings
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeJob, FakeRepo, FakeRun, pull
from tests.flow.sample import CULPRIT, GREEN, PRICE_V2, Sample, git, make_sample

Forge = Callable[..., FakeGitHub]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    made = make_sample(tmp_path_factory.mktemp("sample"))
    git(made.repo, "switch", "-q", "-c", "feature", made.hashes[GREEN])
    (made.repo / "price.py").write_text(PRICE_V2, encoding="utf-8")
    git(made.repo, "commit", "-qam", "Drop the first price", at="2026-03-01T13:00:00Z")
    git(made.repo, "switch", "-q", "main")
    return made


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return open_workspace(load_settings(env={"INCIDENT_RESPONDER_HOME": str(tmp_path / "data")}))


@pytest.fixture
def forge(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    with ExitStack() as stack:

        def serve(*runs: FakeRun, **more: object) -> FakeGitHub:
            repo = FakeRepo(git_path=sample.repo, runs=list(runs), **more)  # pyright: ignore[reportArgumentType]
            server = stack.enter_context(FakeGitHub({"acme/prices": repo}))
            monkeypatch.setenv("GITHUB_API_URL", server.url)
            monkeypatch.setenv("GITHUB_SERVER_URL", server.url)
            return server

        yield serve


def red(sample: Sample, *jobs: FakeJob, run_id: int = 1001, hour: int = 14, attempt: int = 1) -> FakeRun:
    log = sample.failed_log.read_bytes()
    made = list(jobs) or [FakeJob(id=run_id * 5, log=log)]
    at = f"2026-03-01T{hour}:02:00Z"
    return FakeRun(id=run_id, head_sha=sample.hashes[-1], created_at=at, attempt=attempt, jobs=made)


def green(sample: Sample, *, run_id: int = 1000, names: tuple[str, ...] = ("tests",)) -> FakeRun:
    log = sample.green_log.read_bytes()
    jobs = [FakeJob(id=run_id * 5 + n, name=name, conclusion="success", log=log) for n, name in enumerate(names)]
    return FakeRun(run_id, sample.hashes[GREEN], "success", created_at="2026-03-01T11:40:00Z", jobs=jobs)


def request(run_id: int = 1001, **more: object) -> Request:
    fields = {"logs": "github-actions", "repo": "acme/prices", "run_id": str(run_id), **more}
    return Request(**fields)  # pyright: ignore[reportArgumentType] - fields by name


def test_a_pull_request_is_judged_from_its_merge_base_and_compared_with_the_base_branch(
    ws: Workspace, sample: Sample, forge: Forge
) -> None:
    head = git(sample.repo, "rev-parse", "feature")
    pulls = [pull(42, head="feature", head_sha=head, base="main", base_sha=sample.hashes[-1])]
    run = red(sample)
    run.head_sha, run.branch, run.event, run.pulls = head, "feature", "pull_request", pulls
    forge(green(sample), run, pulls=pulls)
    (stored,) = investigate(ws, request())
    report = stored.report
    assert (report.base_kind, report.base, report.window_commits) == ("merge_base", sample.hashes[GREEN], 1)
    assert [s.hash for s in report.suspects] == [head]
    assert report.green_run is not None
    assert report.green_run.branch == "main"


def test_all_failed_jobs_of_a_matrix_are_one_incident_each_compared_with_its_own_green_job(
    ws: Workspace, sample: Sample, forge: Forge
) -> None:
    log, names = sample.failed_log.read_bytes(), ("tests (3.11)", "tests (3.12)")
    jobs = [FakeJob(id=6000 + n, name=name, log=log) for n, name in enumerate(names)]
    forge(green(sample, names=names), red(sample, *jobs, FakeJob(id=6009, name="lint", conclusion="success")))
    (stored,) = investigate(ws, request())
    assert [(ref.label, ref.name) for ref in stored.report.logs] == [
        ("log", "tests (3.11)"), ("log2", "tests (3.12)"), ("green", "tests (3.11)"), ("green2", "tests (3.12)"),
    ]  # fmt: skip
    assert {job.name for job in stored.report.jobs} == set(names)
    assert stored.report.suspects[0].hash == sample.hashes[CULPRIT]


def test_the_log_of_a_job_that_has_ended_is_fetched_once(ws: Workspace, sample: Sample, forge: Forge) -> None:
    server = forge(green(sample), red(sample))
    (first,) = investigate(ws, request())
    fetched = [asked.path for asked in server.storage_requests]
    assert len(fetched) == 2
    (second,) = investigate(ws, request())
    assert [asked.path for asked in server.storage_requests] == fetched
    assert second.report.sources == first.report.sources
    assert second.report.evidence_hash == first.report.evidence_hash


def test_a_log_that_came_cut_or_not_at_all_is_fetched_again(ws: Workspace, sample: Sample, forge: Forge) -> None:
    run = red(sample)
    log, run.jobs[0].log = run.jobs[0].log, 404
    forge(green(sample), run)
    (first,) = investigate(ws, request())
    run.jobs[0].log = log
    (second,) = investigate(ws, request())
    assert [r.report.sources[0].status for r in (first, second)] == ["missing", "read"]


def test_a_first_attempt_whose_re_run_was_green_blames_no_commit(ws: Workspace, sample: Sample, forge: Forge) -> None:
    again = red(sample, FakeJob(id=7000, conclusion="success"), attempt=2)
    again.conclusion = "success"
    forge(green(sample), red(sample), again)
    (stored,) = investigate(ws, request(attempt=1))
    assert stored.report.verdict == "flaky"
    assert stored.report.incident == "acme-prices-1001"


@pytest.mark.parametrize(("answer", "status"), [(404, "missing"), (410, "expired"), (b"", "empty")])
def test_a_log_that_is_gone_is_told_from_an_empty_one_and_the_report_stands(
    ws: Workspace, sample: Sample, forge: Forge, answer: int | bytes, status: str
) -> None:
    forge(green(sample), red(sample, FakeJob(id=8000, log=answer)))
    (stored,) = investigate(ws, request())
    assert {s.what: s.status for s in stored.report.sources}["log: tests"] == status
    assert stored.report.status == "INCONCLUSIVE"
    assert stored.report.findings == ()


def test_a_red_run_without_any_green_one_says_that_its_range_is_a_guess(
    ws: Workspace, sample: Sample, forge: Forge
) -> None:
    forge(red(sample))
    (stored,) = investigate(ws, request())
    assert (stored.report.base_kind, stored.report.window_complete) == ("none", False)
    assert any("no green run is known" in text for text in stored.report.not_known)


def test_a_time_range_gives_one_incident_for_each_failed_run_newest_first(
    ws: Workspace, sample: Sample, forge: Forge
) -> None:
    forge(green(sample), *(red(sample, run_id=1001 + n, hour=13 + n) for n in range(3)))
    since, until = datetime(2026, 3, 1, 13, 30, tzinfo=UTC), datetime(2026, 3, 1, 16, tzinfo=UTC)
    asked = Request(logs="github-actions", repo="acme/prices", since=since, until=until)
    found = [s.report.incident for s in investigate(ws, asked)]
    assert found == ["acme-prices-1003", "acme-prices-1002"]
    assert list_incidents(ws).select("incident", "runs").rows() == [("acme-prices-1003", 2)]  # one failure, red twice


def test_a_green_commit_that_was_pushed_away_leaves_a_range_that_says_so(
    ws: Workspace, sample: Sample, forge: Forge
) -> None:
    lost = green(sample)
    lost.head_sha = git(sample.repo, "rev-parse", "feature")
    forge(lost, red(sample))
    (stored,) = investigate(ws, request())
    assert not stored.report.window_complete
    assert any("no ancestor" in text for text in stored.report.not_known)
    assert stored.report.suspects[0].hash == sample.hashes[CULPRIT]


def test_the_runs_and_jobs_are_one_query_away(ws: Workspace, sample: Sample, forge: Forge) -> None:
    forge(green(sample), red(sample))
    list(investigate(ws, request()))
    rows = query(ws, "SELECT run_id, conclusion FROM ci_runs ORDER BY run_id", max_rows=9, seconds=9).rows
    assert [tuple(row) for row in rows] == [("1000", "success"), ("1001", "failure")]
