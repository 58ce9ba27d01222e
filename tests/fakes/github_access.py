"""Who may ask a fake GitHub: a token of a user, or an app's signed claim that is exchanged for tokens.

Written from https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app; the signature is
checked by hand (RFC 8017, 8.2.2), so that no library vouches for itself.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclass
class FakeApp:
    """`modulus` and `exponent` are its public key. `installations` maps numbers to accounts; a token lives `life`."""

    modulus: int
    exponent: int
    app_id: str = "77"
    client_id: str = "Iv1.0123456789abcdef"
    slug: str = "incident-reader"
    installations: dict[int, str] = field(default_factory=lambda: {55: "acme"})
    permissions: dict[str, str] = field(default_factory=lambda: {"contents": "read", "actions": "read"})
    life: timedelta = timedelta(hours=1)
    ahead: timedelta = timedelta()
    tokens: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def refuses(self, claim: str) -> str | None:
        """GitHub's words about a claim that it does not take."""
        try:
            head, body, signature = claim.split(".")
            header, said = json.loads(_decoded(head)), json.loads(_decoded(body))
        except ValueError:
            return "A JSON web token could not be decoded"
        if header["alg"] != "RS256" or not self._signed(f"{head}.{body}".encode(), _decoded(signature)):
            return "A JSON web token could not be decoded"
        if said["iss"] not in {self.app_id, self.client_id}:
            return "Integration must generate a public key"
        now = self.now().timestamp()
        if not isinstance(said["iat"], int) or said["iat"] > now:
            return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        if said["exp"] <= now:
            return "'Expiration time' claim ('exp') must be a numeric value representing the future time"
        return "'Expiration time' claim ('exp') is too far in the future" if said["exp"] > now + 600 else None

    def _signed(self, text: bytes, signature: bytes) -> bool:
        size = (self.modulus.bit_length() + 7) // 8
        opened = pow(int.from_bytes(signature, "big"), self.exponent, self.modulus).to_bytes(size, "big")
        digest = _SHA256 + hashlib.sha256(text).digest()
        return opened == b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest

    def grant(self) -> dict[str, Any]:
        token = f"ghs_{self.app_id}_{len(self.tokens):032}"
        self.tokens[token] = self.now() + self.life
        ends = self.tokens[token].strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"token": token, "expires_at": ends, "permissions": self.permissions, "repository_selection": "all"}

    def knows(self, token: str) -> bool:
        return token in self.tokens and self.now() < self.tokens[token]

    def installation(self, number: int) -> dict[str, Any]:
        return {
            "id": number, "account": {"login": self.installations[number]}, "app_id": int(self.app_id),
            "permissions": self.permissions,
        }  # fmt: skip


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
