"""What is asked of every report once it is written: citations resolve, nothing secret is left, the window is complete.

Surprising fact: they are part of the report's own asset, since checks of their own know no partition yet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from incident_pipeline.flow import checks
from incident_pipeline.flow.workspace import Workspace

Answer = Mapping[str, int] | Sequence[str]
_ASKED: tuple[tuple[str, Callable[[Workspace, str], Answer], dg.AssetCheckSeverity, str], ...] = (
    (
        "citations_resolve", checks.citation_problems, dg.AssetCheckSeverity.ERROR,
        "Every citation is found again in the warehouse, with the words it quotes.",
    ),
    (
        "no_secret_left", checks.secrets_left, dg.AssetCheckSeverity.ERROR,
        "Neither the stored logs and commits nor the report hold anything that looks like a secret.",
    ),
    (
        "window_complete", checks.window_problems, dg.AssetCheckSeverity.WARN,
        "All commits since a green run are known, and every log was read whole.",
    ),
)  # fmt: skip


def specs(asset: str) -> list[dg.AssetCheckSpec]:
    """The checks as the report's asset declares them."""
    return [dg.AssetCheckSpec(name, asset=asset, description=words) for name, _, _, words in _ASKED]


def results(ws: Workspace, incident_id: str) -> list[dg.AssetCheckResult]:
    """Each question asked again of what is stored: passed when nothing is counted or listed."""
    return [_result(name, severity, ask(ws, incident_id)) for name, ask, severity, _ in _ASKED]


def _result(name: str, severity: dg.AssetCheckSeverity, answer: Answer) -> dg.AssetCheckResult:
    counts: dict[str, Any] = dict(answer) if isinstance(answer, Mapping) else {"problems": list(answer)}
    return dg.AssetCheckResult(passed=not any(counts.values()), check_name=name, severity=severity, metadata=counts)
