"""The program as a process: exit codes, pipes, and what start-up may not import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-c", "from incident_pipeline.surfaces.cli.main import run; run()"]


def _run(*words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **extra}
    return subprocess.run([*PROGRAM, *words], capture_output=True, text=True, env=env, timeout=60, check=False)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--help"], 0),
        (["version"], 0),
        (["sources", "list"], 0),
        (["investigate"], 2),
        (["investigate", "--run-id", "1", "--since", "2024-01-01"], 2),
        (["sources", "list", "--config", "none"], 2),
    ],
)
def test_exit_codes(words: list[str], code: int) -> None:
    done = _run(*words)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    if code:
        assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*PROGRAM, "version"], stdout=write, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    finally:
        os.close(write)
    assert done.returncode == 1
    assert done.stderr == ""


def test_a_terminal_of_another_encoding_gets_a_question_mark() -> None:
    done = _run("investigate", "--run-id", "1", "--config", "漢x", PYTHONIOENCODING="latin-1")
    assert done.returncode == 2
    assert done.stderr.startswith("incident-responder: ?x: --config: no such file")


def test_start_up_imports_nothing_heavy() -> None:
    # (typer itself imports pydantic for a command with parameters)
    heavy = ["polars", "duckdb", "git", "httpx", "yaml", "dagster", "crewai", "rich", "jinja2"]
    code = (
        "import sys\nfrom incident_pipeline.surfaces.cli.main import main\nmain(['investigate', '--help'])\n"
        f"sys.exit(','.join(m for m in {heavy!r} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip() == ""
