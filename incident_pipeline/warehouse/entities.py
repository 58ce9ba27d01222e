"""What a failure names becomes rows of its incident, so that one can ask which incidents name the same thing."""

from collections.abc import Sequence
from dataclasses import asdict

from incident_pipeline.model.evidence import Entity
from incident_pipeline.warehouse import rows
from incident_pipeline.warehouse.writes import Write


def entity_write(incident: str, entities: Sequence[Entity]) -> Write:
    """The incident's entities become these, in this order; none empties them."""
    found = [{"incident": incident, "position": place, **asdict(each)} for place, each in enumerate(entities)]
    return Write("entities", {"incident": incident}, rows.frame(found))
