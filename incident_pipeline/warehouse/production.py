"""What was seen of a production incident: the service of each log, bursts (best first) and deploys (oldest first)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from incident_pipeline.model.evidence import Burst, Deploy
from incident_pipeline.warehouse import rows
from incident_pipeline.warehouse.logs import ReadLog
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write


@dataclass(frozen=True, slots=True)
class Seen:
    """`services`: log label -> service. `bursts` best first, `deploys` oldest first."""

    services: Mapping[str, str] = field(default_factory=dict[str, str])
    bursts: tuple[Burst, ...] = ()
    deploys: tuple[Deploy, ...] = ()


def save_seen(warehouse: Warehouse, incident: str, seen: Seen) -> None:
    """What was seen of the incident becomes this, in one transaction."""
    window = {"incident": incident}
    services = [{**window, "label": label, "service": service} for label, service in seen.services.items()]
    warehouse.replace([
        Write("incident_services", window, rows.frame(services)),
        Write("bursts", window, _burst_frame(incident, seen.bursts)),
        Write("deploys", window, _deploy_frame(incident, seen.deploys)),
    ])  # fmt: skip


def load_seen(warehouse: Warehouse, incident: str) -> Seen:
    """What was seen; nothing for an incident of a CI run."""
    bursts, deploys, services = (
        warehouse.read(name, incident=incident).iter_rows(named=True)
        for name in ("bursts_of", "deploys_of", "services_of")
    )
    return Seen(
        {row["label"]: row["service"] for row in services},
        tuple(rows.value(Burst, row) for row in bursts),
        tuple(rows.value(Deploy, row, at=row["deployed_at"]) for row in deploys),
    )


def _burst_frame(incident: str, bursts: Sequence[Burst]) -> pl.DataFrame:
    """A hash of 64 bits needs its type said: polars would guess one that arrow lacks."""
    found = rows.frame(_numbered(incident, bursts))
    hashes = pl.Series("template", [b.template for b in bursts], pl.UInt64)
    return found.with_columns(hashes) if bursts else found


def _deploy_frame(incident: str, deploys: Sequence[Deploy]) -> pl.DataFrame:
    """`at` is a word of SQL, so the column has another name."""
    found = rows.frame(_numbered(incident, deploys))
    return found.rename({"at": "deployed_at"}, strict=False)


def _numbered(incident: str, items: Sequence[Burst | Deploy]) -> list[rows.Row]:
    return [{"incident": incident, "position": n, **rows.fields(item)} for n, item in enumerate(items)]


def load_staged(warehouse: Warehouse, read: ReadLog) -> pl.DataFrame:
    """Columns of a log as `logs.load_log` gives them, of one that is staged and not yet saved."""
    return pl.read_parquet(warehouse.segments / read.staged.table / read.staged.file)
