"""What was looked at and found innocent, and what nobody knows: said aloud, so that a reader can weigh the verdict."""

from collections.abc import Iterator, Mapping, Sequence

from incident_pipeline.evidence.dossier import Dossier
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.roles import role
from incident_pipeline.evidence.signals import NoCommit
from incident_pipeline.evidence.suspects import SMALLEST_SUSPICION, Scored
from incident_pipeline.evidence.weights import UNSEEN
from incident_pipeline.model.evidence import RuledOut
from incident_pipeline.model.incident import BaseKind, Window

_WORDS = {
    "docs": "documentation", "data": "data or binary files", "ci": "CI files", "test": "tests that did not fail",
    "config": "settings", "manifest": "manifests",
}  # fmt: skip
_AWAY, _NOTHING = "touch code that the failure points away from", "change nothing that the failure reaches"
_WEAK = 2.0
_TIED = 0.05  # a feature under it ties a commit to nothing
_TIES = frozenset({"missing", "moved_package", "literal", "reach", "frame", "blame", "setup", "test_changed"})
_UNCHECKED: Mapping[BaseKind, str] = {
    "given": "as it was given", "merge_base": "where the branch began", "time": "by time alone",
}  # fmt: skip
_MACHINE = frozenset({"memory", "disk", "runner", "quota", "credentials", "registry", "network", "timeout"})
_SAID = 0.5  # a finding at or over this explains the failure


def ruled_out(
    d: Dossier, *, scored: Sequence[Scored], shares: Sequence[float], signs: Sequence[NoCommit]
) -> tuple[RuledOut, ...]:  # fmt: skip
    """Groups of commits that cannot, or hardly, be guilty, then the kinds of no-commit cause without a sign."""
    groups: dict[str, list[str]] = {}
    for one, share in zip(scored, shares, strict=True):
        why = _innocent(one) if one.score < _WEAK else None
        # Who is among the suspects is cleared by what its files are, not by a want of proof.
        if why and not (share >= SMALLEST_SUSPICION and why in {_AWAY, _NOTHING}):
            groups.setdefault(why, []).append(one.changes.commit.hash)
    found = [
        RuledOut(_count(len(h)), _agree(why, len(h)), tuple(h))
        for why, h in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0]))
    ]
    kinds = {s.verdict for s in signs if s.strength >= 1.0}
    speaks = any(f.kind in _MACHINE and f.score >= _SAID for f in d.failure.findings)
    if d.failure.findings and not speaks and "infrastructure" not in kinds:
        found.append(RuledOut("infrastructure", "no line speaks of network, disk, memory, a registry or credentials"))
    if not d.moved and "drift" not in kinds and d.failure.compared_with_green:
        found.append(RuledOut("drift", "no installed package differs between the green and the red log"))
    return tuple(found)


def _count(number: int) -> str:
    return "1 commit" if number == 1 else f"{number} commits"


def _agree(why: str, number: int) -> str:
    """`touch only ...` of several, `touches only ...` of one."""
    verb, _, rest = why.partition(" ")
    return why if number > 1 else f"{verb}{'es' if verb.endswith('ch') else 's'} {rest}"


def _innocent(one: Scored) -> str | None:
    changes = one.changes
    if not changes.files or any(s.feature == "test_changed" for s in one.signals):
        return None  # not known, or an edit of the failing test itself: no reason to clear it
    if changes.commit.is_merge:
        return "merge only what their parents brought"
    roles = {role(f.path) for f in changes.files}
    if len(roles) == 1 and (name := _WORDS.get(next(iter(roles)))):
        return f"touch only {name}"
    if roles <= {"docs", "data", "ci"}:
        return "touch only documentation, data and CI files"
    if changes.edits and roles & {"source", "test"} and all(e.weight == 0 for e in changes.edits):
        return "change only comments, docstrings or formatting"
    return _AWAY if "source" in roles else _NOTHING


def unseen_odds(d: Dossier, window: Window, scored: Sequence[Scored]) -> float | None:
    """Log-odds that a commit outside the window is guilty; None where nothing speaks for one."""
    if _older(d, scored):
        return UNSEEN["older"]
    return None if window.complete and scored else UNSEEN["incomplete"]  # an empty range proves nobody innocent


def _older(d: Dossier, scored: Sequence[Scored]) -> bool:
    """Every blamed line of the stacks was there before the window, and no commit in it is tied to the failure."""
    inside = {c.commit.hash for c in d.changes}
    blamed = {
        lines[f.source_line - 1].hash
        for stack in d.clues.stacks
        for f in d.repo_stack(stack, tests=False)
        if f.source_line and f.source_line <= len(lines := d.code.blame.get(f.repo_path or "", ()))
    }
    tied = any(s.feature in _TIES and s.value >= _TIED for one in scored for s in one.signals)
    return bool(blamed) and not blamed & inside and not tied


def _of_range(window: Window, greens: Sequence[LogText]) -> Iterator[str]:
    """Was there really a green run at its start, and is nothing left out?"""
    base = window.base[:7] if window.base else ""
    if base and window.base == window.head:
        yield f"this commit is {base} itself, where the range starts: no change lies between green and red"
    elif not window.commits and base:
        yield "no commit lies between the last green one and this one"
    if not window.complete and window.head:
        yield "the range of commits is incomplete: an earlier one may be guilty"
    if base and not greens and window.base_kind in _UNCHECKED:
        yield f"the range starts at {base} {_UNCHECKED[window.base_kind]}: that it was green was not checked"


def doubts(
    d: Dossier, window: Window, *, scored: Sequence[Scored], greens: Sequence[LogText], same_commit_passed: bool | None
) -> tuple[str, ...]:
    """Sentences on what is missing; () when nothing is."""
    found = list(_of_range(window, greens))
    if _older(d, scored):
        found.append(
            "every line of the stack is older than the range, and no commit in it is tied to the failure: "
            "an earlier push may be guilty"
        )
    if not greens:
        found.append("there was no green log to compare with")
    if same_commit_passed is None and d.clues.tests:
        found.append("this commit was run once: a second run would tell chance from a broken commit")
    if not d.code.files and window.commits:
        found.append("the files at head could not be read: code is judged by the patches alone")
    elif window.commits and not d.code.blame_available:
        found.append("no blame is available from this source")
    without = sum(c.commit.files is None for c in d.changes)
    cut = sum(
        f.truncated or (f.patch is None and not f.binary and not f.submodule and bool(f.additions or f.deletions))
        for c in d.changes
        for f in c.files
    )
    if without:
        found.append(f"the files of {_count(without)} are not known")
    if cut:
        found.append(f"the patch of {'1 file' if cut == 1 else f'{cut} files'} is missing or cut off")
    return tuple(found)
