"""Credentials go into headers whole or not at all, are renewed when refused, and taken out of what vendors say back."""

from collections.abc import Mapping

import httpx
import pytest
from pydantic import SecretStr

from incident_pipeline.errors import AccessDenied, ConfigError
from incident_pipeline.http.auth import FixedHeaders, basic, bearer, without_credentials
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from tests.http.clock import Clock


def test_what_was_sent_is_taken_out_in_every_form() -> None:
    assert without_credentials(b"bad token t0ken", bearer(SecretStr("t0ken"))) == b"bad token ***"
    assert without_credentials(b"bad YW5uOnQwOmtlbg==, t0:ken of ann", basic("ann", SecretStr("t0:ken"))) == (
        b"bad ***, *** of ann"
    )
    assert without_credentials(b"as it was", None) == b"as it was"


@pytest.mark.parametrize("token", ["t0ken\n", " t0ken", "t0ken\r\n"])
def test_a_line_break_around_a_token_is_the_files_not_the_tokens(token: str) -> None:
    assert bearer(SecretStr(token)).headers() == {"Authorization": "Bearer t0ken"}
    assert FixedHeaders({"Private-Token": SecretStr(token)}).headers() == {"Private-Token": "t0ken"}


@pytest.mark.parametrize("token", ["t0\nken", "t0\0ken", "tøken", "t0\u2028ken", "t0\rX-Other: y"])
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    with pytest.raises(ConfigError) as caught:
        bearer(SecretStr(token))
    assert token not in str(caught.value)
    assert caught.value.__cause__ is None


def test_headers_are_never_shown() -> None:
    shown = repr(bearer(SecretStr("t0ken"))) + str(vars(bearer(SecretStr("t0ken"))))
    assert "t0ken" not in shown


class Renewing:
    """Credentials that are refused once and can be renewed `left` times."""

    def __init__(self, left: int) -> None:
        self.left, self.number = left, 1

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer t0ken{self.number}"}

    def renew(self) -> bool:
        self.number += 1
        self.left -= 1
        return self.left >= 0


@pytest.mark.parametrize(("left", "sent"), [(0, 1), (1, 2), (99, 4)])
def test_credentials_are_renewed_while_they_can_and_patience_lasts(left: int, sent: int) -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["authorization"])
        return httpx.Response(401, json={"message": f"bad {asked[-1]}"})

    transport = httpx.MockTransport(handler)
    with (
        Client(
            "https://api.example", credentials=Renewing(left), patience=Clock().patience(), transport=transport
        ) as api,
        pytest.raises(AccessDenied) as caught,
    ):
        api.get("x", Call("vendor", "x"))
    assert asked == [f"Bearer t0ken{number}" for number in range(1, sent + 1)]
    assert "t0ken" not in str(caught.value)
