"""A made-up outage: three services with JSON logs, errors that were always there, a deploy, minutes later a fault in
the service whose commit did it, which the others pass on as 502s. Or the same without a fault.

All that varies is drawn from the seed. Surprising fact: the deploy brings several commits and more follow it, so
neither the newest commit nor the deployed one is the guilty one by its place.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.flow.sample import git

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVICES = ("gateway", "orders", "payments")
ROUTES = ("cart", "order", "refund", "account")
_FAULTS = (
    ("totals", "def total_of(order):\n    lines = order['lines']\n    return sum(line['price'] for line in lines)\n",
     "def total_of(order):\n    lines = order['lines']\n    return sum(line['amount'] for line in lines)\n",
     3, "KeyError: 'amount'", "Read the amount of a line"),
    ("discounts", "def discount(order):\n    rate = order.get('rate', 0)\n    return order['total'] * rate\n",
     "def discount(order):\n    rate = order.get('rate')\n    return order['total'] * rate\n",
     3, "TypeError: unsupported operand type(s) for *: 'int' and 'NoneType'", "Ask for the rate plainly"),
    ("shipping", "def days(parcel):\n    speed = max(parcel['speed'], 1)\n    return parcel['distance'] / speed\n",
     "def days(parcel):\n    speed = parcel['speed']\n    return parcel['distance'] / speed\n",
     3, "ZeroDivisionError: float division by zero", "Trust the speed of a parcel"),
)  # fmt: skip
_OTHERS = (
    ("gateway/routes.py", "ROUTES = ['cart', 'order', 'refund']\n", "List the routes"),
    ("payments/retries.py", "RETRIES = 4\n", "Retry once more"),
    ("docs/oncall.md", "Call the owner.\n", "Say whom to call"),
    ("orders/labels.py", "LABEL = 'parcel'\n", "Name the label"),
    ("gateway/limits.py", "LIMIT = 500\n", "Raise the limit"),
    ("payments/banks.py", "BANKS = ('north', 'south')\n", "Add a bank"),
)


@dataclass(frozen=True, slots=True)
class Outage:
    """`culprit` None: nothing broke. `begins`, `line`: the first faulty entry, in the log of `service`."""

    logs: Path
    repo: Path
    culprit: str | None
    begins: datetime | None
    service: str
    line: int | None
    deployed: datetime
    later: tuple[str, ...]
    since: datetime
    until: datetime
    config: Path


def make_outage(folder: Path, seed: int, *, fault: bool = True, told: str | None = None) -> Outage:
    """`told`: what start-up lines say: `sha`, `version` (a tag names it), or `nothing`; drawn when None."""
    chance = random.Random(seed)
    told = told or chance.choice(("sha", "version", "nothing"))
    service = chance.choice(SERVICES[1:])
    deployed = NOON + timedelta(minutes=chance.uniform(50, 80))
    begins = deployed + timedelta(minutes=chance.uniform(2, 20)) if fault else None
    repo, culprit, old, new, later = _history(folder / "shop", chance, service, deployed, begins or NOON, tag=told)
    says = {"sha": (old[:9], new[:9]), "version": ("1.4.1", "1.4.2"), "nothing": ("", "")}[told]
    logs = folder / "logs"
    logs.mkdir()
    line = None
    for name in SERVICES:
        rows = list(_usual(chance, name))
        rows += _deploy(name, deployed, says) if name == service else []
        rows += list(_fault(chance, name, service, culprit[1], begins)) if begins else []
        rows.sort(key=lambda row: row["ts"])
        (logs / f"{name}.log").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        if name == service and begins:
            line = next(n for n, row in enumerate(rows, 1) if row["msg"] == "request failed in handler")
    config = folder / "sources.yaml"
    config.write_text(
        f"log_sources:\n  - {{type: files, name: shop, config: {{path: {logs}}}}}\n"
        f"git_sources:\n  - {{type: local, name: repo, config: {{path: {repo}}}}}\n",
        encoding="utf-8",
    )
    since, until = NOON + timedelta(minutes=60), NOON + timedelta(minutes=130)
    return Outage(
        logs, repo, culprit[0] if fault else None, begins, service, line, deployed, later, since, until, config
    )  # fmt: skip


def _history(
    repo: Path, chance: random.Random, service: str, deployed: datetime, begins: datetime, *, tag: str
) -> tuple[Path, tuple[str, tuple[str, ...]], str, str, tuple[str, ...]]:
    """(repository, (culprit, its fault), commit deployed before, commit deployed now, commits after it began)."""
    fault = chance.choice(_FAULTS)
    name, good, bad, _, _, subject = fault
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    handler = "def handle(request):\n    return serve(request)\n"
    _commit(repo, "Start", deployed - timedelta(days=9), {f"{service}/{name}.py": good, f"{service}/app.py": handler})
    others = list(_OTHERS)
    chance.shuffle(others)
    old = _commit(repo, others[0][2], deployed - timedelta(days=2), {others[0][0]: others[0][1]})
    if tag == "version":
        git(repo, "tag", "v1.4.1")
    changes = [(o[2], {o[0]: o[1]}) for o in others[1:4]]
    place = chance.randrange(4)
    changes.insert(place, (subject, {f"{service}/{name}.py": bad}))
    hashes = [
        _commit(repo, said, deployed - timedelta(minutes=300 - 60 * n), files)
        for n, (said, files) in enumerate(changes)
    ]
    if tag == "version":
        git(repo, "tag", "v1.4.2")
    later = tuple(
        _commit(repo, o[2], max(begins, deployed) + timedelta(minutes=8 + 5 * n), {o[0]: o[1]})
        for n, o in enumerate(others[4:6])
    )
    return repo, (hashes[place], fault), old, hashes[-1], later  # pyright: ignore[reportReturnType] - rows of _FAULTS


def _commit(repo: Path, said: str, at: datetime, files: dict[str, str]) -> str:
    for path, text in files.items():
        (repo / path).parent.mkdir(exist_ok=True)
        (repo / path).write_text(text, encoding="utf-8")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", said, at=at.isoformat())
    return git(repo, "rev-parse", "HEAD")


Row = dict[str, str]


def _row(at: datetime, level: str, msg: str, **more: str) -> Row:
    return {"ts": at.isoformat(), "level": level, "msg": msg, **more}


def _arrivals(chance: random.Random, rate: float, first: datetime, last: datetime) -> Iterator[datetime]:
    at = first
    while (at := at + timedelta(minutes=chance.expovariate(rate))) < last:
        yield at


def _usual(chance: random.Random, name: str) -> Iterator[Row]:
    end = NOON + timedelta(minutes=130)
    for at in _arrivals(chance, 30, NOON, end):
        yield _row(
            at, "info", f"GET /{chance.choice(ROUTES)}/{chance.randrange(9999)} 200 in {chance.randrange(90)} ms"
        )
    for at in _arrivals(chance, 1.5, NOON, end):
        yield _row(at, "error", f"ConnectionResetError: client {chance.randrange(9999)} hung up on {name}")
    for at in _arrivals(chance, 0.4, NOON, end):
        yield _row(at, "warn", f"cache of {name} is slow: {chance.randrange(900)} ms")
    for at in _arrivals(chance, 0.05, NOON, end):
        yield _row(at, "error", f"ValueError: bad postcode in request {chance.randrange(9999)}")


def _deploy(name: str, at: datetime, says: tuple[str, str]) -> list[Row]:
    old, new = says
    if not new:
        return [_row(at, "info", "shutting down"), _row(at + timedelta(seconds=4), "info", f"{name} is ready")]
    first = _row(NOON + timedelta(seconds=1), "info", f"Starting {name} version {old}")
    return [
        first,
        _row(at, "info", "shutting down"),
        _row(at + timedelta(seconds=4), "info", f"Starting {name} version {new}"),
    ]


def _fault(chance: random.Random, name: str, broken: str, fault: tuple[str, ...], begins: datetime) -> Iterator[Row]:
    end = NOON + timedelta(minutes=130)
    module, _, _, number, error, _ = fault
    stack = (
        "Traceback (most recent call last):\n"
        f'  File "/srv/{broken}/app.py", line 2, in handle\n    return serve(request)\n'
        f'  File "/srv/{broken}/{module}.py", line {number}, in serve\n    ...\n{error}'
    )
    if name == broken:
        yield _row(begins, "error", "request failed in handler", error=error, stack=stack)
        for at in _arrivals(chance, 4, begins, end):
            yield _row(at, "error", "request failed in handler", error=error, stack=stack)
    elif name == "gateway":
        for at in _arrivals(chance, 6, begins + timedelta(seconds=1), end):
            yield _row(at, "error", f"upstream {broken} answered 502 for /{chance.choice(ROUTES)}")
    else:
        for at in _arrivals(chance, 1, begins + timedelta(seconds=20), end):
            yield _row(at, "error", f"call to {broken} timed out after 3000 ms")
