"""`incidents list` shows what was investigated, `incidents show` prints a stored report again."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it
# ruff: noqa: A002 - `--format` is the word users type

from pathlib import Path
from typing import Annotated

import typer

from incident_pipeline.surfaces.cli.options import ConfigOption, ReportFormat, TableFormat

app = typer.Typer(help="What was investigated before.", no_args_is_help=False, rich_markup_mode=None)


@app.command("list")
def list_incidents(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most this many, newest first.")] = 20,
    format: TableFormat = "table",
    config: ConfigOption = None,
) -> None:
    """Show the incidents, newest first."""
    from incident_pipeline.surfaces.cli.errors import say
    from incident_pipeline.surfaces.cli.options import open_room
    from incident_pipeline.surfaces.cli.table import print_rows

    ws = open_room(config)
    from incident_pipeline.flow import history

    frame = history.list_incidents(ws, limit=limit)
    print_rows(frame.columns, frame.rows(), format)
    if frame.is_empty():
        say("no incidents yet: `incident-responder investigate` makes the first")


@app.command("show")
def show(
    incident: Annotated[str, typer.Argument(metavar="ID", help="Its id, or a part that only one has.")],
    format: Annotated[ReportFormat | None, typer.Option(help="Default: by the ending of --output, else text.")] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report there.")] = None,
    config: ConfigOption = None,
) -> None:
    """Print an incident's current report again."""
    from incident_pipeline.surfaces.cli import output as out
    from incident_pipeline.surfaces.cli.options import open_room

    target = out.Target(format or out.format_of(output), output)
    out.check_target(target)
    ws = open_room(config)
    from incident_pipeline.flow import history

    out.emit([history.show_incident(ws, incident)], target)
