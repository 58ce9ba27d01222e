"""A warehouse in a temporary folder."""

from pathlib import Path

import pytest

from incident_pipeline.warehouse.store import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """An empty one that gives up on the lock at once rather than after half a minute."""
    return Warehouse(tmp_path / "tenant", wait_seconds=5)
