"""Explicit list of everything in `defs/`: what Dagster loads.

Surprising fact: a config that cannot be read at all leaves the incident assets up; the ingest assets are then missing
and one asset, `ingest/config`, names the error.
"""

import dagster as dg

from incident_pipeline.defs.incidents import incident_assets
from incident_pipeline.defs.ingest import broken_config, ingest_assets
from incident_pipeline.defs.resources import WorkspaceResource
from incident_pipeline.errors import ConfigError
from incident_pipeline.settings import load_settings


def _ingest() -> list[dg.AssetsDefinition]:
    try:
        return ingest_assets(load_settings())
    except ConfigError as error:
        return [broken_config(str(error))]


_INGEST = _ingest()
_INCIDENTS = incident_assets(_INGEST)

defs = dg.Definitions(
    assets=[*_INGEST, *_INCIDENTS],
    jobs=[
        dg.define_asset_job(name, selection=dg.AssetSelection.assets(*assets))  # pyright: ignore[reportUnknownMemberType] - a bare PathLike in Dagster's own types
        for name, assets in (("ingest_sources", _INGEST), ("investigate_incident", _INCIDENTS))
    ],
    resources={"workspace": WorkspaceResource()},
    executor=dg.in_process_executor,
)
