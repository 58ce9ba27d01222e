"""Dagster's side, run in process on a temporary instance: what a user sees in the UI, without the UI."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from incident_pipeline.defs.incidents import incident_assets
from incident_pipeline.defs.ingest import broken_config, ingest_assets
from incident_pipeline.defs.partitions import INCIDENTS, split_key
from incident_pipeline.defs.resources import WorkspaceResource
from incident_pipeline.errors import UsageError
from incident_pipeline.flow.history import query, show_incident
from incident_pipeline.flow.incidents import open_incidents
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.workspace import Workspace, open_workspace
from incident_pipeline.model.incident import Incident
from incident_pipeline.settings import load_settings
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeJob, FakeRepo, FakeRun
from tests.flow.sample import CULPRIT, GREEN, Sample, make_sample

SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def config(tmp_path: Path, sample: Sample, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = f"""
git_sources:
  - {{type: local, name: prices, config: {{path: {sample.repo}}}}}
log_sources:
  - {{type: files, name: ci-logs, config: {{path: "{sample.failed_log.parent}/*.log"}}}}
  - {{type: github_actions, name: broken, config: {{ownr: acme}}}}
  - {{type: github_actions, name: forge, config: {{owner: acme, repo: prices, token: not-a-token}}}}
  - {{type: jenkins, name: off, enabled: false}}
"""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("INCIDENT_RESPONDER_CONFIG", str(folder))
    monkeypatch.setenv("INCIDENT_RESPONDER_HOME", str(tmp_path / "data"))
    return folder


@pytest.fixture
def ws(config: Path) -> Workspace:
    return open_workspace(load_settings())


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:  # pyright: ignore[reportUnknownMemberType] - a bare dict there
        yield opened


def run(assets: list[dg.AssetsDefinition], instance: dg.DagsterInstance, **more: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        assets, instance=instance, resources={"workspace": WorkspaceResource()}, raise_on_error=False,
        run_config=SILENT, **more,
    )  # fmt: skip


def named(name: str) -> list[dg.AssetsDefinition]:
    return [a for a in ingest_assets(load_settings()) if a.key.path[-1] == name]


def opened(ws: Workspace, sample: Sample) -> Incident:
    request = Request(
        repo="acme/prices", git="local", git_path=sample.repo, log_files=(sample.failed_log,),
        green_logs=(sample.green_log,), last_green=sample.hashes[GREEN], head=sample.hashes[-1],
    )  # fmt: skip
    return next(open_incidents(ws, request, quiet))


def test_each_enabled_entry_is_an_asset_a_broken_one_too(config: Path) -> None:
    keys = {"/".join(asset.key.path) for asset in ingest_assets(load_settings())}
    assert keys == {"ingest/git/prices", "ingest/logs/ci_logs", "ingest/logs/broken", "ingest/logs/forge"}


def test_a_broken_entry_fails_alone_with_its_line_and_the_nearest_key(
    config: Path, instance: dg.DagsterInstance
) -> None:
    result = run(named("broken"), instance)
    assert not result.success
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    message = str(failure.step_failure_data.user_failure_data.description)  # pyright: ignore[reportOptionalMemberAccess]
    assert "sources.yaml:6" in message
    assert "did you mean 'owner'" in message


def test_a_config_that_cannot_be_read_is_an_asset_that_says_why(instance: dg.DagsterInstance) -> None:
    result = run([broken_config("config/sources.yaml:3: no such section")], instance)
    assert not result.success


def test_ingest_of_a_repository_counts_commits_and_files(
    ws: Workspace, sample: Sample, instance: dg.DagsterInstance
) -> None:
    result = run(
        named("prices"),
        instance,
    )
    assert result.success
    result = dg.materialize(
        named("prices"), instance=instance, resources={"workspace": WorkspaceResource()},
        run_config={**SILENT, "ops": {"ingest__git__prices": {"config": {"days": 36_500.0}}}},
    )  # fmt: skip
    assert result.success
    rows = query(ws, "SELECT count(*) FROM commits", max_rows=1, seconds=10).rows
    assert rows[0][0] == len(sample.hashes)


def test_a_red_run_of_the_forge_becomes_a_partition(
    ws: Workspace, sample: Sample, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = FakeJob(id=5001, name="tests", log=sample.failed_log.read_bytes())
    red = FakeRun(id=1001, head_sha=sample.hashes[-1], created_at=f"{ws.clock():%Y-%m-%dT%H:%M:%SZ}", jobs=[job])
    with FakeGitHub({"acme/prices": FakeRepo(git_path=sample.repo, runs=[red])}) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        monkeypatch.setenv("GITHUB_SERVER_URL", github.url)
        assert run(named("forge"), instance).success
    assert instance.get_dynamic_partitions(INCIDENTS.name or "") == ["default|acme-prices-1001"]


def test_window_evidence_and_report_of_an_incident_materialize_and_pass_their_checks(
    ws: Workspace, sample: Sample, instance: dg.DagsterInstance
) -> None:
    incident = opened(ws, sample)
    instance.add_dynamic_partitions(INCIDENTS.name or "", [incident.key])
    result = run(incident_assets([]), instance, partition_key=incident.key)
    assert result.success, [e.message for e in result.all_events if e.is_step_failure]
    assert {c.check_name: c.passed for c in result.get_asset_check_evaluations()} == {
        "citations_resolve": True,
        "no_secret_left": True,
        "window_complete": True,
    }
    stored = show_incident(ws, incident.id)
    assert stored.id == result.run_id
    assert stored.report.suspects[0].hash == sample.hashes[CULPRIT]
    metadata = {k: v for e in result.get_asset_materialization_events() for k, v in e.materialization.metadata.items()}
    assert metadata["commits"].value == 3
    assert "Skip the first price" in str(metadata["report"].value)


def test_an_unknown_incident_fails_with_one_line(ws: Workspace, instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions(INCIDENTS.name or "", ["default|nobody-1"])
    result = run(incident_assets([]), instance, partition_key="default|nobody-1")
    assert not result.success
    failed = next(e for e in result.all_events if e.is_step_failure)
    assert "nobody-1" in str(failed.step_failure_data.user_failure_data)


@pytest.mark.parametrize("key", ["", "default", "default|", "|x"])
def test_a_partition_key_of_another_shape_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match=r"tenant\|incident"):
        split_key(key)


def test_the_definitions_load_and_run_in_process() -> None:
    from incident_pipeline.definitions import defs  # noqa: PLC0415

    assert defs.executor is dg.in_process_executor
    assert {job.name for job in defs.jobs or ()} == {"ingest_sources", "investigate_incident"}
