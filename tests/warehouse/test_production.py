from dataclasses import replace
from datetime import UTC, datetime, timedelta

from incident_pipeline.model.evidence import Burst, Deploy
from incident_pipeline.warehouse.production import Seen, load_seen, save_seen
from incident_pipeline.warehouse.store import Warehouse

T0 = datetime(2026, 3, 1, 14, 2, 3, 4567, tzinfo=UTC)
BURST = Burst(
    "orders", "log2", 41, "KeyError: 'currency'", (1 << 64) - 1, T0, T0 + timedelta(minutes=9), 120, 0.0, 13.3, True
)
SEEN = Seen(
    {"log": "gateway", "log2": "orders"},
    (BURST, replace(BURST, service="gateway", label="log", line=7, first_seen=False, before=0.5)),
    (Deploy(T0, "orders", "version 1.4.2", "log2:3", "a" * 40), Deploy(T0, "", "tag v1")),
)


def test_what_was_seen_is_stored_whole_and_in_order(warehouse: Warehouse) -> None:
    save_seen(warehouse, "shop-1", SEEN)
    save_seen(warehouse, "shop-2", Seen())
    assert load_seen(warehouse, "shop-1") == SEEN
    assert load_seen(warehouse, "shop-2") == load_seen(warehouse, "nowhere") == Seen()


def test_looking_again_replaces_what_was_seen_before(warehouse: Warehouse) -> None:
    save_seen(warehouse, "shop-1", SEEN)
    less = Seen({"log": "orders"}, SEEN.bursts[:1])
    save_seen(warehouse, "shop-1", less)
    assert load_seen(warehouse, "shop-1") == less
    save_seen(warehouse, "shop-1", Seen())
    assert load_seen(warehouse, "shop-1") == Seen()


def test_the_timeline_tells_deploys_and_bursts_in_one_order(warehouse: Warehouse) -> None:
    save_seen(warehouse, "shop-1", SEEN)
    found = warehouse.query(
        "SELECT event, service, what, ref FROM incident_timeline WHERE incident = 'shop-1' "
        "ORDER BY happened_at, event, service DESC"
    ).rows
    assert found == (
        ("burst", "orders", "KeyError: 'currency'", "log2:41"), ("burst", "gateway", "KeyError: 'currency'", "log:7"),
        ("deploy", "orders", "version 1.4.2", "log2:3"), ("deploy", "", "tag v1", ""),
    )  # fmt: skip
