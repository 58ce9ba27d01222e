"""One log as physical lines, ready to be matched: one row a line of the file, decoration off, very long lines cut.

LOG rows may hold several lines (a stack trace stays one entry); here they are split again so that every row has its
own line number. Output of several workers or services, mixed line by line, is told apart by the name that each line
begins with (`api | `, `@acme/api:test: `, `#12 3.4 `): the name comes off and becomes the row's `stream`. `text` is
cut to WIDTH characters: no rule needs more, and a line of 100 MB must not cost minutes.
"""

from functools import cached_property

import polars as pl

from incident_pipeline.evidence.inputs import LogText

WIDTH = 2_000
_PAGE = 4_096
# `gh run view --log` puts `job<TAB>step<TAB>time` before each line; the step is worth keeping.
_GH_PREFIX = r"^([^\t]{1,200})\t([^\t]{1,200})\t\x{FEFF}?[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z ?"
_TIME_PREFIX = (
    r"^\x{FEFF}?\[?[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]+(?:Z|[+-][0-9]{2}:?[0-9]{2})?\]? "
    r"(?:[0-9a-f]{2}[OE][ +])?(?:\[[^\]]{0,40}\] )?"  # GitLab's stream mark; a thread or a logger
)
_MARK_PREFIX = r"^[0-9a-f]{2}[OE](?:[ +]|$)"  # the same mark, where the time is off already
_ANSI = r"(?:\x1b|\^\[)\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|[\x08\x00]"
_BLANK_END = r"\s$"
_DIRT = r"\x1b|\^\[\[|[\x08\x00]"
_STREAM = (
    r"^(?:(#[0-9]+) [0-9]+\.[0-9]+ |(==[0-9]{2,}==)(?: |$)|([A-Za-z@][A-Za-z0-9@/_.-]{0,40}) *\|(?: |$)"
    r"| {3,}(\[[a-z][a-z0-9:_-]*\]) "  # ant's tasks
    r"|((?:@[a-z0-9-]+/)?[A-Za-z][A-Za-z0-9_.-]{0,40}:[a-z][a-z0-9_:-]{0,40}):(?: |$))"
)
_MAX_STREAMS = 200  # more names than that are not of workers or services
_SAMPLE = 20_000  # lines of a large log that are looked at first
_MIN_STREAM = 5  # lines that begin with the same word, before it is taken for the name of a stream


class Lines:
    """`frame`: row (UInt32), line (Int64, 1-based in the file), level, step and stream (String or null), text (String).
    `mixed`: some rows have a stream."""

    def __init__(self, log: LogText) -> None:
        self.label, self.name, self.failed_steps = log.label, log.name, log.failed_steps
        self.frame = _prepare(log.frame)
        self.mixed = self.frame["stream"].null_count() < self.frame.height
        self._pages: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return self.frame.height

    def __getitem__(self, row: int) -> str:
        """The text of one row, read by pages so that only the neighbourhood of a candidate becomes Python strings."""
        page, offset = divmod(row, _PAGE)
        if page not in self._pages:
            self._pages[page] = self.frame["text"].slice(page * _PAGE, _PAGE).to_list()
        return self._pages[page][offset]

    @cached_property
    def numbers(self) -> list[int]:
        """Line number of each row."""
        return self.frame["line"].to_list()

    def row_of(self, line: int) -> int:
        """Row of a line number."""
        return int(self.frame["line"].search_sorted(line))

    def rows(self, mask: pl.Expr) -> list[int]:
        """Rows for which `mask` holds."""
        return self.frame.filter(mask)["row"].to_list()


def _prepare(frame: pl.DataFrame) -> pl.DataFrame:
    lines = frame.select("line", "level", pl.col("text").fill_null(""))
    if int(lines["text"].str.len_bytes().max() or 0) > WIDTH:  # pyright: ignore[reportArgumentType]  # it is an int
        lines = lines.with_columns(pl.col("text").str.slice(0, WIDTH))
    if _any(lines["text"], "\n"):
        lines = _split(lines)
    head = lines["text"].head(400)
    if _share(head, _GH_PREFIX) > 0.5:
        text = pl.col("text")
        lines = lines.with_columns(step=text.str.extract(_GH_PREFIX, 2), text=text.str.replace(_GH_PREFIX, ""))
    else:
        lines = lines.with_columns(step=pl.lit(None, pl.String))
    # A pass costs a tenth of a second a million lines and a copy of them: only where a cheap look found a reason.
    for pattern in (_TIME_PREFIX, _MARK_PREFIX):
        if _share(head, pattern) > 0.5:
            lines = lines.with_columns(pl.col("text").str.replace(pattern, ""))
    if _any(lines["text"], _DIRT):
        lines = lines.with_columns(pl.col("text").str.replace_all(_ANSI, ""))
    lines = _streams(lines)
    if _any(lines["text"], _BLANK_END):
        lines = lines.with_columns(pl.col("text").str.strip_chars_end())
    return lines.with_row_index("row")


def _streams(lines: pl.DataFrame) -> pl.DataFrame:
    """With the column `stream`, and each stream's name off its lines."""
    text, none = pl.col("text"), lines.with_columns(stream=pl.lit(None, pl.String))
    if not _any(lines["text"].gather_every(max(1, len(lines) // _SAMPLE)), _STREAM):
        return none
    named = lines.select(text).with_row_index("at").filter(text.str.contains(_STREAM))
    name = pl.coalesce(*(text.str.extract(_STREAM, group) for group in range(1, 6)))
    named = named.select("at", stream=name).filter(
        pl.col("stream").str.contains("^[#=]") | (pl.len().over("stream") >= _MIN_STREAM)
    )
    if not named.height or named["stream"].n_unique() > _MAX_STREAMS:
        return none
    lines = lines.with_row_index("at").join(named, on="at", how="left", maintain_order="left").drop("at")
    bare = pl.when(pl.col("stream").is_not_null()).then(text.str.replace(_STREAM, "")).otherwise(text)
    return lines.with_columns(text=bare)


def _any(text: pl.Series, pattern: str) -> bool:
    return bool(text.str.contains(pattern).any())


def _share(text: pl.Series, pattern: str) -> float:
    return int(text.str.contains(pattern).sum()) / max(1, len(text))


def _split(lines: pl.DataFrame) -> pl.DataFrame:
    """One row a physical line."""
    parts = lines.with_columns(pl.col("text").str.split("\n"))
    parts = parts.with_columns(pl.int_ranges(0, pl.col("text").list.len()).alias("offset")).explode("text", "offset")
    level = pl.when(pl.col("offset") == 0).then("level")  # an entry's level is its first line's
    return parts.select(pl.col("line") + pl.col("offset"), level.alias("level"), "text")
