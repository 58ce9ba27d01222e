"""Who is let in, what `sources check` says about it, and what a mirror is cloned with."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from incident_pipeline.errors import AccessDenied, ConfigError
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.git._bitbucket import Config, api_address, find_login, remote_of
from incident_pipeline.sources.git._mirror import MirroredGit, clone_environment
from incident_pipeline.sources.git.bitbucket import open_source
from tests.fakes.bitbucket import FakeBitbucket, FakeRepo
from tests.sources.git.bitbucket_case import REPO, TOKEN, bitbucket
from tests.sources.git.history import make_history

EMAIL, USER, SECRET = "ann@example.org", "ann", "ATATT3" + "y" * 30
API_TOKEN = {"token": None, "email": EMAIL, "api_token": SECRET}
APP_PASSWORD = {"token": None, "username": USER, "app_password": SECRET}
NAMED = {"owner": "acme", "repo": "shop"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_history(tmp_path_factory.mktemp("access") / "repo")[0].path


@pytest.fixture
def server(path: Path) -> Iterator[FakeBitbucket]:
    with FakeBitbucket({REPO: FakeRepo(path)}, token=TOKEN, logins={EMAIL: SECRET, USER: SECRET}) as running:
        yield running


@pytest.mark.proves("credentials", by="fake")
@pytest.mark.parametrize(
    ("keys", "header"),
    [
        ({}, f"Bearer {TOKEN}"),
        (API_TOKEN, "Basic " + base64.b64encode(f"{EMAIL}:{SECRET}".encode()).decode()),
        (APP_PASSWORD, "Basic " + base64.b64encode(f"{USER}:{SECRET}".encode()).decode()),
    ],
)
def test_each_kind_of_credentials_is_sent_as_bitbucket_takes_it(
    server: FakeBitbucket, keys: dict[str, Any], header: str
) -> None:
    with bitbucket(server, **keys) as source:
        assert source.default_branch(REPO) == "main"
    assert [r.headers["authorization"] for r in server.requests] == [header]


@pytest.mark.proves("credentials", by="fake")
def test_wrong_or_missing_credentials_are_denied(server: FakeBitbucket) -> None:
    for keys in ({"token": "wrong"}, {**API_TOKEN, "email": "bob@example.org"}, {"token": None}):
        with bitbucket(server, **keys) as source, pytest.raises(AccessDenied, match="bitbucket acme/shop: "):
            source.default_branch(REPO)
    assert "authorization" not in server.requests[-1].headers


@pytest.mark.parametrize(
    ("keys", "said"),
    [({"api_token": SECRET}, "email"), ({"app_password": SECRET}, "username"), ({**API_TOKEN, "email": ""}, "email")],
)
def test_half_of_a_pair_is_a_mistake_in_the_config(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"bitbucket: .* goes with {said}") as caught:
        find_login(Config.model_validate(keys))
    assert SECRET not in str(caught.value)


def test_an_empty_variable_is_no_credential_and_the_first_kind_is_taken() -> None:
    assert find_login(Config.model_validate({"token": "", "api_token": "", "app_password": ""})) is None
    every = Config.model_validate({**API_TOKEN, **APP_PASSWORD, "token": TOKEN})
    kinds = [
        every,
        every.model_copy(update={"token": None}),
        every.model_copy(update={"token": None, "api_token": None}),
    ]
    assert [login.kind for c in kinds if (login := find_login(c))] == [
        "an access token", "an API token", "an app password",
    ]  # fmt: skip
    assert TOKEN not in repr(find_login(every))


@pytest.mark.proves("check", by="fake")
def test_check_tells_whose_credentials_they_are_and_what_they_may(server: FakeBitbucket) -> None:
    with bitbucket(server, **NAMED) as source:
        check = source.check()
        assert (check.works, check.credentials) == (True, "an access token")
        assert (check.what, check.found, check.scopes) == (REPO, "default branch main", "account, repository")
    with bitbucket(server, **NAMED, **API_TOKEN) as source:
        assert source.check().credentials == f"Name of {EMAIL}"
        server.scopes = "repository"
        assert source.check().credentials == "an API token; whose it may not say without read:user:bitbucket"


@pytest.mark.proves("check", by="fake")
def test_check_without_a_repository_reads_the_workspace_or_the_account(server: FakeBitbucket) -> None:
    with bitbucket(server, owner="acme") as source:
        assert source.check().found == "repositories in acme"
    with bitbucket(server, owner="nobody") as source:
        assert source.check().found == "no repository in nobody"
    with bitbucket(server, **API_TOKEN) as source:
        check = source.check()
        assert (check.works, check.credentials) == (True, f"Name of {EMAIL}")
    with bitbucket(server) as source:
        assert "lacks account" in source.check().advice


@pytest.mark.proves("check", by="fake")
def test_a_refused_app_password_is_told_to_be_of_the_past(server: FakeBitbucket) -> None:
    with bitbucket(server, **NAMED, **{**APP_PASSWORD, "username": "bob"}) as source:
        assert "use email and api_token" in source.check().advice
    with bitbucket(server, **NAMED, **{**API_TOKEN, "email": "bob@example.org"}) as source:
        assert "api_token" not in source.check().advice


def test_a_configured_repository_is_read_without_naming_it(server: FakeBitbucket, tmp_path: Path) -> None:
    config = Config.model_validate({**NAMED, "base_url": server.api, "token": TOKEN})
    with open_source(config, SourceContext("bitbucket", tmp_path, tmp_path)) as source:
        assert source.default_branch("") == "main"


@pytest.mark.parametrize(
    "url", ["https://git.example/rest/api/1.0", "https://git.example", "https://bitbucket.org", "https://api.x/3.0"]
)
def test_the_address_of_a_server_of_ones_own_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(ConfigError, match="Bitbucket Server and Data Center have another one") as caught:
        api_address(Config(base_url=url))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://api.example/2.0", "api.example/2.0", "https://u:p@api.example/2.0"])
def test_an_address_that_would_show_the_token_or_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        api_address(Config(base_url=url))


@pytest.mark.proves("mirror clone", by="fake")
@pytest.mark.parametrize(
    ("keys", "user"),
    [({"token": TOKEN}, "x-token-auth"), (API_TOKEN, "x-bitbucket-api-token-auth"), (APP_PASSWORD, USER)],
)
def test_a_mirror_is_cloned_with_the_user_name_of_its_kind_of_credentials(keys: dict[str, Any], user: str) -> None:
    remote = remote_of(Config.model_validate({**keys, **NAMED}))
    login = remote.login()
    assert login
    assert login == (user, SecretStr(TOKEN if user == "x-token-auth" else SECRET))
    assert (remote.web, remote.url(remote.name(""))) == ("https://bitbucket.org", "https://bitbucket.org/acme/shop.git")
    assert "http.https://bitbucket.org/.extraHeader" in clone_environment(remote).values()


@pytest.mark.proves("mirror clone", by="fake")
def test_a_mirror_serves_what_rest_cannot(path: Path, tmp_path: Path) -> None:
    config = Config.model_validate({**NAMED, "token": TOKEN, "mirror": True, "clone_url": str(path)})
    with open_source(config, SourceContext("bitbucket", tmp_path, tmp_path)) as source:
        assert isinstance(source, MirroredGit)
        head = source.resolve("", "main")
        assert len(source.blame("", "src/basket.py", head)) == 5
        assert "src/side.py" in source.list_paths("", head)
    assert TOKEN not in repr(config) + repr(source)


def test_without_credentials_a_mirror_is_cloned_as_anybody() -> None:
    remote = remote_of(Config(web_url="https://git.example"))
    assert (remote.login(), remote.web) == (None, "https://git.example")
