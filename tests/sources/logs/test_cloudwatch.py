"""What is CloudWatch's own: slices of time, groups, pages, levels read off the text, traces that came in pieces."""

import json
import random
from collections.abc import Generator
from datetime import timedelta

import pytest
from pydantic import ValidationError

from incident_pipeline.errors import BadPayload, ConfigError, NotFound, UsageError
from incident_pipeline.http.network import Network
from incident_pipeline.model.levels import canonical
from incident_pipeline.sources.logs._cloudwatch_api import Asker
from incident_pipeline.sources.logs._cloudwatch_entries import level_of
from incident_pipeline.sources.logs._cloudwatch_groups import Group
from incident_pipeline.sources.logs._cloudwatch_session import Aws
from incident_pipeline.sources.logs._cloudwatch_slices import Slices, Wanted
from incident_pipeline.sources.logs.cloudwatch import CloudWatch, Config
from tests.fakes.cloudwatch import REGION, FakeCloudWatch
from tests.fakes.server import json_reply
from tests.http.clock import Clock
from tests.sources.logs.cloudwatch_case import (
    AT,
    GROUP,
    event,
    fake_of,
    milliseconds,
    no_aws,
    open_cloudwatch,
    settings,
)

pytestmark = pytest.mark.usefixtures(no_aws.__name__)
MINUTE = timedelta(minutes=1)
OTHER = f"arn:aws:logs:{REGION}:210987654321:log-group:/ecs/shop-other"


@pytest.fixture
def fake() -> Generator[FakeCloudWatch]:
    with fake_of({GROUP: []}) as fake:
        yield fake


def messages(source: CloudWatch, service: str = "shop", level: str | None = None) -> list[str]:
    return [entry.message for entry in source.get_logs(service, AT, AT + MINUTE, level)]


def open_plain(fake: FakeCloudWatch, **changes: object) -> CloudWatch:
    return open_cloudwatch(settings(fake.url, **changes))


def asked(fake: FakeCloudWatch, operation: str) -> list[dict[str, object]]:
    return [a.json() for a in fake.requests if a.headers.get("x-amz-target", "").endswith(operation)]


