"""`verify`: replays a failing command on commits of an incident's range until the one that did it is proved.

Surprising fact: it asks nothing. Whoever types a command wants it run; what will run where is said first.
"""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it
# ruff: noqa: A002 - `--format` is the word users type

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from incident_pipeline.surfaces.cli.options import ConfigOption, ReportFormat

if TYPE_CHECKING:
    from incident_pipeline.model.proof import Trial
    from incident_pipeline.surfaces.cli.progress import Stoppable
    from incident_pipeline.verify.plan import Step

NOT_PROVED = 1
_HOW = {
    "skipped": "cannot be judged",
    "timeout": "took too long",
    "limit": "went past a limit",
    "broken": "could not run",
}


class _Lines:
    """A line for each run; on a terminal the bar says what runs now."""

    def __init__(self, say: "Callable[[str], None]", progress: "Stoppable") -> None:
        self._say, self._progress, self._runs = say, progress, 0

    def start(self, step: "Step") -> None:
        """Before a run."""
        self._progress.step(f"Run {self._runs + 1} at {step.hash[:7]}: {step.why}")

    def trial(self, trial: "Trial") -> None:
        """After it."""
        self._runs += 1
        self._progress.stop()
        how = _HOW.get(trial.outcome, trial.outcome)
        code = f" (exit {trial.exit_code})" if trial.exit_code else ""
        self._say(f"run {self._runs}: {trial.hash[:7]} {how}{code} in {trial.seconds:.1f} s; {trial.why}")


def verify(
    incident: Annotated[str, typer.Argument(metavar="ID", help="Its id, or a part that only one has.")],
    *,
    command: Annotated[str, typer.Option(metavar="CMD", help="What fails, for /bin/sh. Exit code 125: cannot judge.")],
    git_path: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A full clone (default: the one that was investigated).")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="For one run.")] = 600.0,
    memory: Annotated[int, typer.Option(min=16, metavar="MIB", help="For all processes of one run.")] = 4096,
    max_runs: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="At most this many runs.")] = 30,
    repeat: Annotated[
        int, typer.Option(min=1, max=100, metavar="N", help="Run each commit N times, to catch a flaky command.")
    ] = 1,
    keep_env: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Pass this variable on although it looks like a secret.")
    ] = None,
    format: Annotated[ReportFormat | None, typer.Option(help="Default: by the ending of --output, else text.")] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report there.")] = None,
    config: ConfigOption = None,
) -> None:
    """Prove which commit did it: run CMD at the head, at the suspect and at its parent, and search on if need be.

    Runs the repository's own code, in throw-away copies; the repository itself is not touched. Exit code 0 when a
    commit was proved (the accused one or another), 1 when none was: the last line says why.
    """
    import os

    from incident_pipeline.surfaces.cli import output as out
    from incident_pipeline.surfaces.cli.errors import say
    from incident_pipeline.surfaces.cli.options import open_room
    from incident_pipeline.surfaces.cli.progress import bars

    target = out.Target(format or out.format_of(output), output)
    out.check_target(target)
    ws = open_room(config)
    from incident_pipeline.flow import proof as flow
    from incident_pipeline.normalize.redact import redact_text
    from incident_pipeline.verify.environment import dropped
    from incident_pipeline.verify.prove import Rules
    from incident_pipeline.verify.trial import Limits

    rules = Rules(Limits(timeout, memory), repeat=repeat, max_runs=max_runs, keep_env=tuple(keep_env or ()))
    say(f"runs the code of {incident}'s commits on this machine: {redact_text(command)[0]}")
    if held := dropped(os.environ, rules.keep_env):
        say(f"held back from it: {', '.join(held)}; --keep-env NAME passes one on")
    with bars() as progress:
        lines = _Lines(say, progress)
        proof, stored = flow.verify(
            ws, incident, command=command, git_path=git_path, rules=rules, progress=progress,
            on_start=lines.start, on_trial=lines.trial,
        )  # fmt: skip
        out.emit([stored], target, before=progress.stop)
    say(proof.summary)
    if proof.culprit is None:
        raise typer.Exit(NOT_PROVED)
