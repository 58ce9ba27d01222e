"""Options that several commands share, and what they make: loaded settings and an open workspace."""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from incident_pipeline.flow.workspace import Workspace
    from incident_pipeline.settings import Settings

ConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help="Config folder or sources file (else $INCIDENT_RESPONDER_CONFIG, else ./config).",
    ),
]
ReportFormat: TypeAlias = Literal["text", "json", "md", "html"]
TableFormat: TypeAlias = Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How to print rows.")]


def load(config: Path | None) -> "Settings":
    """Settings whose every entry is sound. ConfigError with all problems of the files, one line each."""
    from incident_pipeline.settings import load_settings
    from incident_pipeline.sources.registry import check_entries

    settings = load_settings(config)
    check_entries((*settings.git_sources, *settings.log_sources))
    return settings


def open_room(config: Path | None) -> "Workspace":
    """The single user's workspace."""
    from incident_pipeline.flow.workspace import open_workspace

    return open_workspace(load(config))
