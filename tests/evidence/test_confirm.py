from datetime import UTC, datetime

import pytest

from incident_pipeline.evidence.confirm import PROVED, confirmed
from incident_pipeline.model.evidence import Citation, Judgement, Reason, RuledOut, Suspect, Verdict, VerdictKind
from incident_pipeline.model.git import Commit, FileChange
from incident_pipeline.model.incident import Window
from incident_pipeline.model.proof import Conclusion, Proof, Trial

A, B, C = (letter * 40 for letter in "abc")
PATCH = "@@ -3,2 +3,2 @@ def f():\n \n-    old = 1\n+    new = 2\n"
WHEN = datetime(2026, 3, 1, tzinfo=UTC)
FAILING = Citation("log:7", "E  assert 1 == 2", "the failure")


def commit(sha: str, path: str) -> Commit:
    return Commit(sha, "Ana", WHEN, f"Subject {sha[0]}", files=(FileChange(path, "modified", patch=PATCH),))


WINDOW = Window(
    "acme/x", "d" * 40, C, "last_green", (commit(C, "src/c.py"), commit(B, "setup.cfg"), commit(A, "src/a.py"))
)


def suspect(sha: str, probability: float) -> Suspect:
    reason = Reason("touches the line", 1.2, (Citation(f"{sha}:src/{sha[0]}.py:3", "x", "added"),))
    return Suspect(sha, probability, (reason,) if probability > 0.1 else (), f"Subject {sha[0]}", "Ana", WHEN)


def judged(kind: VerdictKind = "commit") -> Judgement:
    reasons = (Reason("the failure", 0.0, (FAILING,)), Reason("touches the line", 1.2))
    return Judgement(
        Verdict(kind, "code", "LIKELY", 0.7, "aaaaaaa may have broken it.", reasons),
        (suspect(A, 0.7), suspect(C, 0.15), suspect(B, 0.05)),
        (RuledOut("1 commit", "touches only settings", (B,)), RuledOut("drift", "no package moved")),
        ("run once",),
    )


def proof(conclusion: Conclusion, **more: object) -> Proof:
    fields = {"accused": A, "summary": "The command fails at X and passes at Y.", **more}
    return Proof("acme-1", "pytest -x\n  tests", conclusion, **fields)  # pyright: ignore[reportArgumentType] - by name


def whole(judgement: Judgement) -> float:
    return sum(s.probability for s in judgement.suspects)


def test_a_proved_accusation_is_confirmed_and_says_what_was_run() -> None:
    found = confirmed(judged(), proof("confirmed", culprit=A), WINDOW)
    assert (found.verdict.verdict, found.verdict.category, found.verdict.status) == ("commit", "code", "CONFIRMED")
    assert found.verdict.confidence == found.suspects[0].probability == PROVED
    assert found.verdict.summary == 'aaaaaaa "Subject a" did it: the command fails at X and passes at Y.'
    first = found.suspects[0].reasons[0]
    assert first.text == "replayed (`pytest -x tests`): the command fails at X and passes at Y"
    assert first.citations[0].ref == f"{A}:src/a.py:3"
    assert [s.hash for s in found.suspects] == [A, C, B]
    assert whole(found) == pytest.approx(1)
    assert found.suspects[1].probability == pytest.approx(3 * found.suspects[2].probability)
    assert found.ruled_out == judged().ruled_out


def test_a_refuted_accusation_is_ruled_out_and_the_culprit_comes_first_with_its_own_change() -> None:
    found = confirmed(judged(), proof("refuted", culprit=B), WINDOW)
    assert (found.verdict.status, found.verdict.category) == ("CONFIRMED", "config")
    assert [s.hash for s in found.suspects] == [B, A, C]
    assert found.suspects[0].reasons[0].citations == (Citation(f"{B}:setup.cfg:4", "    old = 1", "removed", "old"),)
    assert found.ruled_out[0].hashes == (A,)
    assert "was suspected first" in found.ruled_out[0].why
    assert [r.what for r in found.ruled_out[1:]] == ["drift"]  # the culprit is no longer cleared by what it touches
    assert found.verdict.reasons[0].text == "the failure"
    assert whole(found) <= 1 + 1e-9


