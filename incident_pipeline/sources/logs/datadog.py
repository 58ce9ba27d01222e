"""Datadog logs: its config only. This version does not read it yet; the registry says so when it is opened."""

from pydantic import SecretStr

from incident_pipeline.sources.base import SourceConfig


class Config(SourceConfig):
    """`site` is the host after `app.` in the address bar; `query` is added to every search."""

    api_key: SecretStr
    app_key: SecretStr
    site: str = "datadoghq.com"
    query: str | None = None
