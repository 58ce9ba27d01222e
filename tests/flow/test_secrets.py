"""A secret may stand anywhere a person types. None of it is stored: not in a row, not in a file of the data folder."""

import json
from pathlib import Path

import pytest

from incident_pipeline.flow.history import query
from incident_pipeline.flow.incidents import open_incidents
from incident_pipeline.flow.ingest import ingest
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.request import Request, from_origin
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.settings import load_settings
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeJob, FakeRepo, FakeRun
from tests.flow.sample import GREEN, Sample, git, make_sample

BODY = "f7Q2" * 9
TOKEN = "ghp_" + BODY  # invented


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    sample = make_sample(tmp_path_factory.mktemp("hostile"))
    (sample.repo / f"price_{TOKEN}.py").write_text("A = 1\n", encoding="utf-8")
    git(sample.repo, "add", "-A")
    who = ["-c", f"user.name=Eve {TOKEN}", "-c", f"user.email={TOKEN}@x.example"]
    git(sample.repo, *who, "commit", "-qm", f"Add {TOKEN}", f"--author=Eve {TOKEN} <{TOKEN}@x.example>")
    git(sample.repo, "mv", f"price_{TOKEN}.py", f"prices_{TOKEN}.py")
    git(sample.repo, "commit", "-qm", "Rename it")
    git(sample.repo, "branch", f"feature-{TOKEN}")
    git(sample.repo, "tag", f"v1-{TOKEN}")
    head = git(sample.repo, "rev-parse", "HEAD")
    return Sample(sample.repo, sample.failed_log, sample.green_log, (*sample.hashes, head))


class Said:
    """Progress that keeps what it was told."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, text: str, *, total: int | None = None) -> None:
        self.steps.append(text)

    def advance(self, n: int = 1) -> None: ...


def assert_nowhere(ws: Workspace) -> None:
    tables = query(ws, "SELECT DISTINCT table_name FROM information_schema.tables", max_rows=1000, seconds=60).rows
    found = [
        table for (table,) in tables
        if query(ws, f"SELECT 1 FROM {table} AS t WHERE contains(t::VARCHAR, '{BODY}')", max_rows=1, seconds=60).rows
    ]  # fmt: skip
    assert tables
    assert found == []
    paths = [path for path in ws.home.rglob("*") if BODY in path.name or (path.is_file() and BODY in _text(path))]
    assert paths == []


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def test_no_secret_of_run_job_step_author_or_path_is_stored(
    ws: Workspace, hostile: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch, workflow = f"feature-{TOKEN}", f"CI {TOKEN}"
    name, red, green = f"tests {TOKEN}", hostile.failed_log.read_bytes(), hostile.green_log.read_bytes()
    runs = [
        FakeRun(1001, hostile.hashes[-1], jobs=[FakeJob(5, name=name, log=red, step=f"Run {TOKEN}")]),
        FakeRun(
            1000, hostile.hashes[GREEN], "success", created_at="2026-03-01T11:40:00Z",
            jobs=[FakeJob(4, name=name, conclusion="success", log=green)],
        ),
    ]  # fmt: skip
    for run in runs:
        run.branch, run.workflow = branch, workflow
    with FakeGitHub({"acme/prices": FakeRepo(hostile.repo, runs)}) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_SERVER_URL", server.url)
        said = Said()
        request = Request(logs="github-actions", repo="acme/prices", run_id="1001")
        (stored,) = investigate(ws, request, progress=said)
    assert any("tests" in step for step in said.steps)
    assert not any(BODY in step for step in said.steps)
    assert stored.report.base == hostile.hashes[GREEN]  # the branch's own name was asked for
    assert BODY not in stored.json
    assert BODY not in stored.markdown
    assert_nowhere(ws)


def test_no_secret_in_the_name_of_a_log_is_stored_and_its_origin_stays_readable(
    ws: Workspace, hostile: Sample, tmp_path: Path
) -> None:
    log = tmp_path / f"log {TOKEN}.txt"
    log.write_bytes(hostile.failed_log.read_bytes())
    request = Request(log_files=(log,), git="local", git_path=hostile.repo, last_green=hostile.hashes[GREEN])
    (stored,) = investigate(ws, request)
    assert stored.report.findings
    (origin,) = query(ws, "SELECT origin FROM incidents", max_rows=1, seconds=60).rows[0]
    assert from_origin(origin).last_green == hostile.hashes[GREEN]
    assert_nowhere(ws)


def test_no_secret_of_a_bare_incident_is_stored(ws: Workspace, tmp_path: Path) -> None:
    list(open_incidents(ws, Request(log_files=(tmp_path / f"log {TOKEN}.txt",), repo="acme/prices"), quiet))
    (row,) = query(ws, "SELECT title, origin FROM incidents", max_rows=1, seconds=60).rows
    assert BODY not in json.dumps(row)


def test_no_secret_of_refs_or_authors_is_ingested(
    hostile: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sources.yaml").write_text(
        f"git_sources:\n  - type: local\n    name: here\n    config:\n      path: {hostile.repo}\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    ws = open_workspace(load_settings(env={"INCIDENT_RESPONDER_HOME": str(tmp_path / "data")}))
    counts = ingest(ws, "here", kind="git", days=100_000, progress=quiet).counts
    assert counts["refs"] >= 3
    assert_nowhere(ws)
