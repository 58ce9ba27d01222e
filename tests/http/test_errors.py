import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.errors import AccessDenied, BadPayload, Gone, IncidentError, NotFound, Unavailable, UsageError
from incident_pipeline.http.errors import MAX_MESSAGE, Call, Refusal, one_line, to_error

CALL = Call("github acme/web", "run 7", "actions:read")


def refused(status: int, said: str = "", *, authorized: bool = True, **headers: str) -> IncidentError:
    body = json.dumps({"message": said}).encode() if said else b""
    return to_error(
        Refusal(status, {k.replace("_", "-"): v for k, v in headers.items()}, body), CALL, authorized=authorized
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadPayload), (401, AccessDenied), (403, AccessDenied), (404, NotFound), (409, NotFound), (410, Gone),
        (408, Unavailable), (422, UsageError), (451, AccessDenied), (500, Unavailable), (503, Unavailable),
    ],
)  # fmt: skip
def test_each_status_becomes_the_error_of_what_the_caller_can_do(status: int, kind: type[IncidentError]) -> None:
    error = refused(status)
    assert type(error) is kind
    assert str(error).startswith("github acme/web: ")
    assert f"({status})" in str(error)


def test_a_refused_token_is_told_from_a_missing_one() -> None:
    assert "the token is refused" in str(refused(401))
    assert "no token was given" in str(refused(401, authorized=False))


def test_a_403_names_the_scope_that_the_vendor_names_else_the_documented_one() -> None:
    assert str(refused(403)) == "github acme/web: token lacks actions:read (403)"
    named = refused(403, x_accepted_github_permissions="actions=read; contents=read")
    assert str(named) == "github acme/web: token lacks actions:read; contents:read (403)"
    assert "no token was given" in str(refused(403, authorized=False))
    assert "single sign-on" in str(refused(403, x_github_sso="required; url=https://x"))


def test_a_404_says_that_a_private_repository_answers_so() -> None:
    assert "private repository" in str(refused(404, "Not Found"))


def test_an_unknown_revision_is_not_found_whatever_the_status() -> None:
    for status in (404, 422):
        assert isinstance(refused(status, "No commit found for SHA: abc"), NotFound)


@given(st.text())
def test_a_vendors_words_become_one_bounded_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= MAX_MESSAGE
    assert len(line.splitlines()) <= 1
    assert "\x1b" not in line


@given(st.binary())
def test_any_body_of_a_refusal_is_survived(body: bytes) -> None:
    assert len(Refusal(500, {}, body).message) <= MAX_MESSAGE
