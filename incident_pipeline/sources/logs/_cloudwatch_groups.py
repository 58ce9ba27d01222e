"""A service's name in, its log groups out.

A group is written as its name (`/ecs/shop`), as its ARN (another account's, by cross-account observability:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Unified-Cross-Account.html), or as a beginning
with `*`. Surprising fact: a group's own ARN ends in `:*`, and no operation that takes an ARN accepts that end.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from incident_pipeline.errors import NotFound, UsageError
from incident_pipeline.http.errors import Call, one_line
from incident_pipeline.sources.logs._cloudwatch_api import Asker

MAX_GROUPS = 200
"""More groups than this are a slip of a pattern: each costs at least one request per read, at five a second."""

# Names of the service's description; `*` only at the end of a name.
ARN = re.compile(r"arn:[\w-]+:logs:[\w-]+:\d{12}:log-group:([.\-_/#A-Za-z0-9]{1,512})(?::\*)?")
NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
PATTERN = re.compile(r"[.\-_/#A-Za-z0-9]{0,511}\*")


@dataclass(frozen=True, slots=True)
class Group:
    """`name` without account and region; `arn` where the group is given by it."""

    name: str
    arn: str = ""

    @property
    def asked(self) -> dict[str, str]:
        """How a request names it: "either logGroupIdentifier or logGroupName, but not both"."""
        return {"logGroupIdentifier": self.arn} if self.arn else {"logGroupName": self.name}

    @property
    def shown(self) -> str:
        """What statuses and metadata call it."""
        return self.arn or self.name

    def serves(self, service: str) -> bool:
        """Whether `service` is its name, its ARN or what its path ends in."""
        return bool(service) and (service in {self.name, self.arn} or self.name.endswith(f"/{service}"))


def group_of(written: str) -> Group:
    """The group that is written so: a name or an ARN."""
    arn = ARN.fullmatch(written)
    return Group(arn[1], written.removesuffix(":*")) if arn else Group(written)


class Groups:
    """Finds groups. `given` are those of the config, `services` its own names for some of them."""

    def __init__(self, asker: Asker, *, name: str, given: Sequence[str], services: Mapping[str, Sequence[str]]) -> None:
        self._asker, self._name, self._given, self._services = asker, name, given, services

    def find(self, service: str) -> tuple[Group, ...]:
        """Groups of a service; all of the config for "", `*` and the source's own name. NotFound when there is none."""
        every = [*self._given, *(group for groups in self._services.values() for group in groups)]
        if service in self._services:
            found = self._expand(self._services[service])
        elif service in {"", "*", self._name}:
            found = self._expand(every)
        elif every:
            found = tuple(group for group in self._expand(every) if group.serves(service))
        else:
            found = self._named(service)
        if len(found) > MAX_GROUPS:
            raise UsageError(f"{self._name}: {len(found)} log groups are too many for one read: narrow log_groups")
        if not found:
            known = ", ".join([*self._services, *self._given]) or "no log_groups configured"
            hint = "set `services: {name: [/log/group]}` or name a log group"
            raise NotFound(f"{self._name}: no log group for {one_line(service)!r} ({known}): {hint}")
        return found

    def any(self) -> int:
        """How many groups one page of the account's list shows."""
        page = next(self._asker.pages("DescribeLogGroups", self._call("log groups"), items="logGroups"))
        return len(page)

    def _named(self, service: str) -> tuple[Group, ...]:
        """Without log_groups in the config: the group itself, or those whose path ends in the service's name."""
        if "/" in service or ARN.fullmatch(service):
            return (group_of(service),) if ARN.fullmatch(service) or NAME.fullmatch(service) else ()
        if not NAME.fullmatch(service):
            return ()
        found = self._described(logGroupNamePattern=service)
        return tuple(group for group in found if group.serves(service))

    def _expand(self, written: Iterable[str]) -> tuple[Group, ...]:
        found: dict[Group, None] = {}
        for one in written:
            if not one.endswith("*") or ARN.fullmatch(one):
                found[group_of(one)] = None
                continue
            prefix = one[:-1]
            named = self._described(**({"logGroupNamePrefix": prefix} if prefix else {}))
            found |= dict.fromkeys(group for group in named if group.name.startswith(prefix))
        return tuple(found)

    def _described(self, **params: str) -> Iterator[Group]:
        call = self._call(f"log groups like {next(iter(params.values()), '*')}")
        for page in self._asker.pages("DescribeLogGroups", call, items="logGroups", **params):
            for item in page:
                name = cast("dict[str, Any]", item).get("logGroupName") if isinstance(item, dict) else None
                if isinstance(name, str):
                    yield Group(name)

    def _call(self, what: str) -> Call:
        return Call(self._name, what, needs="logs:DescribeLogGroups")
