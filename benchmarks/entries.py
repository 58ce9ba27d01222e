"""Decoded entries to frames: what it costs to normalize a million of them, beside decoding their JSON.

Run as `python -m benchmarks.entries [--entries N] [--runs N]`. Pages of a thousand entries are made up as Datadog sends
them (seeded, so the same every time) and read as the adapter reads them: decoded, taken apart, made into RAW_LOG frames
of 50,000 rows, dropped. The baseline is `json.loads` of the same page, the decoder that the adapter uses; what the
whole costs more is the cost of normalizing. `orjson.loads`, which nothing here decodes with, is printed beside it. Each
run is a process of its own. What comes after (redaction, cleaning, templates) is in `log_rows`.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson
import polars as pl

from incident_pipeline.http.errors import Call
from incident_pipeline.sources.batching import gathered
from incident_pipeline.sources.logs._datadog_pages import Reading, cursor_after
from incident_pipeline.sources.logs.datadog import HELD

RUNS = 3
PAGE = 1_000
MAX_RATIO = 0.5
MAX_GROWTH_MIB = 40
"""Peak memory may differ by so much between a tenth of the entries and all of them."""

_SEED = 20260102
_START = datetime(2026, 3, 1, tzinfo=UTC)
DIFFERENT = 20
ROWS = 50_000

_MESSAGES = (
    "GET /api/v1/orders/{n} 200 in {m} ms for user {x}",
    "cache miss for basket:{n} on node {m}, read from the database",
    "payment {x} authorised by provider in {m} ms",
    "retrying request {x} to inventory: connection reset by peer (attempt {m} of 5)",
    '{"event":"order_placed","order":{n},"items":{m},"customer":"{x}"}',
    "java.lang.IllegalStateException: no rate for {n}\n\tat pay.Rates.find(Rates.java:{m})\n\tat pay.Pay.run",
)


def make_page(number: int) -> bytes:
    """One page as the vendor sends it, about 750 bytes an entry."""
    rng = random.Random(_SEED + number)
    entries = [_entry(rng, number * PAGE + n) for n in range(PAGE)]
    cursor = f"{rng.getrandbits(600):0150x}"
    meta = {"elapsed": 132, "page": {"after": cursor}, "request_id": f"{rng.getrandbits(200):050x}", "status": "done"}
    return json.dumps({"data": entries, "meta": meta}, separators=(",", ":")).encode()


def _entry(rng: random.Random, number: int) -> dict[str, Any]:
    """Like the entries recorded of Datadog: 10 or 11 tags, 500 to 900 bytes, one in two with attributes of its own."""
    at = _START + timedelta(milliseconds=number)
    n, m, x = rng.randrange(10**6), rng.randrange(1000), f"{rng.getrandbits(64):016x}"
    message = rng.choice(_MESSAGES).replace("{n}", str(n)).replace("{m}", str(m)).replace("{x}", x)
    attributes: dict[str, Any] = {}
    if rng.random() < 0.5:
        attributes = {
            "duration": rng.randrange(10**9),
            "http": {"method": "GET", "status_code": 200, "url": f"/api/orders/{n}", "url_details": {"path": "/api"}},
            "network": {"client": {"ip": f"10.0.{m % 256}.7"}},
            "logger": {"name": "shop.orders", "thread_name": f"worker-{m % 16}"},
            "dd": {"trace_id": str(rng.getrandbits(63)), "span_id": str(rng.getrandbits(63))},
        }
    tags = [
        "env:prod", "service:shop", "team:orders", "version:1.2.3", "source:python", f"pod_name:shop-7f9c6d-{m % 9}",
        "kube_namespace:shop", "kube_deployment:shop", "image_name:registry.example/shop", "zone:eu-1a",
    ]  # fmt: skip
    fields = {
        "attributes": attributes, "host": f"i-{m % 40:016x}", "message": message, "service": "shop",
        "status": rng.choice(("info", "info", "info", "warn", "error")), "tags": tags,
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
    }  # fmt: skip
    return {"attributes": fields, "id": f"AwAAAZ{rng.getrandbits(160):040x}", "type": "log"}


def pages(entries: int) -> Iterator[bytes]:
    """Pages of so many entries in all. The same few come again with other ids, so that none is known already."""
    made = [make_page(number) for number in range(DIFFERENT)]
    for number in range(entries // PAGE):
        yield made[number % DIFFERENT].replace(b'"id":"AwAAAZ', b'"id":"%06x' % number)


def run(entries: int) -> dict[str, float]:
    """CPU seconds of the decoders alone and of the whole, page by page in turns, so that all meet the same machine."""
    spent = {"json.loads": 0.0, "orjson.loads": 0.0, "whole": 0.0}
    call, reader = Call("datadog", "logs of shop"), Reading("shop", _START, _START + timedelta(days=1))

    def timed(name: str, work: Callable[[], Any]) -> None:
        start = time.process_time()
        work()
        spent[name] += time.process_time() - start

    def take(page: bytes) -> None:
        decoded = json.loads(page)
        cursor_after(decoded)
        reader.take(decoded, call)

    def frames() -> Iterator[pl.DataFrame]:
        for number, page in enumerate(pages(entries)):
            works = {"json.loads": json.loads, "whole": take, "orjson.loads": orjson.loads}
            for turn in range(3):
                name = list(works)[(number + turn) % 3]
                timed(name, partial(works[name], page))
            if reader.held >= HELD:
                start = time.process_time()
                frame = reader.frame()
                spent["whole"] += time.process_time() - start
                yield frame

    rows = sum(frame.height for frame in gathered(frames(), rows=ROWS)) + reader.frame().height
    return {**spent, "rows": rows, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _alone(entries: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.entries", "--alone", "--entries", str(entries)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(entries: int, runs: int) -> bool:
    """Print the figures; whether every target is met."""
    size = len(make_page(0)) / PAGE
    print(f"{entries:,} entries of {size:.0f} bytes in pages of {PAGE:,}; CPU seconds, medians of {runs} runs")
    found = [_alone(entries) for _ in range(runs)]
    cpu = {name: statistics.median(one[name] for one in found) for name in ("json.loads", "orjson.loads", "whole")}
    cpu["normalize"] = statistics.median(one["whole"] - one["json.loads"] for one in found)
    for name, seconds in cpu.items():
        print(f"  {name:14} {seconds:8.2f} s  {seconds / entries * 1e6:6.2f} us an entry")
    ratios = [one["whole"] / one["json.loads"] - 1 for one in found]
    ratio = statistics.median(ratios)
    print(
        f"  {'ratio':14} {ratio:8.2f} of json.loads, which the adapter uses (target {MAX_RATIO}; runs"
        f" {', '.join(f'{one:.2f}' for one in ratios)}); {cpu['normalize'] / cpu['orjson.loads']:.2f} of orjson.loads"
    )
    tenth, peak = _alone(entries // 10)["peak"], max(one["peak"] for one in found)
    print(f"  {'peak memory':14} {tenth:8.0f} MiB at {entries // 10:,} entries, {peak:.0f} MiB at {entries:,}")
    complete = all(one["rows"] == entries for one in found)
    if not complete:
        print(f"  rows {found[0]['rows']:,.0f}, {entries:,} EXPECTED")
    return complete and ratio <= MAX_RATIO and peak - tenth <= MAX_GROWTH_MIB


def main() -> int:
    """Exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        print(json.dumps(run(asked.entries)))
        return 0
    return 0 if measure(asked.entries, asked.runs) else 1


if __name__ == "__main__":
    sys.exit(main())
