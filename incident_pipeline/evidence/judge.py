"""The second question: who did it? A located failure, the window and the code at head in, a Judgement out.

Pure and deterministic: the same input gives the same suspects, probabilities and words.
"""

from collections.abc import Sequence

from incident_pipeline.evidence.dossier import build_dossier
from incident_pipeline.evidence.doubts import doubts, ruled_out, unseen_odds
from incident_pipeline.evidence.history import by_history
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.signals import drift, flaky, infrastructure
from incident_pipeline.evidence.suspects import probabilities, score_commits, to_suspects
from incident_pipeline.evidence.verdict import decide, no_commit_odds
from incident_pipeline.model.evidence import CodeFacts, Failure, Judgement, Verdict
from incident_pipeline.model.incident import Window
from incident_pipeline.model.memory import PastIncident

NOTHING_BEGAN = Verdict(
    "unknown",
    "unknown",
    "INCONCLUSIVE",
    0.0,
    "Nothing in these logs began in the window: they read as they did before.",
)


def judge(
    failure: Failure, window: Window, code: CodeFacts, *, logs: Sequence[LogText], greens: Sequence[LogText] = (),
    same_commit_passed: bool | None = None, history: Sequence[PastIncident] = (), began: bool = True,
) -> Judgement:  # fmt: skip
    """Suspects over all commits of `window`, verdict, what was ruled out and what is not known.

    `failure` has been through `places.locate`. `same_commit_passed`: the head is known to have passed (True), to have
    failed again (False), or was run once (None). `history` are earlier incidents, without this one: a test that is
    known to fail by chance is a sign against blaming a commit; without them nothing changes.
    `began` is False for production logs that hold only what they always held: then no commit of the window did it.
    """
    if same_commit_passed is None and window.base_kind == "last_green" and window.base and window.base == window.head:
        same_commit_passed = True
    d = build_dossier(failure, window, code, logs=logs, greens=greens)
    scored = score_commits(d)
    signs = [
        *infrastructure(logs, greens, failure=failure),
        *flaky(d, same_commit_passed=same_commit_passed),
        *by_history(failure, window, history, same_commit_passed=same_commit_passed),
        *drift(d),
    ]
    unseen = unseen_odds(d, window, scored)
    shares, none = probabilities(scored, no_commit=no_commit_odds(signs, len(window.commits)), unseen=unseen)
    verdict = decide(d, scored=scored, shares=shares, none=none, signs=signs)
    if not began and verdict.verdict == "commit":
        verdict = NOTHING_BEGAN
    suspects = to_suspects(scored, shares)
    return Judgement(
        verdict, suspects, ruled_out(d, scored=scored, shares=shares, signs=signs),
        doubts(d, window, scored=scored, greens=greens, same_commit_passed=same_commit_passed),
    )  # fmt: skip
