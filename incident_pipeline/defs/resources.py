"""The workspace as a Dagster resource: settings are read anew for each run, so a mended config needs no reload."""

from pathlib import Path

import dagster as dg

from incident_pipeline.flow.workspace import DEFAULT_TENANT, Workspace, open_workspace
from incident_pipeline.settings import load_settings


class WorkspaceResource(dg.ConfigurableResource[Workspace]):
    """`config` is a folder or sources file; empty: found as the command line finds it."""

    config: str = ""

    def open(self, tenant: str = DEFAULT_TENANT) -> Workspace:
        """The tenant's workspace."""
        return open_workspace(load_settings(Path(self.config) if self.config else None), tenant=tenant)
