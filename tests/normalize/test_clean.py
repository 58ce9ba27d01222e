import polars as pl
import pytest

from incident_pipeline.normalize.clean import clean_expr, clean_series

STAMP = "2026-01-02T03:04:05.1234567Z"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain", "plain"),
        ("", ""),
        (f"{STAMP} hi", "hi"),
        (f"{STAMP}   indented", "  indented"),
        (STAMP, ""),
        (f"build\tRun tests\t\ufeff{STAMP} hi", "hi"),
        ("2026-01-02T03:04:05.123456789Z hi", "hi"),
        ("2026-01-02T03:04:05.123456Z 00O+hi", "hi"),
        ("[2026-01-02T03:04:05.123Z] hi", "hi"),
        ("2026-01-02 03:04:05,678 - app - INFO - hi", "2026-01-02 03:04:05,678 - app - INFO - hi"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mtrue colour\x1b[m", "true colour"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b_bk;t=1234\x07text", "text"),
        ("\x1b[8mha:////4AAAAbase64+/==\x1b[0m[Pipeline] { (Test)", "[Pipeline] { (Test)"),
        ("\x1b(Btext\x1b7\x1b[K", "text"),
        ("^[[36;1mcaret\x1b[0m", "caret"),
        ("\x9b31mred", "red"),
        ("10%\r50%\r100%", "100%"),
        ("10%\r50%\r100%\r", "100%"),
        ("10%\r\x1b[K20%", "20%"),
        ("over\r", "over"),
        ("abc\x08\x08x", "ax"),
        ("\x08\x08x", "x"),
        ("a\tb", "a\tb"),
        ("first\r\nx\ry\nlast", "first\ny\nlast"),
        ("bell\x07", "bell"),
        ("é\u2028ü", "é\u2028ü"),
    ],
)
def test_text_is_what_a_person_would_have_read(raw: str, clean: str) -> None:
    assert clean_series(pl.Series([raw])).to_list() == [clean]


def test_rows_are_cleaned_each_on_its_own() -> None:
    rows = [f"{STAMP} a", None, "b\x1b[0m", f"{STAMP} \x1b[1mc", "[2026-01-02T03:04:05Z] d"]
    frame = pl.DataFrame({"m": rows}).select(clean_expr(pl.col("m")))
    assert frame["m"].to_list() == ["a", None, "b", "c", "d"]


def test_a_long_run_of_backspaces_is_bounded_and_leaves_none() -> None:
    cleaned = clean_series(pl.Series(["x" * 500 + "\x08" * 500 + "end"]))
    assert cleaned.str.contains("\x08", literal=True).to_list() == [False]
