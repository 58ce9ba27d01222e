"""Signals in, ranked suspects out: log-odds are summed by weights.FEATURE, probabilities are their softmax."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import exp

from incident_pipeline.evidence.dossier import Changes, Dossier
from incident_pipeline.evidence.features import FEATURES
from incident_pipeline.evidence.proof import Signal
from incident_pipeline.evidence.telling import telling
from incident_pipeline.evidence.weights import FEATURE
from incident_pipeline.model.evidence import Reason, Suspect

SMALLEST_SUSPICION = 0.015  # under it a commit is one of "the others" and needs no reasons


@dataclass(frozen=True, slots=True)
class Scored:
    """One commit, its log-odds and its signals, strongest first."""

    changes: Changes
    score: float
    signals: tuple[Signal, ...]


def score_commits(d: Dossier, *, weights: Mapping[str, float] = FEATURE) -> tuple[Scored, ...]:
    """All commits, best first. Equal scores are ordered by a hash of the commit's id: neutral, and always the same."""
    columns = [feature(d) for name, feature in FEATURES.items() if weights.get(name)]
    scored = [_scored(c, [s for s in row if s], weights) for c, *row in zip(d.changes, *columns, strict=True)]
    return tuple(sorted(scored, key=lambda s: (-round(s.score, 9), sha256(s.changes.commit.hash.encode()).digest())))


def _scored(changes: Changes, signals: list[Signal], weights: Mapping[str, float]) -> Scored:
    ordered = sorted(signals, key=lambda s: (-weights[s.feature] * s.value, s.feature))
    return Scored(changes, sum(weights[s.feature] * s.value for s in signals), tuple(ordered))


def probabilities(
    scored: tuple[Scored, ...], *, no_commit: float, unseen: float | None = None
) -> tuple[list[float], float]:  # fmt: skip
    """(probability of each commit, probability that none is guilty); `no_commit` is the log-odds of the latter.

    `unseen`: the log-odds of a commit outside the window, where one may be guilty.
    """
    top = max([no_commit, 0.0, *(s.score for s in scored)])
    parts = [exp(s.score - top) for s in scored]
    none = exp(no_commit - top)
    total = sum(parts) + none + (0.0 if unseen is None else exp(min(0.0, unseen - top)))
    return [p / total for p in parts], none / total


def to_suspects(
    scored: tuple[Scored, ...], shares: list[float], *, weights: Mapping[str, float] = FEATURE
) -> tuple[Suspect, ...]:
    """The contract's form; a reason's weight is what it added to the log-odds. Who is hardly suspected has none."""
    found: list[Suspect] = []
    for place, (one, share) in enumerate(zip(scored, shares, strict=True)):
        told = telling(one.signals, first=not place) if share >= SMALLEST_SUSPICION else ()
        reasons = tuple(Reason(x.text, round(weights[x.feature] * x.value, 3), x.citations) for x in told)
        commit = one.changes.commit
        found.append(Suspect(commit.hash, share, reasons, commit.subject, commit.author, commit.date))
    return tuple(found)
