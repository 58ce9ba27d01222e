"""A warehouse in a temporary folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from incident_pipeline.warehouse.store import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path, make_warehouse: Callable[[Path], Path]) -> Warehouse:
    """An empty one that gives up on the lock at once rather than after half a minute."""
    return Warehouse(make_warehouse(tmp_path / "tenant"), wait_seconds=5)


@pytest.fixture
def nothing(tmp_path: Path) -> Warehouse:
    """One whose folder is not there yet."""
    return Warehouse(tmp_path / "none", wait_seconds=5)
