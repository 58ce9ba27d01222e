"""A GitHub App reads with its installation's token: signed for, kept for its hour, renewed, and in no error."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr, ValidationError

from incident_pipeline.errors import AccessDenied, ConfigError
from incident_pipeline.http.client import Client
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources import _github_app as module
from incident_pipeline.sources._api import Api
from incident_pipeline.sources._github import HEADERS, GitHubConfig, clone_login, find_site, open_api
from incident_pipeline.sources._github_app import App, AppCredentials, shared_credentials
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.git.github import Config, GitHub, open_source
from tests.fakes.github import FakeGitHub
from tests.fakes.github_access import FakeApp
from tests.fakes.github_state import FakeRepo
from tests.http.clock import Clock
from tests.sources.git.github_case import REPO
from tests.sources.git.history import make_history

pytestmark = pytest.mark.proves("credentials", by="fake")


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key: rsa.RSAPrivateKey) -> str:
    form, none = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, none).decode()


@pytest.fixture
def app(key: rsa.RSAPrivateKey) -> FakeApp:
    numbers = key.public_key().public_numbers()
    return FakeApp(numbers.n, numbers.e)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("app") / "repo"
    make_history(path)
    return path


@pytest.fixture
def server(app: FakeApp, history: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub({REPO: FakeRepo(history)}, app=app) as running:
        yield running


Opened = Callable[..., GitHub]


@pytest.fixture
def opened(server: FakeGitHub, pem: str) -> Opened:
    """A source of the app; `ours` is this machine's clock."""

    def make(*, ours: Callable[[], datetime] | None = None, **changes: object) -> GitHub:
        patience = Patience(clock=ours or (lambda: datetime.now(UTC)), sleep=lambda _: None)
        who = App(server.url, "77", SecretStr(pem), headers=tuple(HEADERS.items()))
        who = replace(who, **{"repo": REPO, **changes})  # pyright: ignore[reportArgumentType] - fields by name
        client = Client(server.url, credentials=AppCredentials(who, patience), headers=HEADERS, patience=patience)
        return GitHub(GitHubConfig(base_url=server.url, owner="acme", repo="shop"), api=Api(client))

    return make


def asked(server: FakeGitHub) -> list[str]:
    return [request.path for request in server.requests]


def test_the_installation_is_found_and_its_token_used_for_all_that_follows(
    server: FakeGitHub, opened: Opened, app: FakeApp
) -> None:
    with opened() as source:
        assert source.default_branch(REPO) == "main"
        assert len(list(source.get_branches(REPO))) == 2
    mint = "/app/installations/55/access_tokens"
    assert asked(server)[:2] == [f"/repos/{REPO}/installation", mint]
    assert asked(server).count(mint) == 1
    assert {r.headers["authorization"] for r in server.requests[2:]} == {f"Bearer {next(iter(app.tokens))}"}


@pytest.mark.parametrize("app_id", ["77", "Iv1.0123456789abcdef"])
@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"installation": 55, "repo": ""}, None),
        ({"repo": "", "owner": "Acme"}, "/app/installations"),
        ({"repo": ""}, "/app/installations"),
    ],
)
def test_which_installation_is_said_by_number_by_owner_or_by_there_being_one(
    server: FakeGitHub, opened: Opened, app_id: str, changes: dict[str, object], path: str | None
) -> None:
    with opened(app_id=app_id, **changes) as source:
        assert source.default_branch(REPO) == "main"
    assert [p for p in asked(server) if "access_tokens" not in p][:1] == [path or f"/repos/{REPO}"]


def test_one_of_several_installations_has_to_be_named(opened: Opened, app: FakeApp) -> None:
    app.installations[56] = "other"
    with opened(repo="") as source, pytest.raises(ConfigError, match=r"installation_id \(installed on: acme, other\)"):
        source.default_branch(REPO)


def test_a_token_is_renewed_before_it_runs_out(server: FakeGitHub, opened: Opened, app: FakeApp) -> None:
    app.life = module.MARGIN - timedelta(seconds=1)
    with opened() as source:
        for _ in range(3):
            source.default_branch(REPO)
    assert len(app.tokens) == 3


def test_a_token_that_is_refused_halfway_is_renewed_once(server: FakeGitHub, opened: Opened, app: FakeApp) -> None:
    with opened() as source:
        source.default_branch(REPO)
        app.tokens.clear()
        assert source.default_branch(REPO) == "main"
        assert len(app.tokens) == 1
        app.installations.clear()
        app.tokens.clear()
        with pytest.raises(AccessDenied, match="the token is refused"):
            source.default_branch(REPO)


