"""Incidents as partitions. A key is `tenant|incident`, as `Incident.key` spells it."""

import dagster as dg

from incident_pipeline.errors import UsageError

INCIDENTS = dg.DynamicPartitionsDefinition(name="incidents")


def split_key(key: str) -> tuple[str, str]:
    """(tenant, incident id). UsageError when the key is of another shape."""
    tenant, bar, incident = key.partition("|")
    if not (tenant and bar and incident):
        raise UsageError(f"partition {key!r}: expected tenant|incident, such as default|acme-shop-1842")
    return tenant, incident
