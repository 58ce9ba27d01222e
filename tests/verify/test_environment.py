from pathlib import Path

import pytest

from incident_pipeline.verify.environment import command_environment, dropped


@pytest.mark.parametrize(
    "name",
    [
        "GITHUB_TOKEN", "npm_token", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD", "MYSQL_PWD",
        "OPENAI_API_KEY", "SENTRY_DSN", "SSH_AUTH_SOCK", "GIT_ASKPASS", "GOOGLE_APPLICATION_CREDENTIALS", "FLICKR_KEY",
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_held_back(name: str) -> None:
    assert dropped({name: "x"}) == (name,)
    assert dropped({name: "x"}, keep=[name]) == ()


@pytest.mark.parametrize("name", ["PATH", "HOME", "PWD", "KEYBOARD", "PYTHONPATH", "LANG", "VIRTUAL_ENV", "MONKEY"])
def test_everything_else_is_passed_on(name: str) -> None:
    passed = command_environment({name: "x"}, tree=Path("/tree"), temporary=Path("/tmp/t"))
    assert passed[name] == ("/tree" if name == "PWD" else "x")


def test_an_address_with_a_password_is_held_back_whatever_its_name() -> None:
    assert dropped({"INDEX": "https://me:pass@host/simple", "PLAIN": "https://host:8080/a@b"}) == ("INDEX",)


def test_variables_that_point_at_another_tree_are_not_passed_on() -> None:
    env = {"GIT_DIR": "/r/.git", "GIT_INDEX_FILE": "/r/.git/index", "PYTHONPYCACHEPREFIX": "/cache"}
    assert not env.keys() & command_environment(env, tree=Path("/t"), temporary=Path("/t")).keys()
