"""What the GitLab adapters share: their config in, an API to read from out.

Surprising fact: GitLab's next links name the address that the server believes it has, which behind a proxy is often
another one; so only the page is taken from a link, never its host. Documentation: https://docs.gitlab.com/api/rest/.
"""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import SecretStr

from incident_pipeline.errors import AccessDenied, BadPayload, NotFound, UsageError
from incident_pipeline.http.answer import Answer, same_origin
from incident_pipeline.http.auth import FixedHeaders
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.http.limits import Limits
from incident_pipeline.http.paging import Page
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources._api import Api, Found, HttpConfig, address, check, reading
from incident_pipeline.sources.base import SourceContext

PUBLIC = "https://gitlab.com"
PAGE_SIZE = 100
LIMITS = Limits(at_once=6, requests=2_000, seconds=60)
LIMITS_WITHOUT_TOKEN = Limits(at_once=6, requests=500, seconds=60)
"""GitLab.com, each minute: 2,000 API requests of a user, 500 of an address without a token:
https://docs.gitlab.com/user/gitlab_com/rate_limits/. A self-managed server sets its own and tells them in headers."""

TokenType = Literal["private", "oauth", "job"]
_HEADER: Mapping[TokenType, str] = {"private": "PRIVATE-TOKEN", "oauth": "Authorization", "job": "JOB-TOKEN"}
_LOGIN: Mapping[TokenType, str] = {"private": "oauth2", "oauth": "oauth2", "job": "gitlab-ci-token"}
_PROJECT = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_PAGE_PARAMETERS = ("page", "page_token", "cursor")


class GitLabConfig(HttpConfig):
    """Keys of `gitlab` and `gitlab_ci`, all optional. `base_url` is the address of the site, also one below a path.

    `owner` may hold groups (`group/subgroup`). `token_type`: `private` for a personal, project or group access token,
    `oauth`, or `job` for a CI job's token. `mirror` serves git from a blobless clone in the cache instead of REST;
    `clone_url` replaces the address (or path) that it is cloned from.
    """

    variables: ClassVar[Mapping[str, tuple[str, ...]]] = {"token": ("GITLAB_TOKEN",)}

    owner: str | None = None
    repo: str | None = None
    token: SecretStr | None = None
    token_type: TokenType = "private"  # noqa: S105 - no secret
    base_url: str | None = None
    mirror: bool = False
    clone_url: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """One GitLab: where its pages are, and the token for it."""

    web: str
    token: SecretStr | None
    kind: TokenType

    @property
    def api(self) -> str:
        """Where its API is."""
        return f"{self.web}/api/v4"

    def credentials(self) -> FixedHeaders | None:
        """The token in the header for its kind: https://docs.gitlab.com/api/rest/authentication/."""
        if self.token is None:
            return None
        prefix = "Bearer " if self.kind == "oauth" else ""
        return FixedHeaders({_HEADER[self.kind]: SecretStr(prefix + self.token.get_secret_value())})

    def login(self) -> tuple[str, SecretStr] | None:
        """User name and secret to clone with."""
        return (_LOGIN[self.kind], self.token) if self.token else None


def find_site(config: GitLabConfig, env: Mapping[str, str] = os.environ) -> Site:
    """Config first, then what a CI job's environment says, then gitlab.com. ConfigError for an unusable address.

    `GITLAB_TOKEN` of the environment belongs to gitlab.com (or to the server in CI_SERVER_URL) and goes nowhere else.
    """
    home = env.get("CI_SERVER_URL") or PUBLIC
    given = (config.base_url or home).rstrip("/").removesuffix("/api/v4")
    web = address(given, vendor="gitlab", key="base_url", like=f"{PUBLIC} or https://HOST/PATH")
    token = config.token if config.token and config.token.get_secret_value() else None
    found = env.get("GITLAB_TOKEN") if same_origin(web, home) else None
    if token or not found:
        return Site(web, token, config.token_type)
    return Site(web, SecretStr(found), "private")


