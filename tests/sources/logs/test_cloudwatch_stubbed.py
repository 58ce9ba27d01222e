"""Requests and answers held against AWS's own description: botocore's Stubber checks both with the service model."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.session import Session
from botocore.stub import Stubber

from incident_pipeline.errors import AccessDenied, ConfigError, UsageError
from incident_pipeline.sources.logs._cloudwatch_api import Asker
from incident_pipeline.sources.logs.cloudwatch import CloudWatch
from tests.fakes.cloudwatch import ACCOUNT, REGION
from tests.http.clock import Clock
from tests.sources.logs.cloudwatch_case import AT, GROUP, milliseconds, no_aws, settings

pytestmark = pytest.mark.usefixtures(no_aws.__name__)
ARN = f"arn:aws:logs:{REGION}:210987654321:log-group:/ecs/shop"
WINDOW = {"startTime": milliseconds(AT), "endTime": milliseconds(AT) + 59_999}
SPAN = (AT, AT + timedelta(minutes=1))


@dataclass
class Stubbed:
    """A connection whose clients answer what a test told them."""

    clients: dict[str, BaseClient]
    region: str = REGION
    stubs: dict[str, Stubber] = field(default_factory=dict[str, Stubber])

    def client(self, service: str) -> BaseClient:
        return self.clients[service]

    def secrets(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def clients() -> dict[str, BaseClient]:
    session = Session()
    session.set_credentials("AKIA", "none")
    return {service: session.create_client(service, region_name=REGION) for service in ("logs", "sts")}


@pytest.fixture
def aws(clients: dict[str, BaseClient]) -> Generator[Stubbed]:
    stubs = {service: Stubber(client) for service, client in clients.items()}
    for stub in stubs.values():
        stub.activate()
    yield Stubbed(clients, stubs=stubs)
    for stub in stubs.values():
        stub.assert_no_pending_responses()
        stub.deactivate()


def opened(aws: Stubbed, **changes: Any) -> CloudWatch:
    return CloudWatch(settings(None, **changes), asker=Asker(aws, patience=Clock().patience()))


def sent(second: int, message: str, *, stream: str = "web/1") -> dict[str, object]:
    at = milliseconds(AT) + second * 1000
    return {"logStreamName": stream, "timestamp": at, "message": message, "ingestionTime": at + 9, "eventId": message}


def expect(aws: Stubbed, answer: Mapping[str, object], **asked: object) -> None:
    aws.stubs["logs"].add_response("filter_log_events", {**answer}, {**WINDOW, **asked})


def messages(source: CloudWatch, service: str = "shop") -> list[str]:
    return [entry.message for entry in source.get_logs(service, *SPAN)]


@pytest.mark.proves("paging", by="description")
def test_pages_of_many_streams_and_groups_are_merged_by_time(aws: Stubbed) -> None:
    token = {"nextToken": "next page"}
    expect(aws, {"events": [sent(1, "a1"), sent(5, "a5")], **token, "searchedLogStreams": []}, logGroupName=GROUP)
    expect(aws, {"events": [], "nextToken": "third"}, logGroupName=GROUP, **token)
    expect(aws, {"events": [sent(2, "b2", stream="web/2")]}, logGroupName=GROUP, nextToken="third")
    expect(aws, {"events": [sent(3, "c3"), sent(0, "c0")]}, logGroupIdentifier=ARN)
    assert messages(opened(aws, log_groups=[GROUP, f"{ARN}:*"])) == ["c0", "a1", "b2", "c3", "a5"]


@pytest.mark.proves("entries in a window", by="description")
def test_prefix_and_pattern_are_asked_for_and_what_an_engine_gives_beyond_them_is_left_out(aws: Stubbed) -> None:
    answer = {"events": [sent(1, "wanted"), sent(2, "other", stream="job/1"), sent(60, "late"), sent(-1, "early")]}
    expect(aws, answer, logGroupName=GROUP, logStreamNamePrefix="web/", filterPattern="?ERROR ?WARN")
    assert messages(opened(aws, stream_prefix="web/", filter_pattern="?ERROR ?WARN")) == ["wanted"]


@pytest.mark.proves("entries in a window", by="description")
def test_groups_are_described_by_prefix_with_paging_and_by_pattern(aws: Stubbed) -> None:
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
    groups = [{"logGroupName": name, "arn": f"{arn}{name}:*", "logGroupArn": f"{arn}{name}"} for name in ("/a/x", "/b")]
    logs = aws.stubs["logs"]
    first = {"logGroups": groups[:1], "nextToken": "t"}
    logs.add_response("describe_log_groups", first, {"logGroupNamePrefix": "/a/"})
    logs.add_response("describe_log_groups", {"logGroups": groups}, {"logGroupNamePrefix": "/a/", "nextToken": "t"})
    expect(aws, {"events": [sent(1, "of x")]}, logGroupName="/a/x")
    assert messages(opened(aws, log_groups=["/a/*"]), "") == ["of x"]
    logs.add_response("describe_log_groups", {"logGroups": groups}, {"logGroupNamePattern": "b"})
    expect(aws, {"events": [sent(1, "of b")]}, logGroupName="/b")
    assert messages(opened(aws, log_groups=[]), "b") == ["of b"]


@pytest.mark.proves("check", by="description")
def test_check_asks_who_and_reads_one_event(aws: Stubbed) -> None:
    who = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ada", "UserId": "AIDA"}
    aws.stubs["sts"].add_response("get_caller_identity", who, {})
    aws.stubs["logs"].add_client_error("filter_log_events", "AccessDeniedException", "User: x is not authorized", 400)
    found = opened(aws).check()
    assert "these credentials lack logs:FilterLogEvents (AccessDeniedException): User: x" in found.advice
    aws.stubs["sts"].add_client_error("get_caller_identity", "InvalidClientTokenId", http_status_code=403)
    assert "does not know the access key" in opened(aws).check().advice


@pytest.mark.proves("errors", by="description")
def test_what_the_description_forbids_never_leaves_this_machine(aws: Stubbed) -> None:
    source = CloudWatch(settings(None), asker=Asker(aws, patience=Clock().patience()), page_size=10_001)
    expect(aws, {"events": []}, logGroupName=GROUP)
    with pytest.raises((UsageError, ConfigError)):
        messages(source)
    expect(aws, {"events": []}, logGroupName=GROUP)
    messages(opened(aws))
    messages(opened(aws))
    aws.stubs["logs"].add_client_error("filter_log_events", "ExpiredTokenException", http_status_code=400)
    with pytest.raises(AccessDenied):
        messages(opened(aws))
