"""One tenant's room to work in: settings, folders, warehouse and clock. Every verb takes one."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from incident_pipeline.errors import UsageError
from incident_pipeline.settings import Settings
from incident_pipeline.warehouse.store import Warehouse

DEFAULT_TENANT = "default"
_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Workspace:
    """`home` is the tenant's folder; `clock` gives aware UTC."""

    tenant: str
    settings: Settings
    home: Path
    warehouse: Warehouse
    clock: Callable[[], datetime] = _now

    @property
    def reports(self) -> Path:
        """Where HTML reports are kept, one folder an incident."""
        return self.home / "reports"


def open_workspace(
    settings: Settings, *, tenant: str = DEFAULT_TENANT, clock: Callable[[], datetime] = _now
) -> Workspace:
    """The tenant's workspace; its folders are made by the first write. UsageError when the name is not a plain word."""
    if not _TENANT.fullmatch(tenant):
        raise UsageError(f"tenant {tenant!r}: use lower-case letters, digits and hyphens")
    home = settings.tenant_home(tenant)
    return Workspace(tenant, settings, home, Warehouse(home, wait_seconds=settings.app.warehouse.wait_seconds), clock)
