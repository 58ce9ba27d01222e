"""What the GitHub adapters share: their config in, an API to read from out.

Surprising fact: `GITHUB_TOKEN` of the environment belongs to GitHub (or to the server in GITHUB_API_URL): it is never
sent to a `base_url` of another host. Documentation: https://docs.github.com/en/rest.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import SecretStr, model_validator

from incident_pipeline.errors import AccessDenied, ConfigError, NotFound, UsageError
from incident_pipeline.http.answer import Answer, same_origin
from incident_pipeline.http.auth import Credentials, bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.http.limits import Limits
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources._api import Api, Found, HttpConfig, address, check, reading
from incident_pipeline.sources._github_app import App, AppCredentials, shared_credentials
from incident_pipeline.sources.base import SourceContext

PUBLIC_API = "https://api.github.com"
PAGE_SIZE = 100
LIMITS = Limits(at_once=6, requests=890, seconds=61)
"""100 requests at once and 900 points a minute, a GET being one:
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api. A little less, for requests that travel
at different speeds and for an app's POSTs, which count five."""

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_REPO = re.compile(r"[\w.-]+/[\w.-]+")


class GitHubConfig(HttpConfig):
    """Keys of `github` and `github_actions`, all optional. On GitHub Enterprise `base_url` is `https://HOST/api/v3`.

    A token, or a GitHub App: `app_id` (or its client id) and its `private_key` (PEM, or the name of a file of it);
    `installation_id` is looked up where it is not given. `mirror` serves git from a blobless clone in the cache instead
    of REST; `clone_url` replaces the address (or path) that it is cloned from.
    """

    variables: ClassVar[Mapping[str, tuple[str, ...]]] = {"token": ("GITHUB_TOKEN", "GH_TOKEN")}

    owner: str | None = None
    repo: str | None = None
    token: SecretStr | None = None
    app_id: int | str | None = None
    private_key: SecretStr | None = None
    private_key_file: Path | None = None
    installation_id: int | None = None
    base_url: str | None = None
    web_url: str | None = None
    mirror: bool = False
    clone_url: str | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        keys = [key for key in (self.private_key, self.private_key_file) if key]
        if self.app_id and self.token and self.token.get_secret_value():
            raise ValueError("give a token or an app_id, not both")
        if self.app_id and len(keys) != 1:
            raise ValueError("app_id needs private_key or private_key_file (one of them)")
        if not self.app_id and (keys or self.installation_id):
            raise ValueError("private_key and installation_id belong to an app: app_id is missing")
        return self


@dataclass(frozen=True, slots=True)
class Site:
    """One GitHub: where its API and its pages are, and the token for it."""

    api: str
    web: str
    token: SecretStr | None


def find_site(config: GitHubConfig, env: Mapping[str, str] = os.environ) -> Site:
    """Config first, then what a CI job's environment says, then github.com. ConfigError for an unusable address."""
    home = env.get("GITHUB_API_URL") or PUBLIC_API
    api = _address(config.base_url or home, "base_url")
    at_home = same_origin(api, home)
    given_web = config.web_url or (env.get("GITHUB_SERVER_URL") if at_home else None)
    web = _address(given_web, "web_url") if given_web else _web_of(api)
    token = config.token if config.token and config.token.get_secret_value() else None
    found = env.get("GITHUB_TOKEN") or env.get("GH_TOKEN") if at_home else None
    return Site(api, web, token or (SecretStr(found) if found else None))


def _address(url: str, key: str) -> str:
    return address(url, vendor="github", key=key, like=f"{PUBLIC_API} or https://HOST/api/v3")


def _web_of(api: str) -> str:
    parts = urlsplit(api)
    host = parts.netloc.removeprefix("api.") if not parts.path.strip("/") else parts.netloc
    return f"{parts.scheme}://{host}"


