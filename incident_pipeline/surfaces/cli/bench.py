"""`bench`: every measure on the labelled sets; `bench lines` and `bench incidents` write predictions only, one JSON
object a line, for scorers kept elsewhere, and open no answer.
"""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from incident_pipeline.flow.progress import Progress

app = typer.Typer(
    help="Measure accuracy on the labelled sets; or, with a command, only predict them for their scorers.",
    no_args_is_help=False,
    rich_markup_mode=None,
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the cases.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the predictions go (JSON Lines).")]
Predict: TypeAlias = Callable[[Progress], Iterable[Mapping[str, Any]]]


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    shared: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder with benchmarks/ and incidents/ (else $INCIDENT_RESPONDER_SHARED, else ../shared).",
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there too, as JSON.")
    ] = None,
    floor: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON object of least figures; exit 1 when one is not reached.")
    ] = None,
) -> None:
    """Measure accuracy on the labelled sets; or, with a command, only predict them for their scorers."""
    given = [o for o, v in (("--shared", shared), ("--json", json_file), ("--floor", floor)) if v is not None]
    if context.invoked_subcommand is None:
        _measure(shared, json_file=json_file, floor=floor)
    elif given:
        from incident_pipeline.errors import UsageError

        raise UsageError(f"{given[0]} goes with `bench` alone, not with `bench {context.invoked_subcommand}`")


def _measure(shared: Path | None, *, json_file: Path | None, floor: Path | None) -> None:
    import os
    import tempfile

    from incident_pipeline.errors import UsageError
    from incident_pipeline.flow.bench import run_bench
    from incident_pipeline.flow.bench_sets import SHARED_VARIABLE, default_shared, find_sets
    from incident_pipeline.surfaces.cli import bench_table
    from incident_pipeline.surfaces.cli.errors import FAILED, say
    from incident_pipeline.surfaces.cli.output import write_output
    from incident_pipeline.surfaces.cli.progress import bars

    floors = _read_floors(floor) if floor else {}
    if json_file:
        _check_file(json_file, "--json")
    shared = shared or default_shared(os.environ, Path.cwd())
    sets = find_sets(shared)
    if sets.lines is None and sets.incidents is None:
        raise UsageError(f"{shared}: holds no labelled set with its scorer: give --shared DIR or {SHARED_VARIABLE}")
    for what in sets.absent:
        say(what)
    with tempfile.TemporaryDirectory(prefix="incident-responder-") as work, bars() as progress:
        measured = run_bench(sets, Path(work), progress=progress)
    typer.echo(bench_table.to_text(measured), nl=False)
    if json_file:
        write_output(json_file, bench_table.to_json(measured, sets.absent), option="--json")
    under = bench_table.broken(measured, floors)
    for sentence in under:
        say(sentence)
    if under:
        raise typer.Exit(FAILED)


def _read_floors(path: Path) -> dict[str, float]:
    import json

    from incident_pipeline.errors import UsageError
    from incident_pipeline.flow.bench_marks import SCALES

    try:
        floors = {str(name): float(value) for name, value in json.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"--floor {path}: not a JSON object of numbers by measure") from error
    if unknown := [name for name in floors if name not in SCALES]:
        raise UsageError(f"--floor {path}: no measure is called {unknown[0]}; they are {', '.join(SCALES)}")
    return floors


@app.command("lines")
def lines(folder: Folder, out: Out) -> None:
    """Predict the excerpt of cases below logdx/ and the findings of those below cidiff/."""
    _check(folder, out)
    from incident_pipeline.flow.bench_lines import predict_lines

    _write(lambda progress: predict_lines(folder, progress=progress), folder, out)


@app.command("incidents")
def incidents(folder: Folder, out: Out) -> None:
    """Rank the commits of each case and point at its lines."""
    import tempfile

    _check(folder, out)
    from incident_pipeline.flow.bench_incidents import predict_incidents

    with tempfile.TemporaryDirectory(prefix="incident-responder-") as work:
        _write(lambda progress: predict_incidents(folder, Path(work), progress=progress), folder, out)


def _check(folder: Path, out: Path) -> None:
    from incident_pipeline.errors import UsageError

    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    _check_file(out, "--out")


def _check_file(path: Path, option: str) -> None:
    from incident_pipeline.errors import UsageError

    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"{option} {path}: name a file in a folder that exists")


def _write(predict: Predict, folder: Path, out: Path) -> None:
    import json

    from incident_pipeline.errors import NotFound
    from incident_pipeline.surfaces.cli.output import write_output
    from incident_pipeline.surfaces.cli.progress import bars

    with bars() as progress:
        written = [json.dumps(prediction, ensure_ascii=False) + "\n" for prediction in predict(progress)]
    if not written:
        raise NotFound(f"{folder}: holds no cases")
    write_output(out, "".join(written), option="--out")
    typer.echo(f"{len(written)} predictions in {out}")
