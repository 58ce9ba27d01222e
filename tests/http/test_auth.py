"""Credentials that a vendor says back are taken out of what it said."""

from pydantic import SecretStr

from incident_pipeline.http.auth import basic, bearer, without_credentials


def test_what_was_sent_is_taken_out_in_every_form() -> None:
    assert without_credentials(b"bad token t0ken", bearer(SecretStr("t0ken"))) == b"bad token ***"
    assert without_credentials(b"bad YW5uOnQwOmtlbg==, t0:ken of ann", basic("ann", SecretStr("t0:ken"))) == (
        b"bad ***, *** of ann"
    )
    assert without_credentials(b"as it was", None) == b"as it was"
