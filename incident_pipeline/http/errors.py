"""A refused HTTP answer in, the error of `incident_pipeline.errors` that says what the caller can do out.

Surprising fact: a forge answers 404, not 403, for a private repository when the token may not see it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from incident_pipeline.errors import (
    AccessDenied,
    BadPayload,
    Gone,
    IncidentError,
    NotFound,
    Unavailable,
    UsageError,
)

MAX_MESSAGE = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Call:
    """What a request is for. `who` is the vendor and the thing (`github acme/web`), `what` what is asked of it
    (`run 123`), `needs` the permission that the vendor's documentation names (`actions:read`)."""

    who: str
    what: str
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status other than 2xx and 3xx, its headers (names in lower case) and the first bytes of its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def message(self) -> str:
        """What the vendor says, as one short line without control characters; empty when it says nothing readable."""
        try:
            answer: Any = json.loads(self.body)
        except (ValueError, RecursionError):
            return ""
        return one_line(_said(answer))

    @property
    def required(self) -> str:
        """The scopes that the vendor says are missing; empty when it names none."""
        if permissions := self.headers.get("x-accepted-github-permissions", ""):
            return one_line(permissions.replace("=", ":"))
        if scopes := self.headers.get("x-accepted-oauth-scopes", ""):
            return one_line(scopes)
        try:
            answer: Any = json.loads(self.body)
        except (ValueError, RecursionError):
            return ""
        # GitLab says `scope`; Bitbucket says `required` in its error's detail.
        found = _at(answer, "scope") or _at(answer, "error", "detail", "required")
        return one_line(", ".join(map(str, cast("list[Any]", found))) if isinstance(found, list) else str(found or ""))


def _said(answer: Any) -> str:  # noqa: ANN401 - the JSON edge
    """The sentence in an error's body: `message`, `error`, `detail`, `errors`, or the same one level down."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, list):
        return "; ".join(filter(None, map(_said, cast("list[Any]", answer)[:5])))
    if not isinstance(answer, dict):
        return ""
    fields = cast("dict[str, Any]", answer)
    keys = ("message", "error_description", "error", "reason", "detail", "title", "errors")
    return next((said for key in keys if (said := _said(fields.get(key)))), "")


def _at(value: Any, *path: str) -> Any:  # noqa: ANN401 - the JSON edge
    for name in path:
        value = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
    return value


def one_line(text: str) -> str:
    """`text` without control characters, at most MAX_MESSAGE characters: a vendor's words are data."""
    flat = _CONTROL.sub(" ", text).strip()
    return flat if len(flat) <= MAX_MESSAGE else flat[: MAX_MESSAGE - 3] + "..."


_BY_STATUS: dict[int, tuple[type[IncidentError], str]] = {
    404: (NotFound, "not found"),
    408: (Unavailable, "the server gave up waiting"),
    409: (NotFound, "cannot be had"),
    410: (Gone, "has expired"),
    422: (UsageError, "was not understood"),
    451: (AccessDenied, "is blocked for legal reasons"),
}


def to_error(refusal: Refusal, call: Call, *, authorized: bool) -> IncidentError:
    """The error for a refusal that is no rate limit. `authorized`: a token was sent with the request."""
    status, said = refusal.status, refusal.message
    words = f": {said}" if said else ""
    if status in {401, 403}:
        problem = _token_problem(authorized) if status == 401 else _missing(refusal, call, authorized=authorized)
        return AccessDenied(f"{call.who}: {problem} ({status}){words if status == 403 else ''}")
    if said.startswith("No commit found"):
        # GitHub refuses an unknown revision with 404 or 422, depending on the endpoint.
        return NotFound(f"{call.who}: {call.what} not found ({status}){words}")
    fault = (Unavailable, "the server failed") if status >= 500 else (BadPayload, "unexpected answer")
    kind, text = _BY_STATUS.get(status, fault)
    private = "; a private repository answers so to a token without access" if status == 404 else ""
    return kind(f"{call.who}: {call.what} {text} ({status}){words}{private}")


def _token_problem(authorized: bool) -> str:
    if authorized:
        return "the token is refused: wrong, expired or revoked; make a new one"
    return "no token was given and one is needed; set it in the config or the environment"


def _missing(refusal: Refusal, call: Call, *, authorized: bool) -> str:
    if "x-github-sso" in refusal.headers:
        return "the token is not authorized for the organisation's single sign-on; authorize it on the token's page"
    needs = refusal.required or call.needs or "a permission"
    if authorized:
        return f"token lacks {needs}"
    return f"no token was given and {call.what} needs one with {needs}"
