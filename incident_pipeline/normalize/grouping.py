"""Lines in, the event each of them tells of out: shapes that differ only in a word that varies are one group.

A template's hash (`normalize.template`) is stored, so it must hang on the line alone; a group is read off the lines
beside it and is for counting what began in a service's log, never stored with the line. Surprising fact: which words
vary is told by their neighbours: many words between the same two ends are one variable, while a different message has
different neighbours too.
"""

import polars as pl

from incident_pipeline.normalize.template import HOLE, each_distinct, mask_series

_MAX_WORDS = 14  # looked at one by one; what follows belongs to the shape as it stands
_BETWEEN = 4  # so many words after the same beginning and before the same word are one variable
_AFTER = 10  # so many words after the same beginning of two words or more are one variable, whatever follows
_CLOSED = r"\s\"'=()\[\]{}<>,:|"
_VARIES = "|".join((
    r"\"[^\"]*\"|`[^`]*`|(?-u:\B)'[^']+'(?-u:\B)",  # what is quoted
    r"[a-z][a-z0-9+.-]{1,8}://[^\s\"'<>)\]]+",
    rf"[^{_CLOSED}]*<\*>(?:[-._+~@#%/\\]+[^{_CLOSED}]*|<\*>)*",  # a word with a hole in it
    r"[A-Za-z0-9_.@~+-]*(?:[/\\][A-Za-z0-9_.@~+-]+)+/?",  # paths
    r"[A-Za-z0-9_]+(?:::[A-Za-z0-9_]+)+|[A-Za-z0-9]+_[A-Za-z0-9_]+(?:\(\))?",  # names of code
    r"(?-u:\b)(?:true|false|True|False)(?-u:\b)",
    r"[A-Za-z0-9_-]+(?:, [A-Za-z0-9_-]+)+",  # lists
))  # fmt: skip
_RUN = r"(?:<\*>[ ,;:/=.+|-]*){2,}"
_SIGNS = r"(<\*>|[,;:()\[\]{}=|])"
_SAID = 2
_HOLE = pl.Series([HOLE]).hash()[0]
# Words that say how something ended or which error it was are never variables, however many there are.
_TELLS = (
    r"(?i)^\W*(?:pass(?:ed)?|fail(?:ed|ure)?|ok|errors?|skip(?:ped)?|success|succeeded|warn(?:ing)?|info|debug|fatal"
    r"|done|started|stopped|finished|up|down|on|off|yes|no)\W*$|(?:Error|Exception|Failure|Warning)\W*$"
)


def group_templates(text: pl.Series) -> pl.Series:
    """Cleaned text (String) -> the shape of each line's group (String, `<*>` for what varies); null stays null."""
    return each_distinct(mask_series(text), _group)


def _group(masked: pl.Series) -> pl.Series:
    wide = masked.str.replace_all(_VARIES, HOLE).str.replace_all(_RUN, HOLE + " ")
    return each_distinct(wide, _merge)


def _merge(shapes: pl.Series) -> pl.Series:
    """Word by word from the left, so that what follows a variable is still compared with its like."""
    words = shapes.str.replace_all(_SIGNS, " $1 ").str.split(" ").list.eval(pl.element().filter(pl.element() != ""))
    each, free = pl.element(), pl.element().str.contains("[A-Za-z]") & ~pl.element().str.contains(_TELLS)
    frame = pl.DataFrame({"words": words}).select(
        keys=pl.col("words").list.eval(each.hash()),
        free=pl.col("words").list.eval(free),
        head=pl.lit(0, pl.UInt64),
        said=pl.lit(0),
        hole=pl.lit(value=False),
    )
    merged: list[pl.Series] = []
    for place in range(_MAX_WORDS):
        word = words.list.get(place, null_on_oob=True)
        if word.null_count() == len(word):
            break
        before = frame["hole"]
        frame = _step(frame, place)
        shown = pl.when(~frame["hole"]).then(word).when(~before).then(pl.lit(HOLE))
        merged.append(pl.select(shown.alias(str(place))).to_series())
    rest = words.list.slice(_MAX_WORDS).list.join(" ").replace("", None).alias("rest")
    return pl.DataFrame([*merged, rest]).select(pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)).to_series()


def _step(frame: pl.DataFrame, place: int) -> pl.DataFrame:
    """The same with `hole`: whether the word at `place` varies; `head`: a hash of all up to it, `said`: its words.

    Words are hashed here, which no one sees: two that share a hash would only be shown as one.
    """
    at = frame.with_columns(
        word=pl.col("keys").list.get(place, null_on_oob=True),
        may=pl.col("free").list.get(place, null_on_oob=True).fill_null(value=False),
        next=pl.col("keys").list.get(place + 1, null_on_oob=True).fill_null(0),
        after=pl.col("keys").list.get(place + 2, null_on_oob=True).fill_null(0) if place == 0 else pl.lit(0, pl.UInt64),
    )
    seen = at.filter("may").unique(["head", "word", "next", "after"]).select("head", "word", "next", "after")
    between = seen.group_by("head", "next", "after").agg(between=pl.len())
    following = seen.unique(["head", "word"]).group_by("head").agg(following=pl.len())
    at = at.join(between, on=["head", "next", "after"], how="left", maintain_order="left")
    at = at.join(following, on="head", how="left", maintain_order="left")
    varies = pl.col("between") >= _BETWEEN
    if place == 0:  # a line's first word varies only before words that stand fast
        free = pl.col("free").list
        varies &= free.get(1, null_on_oob=True) & free.get(2, null_on_oob=True)
    varies |= (pl.col("following") >= _AFTER) & (pl.col("said") >= _SAID)
    hole = ((pl.col("word") == _HOLE) | (pl.col("may") & varies)).fill_null(value=False)
    at = at.with_columns(was=pl.col("hole"), hole=hole)
    same = pl.col("word").is_null() | (pl.col("hole") & pl.col("was"))
    word = pl.when("hole").then(_HOLE).otherwise("word")
    return at.select(
        "keys", "free", "hole",
        head=pl.when(same).then("head").otherwise(pl.struct("head", word.alias("word")).hash()),
        said=pl.col("said") + (pl.col("may") & ~pl.col("hole")),
    )  # fmt: skip
