"""Bitbucket Cloud: its config only. This version does not read it yet; the registry says so when it is opened."""

from pydantic import SecretStr

from incident_pipeline.sources.base import SourceConfig


class Config(SourceConfig):
    """`owner` is the workspace. A token, or a user name with an app password."""

    owner: str | None = None
    repo: str | None = None
    token: SecretStr | None = None
    username: str | None = None
    app_password: SecretStr | None = None
    base_url: str = "https://api.bitbucket.org/2.0"
