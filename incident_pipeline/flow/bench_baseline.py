"""Plain novelty: the lines of a failed log that an earlier green log lacks, numbers and hashes masked.

What any tool with a green log can do in ten lines; the measure to beat.
"""

import gzip
import re
from pathlib import Path

_VARIES = re.compile(r"0x[0-9a-f]+|[0-9a-f]{7,}|[0-9]+")
_BREAK = re.compile(r"\r\n|\r|\n")


def novel_lines(case: Path) -> list[int]:
    """Numbers of the lines of `failed.log.gz` whose shape is not in `green.log.gz`."""
    known = set(_shapes(case / "green.log.gz"))
    return [number for number, shape in enumerate(_shapes(case / "failed.log.gz"), start=1) if shape not in known]


def _shapes(path: Path) -> list[str]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    return [_VARIES.sub("#", line).strip() for line in _BREAK.split(text)]