def open_api(config: GitHubConfig, context: SourceContext) -> Api:
    """The API of the configured site; the first request opens the connection."""
    site = find_site(config)
    client = Client(
        site.api,
        credentials=find_credentials(config, site, context.root),
        headers=HEADERS,
        limits=LIMITS,
        cache=config.answers(context),
        network=config.network(context.root),
    )
    return Api(client)


def find_credentials(config: GitHubConfig, site: Site, root: Path) -> Credentials | None:
    """The app's where one is configured, else the token's; None reads what is public. ConfigError for a bad key."""
    if not config.app_id:
        return bearer(site.token) if site.token else None
    return shared_credentials(
        App(
            site.api, str(config.app_id), _key(config, root), config.installation_id,
            repo=repo_name("", config) if config.repo else "", owner=config.owner or "",
            network=config.network(root), headers=tuple(HEADERS.items()),
        )
    )  # fmt: skip


def _key(config: GitHubConfig, root: Path) -> SecretStr:
    if config.private_key_file is None:
        return config.private_key or SecretStr("")
    path = root / config.private_key_file.expanduser()
    try:
        return SecretStr(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise ConfigError(f"github: private_key_file {path} cannot be read ({reason})") from None


def clone_login(api: Api, site: Site) -> tuple[str, SecretStr] | None:
    """User name and secret that git clones with; None: what is public."""
    given = api.client.credentials
    token = given.token() if isinstance(given, AppCredentials) else site.token
    return ("x-access-token", token) if token else None


def is_whole(answer: Answer) -> bool:
    """Whether this is what was asked for: a proxy's page or an error under status 200 must not be kept for ever."""
    try:
        value: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, list) or (isinstance(value, dict) and "documentation_url" not in value)


def ask_of(repo: str, config: GitHubConfig, *, what: str, needs: str) -> tuple[str, Call]:
    """The repository's path below the API, and the call that errors name. UsageError when no repository is meant."""
    name = repo_name(repo, config)
    return f"repos/{name}", Call(f"github {name}", what, needs)


def check_site(
    api: Api, config: GitHubConfig, *, name: str, kind: Literal["git", "logs"], read: Callable[[], str]
) -> SourceCheck:
    """One small read of the configured repository, or of the rate limit (which is free) when none is configured."""
    named = bool(config.repo)
    what = repo_name("", config) if named else find_site(config).web

    def found() -> Found:
        return Found(read() if named else _rate_limit(api), *_whose(api))

    return check(name, kind, what, client=api.client, read=found)


def _whose(api: Api) -> tuple[str, str]:
    """Whose the credentials are and what they may do, as far as GitHub tells: scopes only of classic tokens
    (https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps), users only of their own."""
    given = api.client.credentials
    if given is None:
        return "none: only what is public, 60 requests an hour", ""
    if isinstance(given, AppCredentials):
        return given.describe(), given.permissions
    call = Call("github", "the token's user")
    try:
        answer = api.get("user", call)
    except (AccessDenied, NotFound):
        return "a token of no user (of a workflow or an app)", ""
    ends = answer.headers.get("github-authentication-token-expiration", "")
    login = one_line(str(answer.json_object(call).get("login") or "unknown"))
    scopes = answer.headers.get("x-oauth-scopes")
    told = "fine-grained: GitHub does not tell" if scopes is None else one_line(scopes) or "none: only what is public"
    return login + (f" (until {one_line(ends)})" if ends else ""), told


def _rate_limit(api: Api) -> str:
    call = Call("github", "the rate limit")
    data = api.object("rate_limit", call)
    with reading(call):
        return f"{int(data['resources']['core']['remaining']):,} requests left in this hour"


def repo_name(repo: str, config: GitHubConfig) -> str:
    """`owner/name`: as asked, else as configured. UsageError when it is neither."""
    configured = config.repo if config.repo and "/" in config.repo else f"{config.owner or ''}/{config.repo or ''}"
    name = repo or configured
    if not _REPO.fullmatch(name) or {".", ".."} & set(name.split("/")):
        raise UsageError(f"github: which repository? give it as OWNER/NAME (got {name.strip('/')[:100]!r})")
    return name
