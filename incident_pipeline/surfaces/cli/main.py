"""The command line: words in, one line of trouble or an answer out.

Surprising fact: nothing but typer is imported before a command runs, so that `--help` costs what a bare typer program
costs; every command imports what it needs inside its function.
"""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

import io
import sys
from typing import Annotated

import typer

from incident_pipeline.surfaces.cli import bench, feedback, incidents, init, investigate, sources, sql, up, verify
from incident_pipeline.surfaces.cli.errors import INTERRUPTED, PROGRAM, say_error

app = typer.Typer(
    name=PROGRAM,
    help="When CI turns red: which lines explain it and which commit did it, with proof, on your own machine.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("investigate")(investigate.investigate)
app.add_typer(sources.app, name="sources")
app.add_typer(incidents.app, name="incidents")
app.command("verify")(verify.verify)
app.command("feedback")(feedback.feedback)
app.command("sql")(sql.sql)
app.command("init")(init.init)
app.command("up")(up.up)
app.add_typer(bench.app, name="bench")


@app.command()
def version() -> None:
    """Print the version."""
    from incident_pipeline import __version__

    typer.echo(__version__)


@app.callback(invoke_without_command=True)
def _start(  # pyright: ignore[reportUnusedFunction] - typer calls it
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (anywhere on the line).")
    ] = False,
) -> None:
    del debug  # taken off the line before typer sees it; declared for `--help`
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


def main(arguments: list[str]) -> int:
    """Run one command line and give its exit code: 0 done, 1 work failed, 2 usage or config, 130 interrupted."""
    words, debug = _without_debug(arguments)
    try:
        code = app(words, standalone_mode=False, prog_name=PROGRAM)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place that turns any error into a line
        return say_error(error, debug=debug)
    if code == INTERRUPTED:  # typer swallows Ctrl-C and answers with this code
        return say_error(KeyboardInterrupt(), debug=debug)
    return code if isinstance(code, int) else 0


def run() -> None:
    """Entry point of the `incident-responder` script."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding shows a question mark instead of ending in a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    words = [w for i, w in enumerate(arguments) if i >= end or w != "--debug"]
    return words, len(words) < len(arguments)