def test_an_app_that_was_removed_says_so(opened: Opened, app: FakeApp) -> None:
    clock = Clock(datetime.now(UTC))
    with opened(ours=clock) as source:
        source.default_branch(REPO)
        clock.now += module.PAUSE * 2
        app.installations.clear()
        app.tokens.clear()
        with pytest.raises(AccessDenied, match=r"github app 77: is not installed there \(installation 55\)"):
            source.default_branch(REPO)


def test_six_threads_make_one_token(server: FakeGitHub, opened: Opened, app: FakeApp, history: Path) -> None:
    with opened() as source:
        assert len(list(source.get_commits_between(REPO, None, "main"))) == 6
        app.tokens.clear()
        assert len(list(source.get_commits_between(REPO, None, "main"))) == 6
    assert len(app.tokens) == 1


@pytest.mark.parametrize(
    "off", [timedelta(hours=-3), timedelta(minutes=8), timedelta(days=400), timedelta(seconds=-50)]
)
def test_a_machine_whose_clock_is_off_reads_all_the_same(opened: Opened, off: timedelta) -> None:
    with opened(ours=lambda: datetime.now(UTC) + off) as source:
        assert source.default_branch(REPO) == "main"
        checked = source.check()
    assert checked.works
    assert ("clock" in checked.advice) == (abs(off) > timedelta(seconds=60))


def test_check_tells_the_app_its_installation_and_what_it_may(opened: Opened) -> None:
    with opened() as source:
        checked = source.check()
    assert (checked.works, checked.found) == (True, "default branch main")
    assert (checked.credentials, checked.scopes) == (
        "app incident-reader, installation 55",
        "actions:read, contents:read",
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"app_id": "78"}, r"github app 78: its claim is refused \(401\): check app_id, private_key"),
        ({"installation": 99}, r"not installed there \(installation 99\)"),
        ({"repo": "stranger/shop"}, r"not installed there \(stranger/shop\)"),
    ],
)
def test_a_refused_app_says_what_to_correct_and_no_secret(
    server: FakeGitHub, opened: Opened, pem: str, changes: dict[str, object], words: str
) -> None:
    with opened(**changes) as source:
        with pytest.raises(AccessDenied, match=words) as caught:
            source.default_branch(REPO)
        checked = source.check()
    assert not checked.works
    claims = [r.headers["authorization"].split()[1] for r in server.requests]
    said = f"{caught.value} {caught.value!r} {checked} {source!r} {vars(source)} {source.api.client.credentials!r}"
    assert not any(secret in said for secret in [*claims, *pem.split("\n")[1:-2]])


def configured(url: str, **keys: object) -> Config:
    return Config.model_validate({"base_url": url, "owner": "acme", "repo": "shop", "app_id": 77, **keys})


def test_a_config_opens_it_from_a_key_or_a_file_with_one_token_for_all_sources(
    server: FakeGitHub, app: FakeApp, pem: str, tmp_path: Path
) -> None:
    (tmp_path / "app.pem").write_text(pem)
    context = SourceContext("github", tmp_path / "cache", tmp_path)
    given = (
        configured(server.url, private_key_file="app.pem"),
        configured(server.url, private_key=pem.replace("\n", "\\n"), installation_id="55"),
    )
    for config in (*given, *given):
        with open_source(config, context) as source:
            assert source.check().credentials == "app incident-reader, installation 55"
        assert pem.split("\n")[1] not in repr(config)
    assert len(app.tokens) == 2
    shared_credentials.cache_clear()


def test_a_clone_logs_in_with_the_apps_token(server: FakeGitHub, app: FakeApp, pem: str, tmp_path: Path) -> None:
    config = configured(server.url, private_key=pem)
    api = open_api(config, SourceContext("github", tmp_path, tmp_path))
    login = clone_login(api, find_site(config, {}))
    assert login
    assert (login[0], login[1].get_secret_value()) == ("x-access-token", next(iter(app.tokens)))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "needs private_key"),
        ({"private_key": "x", "private_key_file": "y"}, "one of them"),
        ({"private_key": "x", "token": "t"}, "not both"),
        ({"app_id": None, "private_key": "x"}, "app_id is missing"),
        ({"app_id": None, "installation_id": 5}, "app_id is missing"),
    ],
)
def test_half_a_way_in_is_refused_when_the_config_is_read(keys: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        configured("https://ghe.example", **keys)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"private_key": "secret nonsense"}, "no RSA private key in PEM form"),
        ({"private_key_file": "no-such.pem"}, r"no-such\.pem cannot be read \(No such file"),
        ({"private_key_file": "."}, r"cannot be read \(Is a directory"),
    ],
)
def test_a_key_that_is_none_is_refused_when_the_source_is_opened(
    tmp_path: Path, keys: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        open_source(configured("https://ghe.example", **keys), SourceContext("github", tmp_path, tmp_path))
    assert "nonsense" not in str(caught.value)
