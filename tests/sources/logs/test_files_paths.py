from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.sources.logs._paths import rotation_key

ORDERED = [
    ["app.log.10.gz", "app.log.2.gz", "app.log.1", "app.log"],
    ["app.log-20251231.gz", "app.log-20260101", "app.log"],
    ["app-2025-12-31.log", "app-2026-01-01.log.zst", "app-2026-01-02.log", "app.log"],
    ["app.log.2026-01-01.gz", "app.log.2026-01-02", "app.log"],
    ["app.2026-01-01.2.log", "app.2026-01-02.1.log"],
]


@given(st.sampled_from(ORDERED), st.randoms())
def test_a_rotated_set_sorts_from_the_oldest_to_the_live_file(names: list[str], random: Random) -> None:
    shuffled = [Path("/logs", name) for name in names]
    random.shuffle(shuffled)
    assert [path.name for path in sorted(shuffled, key=rotation_key)] == names


def test_sets_in_one_folder_are_not_mixed() -> None:
    names = ["b.log", "a.log.1", "b.log.1", "a.log"]
    assert [path.name for path in sorted(map(Path, names), key=rotation_key)] == [
        "a.log.1",
        "a.log",
        "b.log.1",
        "b.log",
    ]
