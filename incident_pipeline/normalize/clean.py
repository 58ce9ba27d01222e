"""Text as it came in, text as a person reads it out: no terminal codes, no overwritten progress, no vendor timestamp.

Surprising fact: a progress bar is one line in which each carriage return overwrites what stood before; only the text
after the last one was left on the screen. Line breaks of a message are kept, so line numbers stay true.
The view `log_entries` says the same in SQL for those who query: change both.
Terminal codes are those of ECMA-48: CSI (5.4), OSC, DCS, APC, PM and SOS strings (5.6), two-character escapes (5.3).
"""

from collections.abc import Callable

import polars as pl

ANSI = (
    r"\x1b\[8mha:[^\x1b\n]*\x1b\[0m"  # Jenkins: a note hidden before a line, its content in Base64
    r"|\x1b(?:\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # OSC (titles, links), DCS, SOS, PM, APC (Buildkite's timestamps)
    r"|[ -/]+[0-~]|[0-Z\\^-~])"  # character sets and other two- or three-byte escapes
    r"|\x{9b}[0-?]*[ -/]*[@-~]"  # the one-character CSI
    r"|\^\[\[[0-?]*[ -/]*[@-~]"  # an escape that some tool printed as ^[
)
_CODES = ANSI + r"|[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]"
_DIRTY = r"[\x00-\x08\x0b-\x1f\x7f\x{9b}]|\^\[\["
_OVERWRITTEN = r"(?m)^[^\n]*\r([^\r\n]+)\r*$"
_BACKSPACE = r"(?m)[^\x08\n]\x08|^\x08+"

# GitHub Actions and Azure Pipelines (7 decimals), Docker and Kubernetes (9), GitLab (6, then stream and fold marks),
# the Jenkins Timestamper in brackets; `gh run view --log` puts job and step, tab separated, before it.
_SECOND = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"  # `\d` is any script's digits here
VENDOR_PREFIX = (
    r"^(?:[^\t\n]*\t[^\t\n]*\t)?\x{feff}?"
    rf"(?:\[{_SECOND}(?:\.[0-9]{{1,9}})?Z\] ?"
    rf"|{_SECOND}\.[0-9]{{6,9}}Z(?: [0-9]{{2}}[OE][ +]?)? ?)"
)
_GITHUB = rf"^{_SECOND}\.[0-9]{{7}}Z "
_GITHUB_WIDTH = 28  # 2026-01-02T03:04:05.1234567Z
_MAX_BACKSPACES = 64


def clean_expr(text: pl.Expr) -> pl.Expr:
    """String expression -> the same without terminal codes, overwritten progress and vendor timestamps."""
    return text.map_batches(clean_series, return_dtype=pl.String())


def clean_series(text: pl.Series) -> pl.Series:
    """The same for a String series. Rows without control characters only lose the vendor prefix."""
    return _where(_without_prefix(text), has_codes, _without_codes)


def has_codes(text: pl.Series) -> pl.Series:
    """Which rows hold terminal codes or other control characters (Boolean, false for null)."""
    return text.str.contains(_DIRTY).fill_null(value=False)


def _without_prefix(text: pl.Series) -> pl.Series:
    # The commonest prefix has a fixed width, and cutting is five times as fast as replacing a pattern.
    github = text.str.contains(_GITHUB).fill_null(value=False)
    cut = text.str.slice(_GITHUB_WIDTH + 1)
    if github.all():
        return cut
    return _where(cut.zip_with(github, text), lambda _: ~github, lambda rest: rest.str.replace(VENDOR_PREFIX, ""))


def _without_codes(text: pl.Series) -> pl.Series:
    text = text.str.replace_all(_CODES, "")
    text = _where(text, lambda rows: rows.str.contains("\r", literal=True), _without_overwritten)
    return _where(text, lambda rows: rows.str.contains("\x08", literal=True), _without_backspaces)


def _without_overwritten(text: pl.Series) -> pl.Series:
    return text.str.replace_all(_OVERWRITTEN, "${1}").str.replace_all("\r", "", literal=True)


def _without_backspaces(text: pl.Series) -> pl.Series:
    for _ in range(_MAX_BACKSPACES):  # each pass rubs out one character of every run of backspaces
        text = text.str.replace_all(_BACKSPACE, "")
        if not text.str.contains("\x08", literal=True).any():
            break
    return text.str.replace_all("\x08", "", literal=True)


def _where(
    text: pl.Series, chosen: Callable[[pl.Series], pl.Series], change: Callable[[pl.Series], pl.Series]
) -> pl.Series:
    rows = chosen(text).fill_null(value=False)
    return text.clone().scatter(rows.arg_true(), change(text.filter(rows))) if rows.any() else text
