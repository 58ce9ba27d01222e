"""Datadog keeps what every source of log entries promises."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.logs.datadog import Datadog
from tests.fakes.datadog import FakeDatadog, entry
from tests.fakes.server import FakeVendor
from tests.sources.contract.logs import AT, SERVICE, LogContract
from tests.sources.contract.source import SECRET
from tests.sources.logs.datadog_case import datadog


class TestContract(LogContract):
    refusal = {"errors": ["Forbidden"]}

    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeDatadog]:
        with FakeDatadog(api_key=SECRET, app_key=f"app-{SECRET}") as fake:
            self.load(fake, [(AT + timedelta(seconds=n), "info", f"entry {n}") for n in range(3)])
            yield fake

    def open(self, vendor: FakeVendor, patience: Patience) -> Datadog:
        size, app_key = self.page_size, f"app-{SECRET}"
        return datadog(vendor, patience=patience, page_size=size, api_key=SECRET, app_key=app_key)

    def load(self, fake: FakeVendor, entries: Sequence[tuple[datetime, str, str]]) -> None:
        made = [entry(n, at, text, service=SERVICE, status=level) for n, (at, level, text) in enumerate(entries)]
        cast("FakeDatadog", fake).entries = made
