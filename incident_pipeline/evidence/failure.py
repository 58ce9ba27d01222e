"""The first question whole: all logs of a failed run in, what failed out, from consoles, annotations and test reports.

Surprising fact: a test report is a log like any other, so what only the report says is cited as `log2:LINE` too.
"""

from collections.abc import Sequence
from dataclasses import replace

from incident_pipeline.evidence.annotations import add_annotations
from incident_pipeline.evidence.entities import entities
from incident_pipeline.evidence.find import find_failure
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.junit_merge import merge, part
from incident_pipeline.evidence.places import locate
from incident_pipeline.model.evidence import Failure


def what_failed(logs: Sequence[LogText], greens: Sequence[LogText] = ()) -> tuple[Failure, tuple[LogText, ...]]:
    """The failure, and the logs to judge it by: of a test report only the lines that tell of a failure."""
    parted = part(logs)
    failure = merge(find_failure(parted.console, greens), parted.reports)
    return add_annotations(failure, parted.console), parted.logs


def placed(failure: Failure, logs: Sequence[LogText], paths: frozenset[str]) -> Failure:
    """The same failure with its frames placed among the `paths` at head, and with what it names."""
    failure = locate(failure, paths)
    return replace(failure, entities=entities(failure, logs))
