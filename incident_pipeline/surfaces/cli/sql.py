"""`sql`: one read-only statement on the published state of the warehouse, printed as a table, CSV or JSON."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it
# ruff: noqa: A002 - `--format` is the word users type

from typing import Annotated

import typer

from incident_pipeline.surfaces.cli.options import ConfigOption, TableFormat


def sql(
    statement: Annotated[str, typer.Argument(metavar="SQL", help='Such as "SELECT * FROM data_dictionary".')],
    format: TableFormat = "table",
    config: ConfigOption = None,
) -> None:
    """Ask the warehouse (read only; files, settings and extensions are out of reach)."""
    from incident_pipeline.surfaces.cli.errors import say
    from incident_pipeline.surfaces.cli.options import open_room
    from incident_pipeline.surfaces.cli.table import print_rows

    ws = open_room(config)
    from incident_pipeline.flow import history

    bounds = ws.settings.app.query
    result = history.query(ws, statement, max_rows=bounds.max_rows, seconds=bounds.seconds)
    print_rows(result.columns, result.rows, format)
    if result.truncated:
        say(f"only the first {len(result.rows):,} rows are shown; query.max_rows in app.yaml is the bound")
