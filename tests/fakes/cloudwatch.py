"""CloudWatch Logs and STS with state, written from the vendor's service model: AWS JSON 1.1, and AWS query for STS.

It enforces: the signature (Signature Version 4, computed anew with the secret of the key that signed:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), session tokens and their
expiry, page sizes (10,000 events, 50 groups), tokens of its own making, parameters that exclude each other, names as
the model writes them, and 5 FilterLogEvents a second when `enforce_quota` is set. Events are in the order of
`interleave`: by time as AWS says, or stream by stream as other engines do.
"""

import argparse
import contextlib
import hashlib
import json
import re
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.cloudwatch_signature import sign
from tests.fakes.server import Asked, FakeVendor, Reply

ACCOUNT = "123456789012"
REGION = "eu-central-1"
MAX_EVENTS, MAX_GROUPS = 10_000, 50
_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_STREAM = re.compile(r"[^:*]{1,512}")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([\w/+-]+?)/(\d{8})/([\w-]+)/(logs|sts)/aws4_request, "
    r"SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})"
)


@dataclass
class FakeEvent:
    """`raw` replaces the event in the answer, for what AWS should never send."""

    stream: str
    timestamp: int
    message: str
    event_id: str = ""
    raw: Any = None


@dataclass
class Key:
    """`token`: the session token that must come along; `expires`: when it stops being taken."""

    secret: str
    token: str | None = None
    expires: datetime | None = None
    arn: str = f"arn:aws:iam::{ACCOUNT}:user/ada"
    denied: set[str] = field(default_factory=set[str])


class Refused(Exception):
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(message)


