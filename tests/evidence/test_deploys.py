import json

import pytest

from incident_pipeline.evidence.deploys import find_deploys, named_by, tagged
from incident_pipeline.model.git import Ref
from tests.evidence.production import NOON, Entry, log, minutes
from tests.evidence.sample import commit

QUIET: list[Entry] = [(NOON, "info", "GET /cart 200 in 3 ms"), (NOON + minutes(9), "info", "GET /cart 200 in 5 ms")]


def found(*said: str) -> list[tuple[str, str]]:
    rows: list[Entry] = [*QUIET, *((NOON + minutes(n + 1), "info", text) for n, text in enumerate(said))]
    return [(d.what, d.hash) for d in find_deploys([log(rows)], {"log": "orders"})]


@pytest.mark.parametrize(
    ("line", "what", "commit"),
    [
        ("Starting app version 1.2.3", "version 1.2.3", ""),
        ("Starting orders v1.4.2 on port 8080", "version v1.4.2", ""),
        ("Deployed abc1234 to prod.", "commit abc1234", "abc1234"),
        ("rolled out release 2.0.0 of shop", "version 2.0.0", ""),
        ("image: registry.example/shop/orders:9f8e7d6c5b4a", "commit 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
        ("BUILD_SHA=" + "01ab" * 10, "commit 01ab01ab01ab", "01ab" * 10),
        ("Booting orders (revision 77fe12a)", "commit 77fe12a", "77fe12a"),
    ],
)
def test_a_line_that_says_what_went_live_is_a_deploy(line: str, what: str, commit: str) -> None:
    assert found(line) == [(what, commit)]


@pytest.mark.parametrize(
    "line",
    [
        "Listening on 0.0.0.0:8080", "Started in 3.251 seconds", "starting job 1234567", "order 1234567 was shipped",
        "listening on 10.1.2.3", "deployment of the shop finished", "User 1.2.3 signed in", "release the lock 42",
    ],
)  # fmt: skip
def test_other_numbers_are_none(line: str) -> None:
    assert found(line) == []


def test_a_restart_with_the_same_version_is_none_and_a_new_one_is() -> None:
    lines = ("Starting app version 1.2.3", "Starting app version 1.2.3", "Starting app version 1.2.4")
    assert [what for what, _ in found(*lines)] == ["version 1.2.3", "version 1.2.4"]


def test_the_line_and_the_time_are_cited() -> None:
    rows: list[Entry] = [*QUIET, (NOON + minutes(5), "info", "Deployed abc1234")]
    (deploy,) = find_deploys([log(rows, "log3")], {"log3": "orders"})
    assert (deploy.at, deploy.service, deploy.ref) == (NOON + minutes(5), "orders", "log3:2")


def test_a_version_in_every_record_is_a_deploy_when_it_changes() -> None:
    rows: list[Entry] = [(NOON + minutes(n), "info", f"GET /cart 200 in {n} ms") for n in range(20)]
    old = log(rows[:12], metadata=json.dumps({"version": "1.4.1", "pod": "a"}))
    new = log(rows[12:], "log2", metadata=json.dumps({"version": "1.4.2", "pod": "b"}))
    (deploy,) = find_deploys([new, old], {"log": "orders", "log2": "orders"})
    assert (deploy.what, deploy.at, deploy.ref) == ("version 1.4.2", NOON + minutes(12), "log2:1")


def test_a_record_that_says_it_started_has_its_version_beside_the_message() -> None:
    rows: list[Entry] = [(NOON + minutes(3), "info", "service started")]
    (deploy,) = find_deploys([log(rows, metadata='{"git_sha": "4be91f7", "port": 80}')], {})
    assert deploy.hash == "4be91f7"


def test_services_are_told_apart() -> None:
    logs = [log([(NOON, "info", "Starting app version 1.0.0")], name) for name in ("log", "log2")]
    assert [d.service for d in find_deploys(logs, {"log": "a", "log2": "b"})] == ["a", "b"]


def test_hostile_lines_cost_nothing_and_are_no_deploy() -> None:
    rows: list[Entry] = [
        (NOON + minutes(n), None, text)
        for n, text in enumerate(
            ["deployed " * 20_000, "version" + ":" * 50_000, "image=" + "a/" * 50_000, "\x1b[2J\x00"]
        )
    ]
    assert find_deploys([log(rows)], {}) == ()


def test_tags_on_commits_of_the_window_have_their_commits_time() -> None:
    commits = [commit(1, "One"), commit(2, "Two")]
    tags = [Ref("v1.0.1", "tag", commits[1].hash), Ref("v0.9", "tag", "f" * 40)]
    (deploy,) = tagged(tags, commits)
    assert (deploy.what, deploy.hash, deploy.at) == ("tag v1.0.1", commits[1].hash, commits[1].date)


@pytest.mark.parametrize("version", ["version 1.0.1", "v1.0.1", "1.0.1"])
@pytest.mark.parametrize("tag", ["v1.0.1", "1.0.1", "release-1.0.1", "orders/v1.0.1", "orders@1.0.1"])
def test_a_version_is_the_tag_of_that_name(version: str, tag: str) -> None:
    assert named_by(version, [Ref(tag, "tag", "a" * 40), Ref("v1.0.10", "tag", "b" * 40)]) == "a" * 40
    assert named_by("1.0", [Ref(tag, "tag", "a" * 40)]) is None
