"""Top suspect, cited paths and CODEOWNERS in, the people to ask out.

Surprising fact: in CODEOWNERS the last matching line wins, and a line without names takes ownership away. `docs/*` does
not reach below `docs/` (unlike gitignore). Rules: docs.github.com, "About code owners".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from incident_pipeline.model.evidence import Suspect
from incident_pipeline.model.report import Owner
from incident_pipeline.reports.text import collapse, short

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_MOST_PATHS = 5
_MOST_STARS = 4  # matching time grows with a power of them, and the file is a stranger's
_NAME = re.compile(r"@[\w.-]+(?:/[\w.-]+)?|[^@\s]+@[^@\s]+")


def owners(suspect: Suspect | None, paths: Sequence[str], files: Mapping[str, str]) -> tuple[Owner, ...]:
    """The suspect's author first, then the code owners of `paths`; each name once, with the reason to ask."""
    found: dict[str, str] = {}
    if suspect and suspect.author.strip():
        found[collapse(suspect.author)] = f"wrote {short(suspect.hash)}"
    place = next((name for name in PLACES if name in files), None)
    if place:
        rules = tuple(_rules(files[place]))
        for path in paths[:_MOST_PATHS]:
            for name in owners_of(path, rules):
                found.setdefault(name, f"owns {path} ({place})")
    return tuple(Owner(name, why) for name, why in found.items())


Rule = tuple[str, tuple[str, ...]]


def _rules(text: str) -> Iterator[Rule]:
    for raw in text.splitlines():
        line = re.split(r"(?<!\\)(?:^|\s)#", raw, maxsplit=1)[0].strip()
        if not line or line.startswith(("[", "^[")):
            continue
        pattern, *names = re.split(r"(?<!\\)\s+", line)
        if len(re.findall(r"\*+", pattern)) > _MOST_STARS:
            continue
        yield pattern.replace("\\ ", " "), tuple(name for name in names if _NAME.fullmatch(name))


def owners_of(path: str, rules: Sequence[Rule]) -> tuple[str, ...]:
    """The names on the last line that matches `path`; () when none does, or when that line names nobody."""
    return next((names for pattern, names in reversed(rules) if _regex(pattern).fullmatch(path)), ())


@lru_cache(maxsize=2048)
def _regex(pattern: str) -> re.Pattern[str]:
    body = pattern.strip("/")
    anchored = "/" in pattern.rstrip("/")
    parts = [_part(part) for part in re.split(r"(/\*\*/|^\*\*/|/\*\*$|\*\*|\*|\?)", body) if part]
    beneath = "/.+" if pattern.endswith("/") else "" if pattern.endswith("/*") else "(?:/.*)?"
    return re.compile(("" if anchored else "(?:.*/)?") + "".join(parts) + beneath)


def _part(part: str) -> str:
    return {
        "/**/": "/(?:.*/)?",
        "**/": "(?:.*/)?",
        "/**": "/.+",
        "**": ".*",
        "*": "[^/]*",
        "?": "[^/]",
    }.get(part) or re.escape(part)
