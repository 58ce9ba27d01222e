"""Text in, the same text without secrets out, each replaced by `[REDACTED:kind]` and counted.

Line breaks stay where they are (a key block of five lines becomes five marked lines), so line numbers and hunks stay
true. Surprising fact: clean text pays for one search for about a hundred words and for nothing else.
"""

import re
from functools import cache

import polars as pl

from incident_pipeline.normalize._key_blocks import redact_blocks
from incident_pipeline.normalize._rules import NEEDLES, RULES, Rule

_NAME = re.compile(r"\(\?P<[a-z]+>")
_LIMIT = re.compile(r"\{(\d+),\d{2,}\}")
_BEFORE_A_LINE = " +-\t"


def redact_text(text: str) -> tuple[str, int]:
    """A commit message, a patch or any text -> (redacted text, number of secrets replaced)."""
    lower, count = text.lower(), 0
    for rule in RULES:
        if any(needle in lower for needle in rule.needles):
            text, found = _apply(rule, text)
            count += found
    return text, count


def redact_series(text: pl.Series) -> tuple[pl.Series, int]:
    """A String series in line order -> (redacted series, number of secrets replaced). Null stays null.

    A private key that runs over several rows is one secret. One cut by the end of a frame is redacted on both sides.
    """
    flagged = text.str.contains_any(list(NEEDLES), ascii_case_insensitive=True).fill_null(value=False)
    if not flagged.any():
        return text, 0
    text, blocks = redact_blocks(text, flagged)
    rows = flagged.arg_true()
    rows = rows.filter(text.gather(rows).str.contains(_any_pattern()))
    if rows.is_empty():
        return text, blocks
    redacted = [redact_text(value) for value in text.gather(rows).to_list()]
    count = sum(found for _, found in redacted)
    if not count:
        return text, blocks
    return text.clone().scatter(rows, pl.Series([value for value, _ in redacted], dtype=pl.String)), blocks + count


@cache
def _any_pattern() -> str:
    """All rules in one pattern for Polars, without what only bounds Python's backtracking: names and upper limits."""
    patterns = (_LIMIT.sub(r"{\1,}", _NAME.sub("(?:", rule.pattern)) for rule in RULES)
    return "|".join(f"(?:{pattern})" for pattern in patterns)


def _apply(rule: Rule, text: str) -> tuple[str, int]:
    count = 0

    def mark(match: re.Match[str]) -> str:
        nonlocal count
        if rule.accept and not rule.accept(match):
            return match[0]
        count += 1
        if "secret" not in rule.compiled.groupindex:
            return _mark_lines(rule.kind, match[0])
        start, end = match.start("secret") - match.start(), match.end("secret") - match.start()
        return f"{match[0][:start]}[REDACTED:{rule.kind}]{match[0][end:]}"

    return rule.compiled.sub(mark, text), count


def _mark_lines(kind: str, block: str) -> str:
    """Every line of a block marked, its break and what a patch puts before it (`+`, `-`, blanks) kept."""
    first, *rest = block.split("\n")
    mark = f"[REDACTED:{kind}]"
    lines = [line[: len(line) - len(line.lstrip(_BEFORE_A_LINE))] + mark if line.strip() else line for line in rest]
    return "\n".join([mark if first else first, *lines])
