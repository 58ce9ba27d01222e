"""A judgement and a replay in, the judgement that both allow out. Pure.

Only here does a verdict become CONFIRMED. Surprising fact: a replay is no line of a log, so what it says cites the
change it was run on (else the failing line); where there is neither, it is said without weight, as the checker asks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from incident_pipeline.evidence.roles import Role, role
from incident_pipeline.model.evidence import (
    Category,
    Citation,
    Judgement,
    Reason,
    RuledOut,
    Suspect,
    Verdict,
    code_ref,
    parse_ref,
)
from incident_pipeline.model.git import Commit
from incident_pipeline.model.incident import Window
from incident_pipeline.model.patch import numbered, parse_hunks
from incident_pipeline.model.proof import Conclusion, Proof

PROVED = 0.99
"""Of a proved commit: a replay on another machine than the one that failed is not the failure itself."""
WEAKENED = 0.5
"""What is left of a suspicion after a replay that should have shown it did not."""
BY_CHANCE = 0.9
"""That the red run too was chance, when the command is seen to be left to it."""
REPLAY_WEIGHT = 9.0
ANSWERED = "this commit was run once"
"""How a doubt begins that a head which failed again has answered (evidence.doubts)."""
_CATEGORIES: Mapping[Role, Category] = {
    "source": "code", "test": "test", "manifest": "config", "ci": "config", "config": "config",
}  # fmt: skip


def confirmed(judgement: Judgement, proof: Proof, window: Window) -> Judgement:
    """`judgement` after the replay of a command on commits of `window`; probabilities never add to more than 1."""
    if by_chance(proof):
        return _left_to_chance(judgement, proof)
    return _RULES[proof.conclusion](judgement, proof, window)


def by_chance(proof: Proof) -> bool:
    """One commit both passed and failed: the command is left to chance."""
    passed, failed = ({t.hash for t in proof.trials if t.outcome == outcome} for outcome in ("passed", "failed"))
    return bool(passed & failed)


def _proved(judgement: Judgement, proof: Proof, window: Window) -> Judgement:
    if proof.culprit is None:
        return _narrowed(judgement, proof, window)
    suspect = next((s for s in judgement.suspects if s.hash == proof.culprit), None) or _unseen(proof.culprit, window)
    reason = _replayed(proof, _citations(suspect, judgement, window))
    chance = max(PROVED, suspect.probability)
    culprit = replace(suspect, probability=chance, reasons=(reason, *suspect.reasons))
    others = _scaled([s for s in judgement.suspects if s.hash != culprit.hash], 1.0 - chance)
    first = judgement.suspects[0].hash if judgement.suspects else None
    same = judgement.verdict.verdict == "commit" and first == culprit.hash
    category = judgement.verdict.category if same else _category(culprit.hash, window)
    error = tuple(r for r in judgement.verdict.reasons if not r.weight and r.citations)
    verdict = Verdict(
        "commit", category, "CONFIRMED", chance,
        f'{culprit.hash[:7]} "{culprit.subject}" did it: {_lower(proof.summary)}.',
        judgement.verdict.reasons if same else (*error, reason),
    )  # fmt: skip
    ruled = tuple(r for r in judgement.ruled_out if culprit.hash not in r.hashes)
    return Judgement(
        verdict, (culprit, *others), (*_cleared(proof), *ruled),
        tuple(doubt for doubt in judgement.not_known if not doubt.startswith(ANSWERED)),
    )  # fmt: skip


def _cleared(proof: Proof) -> tuple[RuledOut, ...]:
    """The commit that was accused and did not do it, and what the replay says instead."""
    if proof.accused is None or proof.accused == proof.culprit:
        return ()
    return (RuledOut(f"commit {proof.accused[:7]}", f"was suspected first; {_lower(proof.summary)}", (proof.accused,)),)


def _not_reproduced(judgement: Judgement, proof: Proof, _: Window) -> Judgement:
    said = f"{_command(proof)} passed at the head when it was replayed"
    return _weakened(judgement, f"{said}: the machine of the red run, or chance, may be to blame")


def _red_at_base(judgement: Judgement, proof: Proof, _: Window) -> Judgement:
    weak = _weakened(judgement, f"{_lower(proof.summary)} ({_command(proof)})")
    if weak.verdict.verdict != "commit":
        return weak
    return replace(weak, verdict=replace(weak.verdict, summary=proof.summary))


def _weakened(judgement: Judgement, doubt: str) -> Judgement:
    """Half the suspicion goes to "no commit of the range"; a verdict that blames a commit is no longer likely."""
    verdict = judgement.verdict
    if verdict.verdict == "commit":
        verdict = replace(verdict, status="INCONCLUSIVE", confidence=round(verdict.confidence * WEAKENED, 4))
    suspects = tuple(replace(s, probability=s.probability * WEAKENED) for s in judgement.suspects)
    return replace(judgement, verdict=verdict, suspects=suspects, not_known=(doubt, *judgement.not_known))


def _narrowed(judgement: Judgement, proof: Proof, _: Window) -> Judgement:
    """Not settled, but some are cleared: the suspicion is shared among those left."""
    doubt = f"a replay did not settle it ({_command(proof)}): {_lower(proof.summary)}"
    left = [s for s in judgement.suspects if s.hash in set(proof.left)]
    cleared = tuple(s.hash for s in judgement.suspects if s.hash not in set(proof.left))
    if not left or not cleared:
        return replace(judgement, not_known=(doubt, *judgement.not_known))
    suspects = _scaled(left, sum(s.probability for s in judgement.suspects))
    verdict = judgement.verdict
    if verdict.verdict == "commit":
        verdict = _of_those_left(verdict, suspects[0], judgement.suspects[0], proof)
    ruled = RuledOut(f"{len(cleared)} commit{'s' * (len(cleared) > 1)}", "cleared by the replay", cleared)
    return Judgement(verdict, suspects, (ruled, *judgement.ruled_out), (doubt, *judgement.not_known))


def _of_those_left(verdict: Verdict, first: Suspect, accused: Suspect, proof: Proof) -> Verdict:
    chance = round(first.probability, 4)
    if first.hash == accused.hash:
        return replace(verdict, confidence=max(chance, verdict.confidence))
    cleared = f"the replay cleared {accused.hash[:7]}. {proof.summary}"
    summary = f'{first.hash[:7]} "{first.subject}" may have done it: {cleared}'
    error = tuple(r for r in verdict.reasons if not r.weight and r.citations)
    return Verdict("commit", "unknown", "INCONCLUSIVE", chance, summary, (*error, *first.reasons))


def _left_to_chance(judgement: Judgement, proof: Proof) -> Judgement:
    """The same commit passed and failed: that is what flaky means, whatever the evidence said before."""
    weak = _weakened(judgement, f"that the red run failed by chance too is likely, not shown ({_command(proof)})")
    chance = max(BY_CHANCE, 1 - _sum(weak.suspects))
    others = _scaled(weak.suspects, 1 - chance)
    reason = Reason(_lower(proof.summary), REPLAY_WEIGHT)
    verdict = Verdict("flaky", "test", "LIKELY", chance, f"No commit is to blame: {_lower(proof.summary)}.", (reason,))
    return replace(weak, verdict=verdict, suspects=others)


_RULES: Mapping[Conclusion, Callable[[Judgement, Proof, Window], Judgement]] = {
    "confirmed": _proved, "refuted": _proved, "not_reproduced": _not_reproduced, "red_at_base": _red_at_base,
    "unsettled": _narrowed,
}  # fmt: skip


def _replayed(proof: Proof, citations: tuple[Citation, ...]) -> Reason:
    text = f"replayed ({_command(proof)}): {_lower(proof.summary)}"
    return Reason(text.rstrip("."), REPLAY_WEIGHT if citations else 0.0, citations)


def _citations(suspect: Suspect, judgement: Judgement, window: Window) -> tuple[Citation, ...]:
    """The change that was replayed: one that a reason cites, else the first changed line, else the failing line."""
    told = [c for reason in suspect.reasons for c in reason.citations]
    own = [c for c in told if (place := parse_ref(c.ref)) and suspect.hash.startswith(place[1])]
    failing = [c for reason in judgement.verdict.reasons for c in reason.citations]
    return tuple((own or _changed_line(suspect.hash, window) or told or failing)[:1])


def _changed_line(sha: str, window: Window) -> list[Citation]:
    for change in commit.files or () if (commit := _commit(sha, window)) else ():
        for hunk in parse_hunks(change.patch or ""):
            for sign, line, text in numbered(hunk):
                if sign in "+-" and text.strip():
                    ref = code_ref(sha, change.path, line)
                    return [Citation(ref, text, "added") if sign == "+" else Citation(ref, text, "removed", "old")]
    return []


def _commit(sha: str, window: Window) -> Commit | None:
    return next((commit for commit in window.commits if commit.hash == sha), None)


def _unseen(sha: str, window: Window) -> Suspect:
    commit = _commit(sha, window)
    return Suspect(sha, 0.0, (), commit.subject, commit.author, commit.date) if commit else Suspect(sha, 0.0, ())


def _category(sha: str, window: Window) -> Category:
    commit = _commit(sha, window)
    roles = {role(f.path) for f in commit.files or ()} if commit else set[Role]()
    found: list[Category] = [category for name, category in _CATEGORIES.items() if name in roles]
    return found[0] if found else "unknown"


def _scaled(suspects: Sequence[Suspect], total: float) -> tuple[Suspect, ...]:
    whole = _sum(suspects)
    return tuple(replace(s, probability=s.probability / whole * total if whole else 0.0) for s in suspects)


def _sum(suspects: Sequence[Suspect]) -> float:
    return sum(s.probability for s in suspects)


def _command(proof: Proof) -> str:
    line = " ".join(proof.command.split())
    return f"`{line if len(line) <= 120 else line[:117] + '...'}`"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
