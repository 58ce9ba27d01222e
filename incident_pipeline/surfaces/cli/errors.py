"""An error in, one line on stderr for each problem and the exit code out.

Surprising fact: an unexpected error shows its type only. Its message may quote a log line, a URL or a token.
"""

# ruff: noqa: PLC0415 - imported when a command runs: `--help` does not pay for it

import os
import sys

import typer

from incident_pipeline.errors import IncidentError

PROGRAM = "incident-responder"
FAILED, USAGE, INTERRUPTED = 1, 2, 130


def say_error(error: BaseException, *, debug: bool) -> int:
    """Print what happened and give the exit code. Tracebacks only with `debug`."""
    if isinstance(error, BrokenPipeError):
        # Whoever read us has gone (`| head`): stdout must not complain again when Python closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    if debug and not isinstance(error, KeyboardInterrupt):
        import traceback

        traceback.print_exception(error)
    lines, code = _explain(error, debug=debug)
    for line in lines:
        say(line)
    return code


def say(text: str) -> None:
    """One line on stderr under the program's name; characters that cannot be seen are shown by name."""
    from incident_pipeline.reports.text import visible

    typer.echo(f"{PROGRAM}: {visible(text)}", err=True)


def _explain(error: BaseException, *, debug: bool) -> tuple[list[str], int]:
    if isinstance(error, IncidentError):
        return str(error).splitlines() or [type(error).__name__], error.exit_code
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return ["stopped; run the same again: nothing is left half written"], INTERRUPTED
    if hasattr(error, "format_message"):
        # Typer's own usage errors; which classes they are depends on its version.
        context = getattr(error, "ctx", None)
        command = context.command_path if context else PROGRAM
        text = " ".join(str(getattr(error, "format_message")()).split()).removesuffix(".")  # noqa: B009
        return [f"{text} (see {command} --help)"], USAGE
    if isinstance(error, OSError) and error.strerror:
        return [f"{error.filename or 'the system'}: {error.strerror}"], FAILED
    if isinstance(error, MemoryError):
        return ["out of memory"], FAILED
    more = "" if debug else "; run it again with --debug to see where, and please report it"
    return [f"unexpected {type(error).__name__}{more}"], FAILED
