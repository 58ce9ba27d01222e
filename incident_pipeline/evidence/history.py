"""A failure and what earlier incidents came to in, the sign "it fails by chance" out, with the incidents it rests on.

Three things make a failure known as a flake: people (or a replay) said so; the same workflow passed on the very commit
that it had failed on; it came and went over ranges that share no commit. Surprising fact: with two failing tests of
which one is a known flake there is no sign, for the other one would have turned the run red all the same.
"""

from collections.abc import Iterable, Sequence
from math import isclose

from incident_pipeline.evidence.fingerprint import failing_tests, fingerprint
from incident_pipeline.evidence.signals import NoCommit
from incident_pipeline.evidence.weights import NO_COMMIT
from incident_pipeline.model.evidence import Citation, Failure, log_ref
from incident_pipeline.model.incident import Window
from incident_pipeline.model.memory import Fingerprint, PastIncident

# Log-odds for "no commit", by the number of earlier red stretches that end like this.
PROVED = (0.0, 3.0, 4.5)  # people said so, or the same commit passed
CAME_AND_WENT = (0.0, 0.0, 2.0, 3.0)  # once is a commit that was mended
ANOTHER_WAY = 0.4  # the same test, but another error
STILL_RED = 0.5  # for each earlier run of this very stretch: chance seldom strikes twice running
_NAMED = 4


def by_history(
    failure: Failure, window: Window, past: Sequence[PastIncident], *, same_commit_passed: bool | None = None
) -> list[NoCommit]:
    """At most one sign; [] without a past. `past` is of any repository and does not hold the incident itself."""
    own = [p for p in past if p.repo == window.repo]
    if not own:
        return []
    now = fingerprint(failure)
    inside = {c.hash for c in window.commits} | ({window.head} if window.head else set[str]())
    stretch = [p for p in own if p.head in inside and p.told_by == "report"]
    before = [p for p in own if p not in stretch]
    tests = failing_tests(failure)
    signs = [_sign(_same_test(before, t), now, failure, window) for t in tests] or [
        _sign([p for p in before if now.key and p.fingerprint.key == now.key], now, failure, window)
    ]
    weakest = min(signs, key=lambda s: s.strength)
    strength = weakest.strength * STILL_RED ** sum(p.fingerprint.key == now.key for p in stretch)
    if same_commit_passed is False:
        strength -= NO_COMMIT["failed_again"]
    if strength <= 0 or isclose(strength, 0):
        return []
    return [NoCommit(weakest.verdict, weakest.category, round(strength, 6), weakest.cause, weakest.citations)]


def _same_test(past: Iterable[PastIncident], test: str) -> list[PastIncident]:
    return [p for p in past if test in p.tests]


def _sign(past: Sequence[PastIncident], now: Fingerprint, failure: Failure, window: Window) -> NoCommit:
    """What `past`, the earlier incidents of one failing test, says of it; strength 0 when it says nothing."""
    blamed = [p for p in past if p.verdict == "commit" and p.told_by != "report"]
    proved = [p for p in past if p not in blamed and _was_chance(p)]
    came_and_went = window.base is not None and window.base_kind in {"last_green", "given"}
    again = [p for p in past if p not in blamed and p.base is not None and p.fingerprint.key == now.key]
    if proved:
        strength = PROVED[min(_stretches(proved), len(PROVED) - 1)]
        rests_on, cause = proved, "it failed by chance in {} too"
    else:
        strength = CAME_AND_WENT[min(_stretches(again), len(CAME_AND_WENT) - 1)] if came_and_went else 0.0
        rests_on, cause = again, "the same failure came and went in {}, over other commits"
    if not rests_on:
        return NoCommit("flaky", "test", 0.0, "")
    if not any(_same_way(p.fingerprint, now) for p in rests_on):
        strength *= ANOTHER_WAY
    strength *= len(rests_on) / (len(rests_on) + len(blamed))
    cause = cause.format(_names(rests_on))
    if all(p.verdict == "infrastructure" for p in rests_on):
        cause = f"it was the machine in {_names(rests_on)} too"
        return NoCommit("infrastructure", rests_on[0].category, strength, cause, _cited(failure))
    return NoCommit("flaky", "test" if failure.tests else "unknown", strength, cause)


def _was_chance(p: PastIncident) -> bool:
    said = p.told_by != "report" and p.verdict in {"flaky", "infrastructure"}
    return said or p.passed_again


def _stretches(past: Sequence[PastIncident]) -> int:
    """Runs that were red since the same green one count once."""
    return len({p.base or p.incident for p in past})


def _same_way(then: Fingerprint, now: Fingerprint) -> bool:
    """The same key, or the same kind of error."""
    both = set(then.tokens) & set(now.tokens)
    return (bool(now.key) and then.key == now.key) or any(t.startswith(("raised:", "line:")) for t in both)


def _names(past: Sequence[PastIncident]) -> str:
    names = sorted({p.incident for p in past})
    more = len(names) - _NAMED
    if more > 0:
        return f"{', '.join(names[:_NAMED])} and {more} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _cited(failure: Failure) -> tuple[Citation, ...]:
    """The line that failed alike then; a report that names the machine has to show one."""
    return tuple(
        Citation(log_ref(f.label, f.line), f.text.partition("\n")[0], "the line that failed alike before")
        for f in failure.findings[:1]
    )
