"""`sources list` shows what is configured, `sources check` tries each enabled source with one small read."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

from datetime import timedelta

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
    """Read a little from each enabled source and say what to do about what does not work; exit 1 when one fails."""
    from incident_pipeline.flow.sources import check_sources
    from incident_pipeline.reports.text import visible
    from incident_pipeline.surfaces.cli.errors import say
    from incident_pipeline.surfaces.cli.options import open_room
    from incident_pipeline.surfaces.cli.table import print_rows

    checks = list(check_sources(open_room(config)))
    if not checks:
        say(_NONE)
        return
    rows = [
        ("yes" if c.works else "NO", c.kind, c.source, c.what, c.credentials, c.scopes, _clock(c.clock_ahead), c.found)
        for c in checks
    ]
    print_rows(("works", "kind", "source", "what", "credentials", "scopes", "clock", "found"), rows, "table")
    for c in checks:
        if c.advice:
            typer.echo(visible(f"{c.source}: {c.advice}"))
    if failed := sum(not c.works for c in checks):
        say(f"{failed} of {len(checks)} sources failed")
        raise typer.Exit(1)


def _clock(ahead: timedelta | None) -> str:
    """The other side's clock against ours; it tells whole seconds, and its answer takes its time."""
    seconds = round(ahead.total_seconds()) if ahead is not None else None
    return "" if seconds is None else "same" if abs(seconds) <= 2 else f"{seconds:+,} s"
