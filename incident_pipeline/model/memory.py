"""What is remembered of failures: a fingerprint of each, and past incidents that look like this one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from incident_pipeline.model.evidence import Category, Status, VerdictKind

ToldBy = Literal["person", "proof", "report"]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a failure is, whatever the run. `key` (16 hex digits) is equal for the same failure; "" when nothing failed.

    `tokens` say what it is made of, for likeness: `test:...`, `raised:...`, `says:...` (a word of the messages),
    `line:...` (a masked line of them), `at:path:function`, `entity:kind=value`; sorted, distinct.
    """

    key: str
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PastIncident:
    """One earlier incident and what came of it. `told_by`: a person (feedback), a proof (verify) or its own report.

    `culprit` is the commit that did it as far as that is known, None when no commit is to blame or nobody knows.
    `passed_again`: the same workflow was green on the very same commit. (base, head] is its window.
    """

    incident: str
    repo: str
    title: str
    fingerprint: Fingerprint
    verdict: VerdictKind
    category: Category
    status: Status
    told_by: ToldBy
    occurred_at: datetime | None = None
    branch: str | None = None
    base: str | None = None
    head: str | None = None
    culprit: str | None = None
    subject: str = ""
    tests: tuple[str, ...] = ()
    workflow: str = ""
    passed_again: bool = False


@dataclass(frozen=True, slots=True)
class Similar:
    """A past incident that looks like this one: `likeness` in 0..1, and what both share, in plain words."""

    past: PastIncident
    likeness: float
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """What was seen before. `joins`: the earlier incident whose failure this one repeats (same range still red).

    `times` counts the runs of that failure, this one included; `first_at` is when it was first seen.
    """

    joins: str | None = None
    times: int = 1
    first_at: datetime | None = None
    similar: tuple[Similar, ...] = ()
