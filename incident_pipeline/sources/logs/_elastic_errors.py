"""What elasticsearch-py raises in, the failed try with the error of `incident_pipeline.errors` out, secrets taken out.

Surprising fact: "all shards failed" is only what the coordinator says; the cause stands in `root_cause`. A 429 is no
rate limit but a full queue or a memory breaker, so without Retry-After it is tried again soon.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from incident_pipeline.errors import (
    BadPayload,
    IncidentError,
    NotFound,
    RateLimited,
    Unavailable,
    Unsupported,
    UsageError,
)
from incident_pipeline.http.errors import Call, Refusal, one_line, to_error
from incident_pipeline.http.retry import FailedTry, rate_limit, server_fault

CONTEXT_MISSING = "search_context_missing_exception"

_GRANTED_BY = re.compile(r"granted by the (index|cluster) privileges \[([\w,]+)\]")


def failed_try(
    error: Exception, call: Call, *, now: datetime, authorized: bool, hide: Callable[[str], str]
) -> FailedTry:  # fmt: skip
    """Any exception of elasticsearch-py or its transport. `hide` takes the credentials out of a text."""
    import elasticsearch  # noqa: PLC0415 - an optional extra

    where = f"{call.who}: {call.what}"
    if isinstance(error, elasticsearch.UnsupportedProductError):
        return FailedTry(_unsupported(error.body, call))
    if isinstance(error, elasticsearch.ApiError):
        headers = {key.lower(): value for key, value in error.meta.headers.items()}
        said = hide(reason(error.body))
        body = json.dumps({"message": said}).encode() if said else b""
        return _refused(Refusal(error.meta.status, headers, body), call, now=now, authorized=authorized)
    if isinstance(error, elasticsearch.SerializationError):
        message = f"{where}: expected JSON, got something else; is the host right, is a proxy between?"
        return FailedTry(BadPayload(message))
    untrusted = isinstance(error, elasticsearch.SSLError)
    advice = "; set ca_file, or https or http as the server speaks it" if untrusted else ""
    said = one_line(str(getattr(error, "message", type(error).__name__)))
    return FailedTry(Unavailable(f"{where}: {said}{advice}"), again=not untrusted)


def reason(body: Any) -> str:  # noqa: ANN401 - the JSON edge
    """What an answer says went wrong: the first root cause of a failed search, else whatever it calls its error."""
    error: Any = cast("dict[str, Any]", body).get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        fields = cast("dict[str, Any]", error)
        roots: Any = fields.get("root_cause")
        first: Any = cast("list[Any]", roots)[0] if isinstance(roots, list) and roots else fields
        told = cast("dict[str, Any]", first) if isinstance(first, dict) else fields
        said = told.get("reason") or fields.get("reason") or told.get("type")
        return one_line(str(said)) if said else ""
    return Refusal(0, {}, json.dumps(body).encode()).message if isinstance(body, dict | list) else ""


def lapsed(body: Any) -> bool:  # noqa: ANN401 - the JSON edge
    """Whether a refusal or an answer with failed shards says that the point in time is gone, for a shard or wholly."""
    return isinstance(body, dict) and CONTEXT_MISSING in json.dumps(
        [cast("dict[str, Any]", body).get(key) for key in ("error", "_shards")]
    )


def _refused(refusal: Refusal, call: Call, *, now: datetime, authorized: bool) -> FailedTry:
    said = f": {refusal.message}" if refusal.message else ""
    if refusal.status == 429 and "retry-after" not in refusal.headers:
        message = f"{call.who}: {call.what}: the cluster has too much to do (429){said}"
        return FailedTry(RateLimited(message), again=True)
    if limited := rate_limit(refusal, call, now):
        return limited
    error: IncidentError
    if refusal.status == 404:
        error = NotFound(f"{call.who}: {call.what} not found (404){said}")
    elif refusal.status == 400:
        error = UsageError(f"{call.who}: {call.what} was not understood (400){said}")
    else:
        error = to_error(refusal, _needing(refusal, call), authorized=authorized)
    return server_fault(error, refusal, now) if isinstance(error, Unavailable) else FailedTry(error)


def _needing(refusal: Refusal, call: Call) -> Call:
    """The call with the privilege that the cluster names. Of several that would do the least one is named."""
    found = _GRANTED_BY.search(refusal.message)
    if found is None:
        return call
    names = found[2].split(",")
    return replace(call, needs=f"the {found[1]} privilege {'read' if 'read' in names else names[0]}")


def _unsupported(body: Any, call: Call) -> IncidentError:  # noqa: ANN401 - the JSON edge
    if not isinstance(body, Mapping):
        what = f"{call.who}: {call.what}: expected JSON, got something else"
        return BadPayload(f"{what}; is the host right, is a proxy between?")
    return Unsupported(
        f"{call.who}: the server does not say that it is Elasticsearch (X-Elastic-Product): OpenSearch and versions "
        "before 7.14 are not read, and a proxy must pass that header on"
    )