@dataclass(frozen=True, slots=True)
class NextPage:
    """GitLab's pages, by number or keyset: https://docs.gitlab.com/api/rest/#pagination. An empty one is the last."""

    def following(self, asked: Page, answer: Answer, call: Call) -> Page | None:  # noqa: ARG002 - as all paginators
        """The same request with what the next link says of the page; the header names it where a proxy ate the link."""
        if answer.body.strip() == b"[]":
            return None
        query = dict(parse_qsl(urlsplit(answer.links.get("next", "")).query))
        found = {name: query[name] for name in _PAGE_PARAMETERS if name in query}
        if not found and (number := answer.headers.get("x-next-page", "").strip()):
            found = {"page": number}
        return replace(asked, params={**(asked.params or {}), **found}) if found else None


def open_api(config: GitLabConfig, context: SourceContext) -> Api:
    """The API of the configured site; the first request opens the connection."""
    site = find_site(config)
    client = Client(
        site.api,
        credentials=site.credentials(),
        limits=LIMITS if site.token else LIMITS_WITHOUT_TOKEN,
        cache=config.answers(context),
        network=config.network(context.root),
    )
    return Api(client, paginator=NextPage())


def ask_of(repo: str, config: GitLabConfig, *, what: str, needs: str) -> tuple[str, Call]:
    """The project's path below the API, and the call that errors name. UsageError when no project is meant."""
    name = project_name(repo, config)
    return f"projects/{quote(name, safe='')}", Call(f"gitlab {name}", what, needs)


def project_name(repo: str, config: GitLabConfig) -> str:
    """`group/subgroup/name`: as asked, else as configured. UsageError when it is neither."""
    name = repo or "/".join(part for part in (config.owner, config.repo) if part)
    if not _PROJECT.fullmatch(name) or {".", ".."} & set(name.split("/")):
        raise UsageError(f"gitlab: which project? give it as GROUP/NAME (got {one_line(name.strip('/'))[:100]!r})")
    return name


def page_path(url: str, site: Site, *, who: str) -> str:
    """The path of one of the site's pages below the site's own. UsageError for a page of another site."""
    home = urlsplit(site.web)
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        raise UsageError(f"{who}: the URL is no URL") from None
    here = parts.netloc.lower() == home.netloc.lower() and parts.scheme in {"https", home.scheme}
    if not here or not parts.path.startswith(f"{home.path}/"):
        raise UsageError(f"{who}: this page is not on {site.web}; for another server set base_url")
    return parts.path.removeprefix(home.path)


def check_site(
    api: Api, config: GitLabConfig, *, name: str, kind: Literal["git", "logs"], read: Callable[[], str]
) -> SourceCheck:
    """One small read of the configured project, or of the server's version when none is configured; then the token."""
    site, named = find_site(config), bool(config.repo)

    def found() -> Found:
        text = read() if named else _version(api)
        return replace(_about_token(api, site), found=text)

    return check(name, kind, project_name("", config) if named else site.web, client=api.client, read=found)


def _version(api: Api) -> str:
    call = Call("gitlab", "the server's version", "read_api or read_user")
    data = api.object("version", call)
    with reading(call):
        return f"GitLab {one_line(str(data['version']))}"


def _about_token(api: Api, site: Site) -> Found:
    """Whose the token is and what it may do. A token whose scopes do not allow the question is told without it."""
    if site.token is None:
        return Found("", credentials="no token: public projects only, no job logs")
    scopes, token, user = "", dict[str, Any](), dict[str, Any]()
    with suppress(AccessDenied, NotFound, BadPayload):
        if site.kind == "private":
            token = api.object("personal_access_tokens/self", Call("gitlab", "the token"))
            scopes = ", ".join(map(str, token.get("scopes") or ()))
    with suppress(AccessDenied, NotFound, BadPayload):
        path = "job" if site.kind == "job" else "user"
        answer = api.object(path, Call("gitlab", "the token's owner"))
        user = answer.get("user") or {} if path == "job" else answer
    known = (user.get("username"), token.get("name"), token.get("expires_at"))
    words = (f"{text} {value}" for text, value in zip(("user", "token", "ends"), known, strict=True) if value)
    return Found("", credentials=one_line(", ".join(words)), scopes=one_line(scopes))
