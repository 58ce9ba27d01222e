"""Elasticsearch: its config only. This version does not read it yet; the registry says so when it is opened."""

from typing import Annotated

from pydantic import Field, SecretStr

from incident_pipeline.sources.base import SourceConfig

EXTRA = "elasticsearch"


class Config(SourceConfig):
    """`hosts` with scheme and port; `index` is a pattern. An API key, or a user name with a password."""

    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    index: str = "logs-*"
    api_key: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
