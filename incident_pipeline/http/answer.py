"""What a GET brought back, and the small questions asked of its URL."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from incident_pipeline.errors import BadPayload
from incident_pipeline.http.errors import Call, one_line


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer, read whole. `links` maps the Link header's relations (`next`, `last`) to URLs."""

    url: str
    status: int
    headers: Mapping[str, str]
    links: Mapping[str, str]
    body: bytes

    def json_object(self, call: Call) -> dict[str, Any]:
        """The body as a JSON object. BadPayload: HTML, a list, or an error message under a 2xx status."""
        value = self._json(call)
        if not isinstance(value, dict):
            raise BadPayload(f"{call.who}: {call.what}: expected a JSON object, got {type(value).__name__}")
        fields = cast("dict[str, Any]", value)
        # A proxy or an old server may answer 200 with the body of an error.
        if "message" in fields and ("documentation_url" in fields or len(fields) == 1):
            raise BadPayload(f"{call.who}: {call.what}: an error came as success: {one_line(str(fields['message']))}")
        return fields

    def json_list(self, call: Call) -> list[Any]:
        """The body as a JSON list. BadPayload when it is anything else."""
        value = self._json(call)
        if not isinstance(value, list):
            self.json_object(call)
            raise BadPayload(f"{call.who}: {call.what}: expected a JSON list, got an object")
        return cast("list[Any]", value)

    def _json(self, call: Call) -> Any:  # noqa: ANN401 - the JSON edge
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            kind = self.headers.get("content-type", "").partition(";")[0] or "no content type"
            what = f"{len(self.body):,} bytes of {one_line(kind)}" if self.body else "an empty body"
            message = f"{call.who}: {call.what}: expected JSON, got {what}; is the base URL right, is a proxy between?"
            raise BadPayload(message) from None


def origin(url: str) -> tuple[str, str, int | None] | None:
    """(scheme, host, port) of a URL, the port filled in where the scheme implies it; None when it is no URL."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None


def same_origin(first: str, second: str) -> bool:
    """Whether both URLs lead to one scheme, host and port: only there may a token be sent."""
    return origin(first) == origin(second) is not None
