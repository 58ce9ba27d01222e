"""One ingest asset for each configured source, made by a factory.

Surprising fact: a broken entry still becomes an asset. Materializing it names the error; the code location stays up.
"""

import re
from typing import Any

import dagster as dg

from incident_pipeline.defs.partitions import INCIDENTS
from incident_pipeline.defs.resources import WorkspaceResource
from incident_pipeline.defs.running import RETRY, LoggedProgress, plain_failures
from incident_pipeline.flow.ingest import ingest
from incident_pipeline.settings import Settings, SourceEntry


class IngestWindow(dg.Config):
    """How far back to read. Reading a stretch again replaces it."""

    days: float = 7.0


def ingest_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """An asset for each enabled entry of the config, git sources first."""
    return [_asset(entry) for entry in (*settings.git_sources, *settings.log_sources) if entry.enabled]


def _asset(entry: SourceEntry) -> dg.AssetsDefinition:
    @dg.asset(
        key=dg.AssetKey(["ingest", entry.kind, re.sub(r"[^A-Za-z0-9_]", "_", entry.name)]),
        group_name="ingest",
        kinds={"git" if entry.kind == "git" else "log", "duckdb"},
        description=f"What {entry.name} ({entry.type}) holds of the last days, in the warehouse.",
        retry_policy=RETRY,
        metadata={"source": entry.name, "type": entry.type},
    )
    def asset(
        context: dg.AssetExecutionContext, config: IngestWindow, workspace: WorkspaceResource
    ) -> dg.MaterializeResult[Any]:
        with plain_failures():
            progress = LoggedProgress(context.log)
            done = ingest(workspace.open(), entry.name, kind=entry.kind, days=config.days, progress=progress)
        if done.incidents:
            context.instance.add_dynamic_partitions(INCIDENTS.name or "", list(done.incidents))
        return dg.MaterializeResult(metadata=dict(done.metadata()))

    return asset


def broken_config(problem: str) -> dg.AssetsDefinition:
    """The asset that stands for a config that cannot be read: it fails with the problem, in words."""

    @dg.asset(key=dg.AssetKey(["ingest", "config"]), group_name="ingest", description=problem)
    def asset() -> None:
        raise dg.Failure(problem, allow_retries=False)

    return asset
