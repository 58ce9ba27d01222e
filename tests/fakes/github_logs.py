"""The zip of a run's logs as GitHub packs it, in either layout, from its jobs."""

import io
import zipfile
from typing import Literal

from tests.fakes.github_state import FakeRun

Layout = Literal["2021", "2025"]
_FORBIDDEN = str.maketrans("", "", '"<>|:*?\\/')


def file_name(name: str) -> str:
    """A job's name without what no file may be called, cut at 90 (https://github.com/cli/cli/issues/5011)."""
    return name.translate(_FORBIDDEN)[:90].strip()


def run_zip(run: FakeRun, layout: Layout = "2025") -> bytes:
    """2021: numbered from 1, a folder of steps for each job. 2025: numbered from 0, `system.txt` in the folder.

    A name that is there already gets ` (1)`. A job whose log is gone is left out.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, job in enumerate(run.jobs, start=layout == "2021"):
            name, taken = file_name(job.name), set(archive.namelist())
            folder = f"{name}/1_Set up job.txt" if layout == "2021" else f"{name}/system.txt"
            if folder not in taken:
                archive.writestr(folder, b"2026-03-01T14:02:01.0000000Z Waiting for a runner\r\n")
            if isinstance(job.log, bytes):
                same = sum(one.partition("_")[2].startswith(f"{name}.txt") for one in taken if "/" not in one)
                archive.writestr(f"{number}_{name}{f' ({same})' if same else ''}.txt", job.log)
    return out.getvalue()
