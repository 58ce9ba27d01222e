"""What a line says beside its message, as columns, in; one JSON object a row, null where there is nothing, out.

Surprising fact: nothing has to be parsed to leave the nulls out: a quotation mark inside a value is written `\\"`, so
`"key":null` can only be a key.
"""

from collections.abc import Mapping, Sequence

import polars as pl

NIL = "-"


def as_json(facts: Mapping[str, pl.Series]) -> pl.Series:
    """`{"key": value}` of the values that are there. A text that is empty or `-` is not."""
    known = {key: _without_nil(value) for key, value in facts.items()}
    known = {key: value for key, value in known.items() if value.null_count() < len(value)}
    if not known:
        some = next(iter(facts.values()))
        return pl.Series([None] * len(some), dtype=pl.String)
    frame = pl.DataFrame(known)
    text = frame.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    if not any(value.null_count() for value in known.values()):
        return text
    text = text.str.replace_all(f'"(?:{"|".join(known)})":null,?', "").str.replace(r",\}$", "}")
    return text.set(text == "{}", None)


def put(json: pl.Series, key: str, objects: pl.Series) -> pl.Series:
    """`json` with `"key": object` in it where there is an object (JSON text), also where there is no `json`."""
    alone = '{"' + key + '":' + objects + "}"
    both = json.str.head(-1) + ',"' + key + '":' + objects + "}"
    return both.fill_null(json).fill_null(alone)


def first_of(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """The first value that is there."""
    return frame.select(pl.coalesce(pl.col(names))).to_series()


def _without_nil(value: pl.Series) -> pl.Series:
    if value.dtype != pl.String:
        return value
    nil = ((value == NIL) | (value == "")).fill_null(value=False)
    return value.set(nil, None) if nil.any() else value
