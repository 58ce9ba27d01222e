"""Against moto, an engine that others wrote: groups, streams, paging, roles. What moto gets wrong is not asked of it:
events come stream by stream, prefixes of streams are passed over, ARNs and patterns of groups are not known to it."""

import json
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.session import Session
from moto.server import ThreadedMotoServer

from incident_pipeline.errors import NotFound
from incident_pipeline.sources.logs.cloudwatch import CloudWatch, Config
from tests.fakes.cloudwatch import ACCOUNT, REGION
from tests.sources.logs.cloudwatch_case import milliseconds, no_aws, open_cloudwatch, settings

pytestmark = pytest.mark.usefixtures(no_aws.__name__)
START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)  # AWS takes no events older than 14 days
HOUR = timedelta(hours=1)
GROUPS = {"/ecs/shop": ("web/1", "web/2", "job/1"), "/ecs/shop-db": ("db/1",), "/aws/lambda/mail": ("$LATEST",)}


@pytest.fixture(scope="module")
def engine() -> Generator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    fill(url)
    yield url
    server.stop()


def fill(url: str) -> None:
    session = Session()
    session.set_credentials("AKIAFILL", "none")
    logs: Any = session.create_client("logs", region_name=REGION, endpoint_url=url)
    for group, streams in GROUPS.items():
        logs.create_log_group(logGroupName=group)
        for s, stream in enumerate(streams):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
            events = [
                {"timestamp": milliseconds(START) + n * 1000 + s * 300, "message": text(stream, n)} for n in range(40)
            ]
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    logs.close()


def text(stream: str, number: int) -> str:
    if stream == "job/1":
        return json.dumps({"level": "error" if number % 10 == 0 else "info", "message": f"{stream} {number}"})
    return f"{'WARN' if number % 20 == 0 else 'INFO'} {stream} {number}"


def opened(url: str, *, page_size: int | None = None, max_events: int = 50_000, **changes: Any) -> CloudWatch:
    config: Config = settings(url, log_groups=["/ecs/*"], **changes)
    return open_cloudwatch(config, page_size=page_size, max_events=max_events)


@pytest.mark.proves("paging", by="engine")
@pytest.mark.parametrize(("page_size", "max_events"), [(7, 50_000), (50, 30)])
def test_every_event_of_every_stream_comes_once_and_in_time_order(engine: str, page_size: int, max_events: int) -> None:
    with opened(engine, page_size=page_size, max_events=max_events) as source:
        got = list(source.get_logs("shop", START, START + HOUR))
    times = [e.timestamp for e in got if e.timestamp]
    assert len(got) == len({e.metadata["event_id"] for e in got}) == 120
    assert times == sorted(times)
    assert {e.metadata["log_stream"] for e in got} == set(GROUPS["/ecs/shop"])


@pytest.mark.proves("entries in a window", by="engine")
def test_the_window_of_an_engine_is_exact_too(engine: str) -> None:
    with opened(engine) as source:
        got = list(source.get_logs("shop-db", START + timedelta(seconds=3), START + timedelta(seconds=6)))
    assert [e.message for e in got] == [f"INFO db/1 {n}" for n in (3, 4, 5)]


@pytest.mark.proves("level filter", by="engine")
def test_levels_of_text_and_of_json(engine: str) -> None:
    with opened(engine) as source:
        got = [(e.level, e.message) for e in source.get_logs("shop", START, START + HOUR, "warn")]
    wanted = [("WARN", f"WARN web/{s} {n}") for s in (1, 2) for n in (0, 20)]
    assert sorted(got) == sorted([*wanted, *(("error", f"job/1 {n}") for n in (0, 10, 20, 30))])


@pytest.mark.proves("entries in a window", by="engine")
def test_groups_prefixes_and_a_group_that_is_not_there(engine: str) -> None:
    with opened(engine, stream_prefix="web/", services={"gone": ["/ecs/gone"]}) as source:
        got = {e.metadata["log_stream"] for e in source.get_logs("shop", START, START + HOUR)}
        assert got == {"web/1", "web/2"}  # moto gives all of them
        with pytest.raises(NotFound, match="/ecs/gone"):
            list(source.get_logs("gone", START, START + HOUR))
    with opened(engine, filter_pattern='"db/1 7"') as source:
        assert [e.message for e in source.get_logs("shop-db", START, START + HOUR)] == ["INFO db/1 7"]


@pytest.mark.proves("roles and profiles", by="engine")
def test_a_role_is_assumed_and_check_tells_its_name(engine: str) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/log-reader"
    with opened(engine, role_arn=role, external_id="of-ours") as source:
        found = source.check()
        assert found.works
        assert found.credentials == f"arn:aws:sts::{ACCOUNT}:assumed-role/log-reader/incident-responder"
        assert "2 log groups, events in the last hour" in found.found
        assert found.clock_ahead is not None
