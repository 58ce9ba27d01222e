"""The terminal view: words first, colour on top, nothing of a stranger that a terminal would obey."""

import re
import subprocess
import sys

import pytest
from rich.cells import cell_len

from incident_pipeline.reports.terminal import render_terminal
from tests.reports.cases import CASES, hostile_case, inconclusive_case, infrastructure_case
from tests.reports.sample import commit_case

_SGR = re.compile(r"\x1b\[[0-9;]*m")


def test_the_first_screen_answers_what_to_do_now() -> None:
    lines = render_terminal(commit_case().build(), width=100).splitlines()
    assert lines[0] == "FAILED     acme/shop · CI #1842 · tests (3.12) · main@9f3c2ab"
    assert lines[3].startswith(
        'LIKELY     4be91f7 "Round discounts per line" (12:31) broke tests/test_cart.py::test_total'
    )
    assert lines[3].endswith("0.86")
    assert (
        "  E1   log:2214                     E AssertionError: assert Decimal('19.98') == Decimal('19.97')" in lines[7]
    )
    assert any(re.fullmatch(r" +git revert 4be91f7", line) for line in lines)
    assert len(lines) <= 40


def test_on_a_wide_terminal_the_time_stands_in_the_first_line() -> None:
    first = render_terminal(commit_case().build(), width=140).splitlines()[0]
    assert first.endswith("red 2026-11-24 14:02 UTC, last green 11:40 (a81d0c4)")


def test_infrastructure_leads_with_the_cause() -> None:
    text = render_terminal(infrastructure_case().build())
    assert "LIKELY     The disk was full: no commit is to blame; re-run" in text
    assert "gh run rerun 7718421842 --failed --repo acme/shop" in text


def test_an_undecided_report_tells_two_stories_and_what_decides() -> None:
    text = render_terminal(inconclusive_case().build(), width=120)
    assert "Two stories\n  0.44  4be91f7 did it" in text
    assert "Run the failing test at 4be91f7: red there clears c02aa19, green there clears 4be91f7" in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("name", CASES)
def test_nothing_but_a_command_is_wider_than_the_terminal(name: str, width: int) -> None:
    report = CASES[name]().build()
    commands = {step.command for step in report.next_steps}
    for line in render_terminal(report, width=width).splitlines():
        assert cell_len(line) <= width or line.strip() in commands


def test_a_hostile_report_sends_nothing_to_the_terminal_but_colours() -> None:
    text = render_terminal(hostile_case().build(), color=True)
    left = _SGR.sub("", text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", left)
    assert "[bold]rich[/bold]" in left


def test_colour_only_repeats_the_words() -> None:
    report = commit_case().build()
    coloured = render_terminal(report, color=True)
    assert _SGR.search(coloured)
    assert _SGR.sub("", coloured).split() == render_terminal(report).split()
    # Red, green and their bright forms are never used.
    assert not re.search(r"\x1b\[(?:\d+;)*(?:31|32|91|92|41|42)[;m]", coloured)


def test_no_colour_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3|9|4)\d[;m]", render_terminal(commit_case().build(), color=True))


def test_plain_text_has_no_escape_at_all() -> None:
    assert "\x1b" not in render_terminal(commit_case().build())


def test_importing_the_reports_loads_neither_rich_nor_jinja2() -> None:
    modules = ["build", "check", "html", "json", "markdown", "terminal", "timeline"]
    lines = [f"import incident_pipeline.reports.{name}" for name in modules]
    loaded = "[m for m in ('rich', 'jinja2', 'polars', 'duckdb') if m in sys.modules]"
    script = "\n".join([*lines, "import sys", f"print({loaded})"])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
