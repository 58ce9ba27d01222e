"""GitLab: its config only. This version does not read it yet; the registry says so when it is opened."""

from pydantic import SecretStr

from incident_pipeline.sources.base import SourceConfig


class Config(SourceConfig):
    """`owner/repo` is the project's full path (`owner` may hold groups: `group/subgroup`)."""

    owner: str | None = None
    repo: str | None = None
    token: SecretStr | None = None
    base_url: str = "https://gitlab.com"
