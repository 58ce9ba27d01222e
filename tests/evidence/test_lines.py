"""A log as physical lines: decoration off, numbers the file's own."""

import polars as pl

from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.evidence.lines import WIDTH, Lines
from tests.evidence.logs import lines


def test_colour_codes_go_also_where_they_were_printed_as_carets() -> None:
    assert lines("\x1b[31mred\x1b[0m\n^[[41mFailed^[[49m\n").frame["text"].to_list() == ["red", "Failed"]


def test_times_go_only_where_most_lines_have_them() -> None:
    stamped = "2024-01-01 10:00:00,123 first\n2024-01-01 10:00:01,123 second"
    assert lines(stamped).frame["text"].to_list() == ["first", "second"]
    assert lines(f"{stamped}\nplain\nplain\nplain")[0] == "2024-01-01 10:00:00,123 first"


def test_build_steps_prefixes_go() -> None:
    assert lines("#72 0.149 wget: server returned error")[0] == "wget: server returned error"


def test_an_entry_of_several_lines_is_split_with_its_numbers() -> None:
    frame = pl.DataFrame(
        {"line": [1, 2, 5], "level": [None, "error", None], "raw": ["a", "b\nc\nd", "e"], "text": ["a", "b\nc\nd", "e"]}
    )
    read = Lines(LogText("log", "job", frame))
    assert (read.frame["text"].to_list(), read.numbers) == (["a", "b", "c", "d", "e"], [1, 2, 3, 4, 5])
    assert read.row_of(4) == 3
    assert read.frame["level"].to_list() == [None, "error", None, None, None]


def test_long_lines_are_cut() -> None:
    assert len(lines("x" * 100_000)[0]) == WIDTH


def test_missing_text_is_empty() -> None:
    frame = pl.DataFrame(
        {"line": [1], "level": [None], "raw": [None], "text": [None]},
        schema_overrides={"raw": pl.String, "text": pl.String},
    )
    assert Lines(LogText("log", "job", frame))[0] == ""
