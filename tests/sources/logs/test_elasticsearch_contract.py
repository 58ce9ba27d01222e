"""Elasticsearch keeps what every source of logs promises, in Elastic's Common Schema and in a layout of one's own."""

import base64
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.logs._elastic_cluster import Login
from incident_pipeline.sources.logs.elasticsearch import Elasticsearch
from tests.fakes.elastic import FakeElastic, ecs
from tests.fakes.server import FakeVendor
from tests.sources.contract.logs import AT, SERVICE, LogContract
from tests.sources.contract.source import SECRET
from tests.sources.logs.elastic_case import key_login, source

API_KEY = f"ApiKey {base64.b64encode(f'k1:{SECRET}'.encode()).decode()}"


class TestContract(LogContract):
    closing_requests = 1

    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeElastic]:
        with FakeElastic(authorizations={API_KEY}) as fake:
            self.load(fake, [(AT, "info", "entry 0")])
            yield fake

    def open(self, vendor: FakeVendor, patience: Patience) -> Elasticsearch:
        return source(vendor.url, login=key_login(SECRET), patience=patience, page_size=self.page_size)

    def load(self, fake: FakeVendor, entries: Sequence[tuple[datetime, str, str]]) -> None:
        elastic = cast("FakeElastic", fake)
        streams = [elastic.stream("logs-shop-default", generation=n) for n in (1, 2)]
        for number, (at, level, message) in enumerate(entries):
            streams[number % 2].put(ecs(at, level, message, SERVICE))
            streams[number % 2].put(ecs(at, "fatal", "of another service", "other"))


class TestContractOfOwnLayout(LogContract):
    """What Elasticsearch maps by itself (texts with `keyword` beside), nanoseconds, dotted and nested, two indices."""

    closing_requests = 1

    @contextmanager
    def vendor(self, tmp_path: Path) -> Generator[FakeElastic]:
        with FakeElastic(authorizations={f"Bearer {SECRET}"}, version=8) as fake:
            self.load(fake, [(AT, "info", "entry 0")])
            yield fake

    def open(self, vendor: FakeVendor, patience: Patience) -> Elasticsearch:
        fields = {"time": "when", "message": ["msg", "text.body"], "level": ["sev"], "service": ["app", "k8s.app"]}
        login = Login(token=SecretStr(SECRET))
        return source(vendor.url, login=login, patience=patience, page_size=2, index="app-*", fields=fields)

    def load(self, fake: FakeVendor, entries: Sequence[tuple[datetime, str, str]]) -> None:
        elastic = cast("FakeElastic", fake)
        first = elastic.index("app-1", {"when": {"type": "date_nanos"}})
        second = elastic.index("app-2", {"when": {"type": "date"}})
        for number, (at, level, message) in enumerate(entries):
            if number % 2:
                second.put({"when": (at + timedelta()).isoformat(), "text": {"body": message}, "sev": level.upper(),
                            "k8s.app": SERVICE})  # fmt: skip
            else:
                nanos = at.strftime("%Y-%m-%dT%H:%M:%S.000000000Z")
                first.put({"when": nanos, "msg": message, "sev": level, "app": SERVICE})
            first.put({"when": at.isoformat(), "msg": "of another service", "sev": "error", "app": f"{SERVICE}-admin"})
