"""Jenkins: its config only. This version does not read it yet; the registry says so when it is opened."""

from pydantic import SecretStr

from incident_pipeline.sources.base import SourceConfig


class Config(SourceConfig):
    """`url` of the controller; `job` as in its address, folders with slashes; an API token belongs to a user."""

    url: str | None = None
    job: str | None = None
    username: str | None = None
    token: SecretStr | None = None
