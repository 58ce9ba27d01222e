import sys

import pytest

from incident_pipeline.surfaces.cli.progress import Bars, Silent, bars


class _Terminal:
    """stderr as a terminal would be; keeps what was written."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with bars() as progress:
        progress.step("Reading", total=3)
        progress.advance()
        assert isinstance(progress, Silent)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_that_vanishes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with bars() as progress:
        assert isinstance(progress, Bars)
        progress.step("Reading [red]commits[/]\x1b[31m\nof \x9bA", total=3)
        progress.advance(2)
        progress.step("Judging")
    assert "Reading [red]commits[/]␛[31m␊of [U+009B]A" in terminal.text
    assert "2/3" in terminal.text
    assert "Judging" in terminal.text
    assert "\x1b[2K" in terminal.text


def test_a_dumb_terminal_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _Terminal())
    monkeypatch.setenv("TERM", "dumb")
    with bars() as progress:
        assert isinstance(progress, Silent)
