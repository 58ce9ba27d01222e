"""A report in, what is known from beyond its window out: replays, bursts of production errors, earlier incidents.

Sentences only, as in `view`; each renderer escapes. None of them is proof of a suspect but the replay.
"""

from collections.abc import Iterator

from incident_pipeline.model.evidence import Burst
from incident_pipeline.model.memory import Memory, Similar
from incident_pipeline.model.proof import Proof, Trial
from incident_pipeline.model.report import Report
from incident_pipeline.reports.text import collapse, count, cut, moment, short

MOST_BURSTS = 5
_TEXT_WIDTH = 120
_COMMAND_WIDTH = 160
_OUTCOMES = {
    "passed": "passes", "failed": "fails", "skipped": "cannot be judged (exit code 125)", "timeout": "ran out of time",
    "limit": "went over a limit", "broken": "could not be run",
}  # fmt: skip
_TOLD = {"person": "confirmed by a person", "proof": "proved by a replay", "report": "as its report said"}


def replayed(report: Report) -> tuple[str, ...]:
    """What a replay showed, then one sentence a run; () when none was made."""
    proof = report.proof
    return () if proof is None else (_shown(proof), *map(_trial, proof.trials))


def _shown(proof: Proof) -> str:
    runs = f"{count(len(proof.trials), 'run')} in {proof.seconds:.0f} s"
    return f"{collapse(proof.summary).rstrip('.')}; {cut(collapse(proof.command), _COMMAND_WIDTH)}, {runs}"


def _trial(trial: Trial) -> str:
    return f"{short(trial.hash)} {_OUTCOMES[trial.outcome]} ({collapse(trial.why)}, {trial.seconds:.1f} s)"


def bursts(report: Report) -> tuple[str, ...]:
    """The first bursts of errors, one sentence each; () for a CI run."""
    return tuple(map(_burst, report.bursts[:MOST_BURSTS]))


def _burst(burst: Burst) -> str:
    grew = "new" if burst.first_seen else f"{burst.before:.3g} to {burst.during:.3g} a minute"
    since = f"since {burst.started_at:%Y-%m-%d %H:%M} UTC"
    said = cut(collapse(burst.text), _TEXT_WIDTH)
    entries = count(burst.count, "entry", "entries")
    return f"{burst.service}: {said} ({grew} {since}, {entries}; {burst.label}:{burst.line})"


def seen_before(report: Report) -> tuple[str, ...]:
    """Whether this failure, or one like it, was seen before; () when the memory was not asked."""
    return () if report.memory is None else tuple(_remembered(report.memory)) or ("no",)


def _remembered(memory: Memory) -> Iterator[str]:
    if memory.joins:
        first = f" since {moment(memory.first_at)} UTC" if memory.first_at else ""
        yield f"the same failure as {memory.joins}{first}, {count(memory.times, 'red run')} so far"
    yield from map(_similar, memory.similar)


def _similar(similar: Similar) -> str:
    past = similar.past
    if past.culprit:
        cause = f"{short(past.culprit)} did it"
    else:
        cause = past.verdict if past.verdict != "commit" else "a commit that nobody named"
    at = f" ({moment(past.occurred_at)})" if past.occurred_at else ""
    shared = f"; shares {cut(', '.join(map(collapse, similar.shared)), _TEXT_WIDTH)}" if similar.shared else ""
    return f"{past.incident}{at}: {cause}, {_TOLD[past.told_by]}{shared}"
