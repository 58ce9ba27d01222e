"""What the GitHub adapters share: their config in, an API to read from out.

Surprising fact: `GITHUB_TOKEN` of the environment belongs to GitHub (or to the server in GITHUB_API_URL): it is never
sent to a `base_url` of another host. Documentation: https://docs.github.com/en/rest.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from incident_pipeline.errors import UsageError
from incident_pipeline.http.answer import same_origin
from incident_pipeline.http.auth import bearer
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.limits import Limits
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources._api import Api, Found, HttpConfig, address, check, reading
from incident_pipeline.sources.base import SourceContext

PUBLIC_API = "https://api.github.com"
PAGE_SIZE = 100
LIMITS = Limits(at_once=6, requests=900, seconds=60)
"""100 requests at once and 900 points a minute, a GET being one:
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api."""

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_REPO = re.compile(r"[\w.-]+/[\w.-]+")


class GitHubConfig(HttpConfig):
    """Keys of `github` and `github_actions`, all optional. On GitHub Enterprise `base_url` is `https://HOST/api/v3`.

    `mirror` serves git from a blobless clone in the cache instead of REST; `clone_url` replaces the address (or path)
    that it is cloned from.
    """

    variables: ClassVar[Mapping[str, tuple[str, ...]]] = {"token": ("GITHUB_TOKEN", "GH_TOKEN")}

    owner: str | None = None
    repo: str | None = None
    token: SecretStr | None = None
    base_url: str | None = None
    web_url: str | None = None
    mirror: bool = False
    clone_url: str | None = None


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
        credentials=bearer(site.token) if site.token else None,
        headers=HEADERS,
        limits=LIMITS,
        cache=config.answers(context),
        network=config.network(context.root),
    )
    return Api(client)


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
        return Found(read() if named else _rate_limit(api))

    return check(name, kind, what, client=api.client, read=found)


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
