"""`init`: writes a commented config that loads as it stands. A file that is there is never touched."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

from pathlib import Path
from typing import Annotated

import typer

FILES = ("sources.yaml", "app.yaml")


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write it.")] = Path("config"),
) -> None:
    """Write a commented config folder."""
    from importlib.resources import files

    from incident_pipeline.errors import BadInput, UsageError

    there = [f.name for f in folder.iterdir() if f.stem in {"sources", "app"}] if folder.is_dir() else []
    if there:
        raise UsageError(f"{folder}: {min(there)} is there already and is left alone; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write((files("incident_pipeline.surfaces.cli") / "templates" / name).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written: {error.strerror}") from error
    typer.echo(
        f"Wrote {folder / FILES[0]} and {folder / FILES[1]}. Next: incident-responder sources check --config {folder}"
    )
