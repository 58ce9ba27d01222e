"""`up`: starts Dagster (web page and daemon) with this package's definitions, from a checkout or a pip install alike.

Surprising fact: this process becomes Dagster's, so Ctrl-C and signals go straight to it.
"""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

from pathlib import Path
from typing import Annotated

import typer

from incident_pipeline.surfaces.cli.options import ConfigOption

DEFINITIONS = "incident_pipeline.definitions"
# Dagster advises its own users to move to another tool; ours have not chosen this one.
_QUIET = "ignore:Function `dev_command` is superseded"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def up(
    host: Annotated[str, typer.Option(help="Address to listen on. Dagster's page has no login.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the page.")] = 3000,
    config: ConfigOption = None,
) -> None:
    """Start Dagster and its page; data goes below the data folder. Stop with Ctrl-C."""
    import os
    import signal
    import sys

    from incident_pipeline.settings import load_settings
    from incident_pipeline.surfaces.cli.errors import say

    # Broken entries do not stop Dagster: each shows its problem on its own asset.
    settings = load_settings(config)
    _check_port(host, port)
    write_instance(settings.dagster_home)
    env = dict(os.environ) | {
        "DAGSTER_HOME": str(settings.dagster_home),
        "INCIDENT_RESPONDER_HOME": str(settings.home),
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_TRACING_ENABLED": "false",
        "CREWAI_DISABLE_VERSION_CHECK": "true",
    }
    named = config or settings.config_dir
    if named:
        env["INCIDENT_RESPONDER_CONFIG"] = str(named.absolute())
    if host not in _LOOPBACK:
        say(f"whoever reaches {host}:{port} can run jobs: Dagster's page has no login")
    shown = f"[{host}]" if ":" in host else host
    say(f"Dagster will be at http://{shown}:{port} in a few seconds; data in {settings.home}; Ctrl-C stops it")
    sys.stderr.flush()
    # A script's background job ignores SIGINT and hands that on; but SIGINT is how Dagster ends its own processes.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execve(sys.executable, command(host, port), env)  # noqa: S606 - no shell; the arguments are checked above


def command(host: str, port: int) -> list[str]:
    """What to run; arguments only, no shell."""
    import sys

    return [sys.executable, "-W", _QUIET, "-m", "dagster", "dev", "-m", DEFINITIONS, "-h", host, "-p", str(port)]


def write_instance(home: Path) -> None:
    """Make Dagster's folder; a dagster.yaml that is there is the user's and stays."""
    from importlib.resources import files

    from incident_pipeline.errors import BadInput

    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (home / "dagster.yaml").exists():
            template = files("incident_pipeline.surfaces.cli") / "templates" / "dagster.yaml"
            (home / "dagster.yaml").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{home}: cannot be written: {error.strerror}") from error


def _check_port(host: str, port: int) -> None:
    import socket

    from incident_pipeline.errors import UsageError

    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "not an address"
        raise UsageError(f"{host}:{port}: {why}; choose another --host or --port") from error
