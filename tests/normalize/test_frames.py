from datetime import UTC, datetime

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.model.frames import LOG, RAW_LOG
from incident_pipeline.normalize.frames import normalize

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def raw(*messages: str, level: str | None = None, metadata: str | None = None) -> pl.DataFrame:
    rows = [
        {"line": number, "timestamp": NOW, "level": level, "message": message, "metadata": metadata}
        for number, message in enumerate(messages, start=1)
    ]
    return pl.DataFrame(rows, schema=RAW_LOG)


def test_a_raw_frame_becomes_a_log_frame_with_the_untouched_line_beside_the_cleaned_one() -> None:
    message = "2026-01-02T03:04:05.1234567Z \x1b[31m##[error]boom in 12 ms\x1b[0m"
    frame, count = normalize(raw(message, level="error"))
    assert dict(frame.schema) == LOG
    row = frame.row(0, named=True)
    assert (row["line"], row["timestamp"], row["level"]) == (1, NOW, "error")
    assert row["raw"] == message
    assert row["text"] == "##[error]boom in 12 ms"
    assert count == 0


def test_an_empty_frame_stays_empty() -> None:
    frame, count = normalize(raw())
    assert (frame.height, count, dict(frame.schema)) == (0, 0, LOG)


def test_secrets_go_from_messages_and_metadata_before_anything_is_derived() -> None:
    frame, count = normalize(raw("PASSWORD=hunter2x", metadata='{"password": "hunter2x", "user": "a"}'))
    assert frame["raw"].to_list() == ["PASSWORD=[REDACTED:secret]"] == frame["text"].to_list()
    assert frame["metadata"].to_list() == ['{"password": "[REDACTED:secret]", "user": "a"}']
    assert count == 2


def test_a_secret_cut_in_two_by_terminal_codes_is_not_kept() -> None:
    token = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6"
    frame, count = normalize(raw("ok", f"using {token[:12]}\x1b[0m{token[12:]} now", "\x1b[1mok\x1b[0m"))
    assert frame["raw"].to_list() == ["ok", "using [REDACTED:github_token] now", "\x1b[1mok\x1b[0m"]
    assert frame["text"].to_list() == ["ok", "using [REDACTED:github_token] now", "ok"]
    assert count == 1


@settings(deadline=None)  # the first example compiles the patterns
@given(st.lists(st.text(max_size=60), max_size=20))
def test_height_order_and_line_breaks_of_any_text_are_kept(messages: list[str]) -> None:
    frame, _ = normalize(raw(*messages))
    assert frame["line"].to_list() == list(range(1, len(messages) + 1))
    assert [text.count("\n") for text in frame["text"]] == [message.count("\n") for message in messages]
    assert frame["template"].null_count() == 0


def test_the_frame_that_came_in_is_not_changed() -> None:
    frame = raw("PASSWORD=hunter2x", "\x1b[1mok\x1b[0m")
    before = frame.to_dicts()
    normalize(frame)
    assert frame.to_dicts() == before
