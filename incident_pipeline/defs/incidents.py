"""The sentence as assets, one partition an incident: window, evidence, report."""

from typing import Any

import dagster as dg

from incident_pipeline.defs import checks
from incident_pipeline.defs.partitions import INCIDENTS, split_key
from incident_pipeline.defs.resources import WorkspaceResource
from incident_pipeline.defs.running import RETRY, LoggedProgress, plain_failures
from incident_pipeline.flow.collect import collect
from incident_pipeline.flow.judge import judge
from incident_pipeline.flow.report import write_report
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.warehouse.incidents import load_incident


def incident_assets(ingest: list[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """Window, evidence and report; the window stands downstream of every ingest asset."""
    return [_window([asset.key for asset in ingest]), evidence, investigation_report]


def _opened(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> tuple[Workspace, str]:
    tenant, incident = split_key(context.partition_key)
    return workspace.open(tenant), incident


def _window(upstream: list[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        name="incident_window",
        group_name="incidents",
        partitions_def=INCIDENTS,
        deps=upstream,
        kinds={"polars", "duckdb"},
        retry_policy=RETRY,
        description="Logs of the failed and of the last green run, and the commits between them.",
    )
    def asset(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult[Any]:
        with plain_failures():
            ws, incident = _opened(context, workspace)
            collected = collect(ws, load_incident(ws.warehouse, incident), LoggedProgress(context.log))
        return dg.MaterializeResult(metadata=dict(collected.metadata()))

    return asset


@dg.asset(
    group_name="evidence",
    partitions_def=INCIDENTS,
    deps=["incident_window"],
    kinds={"polars"},
    description="Lines that explain the failure, suspects with probabilities, verdict. No model is asked.",
)
def evidence(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult[Any]:
    """Find the lines and judge the commits of the partition's incident."""
    with plain_failures():
        ws, incident = _opened(context, workspace)
        found = judge(ws, incident, LoggedProgress(context.log))
    verdict = found.judgement.verdict
    return dg.MaterializeResult(
        metadata={
            "verdict": verdict.verdict,
            "category": verdict.category,
            "status": verdict.status,
            "confidence": verdict.confidence,
            "findings": len(found.failure.findings),
            "suspects": len(found.judgement.suspects),
        }
    )


@dg.asset(
    group_name="reports",
    partitions_def=INCIDENTS,
    deps=[evidence],
    kinds={"markdown"},
    check_specs=checks.specs("investigation_report"),
    description="The cited report. Every run's is kept; the newest is the current one.",
)
def investigation_report(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType] - else no checks
    """Build, check and store the report; the Dagster run id is its id."""
    with plain_failures():
        ws, incident = _opened(context, workspace)
        stored = write_report(ws, incident, LoggedProgress(context.log), run_id=context.run.run_id)
        asked = checks.results(ws, incident)
    return dg.MaterializeResult(
        metadata={
            "report": dg.MetadataValue.md(stored.markdown),
            "page": str(stored.html_path),
            "verdict": f"{stored.report.verdict} ({stored.report.status}, {stored.report.confidence:.2f})",
            "citations": len(stored.report.citations),
        },
        check_results=asked,
    )
