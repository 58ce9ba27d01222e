"""Suspects and no-commit signs in, the verdict out, by rule: whichever side is more probable, never CONFIRMED."""

from collections.abc import Sequence
from math import log

from incident_pipeline.evidence.clues import test_ids
from incident_pipeline.evidence.dossier import Dossier
from incident_pipeline.evidence.places import test_path
from incident_pipeline.evidence.roles import Role, role
from incident_pipeline.evidence.signals import NoCommit
from incident_pipeline.evidence.suspects import Scored
from incident_pipeline.evidence.telling import telling
from incident_pipeline.evidence.weights import LIKELY, PRIOR_NO_COMMIT
from incident_pipeline.model.evidence import Category, Citation, Failure, Reason, Status, Verdict, log_ref


def no_commit_odds(signs: Sequence[NoCommit], commits: int) -> float:
    """Log-odds on the suspects' scale: the prior against `commits` equal ones, plus the strongest sign of each kind."""
    prior = log(PRIOR_NO_COMMIT / (1 - PRIOR_NO_COMMIT) * max(commits, 1))
    best: dict[str, float] = {}
    for sign in signs:
        best[sign.verdict] = max(best.get(sign.verdict, 0.0), sign.strength)
    return prior + sum(best.values())


def decide(
    d: Dossier, *, scored: Sequence[Scored], shares: Sequence[float], none: float, signs: Sequence[NoCommit]
) -> Verdict:
    """Commit when the first suspect is likelier than no commit; else what the strongest sign says, else unknown."""
    top = shares[0] if shares else 0.0
    strongest = max(signs, key=lambda s: s.strength, default=None)
    if not d.failure.findings and strongest is None:
        return Verdict("unknown", "unknown", "INCONCLUSIVE", 0.0, "The logs hold no line that explains a failure.")
    if scored and top > none and scored[0].signals:
        return _commit(d, scored[0], share=top, runner_up=max([none, *shares[1:2]]))
    if strongest is None or strongest.strength < 1.0:
        summary = f"Nothing in the evidence singles out a commit{_of_test(d.failure)}."
        return Verdict("unknown", "unknown", "INCONCLUSIVE", round(top, 4), summary)
    status: Status = "LIKELY" if none >= LIKELY else "INCONCLUSIVE"
    lead = "No commit is to blame" if status == "LIKELY" else "Perhaps no commit is to blame"
    summary = f"{lead}: {strongest.cause}{_of_test(d.failure)}."
    reasons = tuple(Reason(s.cause, round(s.strength, 3), s.citations) for s in signs if s.strength > 0)
    return Verdict(strongest.verdict, strongest.category, status, round(none, 4), summary, reasons)


def _commit(d: Dossier, first: Scored, *, share: float, runner_up: float) -> Verdict:
    status: Status = "LIKELY" if share >= LIKELY and share > 1.5 * runner_up else "INCONCLUSIVE"
    commit = first.changes.commit
    verb = "broke" if status == "LIKELY" else "may have broken"
    summary = f'{commit.hash[:7]} "{commit.subject}" {verb} {_what(d.failure)}.'
    told = telling(first.signals, first=True)
    reasons = (*_error(d), *(Reason(s.text, round(s.value, 3), s.citations) for s in told))
    return Verdict("commit", _category(first), status, round(share, 4), summary, reasons)


_CATEGORIES: tuple[tuple[Role, Category], ...] = (
    ("source", "code"), ("test", "test"), ("manifest", "config"), ("ci", "config"), ("config", "config"),
)  # fmt: skip


def _error(d: Dossier) -> tuple[Reason, ...]:
    """The line that the best finding begins with: the first proof a reader wants."""
    said = ((f, d.lines.get(f.label, f.line)) for f in d.failure.findings[:1])
    return tuple(
        Reason("the failure", 0.0, (Citation(log_ref(f.label, f.line), text, f.reason),)) for f, text in said if text
    )


def _category(first: Scored) -> Category:
    """What kind of file the first suspect's strongest proof lies in."""
    names = [s.feature for s in first.signals if s.value > 0]
    if "moved_package" in names:
        return "dependency"
    roles = {role(e.path) for e in first.changes.edits} or {role(f.path) for f in first.changes.files}
    found: list[Category] = [category for name, category in _CATEGORIES if name in roles]
    return found[0] if found else "unknown"


def _what(failure: Failure) -> str:
    tests = _tests(failure)
    named = [*tests[:1], *(f"the run ({_short(f.headline)})" for f in failure.findings[:1]), "the run"]
    return f"{named[0]} and {len(tests) - 1} more" if len(tests) > 1 else named[0]


def _of_test(failure: Failure) -> str:
    return "".join(f" ({t})" for t in _tests(failure)[:1])


def _tests(failure: Failure) -> tuple[str, ...]:
    """Test ids with their file where any has one (a tool may print a test under two names)."""
    tests = test_ids(failure)
    return tuple(t for t in tests if test_path(t)) or tests


def _short(line: str) -> str:
    return line if len(line) <= 100 else f"{line[:97]}..."
