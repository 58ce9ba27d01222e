"""Bitbucket Cloud's config in, an API to read from and a remote to clone out.

Surprising fact: an Atlassian API token logs in with the account's email over REST and with a fixed user name over git.
Documentation: https://developer.atlassian.com/cloud/bitbucket/rest/intro/.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr

from incident_pipeline.errors import ConfigError, UsageError
from incident_pipeline.http.auth import Credentials, basic, bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.http.limits import Limits
from incident_pipeline.http.paging import NextUrl
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources._api import Api, HttpConfig, address
from incident_pipeline.sources.base import SourceContext

if TYPE_CHECKING:
    from incident_pipeline.sources.git._mirror import Remote

PUBLIC_API = "https://api.bitbucket.org/2.0"
PAGE_SIZE = 100
"""The most that a page may hold, default 10: https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination."""

AT_ONCE = 6
"""Requests in parallel; Bitbucket publishes no number."""

HOURLY, HOURLY_MOST, HOURLY_ANONYMOUS = 1_000, 10_000, 60
"""Requests for repository data in any hour: of a user or token, of a token of the largest paid workspaces (10 more for
each seat over 100), of an address without credentials:
https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/."""

_NAME = re.compile(r"[\w.-]+|\{[0-9a-fA-F-]{36}\}")


class Config(HttpConfig):
    """`owner` is the workspace. Credentials are the first that is there: `token` (an access token of a repository, a
    project or a workspace), `api_token` with the account's `email`, `app_password` with its `username`.

    `mirror` serves git from a blobless clone in the cache instead of REST; `clone_url` replaces the address (or path)
    that it is cloned from. `requests_per_hour`: more than the usual 1,000 where the workspace's plan grants it.
    """

    variables: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "token": ("BITBUCKET_TOKEN", "BITBUCKET_ACCESS_TOKEN"),
        "email": ("BITBUCKET_EMAIL",),
        "api_token": ("BITBUCKET_API_TOKEN",),
        "username": ("BITBUCKET_USERNAME",),
        "app_password": ("BITBUCKET_APP_PASSWORD",),
    }

    owner: str | None = None
    repo: str | None = None
    token: SecretStr | None = None
    email: str | None = None
    api_token: SecretStr | None = None
    username: str | None = None
    app_password: SecretStr | None = None
    base_url: str = PUBLIC_API
    web_url: str | None = None
    mirror: bool = False
    clone_url: str | None = None
    requests_per_hour: int = Field(default=HOURLY, ge=1, le=HOURLY_MOST)


@dataclass(frozen=True, slots=True)
class Login:
    """One way to log in. `scope`: what it is called for this way that lets repositories be read."""

    kind: str
    rest: Credentials
    git: tuple[str, SecretStr]
    scope: str
    personal: bool


def find_login(config: Config) -> Login | None:
    """The credentials that are there; an empty variable gives none. ConfigError for half of a pair.

    https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens/ and .../using-api-tokens/.
    """
    token, api_token, app_password = map(_filled, (config.token, config.api_token, config.app_password))
    if token:
        return Login("an access token", bearer(token), ("x-token-auth", token), "repository", personal=False)
    if api_token:
        if not config.email:
            raise ConfigError("bitbucket: api_token goes with email: the address of its Atlassian account")
        git = ("x-bitbucket-api-token-auth", api_token)
        return Login("an API token", basic(config.email, api_token), git, "read:repository:bitbucket", personal=True)
    if app_password:
        if not config.username:
            raise ConfigError("bitbucket: app_password goes with username: that of Bitbucket, not the email")
        rest, git = basic(config.username, app_password), (config.username, app_password)
        return Login("an app password", rest, git, "repository", personal=True)
    return None


def _filled(secret: SecretStr | None) -> SecretStr | None:
    return secret if secret and secret.get_secret_value() else None


def open_api(config: Config, context: SourceContext, patience: Patience | None = None) -> Api:
    """Bitbucket Cloud's API; the first request opens the connection."""
    login = find_login(config)
    hourly = config.requests_per_hour if login else HOURLY_ANONYMOUS
    client = Client(
        api_address(config),
        credentials=login.rest if login else None,
        limits=Limits(at_once=AT_ONCE, requests=hourly, seconds=3_600),
        patience=patience,
        cache=config.answers(context),
        network=config.network(context.root),
    )
    return Api(client, paginator=NextUrl("next"), items="values")


def api_address(config: Config) -> str:
    """Where the API is. ConfigError unless it is version 2.0's: Bitbucket Server and Data Center have another API."""
    url = address(config.base_url, vendor="bitbucket", key="base_url", like=PUBLIC_API)
    if not url.endswith("/2.0"):
        raise ConfigError(
            f"bitbucket: base_url must be Bitbucket Cloud's API, like {PUBLIC_API}; "
            "Bitbucket Server and Data Center have another one: clone the repository and use `type: local`"
        )
    return url


def web_address(config: Config) -> str:
    """Where the pages are and what is cloned from; credentials of a clone go nowhere else."""
    if config.web_url:
        return address(config.web_url, vendor="bitbucket", key="web_url", like="https://bitbucket.org")
    parts = urlsplit(api_address(config))
    return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"


def remote_of(config: Config) -> "Remote":
    """What the mirror is cloned from."""
    from incident_pipeline.sources.git._mirror import Remote  # noqa: PLC0415 - git is needed here only

    web, login = web_address(config), find_login(config)
    return Remote(
        vendor="bitbucket",
        web=web,
        name=lambda repo: repo_name(repo, config),
        url=lambda name: config.clone_url or f"{web}/{name}.git",
        login=lambda: login.git if login else None,
        needs=login.scope if login else "repository",
    )


def ask_of(repo: str, config: Config, *, what: str) -> tuple[str, Call]:
    """The repository's path below the API, and the call that errors name. UsageError when no repository is meant."""
    name, login = repo_name(repo, config), find_login(config)
    return f"repositories/{quote(name)}", Call(f"bitbucket {name}", what, login.scope if login else "repository")


def repo_name(repo: str, config: Config) -> str:
    """`workspace/name`, names or UUIDs in braces: as asked, else as configured. UsageError when it is neither."""
    configured = config.repo if config.repo and "/" in config.repo else f"{config.owner or ''}/{config.repo or ''}"
    name = repo or configured
    parts = name.split("/")
    if len(parts) != 2 or not all(_NAME.fullmatch(part) for part in parts) or {".", ".."} & set(parts):
        raise UsageError(
            f"bitbucket: which repository? give it as WORKSPACE/NAME (got {one_line(name.strip('/'))[:100]!r})"
        )
    return name