class FakeCloudWatch(FakeVendor):
    """`groups`: log group name, or ARN of another account's, -> events. `roles`: role ARN -> external id that it wants
    ("" for none). `empty_pages`: before each further page comes an empty one with a token. `now` and `monotonic` are
    the clocks of expiry and quota."""

    def __init__(self, groups: dict[str, list[FakeEvent]] | None = None, *, port: int = 0) -> None:
        self.groups: dict[str, list[FakeEvent]] = groups or {}
        self.keys: dict[str, Key] = {}
        self.roles: dict[str, str] = {}
        self.role_seconds = 3600
        self.interleave = True
        self.empty_pages = False
        self.enforce_quota = False
        self.page_size, self.most_groups = MAX_EVENTS, MAX_GROUPS
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.monotonic: Callable[[], float] = time.monotonic
        self._sent: list[float] = []
        super().__init__(port)

    def answer(self, asked: Asked) -> Reply:
        target = asked.headers.get("x-amz-target", "")
        query = target == "" and asked.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        try:
            return self._answered(asked, target, query=query)
        except Refused as error:
            if not query:
                return self._json({"__type": error.code, "message": error.message}, error.status)
            body = f"<Error><Type>Sender</Type><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
            return self._xml(f"<ErrorResponse>{body}</ErrorResponse>", error.status)

    def _answered(self, asked: Asked, target: str, *, query: bool) -> Reply:
        if asked.method != "POST" or asked.path != "/":
            raise Refused("UnknownOperationException", "", 404)
        key_id, key = self._signer(asked, service="sts" if query else "logs")
        if query:
            return self._xml(self._sts(dict(parse_qsl(asked.body.decode())), key_id, key))
        if asked.headers.get("content-type") != "application/x-amz-json-1.1":
            raise Refused("SerializationException", "content type")
        service, _, operation = target.partition(".")
        method = {"FilterLogEvents": self._filter, "DescribeLogGroups": self._describe}.get(operation)
        if service != "Logs_20140328" or method is None:
            raise Refused("UnknownOperationException", "")
        if f"logs:{operation}" in key.denied:
            who = f"User: {key.arn} is not authorized to perform: logs:{operation} on resource: *"
            raise Refused("AccessDeniedException", who)
        return self._json(method(asked.json()))

    def _headers(self, kind: str) -> dict[str, str]:
        return {"Content-Type": kind, "x-amzn-RequestId": "00000000-0000-0000-0000-000000000000"}

    def _json(self, body: Any, status: int = 200) -> Reply:
        return Reply(status, json.dumps(body).encode(), self._headers("application/x-amz-json-1.1"))

    def _xml(self, body: str, status: int = 200) -> Reply:
        return Reply(status, body.encode(), self._headers("text/xml"))

    def _signer(self, asked: Asked, *, service: str) -> tuple[str, Key]:
        match = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
        if match is None:
            raise Refused("MissingAuthenticationTokenException", "Request is missing Authentication Token", 403)
        key_id, day, region, signed_for, names, signature = match.groups()
        key = self.keys.get(key_id)
        if key is None:
            raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
        if key.token is not None and asked.headers.get("x-amz-security-token") != key.token:
            raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
        if key.expires is not None and key.expires <= self.now():
            raise Refused("ExpiredTokenException", "The security token included in the request is expired", 403)
        if signed_for != service or signature != sign(asked, key.secret, day, region, service, names.split(";")):
            # AWS really repeats the canonical request, session token and all.
            said = f"The request signature we calculated does not match. The Canonical String was {asked.headers}"
            raise Refused("InvalidSignatureException", said, 403)
        return key_id, key

    def _events(self, ask: dict[str, Any]) -> tuple[str, list[FakeEvent]]:
        name, identifier = ask.get("logGroupName"), ask.get("logGroupIdentifier")
        if (name is None) == (identifier is None):
            raise Refused("InvalidParameterException", "either logGroupIdentifier or logGroupName, but not both")
        group = str(name or identifier)
        if group not in self.groups:
            raise Refused("ResourceNotFoundException", "The specified log group does not exist.")
        if name is not None and not _NAME.fullmatch(group):
            raise Refused("InvalidParameterException", "1 validation error detected: Value at 'logGroupName'")
        return group, self.groups[group]

    def _filter(self, ask: dict[str, Any]) -> dict[str, Any]:
        self._count()
        known = {
            "logGroupName", "logGroupIdentifier", "logStreamNames", "logStreamNamePrefix", "startTime", "endTime",
            "filterPattern", "nextToken", "limit", "startFromHead", "interleaved", "unmask",
        }  # fmt: skip
        if set(ask) - known:
            raise Refused("SerializationException", f"unknown members {sorted(set(ask) - known)}")
        group, events = self._events(ask)
        limit = ask.get("limit", self.page_size)
        if not 1 <= limit <= MAX_EVENTS:
            raise Refused("InvalidParameterException", "limit")
        prefix = ask.get("logStreamNamePrefix", "")
        if prefix and not _STREAM.fullmatch(prefix):
            raise Refused("InvalidParameterException", "logStreamNamePrefix")
        start, end = ask.get("startTime", 0), ask.get("endTime", 2**63)
        if start > end:
            raise Refused("InvalidParameterException", "startTime is after endTime")
        found = [
            (index, event)
            for index, event in enumerate(events)
            if start <= event.timestamp <= end and event.stream.startswith(prefix)
            and ask.get("filterPattern", "").strip('"') in event.message
        ]  # fmt: skip
        found.sort(key=lambda item: item[1].timestamp if self.interleave else item[1].stream)
        return self._page(ask, found, group, limit)

    def _page(self, ask: dict[str, Any], found: list[Any], group: str, limit: int) -> dict[str, Any]:
        at, empty = 0, False
        if "nextToken" in ask:
            token = re.fullmatch(r"t/(\d+)/(empty|full)/([0-9a-f]{8})", ask["nextToken"])
            # A token holds for the request that it was given to.
            if token is None or token[3] != _fingerprint(ask):
                raise Refused("InvalidParameterException", "The specified nextToken is invalid.")
            at, empty = int(token[1]), token[2] == "empty"
        page = [] if empty else found[at : at + limit]
        at += len(page)
        number = zlib.crc32(group.encode())
        answer: dict[str, Any] = {
            "events": [event.raw or _as_sent(event, f"{number}{index:020}") for index, event in page],
            "searchedLogStreams": [],
        }
        if at < len(found):
            following = "empty" if self.empty_pages and not empty else "full"
            answer["nextToken"] = f"t/{at}/{following}/{_fingerprint(ask)}"
        return answer

    def _describe(self, ask: dict[str, Any]) -> dict[str, Any]:
        prefix, pattern = ask.get("logGroupNamePrefix"), ask.get("logGroupNamePattern")
        if prefix is not None and pattern is not None:
            raise Refused("InvalidParameterException", "logGroupNamePrefix and logGroupNamePattern")
        for name in (prefix, pattern):
            if name is not None and not _NAME.fullmatch(name):
                raise Refused("InvalidParameterException", "1 validation error detected")
        names = sorted(
            name for name in self.groups
            if not name.startswith("arn:") and name.startswith(prefix or "") and (pattern or "") in name
        )  # fmt: skip
        limit = ask.get("limit", self.most_groups)
        if not 1 <= limit <= MAX_GROUPS:
            raise Refused("InvalidParameterException", "limit")
        at = int(ask.get("nextToken", "0"))
        own = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
        answer: dict[str, Any] = {
            "logGroups": [
                {"logGroupName": n, "arn": f"{own}{n}:*", "logGroupArn": f"{own}{n}"} for n in names[at : at + limit]
            ]
        }
        if at + limit < len(names):
            answer["nextToken"] = str(at + limit)
        return answer

    def _count(self) -> None:
        now = self.monotonic()
        self._sent = [sent for sent in self._sent if sent > now - 1] + [now]
        if self.enforce_quota and len(self._sent) > 5:
            raise Refused("ThrottlingException", "Rate exceeded")

    def _sts(self, form: dict[str, str], key_id: str, key: Key) -> str:
        if form.get("Action") == "GetCallerIdentity":
            found = f"<Arn>{key.arn}</Arn><UserId>{key_id}</UserId><Account>{ACCOUNT}</Account>"
            result = f"<GetCallerIdentityResult>{found}</GetCallerIdentityResult>"
            return f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"
        if form.get("Action") != "AssumeRole":
            raise Refused("InvalidAction", "no such action")
        role, session = form.get("RoleArn", ""), form.get("RoleSessionName", "")
        if not re.fullmatch(r"[\w+=,.@-]{2,64}", session):
            raise Refused("ValidationError", "roleSessionName")
        if role not in self.roles or self.roles[role] != form.get("ExternalId", ""):
            who = f"User: {key.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
            raise Refused("AccessDenied", who, 403)
        number = sum(known.startswith("ASIA") for known in self.keys)
        new = Key(f"role-secret-{number}", f"role-token-{number}", self.now() + timedelta(seconds=self.role_seconds))
        new.arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/{session}"
        self.keys[f"ASIA{number:016}"] = new
        assert new.expires is not None
        found = (
            f"<Credentials><AccessKeyId>ASIA{number:016}</AccessKeyId><SecretAccessKey>{new.secret}</SecretAccessKey>"
            f"<SessionToken>{new.token}</SessionToken><Expiration>{new.expires:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
            "</Credentials>"
            f"<AssumedRoleUser><Arn>{new.arn}</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>"
        )
        return f"<AssumeRoleResponse><AssumeRoleResult>{found}</AssumeRoleResult></AssumeRoleResponse>"


