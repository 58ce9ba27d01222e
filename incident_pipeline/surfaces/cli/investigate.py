"""`investigate`: one failure, or each failed run of a time range, becomes a report on stdout or in a file."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it
# ruff: noqa: A002 - `--format` is the word users type

from pathlib import Path
from typing import Annotated

import typer

from incident_pipeline.surfaces.cli.options import ConfigOption, ReportFormat


def investigate(
    *,
    logs: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Where the logs are, such as github-actions.")
    ] = None,
    repo: Annotated[str | None, typer.Option(metavar="OWNER/NAME", help="The repository.")] = None,
    run_url: Annotated[str | None, typer.Option(metavar="URL", help="Address of the failed run.")] = None,
    run_id: Annotated[str | None, typer.Option(metavar="ID", help="Id of the failed run.")] = None,
    attempt: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Attempt of the run (default: latest).")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Failed runs, or production logs, from this time on.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="... and before this time (default: now).")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="About when production broke: half an hour to either side.")
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Whose production logs to read (default: --repo); may be repeated."),
    ] = None,
    git: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE", help="Where the commits are (default: the configured source of --repo, else --logs)."
        ),
    ] = None,
    git_path: Annotated[Path | None, typer.Option(metavar="DIR", help="A local repository with the commits.")] = None,
    log_file: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A failed log on disk; may be repeated.")
    ] = None,
    green_log: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A log of the last green run; may be repeated.")
    ] = None,
    last_green: Annotated[str | None, typer.Option(metavar="SHA", help="Last commit known to be green.")] = None,
    head: Annotated[str | None, typer.Option(metavar="REV", help="The commit that failed.")] = None,
    format: Annotated[ReportFormat | None, typer.Option(help="Default: by the ending of --output, else text.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report there, whole or not at all.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Explain a failed CI run, or what broke in production: which lines, which commit, with proof."""
    import os
    from datetime import UTC, datetime

    from incident_pipeline.flow.request import Request
    from incident_pipeline.surfaces.cli import flags
    from incident_pipeline.surfaces.cli import output as out
    from incident_pipeline.surfaces.cli.errors import say
    from incident_pipeline.surfaces.cli.options import open_room
    from incident_pipeline.surfaces.cli.progress import bars

    typed = Request(
        logs=logs, repo=repo, run_url=run_url, run_id=run_id, attempt=attempt, git=git, git_path=git_path,
        log_files=tuple(log_file or ()), green_logs=tuple(green_log or ()), last_green=last_green, head=head,
        services=tuple(service or ()),
    )  # fmt: skip
    request = flags.read_flags(typed, since=since, until=until, at=at, env=os.environ, now=datetime.now(UTC))
    target = out.Target(format or out.format_of(output), output, many=request.since is not None)
    out.check_target(target)
    for note in request.notes:
        say(note)
    ws = open_room(config)
    from incident_pipeline.flow.investigate import investigate as run

    with bars() as progress:
        out.emit(run(ws, request, progress=progress), target, before=progress.stop)