@pytest.mark.proves("entries in a window", by="fake")
def test_the_window_is_exact_to_the_millisecond_though_the_vendors_end_is_inclusive(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [event(n / 1000, f"at {n} ms") for n in range(6)]
    millisecond = timedelta(milliseconds=1)
    with open_plain(fake) as source:
        got = list(source.get_logs("shop", AT + millisecond, AT + 4 * millisecond))
        assert [e.message for e in got] == ["at 1 ms", "at 2 ms", "at 3 ms"]
        half = timedelta(microseconds=500)
        got = list(source.get_logs("shop", AT + millisecond + half, AT + 3 * millisecond + half))
        assert [e.message for e in got] == ["at 2 ms", "at 3 ms"]
        assert list(source.get_logs("shop", AT, AT)) == []
    first = asked(fake, "FilterLogEvents")[0]
    assert (first["startTime"], first["endTime"]) == (milliseconds(AT) + 1, milliseconds(AT) + 3)
    assert len(asked(fake, "FilterLogEvents")) == 2


@pytest.mark.proves("entries in a window", by="fake")
@pytest.mark.parametrize(("interleave", "page_size"), [(True, None), (False, 11)])
def test_entries_come_by_time_whatever_the_order_of_pages_and_however_little_may_be_held(
    fake: FakeCloudWatch, *, interleave: bool, page_size: int | None
) -> None:
    chance = random.Random(7)
    burst = [event(30, f"burst {n}", stream=f"web/{n % 4}") for n in range(60)]  # more at one instant than may be held
    spread = [event(chance.uniform(0, 59), f"spread {n}", stream=f"web/{n % 4}") for n in range(100)]
    fake.groups[GROUP] = [*burst, *spread]
    fake.groups["/ecs/shop-2"] = [event(chance.uniform(0, 59), f"second {n}") for n in range(50)]
    fake.interleave = interleave
    config = settings(fake.url, services={"shop": [GROUP, "/ecs/shop-2"]})
    with open_cloudwatch(config, page_size=page_size, max_events=40) as source:
        got = list(source.get_logs("shop", AT, AT + MINUTE))
        assert [s.rows for s in source.read_statuses()] == [160, 50]
    times = [e.timestamp for e in got]
    assert times == sorted(time for time in times if time is not None)
    assert sorted(e.message for e in got) == sorted(e.message for events in fake.groups.values() for e in events)


def test_a_slice_that_holds_too_much_is_given_up_before_more_is_read(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [event(n / 100, f"entry {n}" + "x" * 200) for n in range(1000)]
    asker = Asker(Aws(settings(fake.url), Network()), patience=Clock().patience())
    wanted = Wanted("cloudwatch", [Group(GROUP)], page_size=50, max_events=100_000, max_text=20_000)
    slices = Slices(asker, wanted)
    held = [
        sum(len(e.message) for e in events) for events in slices.events(milliseconds(AT), milliseconds(AT + MINUTE))
    ]
    assert max(held) <= 20_000
    assert slices.rows[GROUP] == 1000
    assert len(fake.requests) < 3 * 1000 / 50  # what is read twice stays within bounds
    asker.connection.close()


def test_a_burst_in_a_quiet_day_is_found_in_few_steps(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [event(n / 200, f"entry {n}") for n in range(200)]
    with open_cloudwatch(settings(fake.url), page_size=60, max_events=50) as source:
        assert len(list(source.get_logs("shop", AT, AT + timedelta(days=1)))) == 200
    assert len(fake.requests) < 60  # halving a day down to a quarter of a second would cost 18 before the first entry


@pytest.mark.proves("paging", by="fake")
def test_an_empty_page_with_a_token_is_not_the_last(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [event(n, f"entry {n}") for n in range(5)]
    fake.empty_pages = True
    with open_cloudwatch(settings(fake.url), page_size=2) as source:
        assert messages(source) == [f"entry {n}" for n in range(5)]
    assert len(fake.requests) == 5


@pytest.mark.proves("paging", by="fake")
def test_the_same_token_twice_ends_and_a_circle_is_told(fake: FakeCloudWatch) -> None:
    def page(token: str) -> dict[str, object]:
        sent = {"logStreamName": "s", "timestamp": milliseconds(AT), "message": f"before {token}", "eventId": token}
        return {"events": [sent], "nextToken": token}

    with open_plain(fake) as source:
        fake.next_replies = [json_reply(page("a")), json_reply(page("a"))]
        assert messages(source) == ["before a"]
        fake.next_replies = [json_reply(page(token)) for token in "abca"]
        with pytest.raises(BadPayload, match="circle"):
            messages(source)


@pytest.mark.proves("paging", by="fake")
def test_an_event_given_twice_is_taken_once_but_two_under_one_id_are_kept(fake: FakeCloudWatch) -> None:
    twice = event(1, "the same", event_id="1")
    fake.groups[GROUP] = [twice, twice, event(1, "other text", event_id="1"), *[event(2, "equal") for _ in range(2)]]
    with open_cloudwatch(settings(fake.url), page_size=1) as source:
        assert messages(source) == ["the same", "other text", "equal", "equal"]


@pytest.mark.proves("errors", by="fake")
def test_an_event_that_cannot_be_read_is_left_out_and_counted(fake: FakeCloudWatch) -> None:
    when = milliseconds(AT)
    bad = [{"timestamp": when}, {"message": "no time"}, {"timestamp": "noon", "message": "x"}]
    fake.groups[GROUP] = [event(0, "", raw=raw) for raw in bad]
    fake.groups[GROUP] += [event(1, "good"), event(1, "", raw={"timestamp": when, "message": "bare"})]
    with open_plain(fake) as source:
        assert messages(source) == ["bare", "good"]
        (status,) = source.read_statuses()
    assert (status.status, status.rows, status.skipped) == ("skipped", 2, 3)


@pytest.mark.proves("errors", by="fake")
@pytest.mark.parametrize("body", [{}, {"events": None}, {"events": "x"}, {"events": [7]}, [], "x", {"nextToken": "a"}])
def test_an_answer_without_a_list_of_events_is_told(fake: FakeCloudWatch, body: object) -> None:
    fake.always = json_reply(body)
    with open_plain(fake) as source, pytest.raises(BadPayload, match="endpoint_url"):
        messages(source)


@pytest.mark.proves("entries in a window", by="fake")
def test_one_of_several_groups_that_is_gone_is_a_status_and_all_gone_an_error(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [event(0, "here")]
    fake.groups["/ecs/quiet"] = []
    with open_plain(fake, services={"shop": ["/ecs/gone", GROUP, "/ecs/quiet"], "gone": ["/ecs/gone"]}) as source:
        assert messages(source) == ["here"]
        assert [(s.what, s.status) for s in source.read_statuses()] == [
            ("/ecs/gone", "missing"), (GROUP, "read"), ("/ecs/quiet", "empty"),
        ]  # fmt: skip
        with pytest.raises(NotFound, match="/ecs/gone"):
            messages(source, "gone")


@pytest.mark.proves("entries in a window", by="fake")
def test_a_service_is_a_name_of_the_config_a_group_or_the_last_part_of_its_path(fake: FakeCloudWatch) -> None:
    names = [GROUP, "/aws/lambda/shop-mail", "/aws/lambda/shop-cart", "/aws/lambda/other", OTHER]
    for name in names:
        fake.groups[name] = [event(0, name)]
    fake.most_groups = 1  # a page
    given = [GROUP, "/aws/lambda/shop-*", f"{OTHER}:*"]
    with open_plain(fake, log_groups=given, services={"mail": ["/aws/lambda/shop-mail"]}) as source:
        assert messages(source, "shop") == [GROUP]
        assert messages(source, "mail") == ["/aws/lambda/shop-mail"]
        assert messages(source, "/aws/lambda/shop-cart") == ["/aws/lambda/shop-cart"]
        assert messages(source, "lambda/shop-cart") == ["/aws/lambda/shop-cart"]
        assert messages(source, "shop-other") == messages(source, OTHER) == [OTHER]
        assert set(messages(source, "")) == set(messages(source, "cloudwatch")) == set(names) - {"/aws/lambda/other"}
        with pytest.raises(NotFound, match=r"no log group for 'other' \(mail, /ecs/shop, "):
            messages(source, "other")
        with pytest.raises(NotFound):
            messages(source, "../etc/passwd?x=%2e#\nshop")


@pytest.mark.proves("entries in a window", by="fake")
def test_without_log_groups_the_service_itself_is_looked_for(fake: FakeCloudWatch) -> None:
    fake.groups = {name: [event(0, name)] for name in (GROUP, "/aws/lambda/shop", "/ecs/workshop", "/ecs/shop/db")}
    with open_plain(fake, log_groups=[]) as source:
        assert messages(source, "shop") == ["/aws/lambda/shop", GROUP]
        assert messages(source, "/ecs/shop/db") == ["/ecs/shop/db"]
        for hostile in ("sh*p", "/ecs/sh op", "shöp", "a" * 600):
            with pytest.raises(NotFound):
                messages(source, hostile)


def test_a_pattern_of_too_many_groups_is_refused_before_a_read(fake: FakeCloudWatch) -> None:
    fake.groups = {f"/ecs/{n}": [] for n in range(201)}
    with open_plain(fake, log_groups=["*"]) as source, pytest.raises(UsageError, match="201 log groups"):
        messages(source, "")
    assert asked(fake, "FilterLogEvents") == []


@pytest.mark.proves("entries in a window", by="fake")
def test_the_streams_prefix_and_the_filter_pattern_go_to_the_vendor(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [event(0, "wanted"), event(1, "unwanted", stream="job/1"), event(2, "nothing")]
    with open_plain(fake, stream_prefix="web/", filter_pattern='"wanted"') as source:
        assert messages(source) == ["wanted"]
    (ask,) = asked(fake, "FilterLogEvents")
    assert (ask["logStreamNamePrefix"], ask["filterPattern"]) == ("web/", '"wanted"')


@pytest.mark.proves("field mapping", by="fake")
def test_a_json_message_gives_level_text_and_fields(fake: FakeCloudWatch) -> None:
    record = {"time": "2026-03-01T12:00:00.000123Z", "level": "ERROR", "msg": "no price\n  at cart.py:41", "order": 7}
    fake.groups[GROUP] = [
        event(0, json.dumps(record), event_id="id-1"),
        event(1, json.dumps({"level": 50, "message": "pino"})),
        event(2, json.dumps({"severity": None, "log": "[WARN] inner"})),
        event(3, '{"level": "error", "message": {"nested": true}}'),
        event(4, '{"level": "error", "message": "cut'),
        event(5, '{"message": "half \\ud83d of a pair"}'),
    ]
    with open_plain(fake) as source:
        got = list(source.get_logs("shop", AT, AT + MINUTE))
    first = got[0]
    assert (first.timestamp, first.level, first.message) == (AT, "ERROR", record["msg"])
    assert first.metadata == {
        "time": record["time"], "order": 7, "log_group": GROUP, "log_stream": "web/1", "event_id": "id-1",
        "ingestion_time": milliseconds(AT) + 500,
    }  # fmt: skip
    assert [canonical(e.level) for e in got[1:]] == ["error", "warn", "error", None, None]
    assert got[3].message == '{"level": "error", "message": {"nested": true}}'
    assert "half \\ud83d of a pair" in got[5].message


@pytest.mark.proves("level filter", by="fake")
def test_levels_are_read_here_since_the_vendors_words_match_anywhere(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [
        event(0, "INFO 0 ERROR found"), event(1, '{"level":"warning","message":"low"}'), event(2, "no level, ERROR"),
        event(3, "[ERROR]\t2026-03-01T12:00:03Z\tid\tbroken"),
    ]  # fmt: skip
    with open_plain(fake) as source:
        assert messages(source, level="warn") == ["low", "[ERROR]\t2026-03-01T12:00:03Z\tid\tbroken"]
    assert "filterPattern" not in asked(fake, "FilterLogEvents")[0]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("ERROR: no price", "ERROR"),
        ("[WARNING] 2026-03-01T12:00:00.123Z 5f2a retrying", "WARNING"),
        ("2026-03-01T12:00:00.123Z\t5f2a-11\tERROR\tUncaught", "ERROR"),
        ("2026-03-01 12:00:00,123 shop.cart ERROR no price", "ERROR"),
        ("2026-03-01 12:00:00.123  WARN 1 --- [main] o.s.Boot : slow", "WARN"),
        ("12:00:00.123 [main] DEBUG c.s.Cart", "DEBUG"),
        ("2026/03/01 12:00:00 [error] 7#7: *1 connect() failed", "error"),
        ('time="2026-03-01T12:00:00Z" level=warning msg="slow"', "warning"),
        ("E0301 12:00:00.123456       1 server.go:10] no route", "E"),
        ("\x1b[31mERROR\x1b[0m red", "ERROR"),
        ("an Error in a sentence", None),
        ("no ERROR here", None),
        ("ERRORS are told below", None),
        ("GET /?level=high HTTP/1.1", None),
        ("START RequestId: 5f2a Version: $LATEST", None),
        ("", None),
        ("plain\nERROR on the second line", None),
    ],
)
def test_a_level_is_taken_only_from_where_loggers_write_it(text: str, level: str | None) -> None:
    assert level_of(text) == level


TRACE = (
    "ERROR no price",
    "Traceback (most recent call last):",
    '  File "cart.py", line 41, in total',
    "KeyError: 'price'",
)


@pytest.mark.proves("entries in a window", by="fake")
def test_a_trace_that_came_line_by_line_is_one_entry_whatever_other_streams_said_meanwhile(
    fake: FakeCloudWatch,
) -> None:
    fake.groups[GROUP] = [event(1 + n / 1000, line) for n, line in enumerate(TRACE)]
    fake.groups[GROUP] += [event(1.001, "INFO served", stream="web/2"), event(1.002, '  {"level":"info"}')]
    fake.groups[GROUP] += [event(1.5, "  late and indented"), event(2, "KeyError: alone")]
    with open_plain(fake) as source:
        got = messages(source)
        assert got == ["\n".join(TRACE[:3]), "INFO served", '  {"level":"info"}', TRACE[3], "  late and indented",
                       "KeyError: alone"]  # fmt: skip
    fake.groups[GROUP] = [event(1 + n / 1000, line) for n, line in enumerate(TRACE)]
    with open_plain(fake) as source:
        assert messages(source, level="error") == ["\n".join(TRACE)]
    with open_plain(fake, join_traces=False) as source:
        assert messages(source) == list(TRACE)


def test_lines_of_one_stream_at_one_millisecond_stay_together_and_in_order(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [event(1, f"stream {s} line {n}", stream=f"web/{s}") for n in range(3) for s in range(2)]
    with open_plain(fake) as source:
        assert messages(source) == [f"stream {s} line {n}" for s in range(2) for n in range(3)]


@pytest.mark.proves("entries in a window", by="fake")
def test_frames_are_cut_to_size_and_numbered_on(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [event(n / 10, f"entry {n}") for n in range(90)]
    with open_cloudwatch(settings(fake.url), max_events=40) as source:
        frames = list(source.read_frames("shop", AT, AT + MINUTE, rows=25))
    assert max(frame.height for frame in frames) <= 25
    assert [line for frame in frames for line in frame["line"]] == list(range(1, 91))


@pytest.mark.proves("entries in a window", by="fake")
def test_an_entry_of_three_lines_counts_as_three_so_that_no_line_has_two_owners(fake: FakeCloudWatch) -> None:
    fake.groups[GROUP] = [event(n, "first\nsecond\nthird" if n % 2 else "one") for n in range(5)]
    with open_plain(fake) as source:
        frames = list(source.read_frames("shop", AT, AT + MINUTE, rows=2))
    assert [line for frame in frames for line in frame["line"]] == [1, 2, 5, 6, 9]


def test_a_window_without_a_zone_is_refused(fake: FakeCloudWatch) -> None:
    with open_plain(fake) as source, pytest.raises(UsageError, match="zone"):
        list(source.get_logs("shop", AT.replace(tzinfo=None), AT))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"log_groups": ["/ecs/*/shop"]}, "no log group"),
        ({"log_groups": ["arn:aws:s3:::bucket"]}, "no log group"),
        ({"services": {"shop": ["/ecs/sh op"]}}, "no log group"),
        ({"role_arn": "arn:aws:iam::1:user/ada"}, "a role is written"),
        ({"external_id": "xy"}, "belong to role_arn"),
        ({"external_id": "x", "role_arn": "arn:aws:iam::123456789012:role/x"}, "external_id"),
        ({"secret_access_key": None}, "belong together"),
        ({"access_key_id": None, "secret_access_key": None, "session_token": "t"}, "belongs to access_key_id"),
        ({"profile": "dev"}, "keep one"),
        ({"endpoint_url": "http://aws.example.com"}, "https"),
        ({"endpoint_url": "https://key:secret@aws.example.com"}, "bare address"),
        ({"region": "moon"}, "region"),
        ({"stream_prefix": "a:b"}, "stream_prefix"),
        ({"log_group": "/ecs/shop"}, "log_group"),
    ],
)
def test_a_config_that_cannot_work_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(None, **changes)
    assert said in str(caught.value)


def test_groups_of_another_region_need_an_entry_of_their_own() -> None:
    elsewhere = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop"
    with pytest.raises(ConfigError, match="another region"):
        Aws(settings(None, log_groups=[elsewhere]), Network())
    keys = {"access_key_id": "k", "secret_access_key": "s", "log_groups": [elsewhere]}
    assert Aws(Config.model_validate(keys), Network()).region == "us-east-1"
