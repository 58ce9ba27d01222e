"""A commit's signals in, the few that are worth a sentence out. Scores are made of all of them; words are not.

Surprising fact: most signals of a guilty commit say the same thing twice. What a stronger one has said is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from incident_pipeline.evidence.proof import Signal

SMALLEST_TOLD = 0.02
MOST_OF_FIRST = 3
MOST_OF_OTHERS = 2
_NO_REASON = "behaviour"  # most commits change what runs: a prior, told only where the first suspect has nothing else
# The first says less of the same thing than the second, which is told in its place.
_REPEATS = {"reach": "frame", "words": "missing", "setup": "missing"}


def telling(signals: Sequence[Signal], *, first: bool) -> tuple[Signal, ...]:
    """The first suspect's strongest three; of any other the strongest two, each with one place as proof."""
    told = [s for s in _distinct(signals) if s.feature != _NO_REASON]
    if first:
        return tuple(told[:MOST_OF_FIRST] or signals[:1])
    return tuple(replace(s, citations=s.citations[-1:]) for s in told[:MOST_OF_OTHERS])


def _distinct(signals: Sequence[Signal]) -> Iterator[Signal]:
    known = {s.feature: s for s in signals if s.value >= SMALLEST_TOLD}
    names = [name if (name := _REPEATS.get(s.feature, "")) in known else s.feature for s in signals]
    yield from (known[name] for name in dict.fromkeys(names) if name in known)