def test_a_proved_commit_overrules_a_verdict_that_blamed_none() -> None:
    found = confirmed(judged("infrastructure"), proof("refuted", accused=None, culprit=C), WINDOW)
    assert (found.verdict.verdict, found.verdict.status, found.suspects[0].hash) == ("commit", "CONFIRMED", C)


def test_a_culprit_that_was_no_suspect_is_named_from_the_window() -> None:
    given = Judgement(judged().verdict, judged().suspects[:1])
    found = confirmed(given, proof("refuted", culprit=C), WINDOW)
    assert (found.suspects[0].hash, found.suspects[0].subject) == (C, "Subject c")


def test_without_anything_to_cite_the_replay_is_said_without_weight() -> None:
    given = Judgement(Verdict("unknown", "unknown", "INCONCLUSIVE", 0.1, ""), (Suspect(A, 0.1, ()),))
    found = confirmed(given, proof("confirmed", culprit=A), Window("acme/x", None, A, "none"))
    assert (found.suspects[0].reasons[0].weight, found.suspects[0].reasons[0].citations) == (0.0, ())


@pytest.mark.parametrize("conclusion", ["not_reproduced", "red_at_base"])
def test_a_replay_that_shows_no_culprit_weakens_and_never_confirms(conclusion: Conclusion) -> None:
    found = confirmed(judged(), proof(conclusion), WINDOW)
    assert (found.verdict.verdict, found.verdict.status, found.verdict.confidence) == ("commit", "INCONCLUSIVE", 0.35)
    assert whole(found) == pytest.approx(0.45)
    assert "pytest -x tests" in found.not_known[0]
    assert found.not_known[1:] == ("run once",)


def test_a_green_head_does_not_weaken_a_verdict_that_blames_no_commit() -> None:
    found = confirmed(judged("infrastructure"), proof("not_reproduced", accused=None), WINDOW)
    assert (found.verdict.verdict, found.verdict.status) == ("infrastructure", "LIKELY")


def test_what_is_left_of_an_unsettled_replay_shares_the_suspicion() -> None:
    found = confirmed(judged(), proof("unsettled", left=(B, C)), WINDOW)
    assert [s.hash for s in found.suspects] == [C, B]
    assert whole(found) == pytest.approx(0.9)
    assert (found.verdict.status, found.verdict.category) == ("INCONCLUSIVE", "unknown")
    assert found.verdict.summary.startswith('ccccccc "Subject c" may have done it: the replay cleared aaaaaaa.')
    assert found.ruled_out[0] == RuledOut("1 commit", "cleared by the replay", (A,))


def test_an_unsettled_replay_that_still_holds_the_accused_keeps_the_verdict() -> None:
    found = confirmed(judged(), proof("unsettled", left=(A, B)), WINDOW)
    assert (found.verdict.summary, found.verdict.status) == (judged().verdict.summary, "LIKELY")
    assert found.verdict.confidence >= 0.7


def test_an_unsettled_replay_that_clears_nobody_only_adds_a_doubt() -> None:
    found = confirmed(judged(), proof("unsettled", left=(A, B, C)), WINDOW)
    assert found.suspects == judged().suspects
    assert found.verdict == judged().verdict
    assert "did not settle it" in found.not_known[0]


def test_a_command_that_passed_and_failed_on_one_commit_is_flaky() -> None:
    trials = (Trial(C, "failed", "head", 1, 1.0), Trial(C, "passed", "head", 0, 1.0))
    found = confirmed(judged(), proof("unsettled", trials=trials, left=(A, B, C)), WINDOW)
    assert (found.verdict.verdict, found.verdict.category, found.verdict.status) == ("flaky", "test", "LIKELY")
    assert found.verdict.confidence >= 0.9
    assert found.verdict.confidence + whole(found) <= 1 + 1e-9
