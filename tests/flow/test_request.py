from datetime import UTC, datetime
from pathlib import Path

from incident_pipeline.flow.request import Request, from_origin, to_origin


def test_a_request_survives_being_stored_with_its_incident() -> None:
    request = Request(
        logs="github_actions",
        repo="acme/shop",
        run_id="7",
        attempt=2,
        since=datetime(2026, 1, 1, 14, tzinfo=UTC),
        git="local",
        git_path=Path("/repo"),
        log_files=(Path("/a.log"), Path("/b.log")),
        green_logs=(Path("/g.log"),),
        notes=("times without a zone were taken as UTC",),
    )
    assert from_origin(to_origin(request)) == request


def test_relative_paths_are_kept_absolute_so_that_any_process_finds_them() -> None:
    kept = from_origin(to_origin(Request(log_files=(Path("a.log"),), git_path=Path())))
    assert kept.log_files == (Path.cwd() / "a.log",)
    assert kept.git_path == Path.cwd()


def test_the_same_request_has_the_same_text() -> None:
    assert to_origin(Request(repo="a/b", run_id="1")) == to_origin(Request(run_id="1", repo="a/b"))
