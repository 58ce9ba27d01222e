"""One request at a time: an operation with its parameters in, AWS's answer or the one-line error out.

FilterLogEvents has "a default quota of 5 transactions per second per account/Region", the smallest of those used here
(https://repost.aws/knowledge-center/cloudwatch-logs-throttling; DescribeLogGroups allows 10,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html), so all requests keep it, one after
the other. Surprising fact: a page may be empty and not be the last; the last one has no token.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast

from incident_pipeline.errors import BadPayload, UsageError
from incident_pipeline.http.errors import Call
from incident_pipeline.http.limits import Limits, Pace
from incident_pipeline.http.retry import FailedTry, Patience, tried
from incident_pipeline.sources.logs._cloudwatch_errors import broken, refused, unreadable, unusable
from incident_pipeline.sources.logs._cloudwatch_session import Connection, host_of

LIMITS = Limits(at_once=1, requests=5, seconds=1.0)
MAX_PAGES = 10_000


class Asker:
    """Asks through a connection, with `patience`. `clock_ahead` is AWS's clock minus ours as of its last answer."""

    def __init__(self, connection: Connection, *, patience: Patience | None = None) -> None:
        self.connection = connection
        self.clock_ahead: timedelta | None = None
        self._patience = patience or Patience(clock=lambda: datetime.now(UTC), sleep=time.sleep)
        self._pace = Pace(LIMITS, monotonic=self._patience.monotonic, sleep=self._patience.sleep)

    def ask(self, operation: str, call: Call, *, service: str = "logs", **params: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the JSON edge
        """One answer. The errors are those of `_cloudwatch_errors`."""
        return tried(lambda: self._once(operation, call, service, params), self._patience)

    def pages(self, operation: str, call: Call, *, items: str, **params: Any) -> Iterator[list[Any]]:  # noqa: ANN401
        """The list `items` of each page, also empty ones. The same token twice ends them, as in GetLogEvents."""
        seen: set[str] = set()
        token: str | None = None
        for _ in range(MAX_PAGES):
            answer = self.ask(operation, call, **params, **({"nextToken": token} if token else {}))
            found = answer.get(items)
            if not isinstance(found, list):
                raise unreadable(call)
            yield cast("list[Any]", found)
            following = answer.get("nextToken")
            if not following or following == token:
                return
            if following in seen:
                raise BadPayload(f"{call.who}: {call.what}: the pages run in a circle")
            seen.add(token := following)
        raise UsageError(f"{call.who}: {call.what}: more than {MAX_PAGES:,} pages; ask for a shorter window")

    def _once(self, operation: str, call: Call, service: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        from botocore import xform_name  # noqa: PLC0415 - slow to load
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        host = service
        try:
            client = self.connection.client(service)
            host = host_of(client)
            self._pace.wait()
            answer: Mapping[str, Any] = getattr(client, xform_name(operation))(**params)
        except ClientError as error:
            self._note(cast("Mapping[str, Any]", error.response))
            raise refused(error, call, now=self._patience.clock(), secrets=self._secrets()) from None
        except BotoCoreError as error:
            raise broken(error, call, host=host, secrets=self._secrets()) from None
        except (EOFError, OSError) as error:  # of the credentials: the network's are botocore's own errors
            raise FailedTry(unusable(error, call, secrets=self._secrets())) from None
        except (ResponseParserError, AttributeError, TypeError, ValueError, KeyError):
            raise FailedTry(unreadable(call)) from None  # botocore's parser trips over what AWS never sends
        self._note(answer)
        return answer

    def _secrets(self) -> frozenset[str]:
        return frozenset(self.connection.secrets())

    def _note(self, answer: Mapping[str, Any]) -> None:
        try:
            date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
            self.clock_ahead = parsedate_to_datetime(date) - self._patience.clock()
        except (KeyError, TypeError, ValueError):
            self.clock_ahead = None
