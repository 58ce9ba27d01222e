"""What botocore raises in, a failed try with the error that says what to do out.

AWS tells refusals by a code in the body, most of them under status 400:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html. Surprising fact: a clock that is
off looks like a wrong secret key, since the time is part of the signature.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from incident_pipeline.errors import (
    AccessDenied,
    BadPayload,
    ConfigError,
    IncidentError,
    NotFound,
    RateLimited,
    Unavailable,
    UsageError,
)
from incident_pipeline.http.errors import Call, Refusal, one_line, to_error
from incident_pipeline.http.retry import FailedTry, retry_after, server_fault

if TYPE_CHECKING:
    from datetime import datetime

    from botocore.exceptions import BotoCoreError, ClientError

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "OptInRequired"}
_UNKNOWN_KEY = {
    "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "AuthFailure", "NotAuthorized",
    "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
    "IncompleteSignatureException",
}  # fmt: skip
_BAD_SIGNATURE = {
    "SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired",
    "RequestInTheFuture",
}  # fmt: skip
_EXPIRED = {"ExpiredToken", "ExpiredTokenException"}
_THROTTLED = {
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException", "SlowDown",
}  # fmt: skip
_OFF = {"InvalidParameterException", "ValidationException", "ValidationError", "InvalidOperationException"}
_FAULTS = {
    "ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "InternalError", "InternalServerException",
    "RequestTimeout", "RequestTimeoutException",
}  # fmt: skip


def refused(error: "ClientError", call: Call, *, now: "datetime", secrets: frozenset[str]) -> FailedTry:
    """The failed try that AWS's own refusal makes."""
    answer = cast("Mapping[str, Any]", error.response)
    meta: Mapping[str, Any] = answer.get("ResponseMetadata") or {}
    fault: Mapping[str, Any] = answer.get("Error") or {}
    code, said = str(fault.get("Code") or ""), one_line(without(str(fault.get("Message") or ""), secrets))
    status = int(meta.get("HTTPStatusCode") or 0)
    headers: Mapping[str, str] = meta.get("HTTPHeaders") or {}  # botocore gives the names in lower case
    if code in _THROTTLED or status == 429:
        return _throttled(call, code, headers.get("retry-after"), now=now)
    refusal = Refusal(status, headers, json.dumps({"message": said}).encode())
    if code in _FAULTS or status >= 500:
        fault_said = Unavailable(f"{call.who}: {call.what}: AWS failed ({code or status}){_words(said)}")
        return server_fault(fault_said, refusal, now)
    needs = call.needs if call.needs.endswith(error.operation_name) else f"sts:{error.operation_name}"
    known = _by_code("ResourceNotFoundException" if status == 404 else code, said, call, needs=needs)
    return FailedTry(known or to_error(refusal, Call(call.who, call.what, needs), authorized=True))


def broken(error: "BotoCoreError", call: Call, *, host: str, secrets: frozenset[str]) -> FailedTry:
    """The failed try that anything short of an answer makes."""
    from botocore import exceptions as boto  # noqa: PLC0415 - slow to load

    who, said, name = call.who, one_line(without(str(error), secrets)), type(error).__name__
    asked, again = f"{who}: {call.what}", False
    match error:
        case boto.NoCredentialsError():
            told: IncidentError = AccessDenied(f"{who}: no AWS credentials found: {_GIVE}")
        case (
            boto.PartialCredentialsError() | boto.CredentialRetrievalError() | boto.TokenRetrievalError()
            | boto.SSOError() | boto.LoginError() | boto.NoAuthTokenError() | boto.UnknownCredentialError()
            | boto.RefreshWithMFAUnsupportedError() | boto.InvalidConfigError()
        ):  # fmt: skip
            told = unusable(error, call, secrets=secrets)
        case boto.ParamValidationError():
            told = UsageError(f"{asked}: {said}")
        case boto.SSLError():
            told = Unavailable(f"{asked}: {host}: its certificate is not trusted; set ca_file or AWS_CA_BUNDLE")
        case boto.EndpointConnectionError():
            told = Unavailable(
                f"{asked}: {host} cannot be reached; is the region right, is there a way to the network?"
            )
            again = True
        case boto.HTTPClientError() | boto.ConnectionError() | boto.IncompleteReadError():
            told, again = Unavailable(f"{asked}: no answer from {host} ({name})"), True
        case _:
            told = ConfigError(f"{asked}: {name}: {said}")
    return FailedTry(told, again=again)


_GIVE = "set access_key_id and secret_access_key, profile, or AWS_PROFILE (`aws configure`, `aws sso login`)"


def without(text: str, secrets: frozenset[str]) -> str:
    """`text` with each secret masked: AWS repeats the session token when it refuses a signature."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def unusable(error: Exception, call: Call, *, secrets: frozenset[str]) -> AccessDenied:
    """The error for credentials that give no key: a login that ended, a program or a code that is missing."""
    said = one_line(without(str(error), secrets)) or type(error).__name__
    return AccessDenied(f"{call.who}: AWS credentials cannot be used: {said}; log in again or {_GIVE}")


def unreadable(call: Call) -> BadPayload:
    """The error for an answer that is not AWS's."""
    hint = "is endpoint_url right, is a proxy between?"
    return BadPayload(f"{call.who}: {call.what}: the answer is not of CloudWatch Logs; {hint}")


def _words(said: str) -> str:
    return f": {said}" if said else ""


def _throttled(call: Call, code: str, asked: str | None, *, now: "datetime") -> FailedTry:
    """AWS names no time as a rule: its bucket fills within a second, so the usual back-off is enough."""
    at = retry_after(asked, now)
    then = f"try again after {at:%Y-%m-%d %H:%M:%S} UTC" if at else "others of the account ask too; try again later"
    message = f"{call.who}: {call.what}: asked to slow down ({code or 429}); {then}"
    wait = max(0.0, (at - now).total_seconds()) if at else None
    return FailedTry(RateLimited(message, retry_at=at), again=True, wait=wait)


def _by_code(code: str, said: str, call: Call, *, needs: str) -> IncidentError | None:
    who, words = call.who, _words(said)
    told: IncidentError | None = None
    if code in _DENIED:
        told = AccessDenied(f"{who}: these credentials lack {needs} ({code}){words}")
    elif code in _EXPIRED:
        told = AccessDenied(
            f"{who}: the session token has expired ({code}): log in again (`aws sso login`) or renew it"
        )
    elif code in _UNKNOWN_KEY:
        told = AccessDenied(f"{who}: AWS does not know the access key ({code}): wrong, deleted, or without its token")
    elif code in _BAD_SIGNATURE:
        reason = "the secret key is wrong, or this machine's clock is off (set it by NTP)"
        told = AccessDenied(f"{who}: the signature is refused ({code}): {reason}")
    elif code == "ResourceNotFoundException":
        told = NotFound(f"{who}: {call.what} not found: is it of this region and account?{words}")
    elif code in _OFF:
        told = UsageError(f"{who}: {call.what} was not understood ({code}){words}")
    return told
