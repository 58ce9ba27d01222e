"""What `sources check` asks of Bitbucket: one small read, and whose the credentials are where they may tell.

Surprising fact: an access token belongs to a repository, a project or a workspace, so it has no account to ask for.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from incident_pipeline.errors import AccessDenied, BadPayload, NotFound
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.model.logs import SourceCheck
from incident_pipeline.sources._api import Api, Found, check, reading
from incident_pipeline.sources.git._bitbucket import Config, ask_of, find_login, repo_name, web_address


def check_login(api: Api, config: Config, *, name: str) -> SourceCheck:
    """Read the configured repository; without one a repository of the workspace, else the account."""
    what = repo_name("", config) if config.repo else web_address(config)
    found = check(name, "git", what, client=api.client, read=lambda: _found(api, config))
    login = find_login(config)
    if "(401)" in found.advice and login and login.kind == "an app password":
        return replace(found, advice=f"{found.advice}; Atlassian ended app passwords in 2026: use email and api_token")
    return found


def main_branch(data: dict[str, Any], call: Call) -> str:
    """Name of a repository's default branch. NotFound for an empty repository, which has none."""
    with reading(call):
        branch = data["mainbranch"]
        if branch is None:
            raise NotFound(f"{call.who}: no default branch: is the repository empty?")
        return str(branch["name"])


def _found(api: Api, config: Config) -> Found:
    if config.repo:
        path, call = ask_of("", config, what="the repository")
        answer = api.get(path, call)
        branch = main_branch(answer.json_object(call), call)
        return Found(
            f"default branch {branch}", _owner(api, config), one_line(answer.headers.get("x-oauth-scopes", ""))
        )
    if not config.owner:
        return Found("no repository is configured", _account(api))
    call = Call("bitbucket", f"repositories of {one_line(config.owner)}", "repository")
    answer = api.get(f"repositories/{quote(config.owner, safe='')}", call, params={"pagelen": 1})
    some = "repositories" if api.listed(answer, call) else "no repository"
    return Found(f"{some} in {one_line(config.owner)}", _owner(api, config))


def _owner(api: Api, config: Config) -> str:
    login = find_login(config)
    if login is None or not login.personal:
        return login.kind if login else ""
    with suppress(AccessDenied, NotFound, BadPayload):
        return _account(api)
    return f"{login.kind}; whose it may not say without read:user:bitbucket"


def _account(api: Api) -> str:
    call = Call("bitbucket", "the account", "read:user:bitbucket")
    data = api.object("user", call)
    with reading(call):
        return one_line(str(data["display_name"]))
