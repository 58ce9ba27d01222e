"""Credentials in, the headers that carry them out. A client sends them to its own origin and nowhere else.

Surprising fact: some credentials run out while they are used (a GitHub App's token lives an hour), so a client that is
refused with 401 asks once whether they can be renewed.
"""

import base64
from collections.abc import Mapping
from typing import Protocol

from pydantic import SecretStr

from incident_pipeline.errors import ConfigError


class Credentials(Protocol):
    """What a client is given to prove who it is."""

    def headers(self) -> Mapping[str, str]:
        """The headers of the next request, values in the clear."""
        ...

    def renew(self) -> bool:
        """Called after a 401: True when there are new credentials now, so that the request is worth another try."""
        ...


class FixedHeaders:
    """Headers that never change. ConfigError for a value that no header can carry, which is not shown."""

    def __init__(self, headers: Mapping[str, SecretStr]) -> None:
        # A line break at the end is the commonest slip: a token that was read from a file.
        self._headers = {name: SecretStr(value.get_secret_value().strip()) for name, value in headers.items()}
        for value in self._headers.values():
            text = value.get_secret_value()
            if not (text.isascii() and text.isprintable()):
                raise ConfigError("the token or key holds a line break or a character that none has: copy it anew")

    def __repr__(self) -> str:
        return f"FixedHeaders({', '.join(self._headers)})"

    def headers(self) -> Mapping[str, str]:
        """The same ones, always."""
        return {name: value.get_secret_value() for name, value in self._headers.items()}

    def renew(self) -> bool:
        """Never."""
        return False


def bearer(token: SecretStr) -> FixedHeaders:
    """`Authorization: Bearer ...` (RFC 6750)."""
    return FixedHeaders({"Authorization": SecretStr(f"Bearer {token.get_secret_value().strip()}")})


def basic(user: str, secret: SecretStr) -> FixedHeaders:
    """`Authorization: Basic ...` (RFC 7617), UTF-8."""
    pair = base64.b64encode(f"{user}:{secret.get_secret_value()}".encode()).decode()
    return FixedHeaders({"Authorization": SecretStr(f"Basic {pair}")})


def without_credentials(body: bytes, credentials: Credentials | None) -> bytes:
    """`body` without the values of the headers that were sent, what follows their first word, and a Basic password."""
    for value in credentials.headers().values() if credentials else ():
        scheme, _, rest = value.partition(" ")
        for secret in (value, rest, _password(rest) if scheme == "Basic" else ""):
            body = body.replace(secret.encode(), b"***") if secret else body
    return body


def _password(pair: str) -> str:
    return base64.b64decode(pair).decode("utf-8", "replace").partition(":")[2]
