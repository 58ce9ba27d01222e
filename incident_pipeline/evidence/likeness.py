"""One fingerprint and the past in, the past incidents that look like it out, each with what both share.

A token counts by its rarity over the past (inverse document frequency, Spärck Jones 1972) and by its kind; likeness is
what both share over the geometric mean of what each has. Surprising fact: of incidents of one red stretch only one is
told, and one that people or a replay explained is preferred to one that only its own report did.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log, sqrt

from incident_pipeline.model.memory import Fingerprint, PastIncident, Similar, ToldBy

LEAST = 0.65  # over all pairs of 86 labelled logs those above it are alike, those below mostly share a build tool
OTHER_REPO = 0.9  # another repository's failure helps less: its tests and places are other ones
_KIND: Mapping[str, float] = {"test": 2.0, "line": 3.0, "raised": 1.0, "says": 1.0, "at": 1.0, "entity": 1.0}
_TOLD: Mapping[ToldBy, float] = {"person": 0.1, "proof": 0.08, "report": 0.0}
_FEW = 10  # of so few incidents nobody can tell what is common
_MAX_SHARED = 4


def similar(now: Fingerprint, past: Sequence[PastIncident], *, repo: str, limit: int = 3) -> tuple[Similar, ...]:
    """At most `limit` past incidents that look like `now`, most alike first; () when none comes near.

    `past` does not hold the incident itself, nor those it joins.
    """
    own = frozenset(now.tokens)
    if not own:
        return ()
    known = Counter(token for p in past for token in set(p.fingerprint.tokens))
    rarity = {t: _weight(t, known[t], len(past)) for t in own | known.keys()}
    mass = _mass(own, rarity)
    found: list[tuple[float, Similar]] = []
    for p in past:
        other = frozenset(p.fingerprint.tokens)
        both = own & other
        # Words alone are the tool's own phrases: a test, a message, a place or an exception has to be shared.
        firm = any(not token.startswith("says:") for token in both)
        likeness = _mass(both, rarity) / sqrt(mass * _mass(other, rarity)) if firm else 0.0
        if p.repo != repo:
            likeness *= OTHER_REPO
        elif now.key and p.fingerprint.key == now.key:
            likeness = 1.0
        if likeness >= LEAST:
            said = _in_words(both, rarity, same=bool(now.key) and p.fingerprint.key == now.key)
            found.append((likeness + _TOLD[p.told_by], Similar(p, round(likeness, 3), said)))
    found.sort(key=lambda f: (-round(f[0], 6), f[1].past.incident))
    return tuple(_one_a_stretch([s for _, s in found])[:limit])


def _weight(token: str, known: int, past: int) -> float:
    kind = token.partition(":")[0]
    return _KIND.get(kind, 1.0) * log(1 + (max(past, _FEW) + 1) / max(known, 1)) ** 2


def _mass(tokens: frozenset[str], rarity: Mapping[str, float]) -> float:
    return sum(rarity[t] for t in sorted(tokens))  # sorted: the sum of floats depends on their order


def _one_a_stretch(found: Sequence[Similar]) -> list[Similar]:
    stretches: dict[tuple[str, str, str | None], Similar] = {}
    for s in found:
        key = s.past.fingerprint.key
        stretches.setdefault((s.past.repo, key or s.past.incident, s.past.base if key else None), s)
    return list(stretches.values())


def _in_words(both: frozenset[str], rarity: Mapping[str, float], *, same: bool) -> tuple[str, ...]:
    """The rarest of what both share; words of a message are told in one breath."""
    told = ["the same failure"] if same else []
    words: list[str] = []
    lines: list[str] = []
    for token in sorted(both, key=lambda t: (-rarity[t], t)):
        kind, _, value = token.partition(":")
        if kind == "says":
            words.append(value)
        elif kind == "line":
            lines.append(value)
        elif kind == "test":
            told.append(f"the failing test {value}")
        elif kind == "at":
            path, _, function = value.rpartition(":")
            told.append(f"{function} in {path}" if function else path)
        else:
            told.append(value.partition("=")[2] if kind == "entity" else value)
    if lines:
        told.append(f"the message {lines[0]}")
    elif words:
        told.append("the words " + ", ".join(words[:4]))
    return tuple(dict.fromkeys(told))[:_MAX_SHARED]
