"""What the GitHub adapters share: their config in, an API to read from out.

Surprising fact: `GITHUB_TOKEN` of the environment belongs to GitHub (or to the server in GITHUB_API_URL): it is never
sent to a `base_url` of another host. Documentation: https://docs.github.com/en/rest.
"""

import os
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from incident_pipeline.errors import BadPayload, ConfigError, IncidentError, UsageError
from incident_pipeline.http.answer import Answer, origin, same_origin
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from incident_pipeline.http.paging import MAX_PAGES, pages
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.sources.base import SourceConfig

PUBLIC_API = "https://api.github.com"
PAGE_SIZE = 100
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

Params = Mapping[str, str | int]


class GitHubConfig(SourceConfig):
    """Keys of `github` and `github_actions`, all optional. On GitHub Enterprise `base_url` is `https://HOST/api/v3`.

    `mirror` serves git from a blobless clone in the cache instead of REST; `clone_url` replaces the address (or path)
    that it is cloned from.
    """

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
    if origin(url) is None:
        raise ConfigError(f"github: {key} is no URL")
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname not in _LOOPBACK
    if parts.scheme not in {"http", "https"} or not parts.hostname or plain:
        raise ConfigError(f"github: {key} must be an https address, like {PUBLIC_API} or https://HOST/api/v3")
    if parts.username or parts.query or parts.fragment:
        raise ConfigError(f"github: {key} must be a bare address; a token goes in the key `token`")
    return url.rstrip("/")


def _web_of(api: str) -> str:
    parts = urlsplit(api)
    host = parts.netloc.removeprefix("api.") if not parts.path.strip("/") else parts.netloc
    return f"{parts.scheme}://{host}"


class Api:
    """Reads below one site's API. `client.tries` counts the requests made."""

    def __init__(self, site: Site, client: Client | None = None) -> None:
        self.site = site
        authorization = SecretStr(f"Bearer {site.token.get_secret_value()}") if site.token else None
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        self.client = client or Client(site.api, authorization=authorization, headers=headers)

    def get(self, path: str, call: Call, *, params: Params | None = None, accept: str | None = None) -> Answer:
        """One answer."""
        return self.client.get(path, call, params=params, accept=accept)

    def object(self, path: str, call: Call, *, params: Params | None = None) -> dict[str, Any]:
        """One JSON object."""
        return self.get(path, call, params=params).json_object(call)

    def pages(
        self, path: str, call: Call, *, params: Params | None = None, max_pages: int = MAX_PAGES
    ) -> Iterator[Answer]:
        """Each page of a list or of an object whose list is paged."""
        return pages(self.client, path, call, params=params, max_pages=max_pages)

    def items(self, path: str, call: Call, *, params: Params | None = None) -> Iterator[dict[str, Any]]:
        """Each object of a paged list."""
        for page in self.pages(path, call, params=params):
            yield from page.json_list(call)


def ask_of(repo: str, config: GitHubConfig, *, what: str, needs: str) -> tuple[str, Call]:
    """The repository's path below the API, and the call that errors name. UsageError when no repository is meant."""
    name = repo_name(repo, config)
    return f"repos/{name}", Call(f"github {name}", what, needs)


def check_site(
    api: Api, config: GitHubConfig, *, name: str, kind: Literal["git", "logs"], read: Callable[[], str]
) -> SourceStatus:
    """One small read of the configured repository, or of the rate limit (which is free) when none is configured."""
    named = bool(config.repo)
    what = repo_name("", config) if named else api.site.web
    try:
        return SourceStatus(name, kind, what, "read", read() if named else _rate_limit(api))
    except IncidentError as error:
        return SourceStatus(name, kind, what, "failed", str(error))


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


@contextmanager
def reading(call: Call) -> Generator[None]:
    """BadPayload for an object that lacks what no GitHub leaves out, or holds another type."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadPayload(f"{call.who}: {call.what}: cannot be read ({type(error).__name__}: {error})") from None


def utc(value: str | None) -> datetime | None:
    """A vendor's time as aware UTC; None stays None. ValueError when it is no time."""
    if not value:
        return None
    at = datetime.fromisoformat(value)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def stamp(at: datetime) -> str:
    """A time as GitHub's queries take it, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
