"""CloudWatch Logs: its config only. This version does not read it yet; the registry says so when it is opened."""

from pydantic import SecretStr

from incident_pipeline.sources.base import SourceConfig


class Config(SourceConfig):
    """Without keys, the credentials come from the usual AWS chain (environment, profile, role)."""

    region: str | None = None
    log_groups: tuple[str, ...] = ()
    profile: str | None = None
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
