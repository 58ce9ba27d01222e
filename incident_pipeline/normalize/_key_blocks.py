"""Private keys that run over several rows: rows in, the rows of each block marked out.

A block runs from its BEGIN to its END row. One that a frame cuts in two is redacted on both sides: after a BEGIN
without END, and before an END without BEGIN, as long as rows look like the body of a key. Surprising fact: the rows may
each carry a timestamp, so only the last word of a row is the key.
"""

import re
from itertools import takewhile

import polars as pl

MARK = "[REDACTED:private_key]"
MAX_ROWS = 400  # an 16384-bit RSA key has about 200 rows
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-{5,6}END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_LAST_WORD = re.compile(r"[A-Za-z0-9+/=]{1,128}(?=(?:\x1b\[[0-9;]*m|\s)*$)")
_LONG = re.compile(r"[A-Za-z0-9+/=]{40,128}(?=(?:\x1b\[[0-9;]*m|\s)*$)")


def redact_blocks(text: pl.Series, flagged: pl.Series) -> tuple[pl.Series, int]:
    """Rows with their key blocks marked, and the number of blocks. `flagged` rows are the only ones with BEGIN or END.

    A BEGIN or END that no key body stands beside (code that names the marker) is left as it is.
    """
    rows = flagged.arg_true()
    markers = rows.filter(text.gather(rows).str.contains("PRIVATE KEY", literal=True)).to_list()
    changed: dict[int, str] = {}
    count, begin = 0, None
    for row in markers:
        opens, closes = _last(_BEGIN, text[row]), _last(_END, text[row])
        if closes > opens:
            if opens < 0:
                count += _mark(text, changed, begin, row)
            begin = None
        elif opens > closes:
            count += _mark(text, changed, begin, None)
            begin = row
    count += _mark(text, changed, begin, None)
    if not changed:
        return text, 0
    return text.clone().scatter(list(changed), pl.Series(list(changed.values()), dtype=pl.String)), count


def _mark(text: pl.Series, changed: dict[int, str], begin: int | None, end: int | None) -> int:
    """Mark one block between rows `begin` and `end`; None stands for the end of the frame the block was cut by."""
    if begin is not None and end is not None and end - begin <= MAX_ROWS:
        body = range(begin + 1, end)
    elif begin is not None:
        body, end = _run(text, range(begin + 1, min(begin + MAX_ROWS, len(text)))), None
    elif end is not None:
        body = _run(text, range(end - 1, max(end - MAX_ROWS, -1), -1))
    else:
        return 0
    if not any(_LONG.search(text[row] or "") for row in body):
        return 0
    for row in body:
        changed[row] = _LAST_WORD.sub(MARK, text[row] or "")
    if begin is not None:
        changed[begin] = _BEGIN.sub(MARK, text[begin])
    if end is not None:
        changed[end] = _END.sub(MARK, text[end])
    return 1


def _run(text: pl.Series, rows: range) -> list[int]:
    """The leading rows that look like a key's body; the first may be its short last line (read backwards)."""
    return list(takewhile(lambda row: (_LAST_WORD if row == rows[0] else _LONG).search(text[row] or ""), rows))


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in pattern.finditer(text)), default=-1)
