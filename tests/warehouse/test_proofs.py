"""Proofs: all kept with their runs, the newest current, and only for the window they were made of."""

from dataclasses import replace
from datetime import UTC, datetime

from incident_pipeline.model.git import Commit
from incident_pipeline.model.incident import Window
from incident_pipeline.model.proof import Proof, Trial
from incident_pipeline.warehouse.proofs import load_proof, save_proof
from incident_pipeline.warehouse.store import Warehouse
from tests.warehouse.samples import sha

WHEN = datetime(2026, 3, 1, 14, 2, tzinfo=UTC)
WINDOW = Window(
    "acme/x",
    sha(1),
    sha(3),
    "last_green",
    tuple(Commit(sha(n), "Ana", WHEN, "x", parents=(sha(n - 1),)) for n in (3, 2)),
)
TRIALS = (
    Trial(sha(3), "failed", "head: does it fail here?", 1, 3.5, ("collected 1 item", "E  x\x1b'; --", "")),
    Trial(sha(2), "timeout", "the suspect: does it fail?", None, 600.0),
)
PROOF = Proof(
    "acme-1", "pytest -x 'a b'", "unsettled", "Not settled.", sha(2), None, TRIALS, (sha(2), sha(3)), WHEN, 604.2
)


def test_a_proof_comes_back_as_it_was(warehouse: Warehouse) -> None:
    assert load_proof(warehouse, "acme-1", WINDOW) is None
    save_proof(warehouse, PROOF, WINDOW, proof_id="p1")
    assert load_proof(warehouse, "acme-1", WINDOW) == PROOF


def test_the_newest_proof_counts_and_all_are_kept(warehouse: Warehouse) -> None:
    newer = replace(PROOF, conclusion="confirmed", culprit=sha(2), left=(), trials=TRIALS[:1])
    for proof_id, proof in (("p1", PROOF), ("p2", PROOF), ("p2", newer)):
        save_proof(warehouse, proof, WINDOW, proof_id=proof_id)
    assert load_proof(warehouse, "acme-1", WINDOW) == newer
    assert warehouse.query("SELECT proof_id, current, runs FROM proofs ORDER BY 1").rows == (
        ("p1", False, 2), ("p2", True, 1),
    )  # fmt: skip
    assert warehouse.query("SELECT count(*) FROM trials").rows == ((3,),)


def test_a_proof_of_another_window_does_not_count(warehouse: Warehouse) -> None:
    save_proof(warehouse, PROOF, WINDOW, proof_id="p1")
    for other in (
        replace(WINDOW, base=sha(9)), replace(WINDOW, head=sha(9)), replace(WINDOW, commits=WINDOW.commits[:1]),
    ):  # fmt: skip
        assert load_proof(warehouse, "acme-1", other) is None
    assert load_proof(warehouse, "acme-2", WINDOW) is None
    assert load_proof(warehouse, "acme-1", replace(WINDOW, commits=WINDOW.commits[::-1], complete=False)) == PROOF
