"""Of a long window only the commits worth reading are read, and the guilty one is among them."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha1
from time import process_time

import pytest

from incident_pipeline.evidence import shortlist
from incident_pipeline.evidence.judge import judge
from incident_pipeline.model.git import Commit
from tests.evidence import sample
from tests.evidence.test_judge import FAILED, FILES, GUILTY, LOG, QUOTES


def noise(count: int) -> Iterator[Commit]:
    for n in range(count):
        text = f"def helper_{n}(value):\n    return value + {n}\n"
        change = sample.change(f"other/part_{n % 50}.py", text, text.replace("+", "-"))
        yield replace(sample.commit(1, f"Change part {n}", change), hash=sha1(str(n).encode()).hexdigest())


def test_the_guilty_commit_is_found_among_thousands_in_linear_time() -> None:
    window = sample.window(*noise(5000), GUILTY, *list(noise(10_000))[5000:])
    start = process_time()
    found = judge(FAILED, window, sample.code(FILES), logs=[sample.log(LOG)], greens=[sample.log(LOG[:1], "green")])
    assert process_time() - start < 20
    assert len(found.suspects) == 10_001
    assert found.suspects[0].hash == GUILTY.hash


def test_a_short_list_judges_like_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    window = sample.window(*noise(40), QUOTES, GUILTY)
    logs, greens, code = [sample.log(LOG)], [sample.log(LOG[:1], "green")], sample.code(FILES)
    whole = judge(FAILED, window, code, logs=logs, greens=greens)
    monkeypatch.setattr(shortlist, "MAX_READ", 5)
    part = judge(FAILED, window, code, logs=logs, greens=greens)
    assert part.suspects[0].hash == whole.suspects[0].hash == GUILTY.hash
    assert {s.hash for s in part.suspects} == {s.hash for s in whole.suspects}


def test_a_long_window_of_merges_or_of_commits_without_patches_is_judged() -> None:
    merges = [replace(c, parents=("a" * 40, "b" * 40)) for c in noise(600)]
    bare = [replace(c, files=None) for c in noise(600)]
    for commits in (merges, bare):
        found = judge(FAILED, sample.window(*commits), sample.code(FILES), logs=[sample.log(LOG)])
        assert len(found.suspects) == 600
