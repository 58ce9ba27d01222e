import json
from datetime import timedelta

from incident_pipeline.evidence.began import Began, find_began
from incident_pipeline.evidence.bursts import survey
from incident_pipeline.evidence.inputs import LogText
from incident_pipeline.model.evidence import Burst
from tests.evidence.production import NOON, Entry, log, minutes, noise

ONSET = NOON + minutes(80)
STACK = (
    "Traceback (most recent call last):\n  File \"/srv/orders/app.py\", line 7, in handle\n    x()\nKeyError: 'amount'"
)
CHRONIC: list[Entry] = [(NOON + minutes(n / 2), "error", f"ValueError: bad postcode {n}") for n in range(240)]
BROKEN: list[Entry] = [(ONSET + timedelta(seconds=9 * n), "error", "request failed in handler") for n in range(90)]


def began(*logs: LogText, **services: str) -> tuple[Began, tuple[Burst, ...]]:
    found = survey(logs, services, start=NOON - minutes(120), end=NOON + minutes(180), since=NOON)
    split = found.onset or NOON
    return find_began(logs, services, bursts=found.bursts, deploys=(), split=split), found.bursts


def orders(label: str = "log") -> LogText:
    return log(
        [*noise(1), *CHRONIC, *BROKEN], label, metadata=json.dumps({"error": "KeyError: 'amount'", "stack": STACK})
    )


def test_what_began_is_told_first_and_says_since_when_and_what_its_record_names() -> None:
    found, bursts = began(orders())
    first = found.failure.findings[0]
    assert (first.label, first.line, first.text) == ("log", bursts[0].line, "request failed in handler")
    assert first.novel is True
    assert "first seen at 13:20:00 UTC, 90 times" in first.reason
    assert first.reason.startswith("its record says KeyError: 'amount'; ")


def test_what_was_always_there_is_told_once_and_far_behind() -> None:
    chronic = [f for f in began(orders())[0].failure.findings if "postcode" in f.text]
    assert len(chronic) == 1
    assert chronic[0].score <= 0.25
    assert chronic[0].novel is False
    assert "green" not in chronic[0].reason


def test_a_storm_is_told_by_a_few_of_its_lines() -> None:
    findings = began(orders())[0].failure.findings
    assert sum(f.text == "request failed in handler" for f in findings) <= 4


def test_a_stack_in_a_field_gives_frames_cited_by_the_record() -> None:
    found, bursts = began(orders())
    (frame,) = [f for f in found.failure.frames if f.line == bursts[0].line]
    assert (frame.path, frame.source_line, frame.function) == ("/srv/orders/app.py", 7, "handle")


def test_a_stack_written_out_in_the_message_gives_frames_too() -> None:
    written: list[Entry] = [(at, level, f"failed: {STACK}".replace("\n", "\\n")) for at, level, _ in BROKEN]
    found, _ = began(log([*noise(1), *written]))
    assert "/srv/orders/app.py" in {f.path for f in found.failure.frames}


def test_what_other_services_say_of_the_trouble_is_taken_as_known() -> None:
    passed_on: list[Entry] = [(at + minutes(1), "error", "call to orders timed out") for at, _, _ in BROKEN if at]
    found, _ = began(log([*noise(2), *passed_on], "log"), orders("log2"), log="gateway", log2="orders")
    assert [part.label for part in found.logs] == ["log", "log2"]
    assert [part.label for part in found.greens] == ["green", "green1", "green2"]
    assert "timed out" in " ".join(found.greens[2].frame["text"])
    assert found.failure.findings[0].label == "log2"


def test_line_numbers_stay_those_of_the_whole_log() -> None:
    whole = orders()
    found, _ = began(whole)
    assert found.logs[0].frame["line"][0] == whole.frame.height - found.logs[0].frame.height + 1


def test_without_a_burst_only_what_was_not_there_before_the_window_counts() -> None:
    one = log([*noise(3), *CHRONIC, (ONSET, "error", "TypeError: no such thing")])
    found = find_began([one], {}, bursts=(), deploys=(), split=NOON + minutes(60))
    assert found.failure.findings[0].text == "TypeError: no such thing"
    assert found.failure.bursts == ()


def test_broken_fields_and_odd_texts_are_passed_over() -> None:
    hostile = log([*noise(4), *BROKEN], metadata='{"stack": "a\\nb' + "[" * 9_000)
    assert began(hostile)[0].failure.findings[0].text == "request failed in handler"
    empty = log([])
    assert began(empty)[0].failure.findings == ()
