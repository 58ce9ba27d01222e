"""`bench`: predictions for labelled cases, one JSON object a line, for their scorers. No truth file is opened."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from incident_pipeline.flow.progress import Progress

app = typer.Typer(help="Predict labelled cases, for their scorers.", no_args_is_help=False, rich_markup_mode=None)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the cases.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the predictions go (JSON Lines).")]
Predict: TypeAlias = Callable[[Progress], Iterable[Mapping[str, Any]]]


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
    if out.is_dir() or not out.parent.is_dir():
        raise UsageError(f"--out {out}: name a file in a folder that exists")


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
