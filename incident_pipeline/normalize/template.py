"""Cleaned text in, its shape out: what varies from run to run is masked, and equal shapes share a 64-bit hash.

The hash is BLAKE2b (RFC 7693) of the masked first line, so it is the same in every process, on every machine and in
every release as long as MASK stands; a change of MASK changes the hashes and needs a migration of stored rows.
Surprising fact: one pass of one long pattern is cheaper than several passes of short ones, whatever it masks.
"""

from collections.abc import Callable
from hashlib import blake2b

import polars as pl

HOLE = "<*>"

UNIT = r"(?:Z(?-u:\b)| ?(?:[mnu]?s|µs|secs?|seconds?|min|m|h|[kKMGT]i?B(?:/s)?|B)(?-u:\b)| ?%)"
_MASKS = (
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",  # UUID
    r"0[xX][0-9a-fA-F]+",
    r"sha(?:1|224|256|384|512)[-:=][A-Za-z0-9+/=]+",  # digests as npm, pip and docker print them
    r"@[0-9a-f]{5,8}(?-u:\b)",  # Java's identity hash
    r"(?-u:\b)[0-9a-f]{7,64}(?-u:\b)" + UNIT + "?",  # git hashes, digests, container ids, long numbers
    r"(?:/private)?/(?:tmp|var/folders)/[^\s'\"`,:;()\[\]<>]+",  # temporary files
    r"(?-u:\b)tmp[0-9a-z_]{8}(?-u:\b)",  # Python's tempfile
    r"[0-9]+(?:[.,:/T_-][0-9]+)*" + UNIT + "?",  # times, dates, versions, addresses and ports, ratios, durations
    r"={4,}|-{4,}|#{4,}|\*{4,}|_{4,}|\.{3,}| {2,}|\t+",  # rulers, dots and padding follow the widths beside them
)
# First match wins. ASCII word borders (?-u): a Unicode border would throw the regex engine off its fast path.
MASK = "|".join(_MASKS)


def mask_series(text: pl.Series) -> pl.Series:
    """Cleaned text (String) -> its first line with all that varies replaced by `<*>`."""
    return first_lines(text).str.replace_all(MASK, HOLE)


def first_lines(text: pl.Series) -> pl.Series:
    """Text (String) -> what stands before its first line break."""
    return text.str.extract(r"^([^\n]*)") if text.str.contains("\n", literal=True).any() else text


def template_series(text: pl.Series) -> pl.Series:
    """Cleaned text (String) -> UInt64 hash of its masked first line; null stays null."""
    return hash_series(mask_series(text))


def hash_series(text: pl.Series) -> pl.Series:
    """Stable 64-bit hash of each string (BLAKE2b, 8 bytes, little endian); each distinct string is hashed once."""
    return each_distinct(text, _hash)


def each_distinct(text: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`change` of the distinct strings of `text`, given back row by row; null stays null."""
    # Categories of our own number the distinct strings from 0; the process-wide ones would keep every string alive.
    coded = text.cast(pl.Categorical(pl.Categories.random()))
    distinct = coded.unique().drop_nulls()
    by_code = change(distinct.cast(pl.String)).gather(distinct.to_physical().arg_sort())
    return by_code.gather(coded.to_physical()).alias(text.name)


def _hash(distinct: pl.Series) -> pl.Series:
    digests = [blake2b(value, digest_size=8).digest() for value in distinct.cast(pl.Binary).to_list()]
    return pl.Series(digests, dtype=pl.Binary).bin.reinterpret(dtype=pl.UInt64, endianness="little")
