"""`verify` on labelled incidents: is the culprit proved, in how many runs, against a blind bisection of the window.

    python -m benchmarks.verify [CASE ...]

The cases are found by INCIDENT_RESPONDER_SHARED, default `../shared`. Of each, the failed log and the repository are
judged; where a commit is blamed, the steps of the failed run (install, test) are replayed, every time in an environment
of its own, since a requirement may be at fault. Packages come from the index once a case, from uv's cache after that;
the project's metadata is built once a case. What is true is read after the proof.

Surprising fact: the blind bisection is the same search without probabilities, and is not run but played: its answers
are known once the culprit is. It too has to see the head fail and the last green commit pass before it proves anything.
"""

import json
import os
import re
import shlex
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from incident_pipeline.evidence.judge import judge
from incident_pipeline.flow.bench_incidents import clone_case, gather_case
from incident_pipeline.flow.proof import case_of
from incident_pipeline.model.incident import Incident
from incident_pipeline.model.proof import Proof, Trial
from incident_pipeline.verify.graph import Seen, build_graph
from incident_pipeline.verify.plan import End, Step, next_step
from incident_pipeline.verify.prove import Case, Rules, prove
from incident_pipeline.verify.trial import Limits, run_command
from incident_pipeline.verify.worktree import Trees, open_trees

SHARED = Path(os.environ.get("INCIDENT_RESPONDER_SHARED", Path(__file__).resolve().parents[2] / "shared"))
MARK = 4.0
_TESTED = re.compile(r"##\[group\]Run (pytest\b.*)")
_PYTHON, _UV = shlex.quote(sys.executable), shlex.quote(str(Path(sys.executable).with_name("uv")))
_RULES = Rules(Limits(seconds=300))


@dataclass(frozen=True, slots=True)
class Row:
    """What one case came to. `blind`: runs of the same search without probabilities."""

    case: str
    window: int
    proof: Proof
    right: bool
    blind: int


def main(names: list[str]) -> int:
    """1 when a culprit was not proved, or the runs are more than the mark."""
    folder = SHARED / "incidents"
    if not folder.is_dir():
        print(f"labelled incidents not found at {folder}: set INCIDENT_RESPONDER_SHARED")
        return 0
    cases = [path.parent for path in sorted(folder.glob("*/run.json")) if not names or path.parent.name in names]
    print(f"{'case':<16}{'window':>7}{'runs':>6}{'blind':>7}{'seconds':>9}  conclusion", flush=True)
    started, rows = time.perf_counter(), list[Row]()
    with TemporaryDirectory() as work:
        for case in cases:
            rows += _measured(case, Path(work))
    return _judged(rows, time.perf_counter() - started)


def _measured(folder: Path, work: Path) -> Iterator[Row]:
    repo = clone_case(folder, work)
    given = gather_case(folder, repo)
    judgement = judge(given.failure, given.window, given.code, logs=given.logs, greens=given.greens)
    if judgement.verdict.verdict != "commit":
        print(f"{folder.name:<16}{len(given.window.commits):>7}  no commit is blamed: nothing to replay", flush=True)
        return
    incident = Incident(folder.name, "bench", "ci", "bench", folder.name, folder.name)
    command = _command(given.logs[0].frame["text"].to_list(), metadata=work / folder.name)
    case = case_of(incident, given.window, judgement, command=command)
    with open_trees(repo) as trees:
        _prepare(trees, case, metadata=work / folder.name)
        proof = prove(trees, case, rules=_RULES, clock=time.perf_counter, on_start=_nothing, on_trial=_nothing)
    culprit = json.loads((SHARED / "incidents" / "truth" / f"{folder.name}.json").read_text())["culprit_sha"]
    row = Row(folder.name, len(case.commits), proof, proof.culprit == culprit, _blind(case, culprit))
    wrong = "" if row.right else f"  WRONG: {proof.summary}"
    print(
        f"{row.case:<16}{row.window:>7}{len(proof.trials):>6}{row.blind:>7}{proof.seconds:>9.1f}  "
        f"{proof.conclusion}{wrong}",
        flush=True,
    )
    yield row


def _judged(rows: list[Row], seconds: float) -> int:
    if not rows:
        return 1
    runs = statistics.mean(len(row.proof.trials) for row in rows)
    blind = statistics.mean(row.blind for row in rows)
    right = sum(row.right for row in rows)
    print(
        f"{len(rows)} cases: {right} culprits proved; {runs:.2f} runs on average (mark {MARK}), a blind bisection "
        f"{blind:.2f}; {seconds:.0f} s"
    )
    return int(right < len(rows) or runs > MARK)


def _command(log: list[str], *, metadata: Path) -> str:
    """The run's own two steps, the tests with -x. The tree comes first on the path, and src where there is one."""
    tested = next(match[1] for line in reversed(log) if (match := _TESTED.search(line)))
    arguments = shlex.join(shlex.split(tested)[1:])
    return (
        f"{_install('--offline')}\n"
        f'export PYTHONPATH="$PWD/src:$PWD":{shlex.quote(str(metadata))} PYTHONHASHSEED=0 COLUMNS=80\n'
        f'exec "$TMPDIR/env/bin/python" -m pytest -x -q -p no:cacheprovider {arguments}'
    )


def _install(option: str) -> str:
    return (
        f'set -e\n{_UV} venv -q --python {_PYTHON} "$TMPDIR/env"\n'
        "echo 'pytest<9' > \"$TMPDIR/bounds\"\n"
        f'{_UV} pip install -q {option} --python "$TMPDIR/env/bin/python" -c "$TMPDIR/bounds" -r requirements-ci.txt'
    )


def _prepare(trees: Trees, case: Case, *, metadata: Path) -> None:
    """Fetch once what base and head install (that an install fails may be the very fault), and build the project."""
    build = (
        f"export SETUPTOOLS_SCM_PRETEND_VERSION=1.0\n"
        f"{_UV} pip install -q --python {_PYTHON} --no-deps --target {shlex.quote(str(metadata))} ."
    )
    for sha, command in ((case.head, _install("")), (case.base or case.head, f"{_install('')}\n{build}")):
        tree = trees.check_out(sha)
        run_command(command, tree, temporary=trees.temporary, limits=_RULES.limits, env=os.environ)


def _blind(case: Case, culprit: str | None) -> int:
    graph = build_graph(case.commits, base=case.base)
    at = graph.index.get(culprit or "")
    fails: Mapping[str, Seen] = {
        node.hash: "failed" if at is not None and node.history >> at & 1 else "passed" for node in graph.nodes
    }
    seen: dict[str, Seen] = {}
    while not isinstance(
        step := next_step(graph, head=case.head, accused=None, probabilities={}, seen=seen), End
    ):  # fmt: skip
        seen[step.hash] = fails[step.hash]
    return len(seen)


def _nothing(_: Step | Trial) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
