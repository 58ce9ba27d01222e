"""A source of Datadog's logs before a fake or a replay."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from incident_pipeline.http.client import Client
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.logs.datadog import LIMITS, Config, Datadog, credentials
from tests.fakes.datadog import API_KEY, APP_KEY, FakeDatadog, entry
from tests.fakes.server import FakeVendor
from tests.http.clock import Clock

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WINDOW = (AT, AT + timedelta(hours=1))


def datadog(
    server: FakeVendor, *,
    patience: Patience | None = None, page_size: int = 1000, max_pages: int = 1000, **keys: Any,
) -> Datadog:  # fmt: skip
    """The source; waits are counted, not kept."""
    config = Config.model_validate({"api_key": API_KEY, "app_key": APP_KEY, "base_url": server.url, **keys})
    client = Client(server.url, credentials=credentials(config), limits=LIMITS, patience=patience or Clock().patience())
    return Datadog(config, client=client, page_size=page_size, max_pages=max_pages)


def messages(source: Datadog, service: str = "shop", level: str | None = None) -> list[str]:
    return [e.message for e in source.get_logs(service, *WINDOW, level)]


def texts(*texts: str, apart: timedelta = timedelta(seconds=1)) -> FakeDatadog:
    return FakeDatadog(entry(n, AT + n * apart, text) for n, text in enumerate(texts))


def bodies(fake: FakeVendor) -> Sequence[dict[str, Any]]:
    return [asked.json() for asked in fake.requests if asked.method == "POST"]
