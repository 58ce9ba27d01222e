"""A text in, the whole file or none out: written beside its place, then moved there."""

import os
import tempfile
from pathlib import Path


def write_file(path: Path, text: str, *, mode: int | None = None) -> None:
    """Replace `path` (its folder must be there). `mode` are its permissions, else only the owner may read it. OSError.

    What cannot be encoded stands as a question mark: a report is never lost over a lone surrogate.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        if mode is not None:
            Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
