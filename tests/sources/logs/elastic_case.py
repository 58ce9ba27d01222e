"""A fake Elasticsearch before its source, waits counted instead of kept."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.logs._elastic_cluster import Cluster, Login
from incident_pipeline.sources.logs.elasticsearch import Config, Elasticsearch
from tests.fakes.elastic import FakeElastic, ecs
from tests.http.clock import Clock

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
UNTIL = AT + timedelta(hours=1)


def source(
    fake: FakeElastic | str, *, login: Login | None = None, patience: Patience | None = None, hosts: Sequence[str] = (),
    **config: Any,
) -> Elasticsearch:  # fmt: skip
    """The source of `config` before a fake, or before an address."""
    urls = tuple(hosts) or (fake if isinstance(fake, str) else fake.url,)
    cluster = Cluster(urls, login=login, patience=patience or Clock().patience())
    return Elasticsearch(Config(hosts=urls, **config), cluster=cluster)


def key_login(key: str) -> Login:
    return Login(api_key=SecretStr(f"k1:{key}"))


def filled(fake: FakeElastic, count: int, *, same: bool = False, name: str = "logs-shop-default") -> list[str]:
    """`count` entries of the service shop, a second apart or all at one instant; their messages."""
    index = fake.stream(name)
    for n in range(count):
        index.put(ecs(AT if same else AT + timedelta(seconds=n), "info", f"entry {n}"))
    return [f"entry {n}" for n in range(count)]


def messages(opened: Elasticsearch, service: str = "shop", level: str | None = None) -> list[str]:
    return [e.message for e in opened.get_logs(service, AT, UNTIL, level)]
