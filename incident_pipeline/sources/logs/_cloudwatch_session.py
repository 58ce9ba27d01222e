"""A config's credentials in, botocore clients out.

Credentials, in this order: the keys of the config, its `profile`, else the usual AWS chain (environment, shared files,
container, instance): https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html. With `role_arn`
they only assume the role, and botocore renews the role's before they run out.
Surprising fact: botocore writes session tokens and answers with new keys into its debug log, so that log is shut.
"""

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from incident_pipeline import __version__
from incident_pipeline.errors import ConfigError
from incident_pipeline.http.errors import one_line
from incident_pipeline.http.network import CONNECT_SECONDS, Network

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.config import Config as BotoConfig
    from botocore.loaders import Loader
    from botocore.session import Session

    from incident_pipeline.sources.logs.cloudwatch import Config

READ_SECONDS = 60.0
"""A page of FilterLogEvents may search long before it answers: botocore's own default."""

SESSION_NAME = "incident-responder"


class Connection(Protocol):
    """What requests are sent through: botocore's clients, or in tests a stubbed one."""

    region: str

    def client(self, service: str) -> "BaseClient":
        """The client of `logs` or `sts`, opened once."""
        ...

    def secrets(self) -> Sequence[str]:
        """What no error may repeat."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Aws:
    """Clients of one config. Opening one may read shared files, never the network."""

    def __init__(self, config: "Config", network: Network) -> None:
        self._config, self._network = config, network
        self._session = _open_session(config)
        self.region = _find_region(config, self._session)
        self._clients: dict[str, BaseClient] = {}
        self._lock = threading.Lock()
        keys = (config.secret_access_key, config.session_token, config.access_key_id, config.external_id)
        self._secrets = {key.get_secret_value() for key in keys if key}
        if config.role_arn:
            self._assume(config, config.role_arn)

    def __repr__(self) -> str:
        return f"Aws({self.region!r})"

    def client(self, service: str) -> "BaseClient":
        """The client of `logs` or `sts`. ConfigError for a region or CA file that cannot be used."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._create(service)
            return self._clients[service]

    def secrets(self) -> Sequence[str]:
        """The config's own, and the session tokens sent so far."""
        return [*self._secrets]

    def close(self) -> None:
        """Safe to call twice."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _create(
        self, service: str, *, aws_access_key_id: str | None = None, aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
    ) -> "BaseClient":  # fmt: skip
        ca_file = self._network.ca_file
        if ca_file is not None and not ca_file.is_file():
            raise ConfigError(f"ca_file: {ca_file} is not there")
        client = self._session.create_client(
            service, region_name=self.region, endpoint_url=self._config.endpoint_url,
            verify=str(ca_file) if ca_file else None, config=_client_config(self._network),
            aws_access_key_id=aws_access_key_id, aws_secret_access_key=aws_secret_access_key,
            aws_session_token=aws_session_token,
        )  # fmt: skip
        client.meta.events.register("before-send.*", self._note_token)
        client.meta.events.register("before-parse.*", _refuse_cut)
        return client

    def _note_token(self, request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's AWSPreparedRequest
        token: str | bytes = request.headers.get("X-Amz-Security-Token") or ""
        if token:
            self._secrets.add(token.decode() if isinstance(token, bytes) else token)

    def _assume(self, config: "Config", role_arn: str) -> None:
        """Put the role's credentials in the place of those that may assume it."""
        from botocore.credentials import (  # noqa: PLC0415 - slow to load
            AssumeRoleCredentialFetcher,
            CredentialProvider,
            CredentialResolver,
            DeferredRefreshableCredentials,
        )

        extra = {"RoleSessionName": config.session_name or SESSION_NAME}
        if config.external_id:
            extra["ExternalId"] = config.external_id.get_secret_value()
        create, own = self._create, self._session

        class AssumedRole(CredentialProvider):
            METHOD = "assume-role"

            def load(self) -> DeferredRefreshableCredentials | None:
                source = own.get_credentials()
                if source is None:
                    return None
                fetcher = AssumeRoleCredentialFetcher(create, source, role_arn, extra_args=extra)
                return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

        # A session gives the credentials that it has looked up once: a new one asks the resolver.
        self._session = _new_session(config)
        self._session.register_component("credential_provider", CredentialResolver([AssumedRole()]))


def _refuse_cut(response_dict: Mapping[str, Any], **_: object) -> None:
    """botocore takes a body that ends early for whole: a connection that broke must not look like nonsense of AWS."""
    from botocore.exceptions import IncompleteReadError  # noqa: PLC0415 - slow to load

    announced, body = response_dict["headers"].get("content-length", ""), response_dict["body"]
    if announced.isdigit() and isinstance(body, bytes) and len(body) < int(announced):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(announced))


def _client_config(network: Network) -> "BotoConfig":
    from botocore.config import Config as BotoConfig  # noqa: PLC0415 - slow to load

    proxy = network.proxy.get_secret_value() if network.proxy else None
    return BotoConfig(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 1},  # tried again by `Asker`, whose waits can be tested
        proxies={"http": proxy, "https": proxy} if proxy else None,
        user_agent_extra=f"incident-responder/{__version__}",
    )


def _new_session(config: "Config") -> "Session":
    from botocore.session import Session  # noqa: PLC0415 - slow to load

    session = Session(profile=config.profile)
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    return session


@cache
def _loader(path: str | None) -> "Loader":
    """AWS's descriptions, unpacked once a process: they cost more than a request."""
    from botocore.loaders import create_loader  # noqa: PLC0415 - slow to load

    return create_loader(path)


def _open_session(config: "Config") -> "Session":
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - slow to load

    # The second one tells each refusal of a role with a traceback: here it becomes an error of one line.
    for name, level in (("botocore", logging.INFO), ("botocore.credentials", logging.ERROR)):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(level)
    try:
        session = _new_session(config)
        session.get_scoped_config()
    except (BotoCoreError, OSError) as error:
        hint = "`aws configure list-profiles` shows the profiles there are"
        raise ConfigError(f"cloudwatch: {one_line(str(error))}; {hint}") from None
    if config.access_key_id and config.secret_access_key:
        token = config.session_token.get_secret_value() if config.session_token else None
        key, secret = config.access_key_id.get_secret_value(), config.secret_access_key.get_secret_value()
        session.set_credentials(key, secret, token)
    return session


def _find_region(config: "Config", session: "Session", environment: Mapping[str, str] = os.environ) -> str:
    """The config's, the one its ARNs name, AWS_REGION (containers and Lambda set it), or the profile's."""
    named = {arn.split(":")[3] for arn in config.every_group() if arn.startswith("arn:")}
    if len(named) > 1 or (config.region and named - {config.region}):
        raise ConfigError("cloudwatch: log groups of another region need an entry of their own with its `region`")
    found = config.region or next(iter(named), None) or environment.get("AWS_REGION")
    region = found or session.get_config_variable("region")
    if not region:
        raise ConfigError("cloudwatch: no region: set `region` (like eu-central-1), AWS_REGION, or one in the profile")
    return str(region)


def host_of(client: "BaseClient") -> str:
    """Where a client's requests go."""
    return urlsplit(client.meta.endpoint_url).netloc
