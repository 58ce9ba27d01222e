"""Replays of failing commands: every proof is kept with its runs, the newest of an incident is current.

Surprising fact: a proof holds for the window it was made of and no other. It is stored with a hash of that window and
only found again by the same one, so an incident judged anew keeps its proof as long as its commits are the same.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from incident_pipeline.model.incident import Window
from incident_pipeline.model.proof import Proof, Trial
from incident_pipeline.warehouse import rows, statements
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write, put


def save_proof(warehouse: Warehouse, proof: Proof, window: Window, *, proof_id: str) -> None:
    """Store a proof (already redacted) and make it the current one of its incident. The same id again replaces it."""
    key = {"incident": proof.incident, "proof_id": proof_id}
    row = {
        **{name: getattr(proof, name) for name in _COLUMNS}, **key, "current": True,
        "made_at": proof.made_at or datetime.now(UTC), "head": window.head, "base": window.base,
        "window_hash": window_hash(window), "commits_left": list(proof.left), "runs": len(proof.trials),
    }  # fmt: skip
    trials = [
        {**key, "position": n, **rows.fields(trial), "tail": list(trial.tail)} for n, trial in enumerate(proof.trials)
    ]
    with warehouse.writing() as connection:
        connection.execute(statements.query("proofs_not_current"), {"incident": proof.incident})
        put(connection, Write("proofs", key, rows.frame([row])))
        put(connection, Write("trials", key, rows.frame(trials)))


def load_proof(warehouse: Warehouse, incident: str, window: Window) -> Proof | None:
    """The incident's current proof, None when there is none or it was made of another window."""
    found = warehouse.read("proof_row", incident=incident, window_hash=window_hash(window))
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    trials = _trials(warehouse.read("trials_of", incident=incident, proof_id=row["proof_id"]))
    return rows.value(Proof, row, trials=trials, left=tuple(row["commits_left"] or ()))


def window_hash(window: Window) -> str:
    """The same for the same head, base and commits between them."""
    text = "\n".join((window.head or "", window.base or "", *sorted(commit.hash for commit in window.commits)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


_COLUMNS = ("command", "conclusion", "summary", "accused", "culprit", "seconds")


def _trials(frame: pl.DataFrame) -> tuple[Trial, ...]:
    trials = (rows.value(Trial, row) for row in frame.iter_rows(named=True))
    return tuple(replace(trial, tail=tuple(trial.tail or ())) for trial in trials)
