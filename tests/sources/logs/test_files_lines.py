import re
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.sources.logs import _decode
from incident_pipeline.sources.logs._decode import LineReader


def lines(*blocks: bytes) -> list[str]:
    return [line for batch in LineReader(blocks).lines() for line in batch.text]


def universal(text: str) -> list[str]:
    """What Python's own universal newlines make of it."""
    parts = re.split(r"\r\n|\r|\n", text)
    return parts[:-1] if parts[-1] == "" else parts


TEXT = st.text(alphabet="ab\r\n\x0b\x0c\x1c\x85\u2028é", max_size=40)


@settings(deadline=None)  # the first example compiles the patterns
@given(TEXT, st.integers(1, 7), st.integers(1, 12))
def test_lines_break_and_count_alike_wherever_blocks_and_chunks_end(text: str, block: int, chunk: int) -> None:
    data = text.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_decode, "CHUNK", chunk)
        reader = LineReader([data[at : at + block] for at in range(0, len(data), block)])
        batches = list(reader.lines())
    assert [line for batch in batches for line in batch.text] == universal(text)
    assert [batch.first for batch in batches] == [
        1 + sum(len(b.text) for b in batches[:i]) for i in range(len(batches))
    ]
    assert (reader.rows, reader.cut, reader.bad) == (len(universal(text)), 0, False)


@settings(deadline=None)  # the first example compiles the patterns
@given(st.binary(max_size=60), st.integers(1, 9))
def test_any_bytes_become_lines_that_lose_nothing(data: bytes, block: int) -> None:
    whole = lines(data)
    assert whole == lines(*(data[at : at + block] for at in range(0, len(data), block)))
    assert whole == universal(data.replace(b"\0", b"\\x00").decode(errors="backslashreplace"))


@pytest.mark.parametrize("chunk", [1, 3, 4, 5, 100])
@pytest.mark.parametrize("length", [3, 4, 5, 6, 40])
def test_a_line_over_the_limit_is_cut_marked_and_counted(
    monkeypatch: pytest.MonkeyPatch, chunk: int, length: int
) -> None:
    monkeypatch.setattr(_decode, "MAX_LINE", 4)
    monkeypatch.setattr(_decode, "CHUNK", chunk)
    data = b"x\n" + b"a" * length + b"\r\ny"
    reader = LineReader([data[at : at + 2] for at in range(0, len(data), 2)])
    text = [line for batch in reader.lines() for line in batch.text]
    mark = f" [line cut: {length - 4} more bytes left out]" if length > 4 else ""
    assert text == ["x", "a" * min(length, 4) + mark, "y"]
    assert reader.cut == (length > 4)


def test_a_cut_never_splits_a_character(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_decode, "MAX_LINE", 4)
    assert lines("aaaéé\n".encode()) == ["aaa [line cut: 4 more bytes left out]"]


def test_a_file_without_any_break_does_not_fill_the_memory() -> None:
    def blocks() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * (1 << 20)

    tracemalloc.start()
    try:
        text = [line for batch in LineReader(blocks()).lines() for line in batch.text]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [line.strip("x") for line in text] == [f" [line cut: {199 << 20} more bytes left out]"]
    assert peak < 64 << 20
