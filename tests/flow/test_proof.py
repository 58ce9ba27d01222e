import sys
from pathlib import Path

import pytest

from incident_pipeline.errors import BadInput, NotFound, UsageError
from incident_pipeline.evidence.confirm import ANSWERED, confirmed
from incident_pipeline.flow.collect import collect
from incident_pipeline.flow.incidents import find_incidents
from incident_pipeline.flow.investigate import investigate
from incident_pipeline.flow.judge import judge
from incident_pipeline.flow.progress import quiet
from incident_pipeline.flow.proof import LINE_CHARS, TAIL_LINES, redacted, verify
from incident_pipeline.flow.request import Request
from incident_pipeline.flow.subject import Subject, load_subject
from incident_pipeline.flow.workspace import Workspace
from incident_pipeline.model.proof import Proof, Trial
from incident_pipeline.warehouse.proofs import load_proof
from tests.flow.sample import CULPRIT, GREEN, Sample, git

COMMAND = f"{sys.executable} -c 'import price; assert price.total([1, 2]) == 3'"


def request(sample: Sample, **more: object) -> Request:
    fields = {
        "repo": "acme/prices", "git_path": sample.repo, "log_files": (sample.failed_log,),
        "green_logs": (sample.green_log,), "last_green": sample.hashes[GREEN], "head": sample.hashes[-1], **more,
    }  # fmt: skip
    return Request(**fields)  # pyright: ignore[reportArgumentType] - fields by name, checked by the dataclass


def investigated(ws: Workspace, asked: Request) -> Subject:
    (stored,) = investigate(ws, asked)
    return load_subject(ws, stored.report.incident)


def test_a_likely_commit_is_confirmed_stored_and_reported(ws: Workspace, sample: Sample) -> None:
    subject = investigated(ws, request(sample))
    trials: list[Trial] = []
    proof, stored = verify(ws, subject.incident.id[:6], command=COMMAND, on_trial=trials.append)
    assert (proof.conclusion, proof.culprit, len(proof.trials)) == ("confirmed", sample.hashes[CULPRIT], 3)
    assert len(trials) == 3
    assert (stored.report.incident, stored.report.status) == (subject.incident.id, "CONFIRMED")
    assert stored.report.proof == proof
    assert load_proof(ws.warehouse, subject.incident.id, subject.window) == proof
    found = confirmed(subject.evidence.judgement, proof, subject.window)
    assert (found.verdict.status, found.suspects[0].hash) == ("CONFIRMED", sample.hashes[CULPRIT])
    answered = [doubt for doubt in subject.evidence.judgement.not_known if doubt.startswith(ANSWERED)]
    assert len(answered) == 1
    assert answered[0] not in found.not_known


def test_an_incident_judged_anew_keeps_its_proof_and_one_of_another_range_does_not(
    ws: Workspace, sample: Sample
) -> None:
    subject = investigated(ws, request(sample))
    proof, _ = verify(ws, subject.incident.id, command=COMMAND)
    (incident,) = find_incidents(ws, request(sample), quiet)
    collect(ws, incident, quiet)
    judge(ws, incident.id, quiet)
    assert load_proof(ws.warehouse, incident.id, load_subject(ws, incident.id).window) == proof
    other = investigated(ws, request(sample, last_green=sample.hashes[GREEN + 1]))
    assert load_proof(ws.warehouse, incident.id, other.window) is None


def test_a_passing_command_proves_nothing(ws: Workspace, sample: Sample) -> None:
    subject = investigated(ws, request(sample))
    proof, _ = verify(ws, subject.incident.id, command="true")
    assert proof.conclusion == "not_reproduced"


def test_without_a_repository_it_says_how_to_name_one(ws: Workspace, sample: Sample, tmp_path: Path) -> None:
    subject = investigated(ws, request(sample))
    gone = tmp_path / "gone"
    sample.repo.rename(gone)
    try:
        with pytest.raises(NotFound, match="--git-path"):
            verify(ws, subject.incident.id, command=COMMAND)
        assert verify(ws, subject.incident.id, command=COMMAND, git_path=gone)[0].conclusion == "confirmed"
    finally:
        gone.rename(sample.repo)


def test_a_clone_that_lacks_the_range_gets_the_fetch_to_run(ws: Workspace, sample: Sample, tmp_path: Path) -> None:
    subject = investigated(ws, request(sample))
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{sample.repo}", str(shallow))
    with pytest.raises(BadInput, match=f"git -C {shallow} fetch origin {sample.hashes[GREEN]}"):
        verify(ws, subject.incident.id, command=COMMAND, git_path=shallow)


def test_an_incident_without_commits_or_command_is_refused_in_one_line(ws: Workspace, sample: Sample) -> None:
    subject = investigated(ws, Request(log_files=(sample.failed_log,)))
    with pytest.raises(BadInput, match="--last-green SHA"):
        verify(ws, subject.incident.id, command=COMMAND)
    with pytest.raises(UsageError, match="--command is empty"):
        verify(ws, subject.incident.id, command=" ")
    with pytest.raises(NotFound):
        verify(ws, "no-such-incident", command=COMMAND)


def test_secrets_and_terminal_codes_in_command_and_output_are_not_stored() -> None:
    token = "ghp_" + "f" * 36  # invented
    tail = ("\x1b[31mred\x1b[0m", f"using {token}", "1%\r100%")
    proof = redacted(
        Proof("a", f"run --token {token}", "unsettled", "", trials=(Trial("c" * 40, "failed", "head", 1, 1.0, tail),))
    )
    assert token not in str(proof)
    assert proof.trials[0].tail[::2] == ("red", "100%")


def test_a_secret_is_redacted_before_output_is_cut() -> None:
    token = "ghp_" + "f" * 36  # invented
    key = ("-----BEGIN RSA PRIVATE KEY-----", *["MIIE" + "Ab1" * 20] * 60)
    for tail in ((f"using {token} {'x' * (LINE_CHARS - 20)}",), key):
        trial = Trial("c" * 40, "failed", "head", 1, 1.0, tail)
        (kept,) = redacted(Proof("a", "run", "unsettled", "", trials=(trial,))).trials
        assert len(kept.tail) == min(len(tail), TAIL_LINES)
        assert not any("ffff" in line or "MIIE" in line or len(line) > LINE_CHARS for line in kept.tail)
