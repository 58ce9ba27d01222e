"""A replay of the failing command on commits of the window: the only thing that makes a verdict CONFIRMED."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["passed", "failed", "skipped", "timeout", "limit", "broken"]
Conclusion = Literal["confirmed", "refuted", "not_reproduced", "red_at_base", "unsettled"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the command on the tree of `hash`. `why`: what the run was to settle, in plain words.

    `skipped`: the command said it cannot judge this tree (exit code 125). `timeout`, `limit`: ended by us.
    `broken`: the command could not be started. `tail` are the last lines of its output, redacted, without ANSI.
    """

    hash: str
    outcome: Outcome
    why: str
    exit_code: int | None
    seconds: float
    tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """What a replay showed. `accused` is the suspect it set out with, `culprit` the commit it proved.

    confirmed: `accused` fails and its parent passes. refuted: another commit was proved (`culprit`), or none could be.
    not_reproduced: the head passed. red_at_base: the last green commit fails too. unsettled: some trees could not be
    judged, or the limit of runs was reached; `left` are the commits among which the culprit is.
    """

    incident: str
    command: str
    conclusion: Conclusion
    summary: str
    accused: str | None = None
    culprit: str | None = None
    trials: tuple[Trial, ...] = ()
    left: tuple[str, ...] = ()
    made_at: datetime | None = None
    seconds: float = 0.0
