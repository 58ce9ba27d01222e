"""A fake CloudWatch Logs, and a source before it whose waits cost nothing."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from incident_pipeline.http.network import Network
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.logs._cloudwatch_api import Asker
from incident_pipeline.sources.logs._cloudwatch_session import Aws
from incident_pipeline.sources.logs.cloudwatch import CloudWatch, Config
from tests.fakes.cloudwatch import REGION, FakeCloudWatch, FakeEvent, Key
from tests.http.clock import Clock
from tests.sources.contract.source import SECRET

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = "AKIA0000000000000000"
GROUP = "/ecs/shop"


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def event(second: float, message: str, *, stream: str = "web/1", event_id: str = "", raw: Any = None) -> FakeEvent:
    return FakeEvent(stream, milliseconds(AT) + round(second * 1000), message, event_id, raw)


def fake_of(groups: Mapping[str, list[FakeEvent]]) -> FakeCloudWatch:
    fake = FakeCloudWatch(dict(groups))
    fake.keys[KEY] = Key(SECRET)
    return fake


def settings(url: str | None, **changes: Any) -> Config:
    keys: dict[str, Any] = {"access_key_id": KEY, "secret_access_key": SECRET}
    return Config.model_validate({"region": REGION, "log_groups": [GROUP], "endpoint_url": url, **keys, **changes})


def open_cloudwatch(
    config: Config, *, patience: Patience | None = None, page_size: int | None = None, max_events: int = 50_000
) -> CloudWatch:
    asker = Asker(Aws(config, Network()), patience=patience or Clock().patience())
    return CloudWatch(config, asker=asker, page_size=page_size, max_events=max_events)


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's AWS settings; no instance to ask for credentials."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