def _as_sent(event: FakeEvent, event_id: str) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.timestamp + 500,
        "eventId": event.event_id or event_id,
    }


def _fingerprint(ask: dict[str, Any]) -> str:
    same = {k: v for k, v in sorted(ask.items()) if k not in {"nextToken", "limit"}}
    return hashlib.sha256(json.dumps(same).encode()).hexdigest()[:8]


def sample(*, port: int = 0) -> FakeCloudWatch:
    """Two services of a shop, the last half hour; the key is AKIAFAKEFAKEFAKEFAKE with the secret `not-a-secret`."""
    now = int(time.time() * 1000)
    shop = [FakeEvent("web/1", now - 1_800_000 + n * 1000, f"INFO request {n} served") for n in range(1500)]
    trace = "Traceback (most recent call last):\n  File \"/app/shop/cart.py\", line 41, in total\nKeyError: 'price'"
    shop += [
        FakeEvent(f"web/{n % 3}", now - 300_000 + n * 1000, json.dumps({"level": "error", "message": trace}))
        for n in range(40)
    ]
    pay = [FakeEvent("pay/1", now - 600_000 + n * 1000, f"[INFO] payment {n} taken") for n in range(500)]
    fake = FakeCloudWatch({"/ecs/shop": shop, "/ecs/payments": pay}, port=port)
    fake.keys["AKIAFAKEFAKEFAKEFAKE"] = Key("not-a-secret")
    return fake


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.fakes.cloudwatch")
    parser.add_argument("--port", type=int, default=0)
    with sample(port=parser.parse_args().port) as fake:
        (key_id, key) = next(iter(fake.keys.items()))
        print(f"endpoint_url: {fake.url}\nregion: {REGION}\nlog_groups: [{', '.join(fake.groups)}]", flush=True)  # noqa: T201
        print(f"access_key_id: {key_id}\nsecret_access_key: {key.secret}", flush=True)  # noqa: T201
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
