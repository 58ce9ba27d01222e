"""What `config/app.yaml` may say, and `Settings`: everything a verb needs to know of this installation."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from incident_pipeline.settings.entries import SourceEntry


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WarehouseConfig(_Section):
    """`wait_seconds`: how long a writer waits for another process before it gives up."""

    wait_seconds: float = Field(default=30.0, ge=0, le=86_400)


class QueryConfig(_Section):
    """Bounds of `sql`: rows shown and seconds run."""

    max_rows: int = Field(default=10_000, ge=1, le=1_000_000)
    seconds: float = Field(default=30.0, gt=0, le=3_600)


class AppConfig(_Section):
    """The whole of `config/app.yaml`; every key has a default."""

    warehouse: WarehouseConfig = WarehouseConfig()
    query: QueryConfig = QueryConfig()


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` is the data folder (absolute). `config_dir` is where the config was found, None when there is none."""

    home: Path
    config_dir: Path | None
    git_sources: tuple[SourceEntry, ...] = ()
    log_sources: tuple[SourceEntry, ...] = ()
    app: AppConfig = field(default_factory=AppConfig)

    def tenant_home(self, tenant: str) -> Path:
        """Folder of one tenant's warehouse and reports."""
        return self.home / "tenants" / tenant

    @property
    def cache_dir(self) -> Path:
        """What may be deleted at any time: mirror clones, downloaded logs."""
        return self.home / "cache"

    @property
    def dagster_home(self) -> Path:
        """Where Dagster keeps its runs when `up` started it."""
        return self.home / "dagster"
