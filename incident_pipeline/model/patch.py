"""Unified-diff text in, hunks out. Surprising fact: a hunk header without a count means one line."""

import re
from collections.abc import Iterator

from incident_pipeline.model.git import Hunk

_HEADER = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$")


def parse_hunks(patch: str) -> tuple[Hunk, ...]:
    """The hunks of one file's patch; text before the first `@@` is passed over (combined diffs give none)."""
    return tuple(_hunks(patch.split("\n")))


def _hunks(lines: list[str]) -> Iterator[Hunk]:
    header: re.Match[str] | None = None
    body: list[str] = []
    for line in lines:
        match = _HEADER.match(line)
        if match:
            if header:
                yield _hunk(header, body)
            header, body = match, []
        elif header and line[:1] in {" ", "+", "-", "\\"}:
            body.append(line)
    if header:
        yield _hunk(header, body)


def _hunk(header: re.Match[str], body: list[str]) -> Hunk:
    old_start, old_lines, new_start, new_lines, section = header.groups()
    return Hunk(int(old_start), int(old_lines or 1), int(new_start), int(new_lines or 1), section, tuple(body))


def numbered(hunk: Hunk) -> Iterator[tuple[str, int, str]]:
    """Each line as (sign, line number, text): `+` and space are numbered in the new file, `-` in the old one."""
    old, new = hunk.old_start, hunk.new_start
    for line in hunk.lines:
        sign, text = line[:1], line[1:]
        if sign == "-":
            yield sign, old, text
            old += 1
        elif sign in {"+", " "}:
            yield sign, new, text
            new += 1
            old += sign == " "
