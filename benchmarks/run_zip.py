"""A run's logs out of one large zip: peak memory of the process that reads it, and what it took.

    python -m benchmarks.run_zip [--mb 1024]

The zip lies on disk and is served from there by another process. Half of its files are deflated, half only stored, of
lines that hardly pack; every line is read.
"""

import argparse
import importlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakeJob, FakeRepo, FakeRun
from tests.fakes.server import Reply, stop

JOBS, BOUND_MIB = 8, 300
REPO = "acme/shop"


def main() -> int:
    """Print peak memory and time; 1 when it is over the bound or a line is missing."""
    parser = argparse.ArgumentParser(prog="benchmarks.run_zip")
    parser.add_argument("--mb", type=int, default=1024)
    parser.add_argument("--url")
    args = parser.parse_args()
    if args.url:
        return read(args.url)
    with tempfile.TemporaryDirectory() as name:
        packed = Path(name) / "run.zip"
        lines = make_zip(packed, args.mb << 20)
        with Served(packed) as fake:
            words = [sys.executable, "-m", "benchmarks.run_zip", "--url", fake.url]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
        rows, peak, seconds, base = done.stdout.split()
    print(
        f"{packed.name} of {args.mb:,} MiB, {int(rows):,} lines of {lines:,}: peak {peak} MiB, {base} of them imports "
        f"(at most {BOUND_MIB}), {seconds} CPU s"
    )
    return int(int(rows) != lines or int(peak) > BOUND_MIB)


def make_zip(path: Path, size: int) -> int:
    """A zip of about `size` bytes with a log for each of JOBS jobs; how many lines they hold."""
    times = (f"2026-03-01T14:02:{n // 100 % 60:02}.{n % 100:02}00000Z " for n in range(6_000))
    block = "".join(f"{at}{os.urandom(40).hex()}\n" for at in times).encode()
    lines = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(JOBS):
            info = zipfile.ZipInfo(f"{number}_tests ({number}).txt")
            info.compress_type = zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED
            with archive.open(info, "w") as file:
                while path.stat().st_size < size * (number + 1) // JOBS:
                    file.write(block)
                    lines += 6_000
    return lines


class Served(FakeGitHub):
    """A run whose zip is a file on disk."""

    def __init__(self, packed: Path) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(packed.stat().st_size))
                self.end_headers()
                with packed.open("rb") as file:
                    shutil.copyfileobj(file, self.wfile, 1 << 20)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        jobs = [FakeJob(n, f"tests ({n})", log=404) for n in range(JOBS)]
        super().__init__({REPO: FakeRepo(Path(), [FakeRun(1, "a" * 40, jobs=jobs, zipped=b"on disk")])})
        self._files = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._files.serve_forever, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        stop(self._files)

    def _elsewhere(self, path: str) -> Reply:
        return Reply(302, b"", {"Location": f"http://127.0.0.1:{self._files.server_address[1]}{path}"})


def read(url: str) -> int:
    """Every line of every job's log; prints lines, peak MiB, CPU seconds, and MiB before the first request."""
    from incident_pipeline.http.client import Client  # noqa: PLC0415
    from incident_pipeline.sources._api import Api  # noqa: PLC0415
    from incident_pipeline.sources._github import GitHubConfig  # noqa: PLC0415
    from incident_pipeline.sources.logs.github_actions import GitHubActions  # noqa: PLC0415

    importlib.import_module("incident_pipeline.sources.logs._log_file")  # and Polars with it, as an investigation has
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rows, start = 0, time.process_time()
    with GitHubActions(GitHubConfig(base_url=url), api=Api(Client(url))) as source:
        run = source.get_run(REPO, "1")
        for log in source.read_job_logs(run, list(source.get_jobs(run))):
            rows += sum(frame.height for frame in log.frames)
            told = log.status()
            if told.status != "read":
                raise SystemExit(f"{told.what}: {told.status} {told.detail}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(rows, peak, round(time.process_time() - start), base)
    return 0


if __name__ == "__main__":
    sys.exit(main())
