"""Lines in, the event each of them tells of out: shapes that differ only in a word that varies are one group.

A template's hash (`normalize.template`) is stored, so it must hang on the line alone; a group is read off the lines
beside it and is for counting what began in a service's log, never stored with the line. Surprising fact: which words
vary is told by their neighbours: many words between the same two ends are one variable, while a different message has
different neighbours too.
"""

from collections.abc import Iterator

import polars as pl

from incident_pipeline.normalize.template import HOLE, UNIT, each_distinct, first_lines

_MAX_WORDS = 14  # looked at one by one; what follows belongs to the shape as it stands
_BETWEEN = 4  # so many words after the same beginning and before the same word are one variable
_AFTER = 10  # so many words after the same beginning of two words or more are one variable, whatever follows
_SAID = 2
_CLOSED = r"\s\"'=()\[\]{}<>,:|"
_SIGNS = r",;:()\[\]{}=|"
_VARIES = "|".join((
    r"\"[^\"]*\"|`[^`]*`|(?-u:\B)'[^']+'(?-u:\B)",  # what is quoted
    r"[a-z][a-z0-9+.-]{1,8}://[^\s\"'<>)\]]+",
    rf"[^{_CLOSED}]*[0-9][^{_CLOSED}]*{UNIT}?",  # a word with a digit in it, with its unit
    r"[A-Za-z0-9_.@~+-]*(?:[/\\][A-Za-z0-9_.@~+-]+)+/?",  # paths
    r"[A-Za-z0-9_]+(?:::[A-Za-z0-9_]+)+|[A-Za-z0-9]+_[A-Za-z0-9_]+(?:\(\))?",  # names of code
    r"(?-u:\b)(?:true|false|True|False)(?-u:\b)",
    r"[A-Za-z0-9_-]+(?:, [A-Za-z0-9_-]+)+",  # lists
))  # fmt: skip
_RUN = (
    r"(?:<\*>[ ,;:/=.+|-]*){2,}|[=#*_.-]{4,}"  # rulers too: in _VARIES they would cost the regex engine its fast path
)
_WORD = rf"<\*>|[{_SIGNS}]|[^\s<{_SIGNS}]+|<"
_HOLE = pl.Series([HOLE]).hash()[0]
_SPREAD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio (Knuth, TAOCP 3, 6.4)
# Words that say how something ended or which error it was are never variables, however many there are.
_TELLS = (
    r"(?i)^\W*(?:pass(?:ed)?|fail(?:ed|ure)?|ok|errors?|skip(?:ped)?|success|succeeded|warn(?:ing)?|info|debug|fatal"
    r"|done|started|stopped|finished|up|down|on|off|yes|no)\W*$|(?:Error|Exception|Failure|Warning)\W*$"
)


def group_templates(text: pl.Series) -> pl.Series:
    """Cleaned text (String) -> the shape of each line's group (String, `<*>` for what varies); null stays null."""
    return each_distinct(text, lambda lines: each_distinct(first_lines(lines).str.replace_all(_VARIES, HOLE), _group))


def _group(shapes: pl.Series) -> pl.Series:
    words = shapes.str.replace_all(_RUN, HOLE + " ").str.extract_all(_WORD)
    found = [rows.to_frame("row").with_columns(place=pl.lit(place)) for place, rows in enumerate(_variables(words))]
    shown = words.list.join(" ")
    if found:
        holes = pl.concat(found)
        rows = holes["row"].unique().sort()
        opened = words.gather(rows)
        starts = opened.list.len().cum_sum() - opened.list.len()
        at = starts.gather(rows.search_sorted(holes["row"])) + holes["place"]
        flat = pl.DataFrame(
            {"row": rows.repeat_by(opened.list.len()).explode(), "word": opened.explode().scatter(at, HOLE)}
        )
        filled = flat.group_by("row", maintain_order=True).agg("word")
        shown = shown.scatter(rows, filled["word"].list.join(" "))
    return shown.str.replace_all(r"(?:<\*> )+<\*>", HOLE)


def _variables(words: pl.Series) -> Iterator[pl.Series]:
    """For each place, from the left: the rows (UInt32) whose word there varies.

    A row's beginning is a hash of its words so far, a hole for each that varies, so that what follows a variable is
    compared with its like. Two beginnings that share a hash would only be shown as one. A beginning of fewer than
    _BETWEEN rows can hold no variable any more: its rows are left behind, which is most of the saving.
    """
    first, word = words.list.head(_MAX_WORDS + 1), pl.element()
    keys = _places(first.list.eval(word.hash()))
    free = _places(first.list.eval(word.str.contains("[A-Za-z]") & ~word.str.contains(_TELLS)))
    every = pl.DataFrame({"row": pl.int_range(len(words), dtype=pl.UInt32, eager=True)})
    rows = every.with_columns(head=pl.lit(0, pl.UInt64), said=pl.lit(0, pl.UInt8), was=pl.lit(value=False))
    for place in range(_MAX_WORDS):
        rows = rows.filter(_often(rows["head"], rows["head"], _BETWEEN) & keys[place].gather(rows["row"]).is_not_null())
        if rows.is_empty():
            return
        row, head, said, was = rows
        key, may, ends = keys[place].gather(row), free[place].gather(row), _mix(head, _next(keys[place + 1], row))
        between = may
        if place == 0:  # a line's first word varies only before words that stand fast
            ends, between = _mix(ends, _next(keys[2], row)), may & free[1].gather(row) & free[2].gather(row)
        varies = between.fill_null(value=False) & _many(ends, key, may, _BETWEEN)
        varies |= may & (said >= _SAID) & _many(head, key, may, _AFTER)
        yield row.filter(varies)
        hole = varies | (key == _HOLE)
        head = head.zip_with(hole & was, _mix(head, key.set(hole, _HOLE)))
        rows = pl.DataFrame({"row": row, "head": head, "said": said + (may & ~hole), "was": hole})


def _places(lists: pl.Series) -> list[pl.Series]:
    return [lists.list.get(place, null_on_oob=True) for place in range(_MAX_WORDS + 1)]


def _next(keys: pl.Series, row: pl.Series) -> pl.Series:
    return keys.gather(row).fill_null(0)


def _mix(left: pl.Series, right: pl.Series) -> pl.Series:
    return left * _SPREAD ^ right


def _many(ends: pl.Series, key: pl.Series, may: pl.Series, times: int) -> pl.Series:
    """Which of `ends` stand around so many different keys, or more, of those that may vary."""
    once = _mix(ends, key).filter(may).is_first_distinct()
    return _often(ends, ends.filter(may).filter(once), times)


def _often(keys: pl.Series, among: pl.Series, times: int) -> pl.Series:
    """Which of `keys` occur so many times, or more, in `among`."""
    counts = among.alias("key").value_counts()
    return keys.is_in(counts.filter(counts["count"] >= times)["key"].implode())
