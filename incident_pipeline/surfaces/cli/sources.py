"""`sources list` shows what is configured, `sources check` tries each enabled source with one small read."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

import typer

from incident_pipeline.surfaces.cli.options import ConfigOption

app = typer.Typer(help="The configured git and log sources.", no_args_is_help=False, rich_markup_mode=None)

_NONE = "no sources are configured: flags and GITHUB_TOKEN suffice, or `incident-responder init` writes a config"


@app.command("list")
def list_sources(config: ConfigOption = None) -> None:
    """Show the configured sources."""
    from incident_pipeline.surfaces.cli.errors import say
    from incident_pipeline.surfaces.cli.options import load
    from incident_pipeline.surfaces.cli.table import render_rows

    settings = load(config)
    entries = (*settings.git_sources, *settings.log_sources)
    if not entries:
        say(_NONE)
        return
    rows = [(e.kind, e.name, e.type, "yes" if e.enabled else "no", f"{e.path}:{e.lines.get('', 0)}") for e in entries]
    typer.echo(render_rows(("kind", "name", "type", "enabled", "where"), rows, "table"), nl=False)


@app.command("check")
def check(config: ConfigOption = None) -> None:
    """Read a little from each enabled source; exit 1 when one fails."""
    from incident_pipeline.flow.sources import check_sources
    from incident_pipeline.reports.text import visible
    from incident_pipeline.surfaces.cli.errors import say
    from incident_pipeline.surfaces.cli.options import open_room

    ws = open_room(config)
    failed = count = 0
    for status in check_sources(ws):
        count += 1
        failed += status.status in {"failed", "missing", "expired"}
        line = f"{status.status:<9} {status.kind:<5} {status.source} ({status.what})"
        typer.echo(visible(f"{line}: {status.detail}" if status.detail else line))
    if not count:
        say(_NONE)
    if failed:
        say(f"{failed} of {count} sources failed")
        raise typer.Exit(1)
