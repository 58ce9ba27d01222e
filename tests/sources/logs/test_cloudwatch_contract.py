"""CloudWatch Logs keeps what every source of log entries promises."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.base import Source
from tests.fakes.cloudwatch import FakeCloudWatch, FakeEvent
from tests.fakes.server import FakeVendor
from tests.sources.contract.logs import LogContract
from tests.sources.logs.cloudwatch_case import GROUP, event, fake_of, milliseconds, no_aws, open_cloudwatch, settings

pytestmark = pytest.mark.usefixtures(no_aws.__name__)


class TestContract(LogContract):
    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeCloudWatch]:
        with fake_of({GROUP: [event(0, "one"), event(1, "two"), event(2, "three")]}) as fake:
            yield fake

    def open(self, vendor: FakeVendor, patience: Patience) -> Source:
        return open_cloudwatch(settings(vendor.url), patience=patience, page_size=self.page_size)

    def load(self, fake: FakeVendor, entries: Sequence[tuple[datetime, str, str]]) -> None:
        cast("FakeCloudWatch", fake).groups[GROUP] = [
            FakeEvent(f"web/{n % 2}", milliseconds(at), json.dumps({"level": level, "message": message}))
            for n, (at, level, message) in enumerate(entries)
        ]
