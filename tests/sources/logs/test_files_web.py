"""Access and error logs of nginx and Apache, with what visitors put into them."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.logs.files_case import facts, read, utc

AT = "[01/Mar/2026:13:00:00 +0100]"
NOON = utc(2026, 3, 1, 12)
GET = {"method": "GET", "path": "/a?b=1", "protocol": "HTTP/1.1", "client": "10.0.0.1"}


@pytest.mark.parametrize(
    ("line", "level", "known"),
    [
        (f'10.0.0.1 - - {AT} "GET /a?b=1 HTTP/1.1" 200 12', "info", {**GET, "status": 200, "bytes": 12}),
        (f'10.0.0.1 - ann {AT} "GET /a?b=1 HTTP/1.1" 404 - "http://x/" "curl/8 [x]"', "warn",
         {**GET, "status": 404, "user": "ann", "referrer": "http://x/", "agent": "curl/8 [x]"}),
        (f'10.0.0.1 - - {AT} "GET /a?b=1 HTTP/1.1" 503 0 "-" "-" 1.250', "error",
         {**GET, "status": 503, "bytes": 0, "request_time": 1.25}),
        (f'10.0.0.1 - - {AT} "GET /a?b=1 HTTP/1.1" 302 0 "-" "-" rt=0.004 uct="0.001"', "info",
         {**GET, "status": 302, "bytes": 0, "request_time": 0.004}),
        (f'10.0.0.1 - - {AT} "GET /a?b=1 HTTP/1.1" 200 9 "-" "ag" 489 0.012 [ns-svc-80] []', "info",
         {**GET, "status": 200, "bytes": 9, "agent": "ag", "request_time": 0.012}),
        (f'shop.example:443 10.0.0.1 - - {AT} "GET /a?b=1 HTTP/1.1" 200 9 "-" "ag"', "info",
         {**GET, "status": 200, "bytes": 9, "agent": "ag", "vhost": "shop.example:443"}),
        (f'shop.example 10.0.0.1 - - {AT} "GET /a?b=1 HTTP/1.1" 200 9', "info",
         {**GET, "status": 200, "bytes": 9, "vhost": "shop.example"}),
        ('10.0.0.1 - - [2026-03-01T12:00:00+00:00] "GET /a?b=1 HTTP/1.1" 200 9', "info",
         {**GET, "status": 200, "bytes": 9}),
        (f'10.0.0.1 - - {AT} "GET /a?b=1 HTTP/1.1" 200 9 77 "host" "x"', "info", {**GET, "status": 200, "bytes": 9}),
    ],
)  # fmt: skip
def test_access_logs_of_the_usual_shapes(tmp_path: Path, line: str, level: str, known: dict[str, Any]) -> None:
    rows = read(tmp_path, f"{line}\n{line}\n")
    assert [(row["line"], row["timestamp"], row["level"], row["message"]) for row in rows] == [
        (1, NOON, level, line), (2, NOON, level, line),
    ]  # fmt: skip
    assert facts(rows[0]) == known


@pytest.mark.parametrize(
    ("line", "known"),
    [
        (f'2001:db8::1 - bob smith {AT} "GET / HTTP/2.0" 200 5', {"client": "2001:db8::1", "user": "bob smith"}),
        (f'::1 - - {AT} "GET / HTTP/2.0" 200 5', {"client": "::1"}),
        (f'10.0.0.1 - - {AT} "GET / HTTP/1.1" 200 5 "-" "a \\"q\\" \\\\"', {"agent": 'a \\"q\\" \\\\'}),
        (
            f'10.0.0.1 - - {AT} "GET / HTTP/1.1" 200 5 "-" "a "bare" ]b" 0.5',
            {"agent": 'a "bare" ]b', "request_time": 0.5},
        ),
        (f'10.0.0.1 - - {AT} "GET / HTTP/1.1" 200 5 "-" "cut here', {"status": 200}),
        (f'10.0.0.1 - - {AT} "GET /" 200 5 HTTP/1.1" 500 7 "-" "-"', {"status": 500, "path": '/" 200 5'}),
        (f'10.0.0.1 - - {AT} "\\x16\\x03\\x01" 400 5 "-" "-"', {"request": "\\x16\\x03\\x01", "status": 400}),
        (f'10.0.0.1 - - {AT} "-" 408 - "-" "-"', {"status": 408}),
        (f'10.0.0.1 - - {AT} "GET /a b c HTTP/1.1" 200 5', {"path": "/a b c", "protocol": "HTTP/1.1"}),
        (f'10.0.0.1 - - {AT} "GET /caf\u00e9/\u202e HTTP/1.1" 200 5', {"path": "/caf\u00e9/\u202e"}),
    ],
)
def test_what_visitors_send_is_kept_in_its_field(tmp_path: Path, line: str, known: dict[str, Any]) -> None:
    (row,) = read(tmp_path, f"{line}\n", fmt="access_log")
    assert row["message"] == line
    assert known.items() <= facts(row).items()
    assert {name for name in ("path", "request") if name in facts(row)} <= {"path"} | set(known)


def test_a_line_that_is_no_request_is_an_entry_without_time_and_level(tmp_path: Path) -> None:
    good = f'10.0.0.1 - - {AT} "GET / HTTP/1.1" 200 5\n'
    rows = read(tmp_path, f'{good}\n\tat x\n10.0.0.1 - - {AT} "GET /cut\n{good}')
    assert [row["level"] for row in rows] == ["info", None, None, None, "info"]
    assert [row["metadata"] is None for row in rows] == [False, True, True, True, False]


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=30))
def test_any_agent_leaves_the_status_and_a_json_object(tmp_path_factory: pytest.TempPathFactory, agent: str) -> None:
    tmp_path = tmp_path_factory.getbasetemp()
    (row,) = read(
        tmp_path, f'10.0.0.1 - - {AT} "GET / HTTP/1.1" 502 5 "-" "{agent}"\n' + "x" * 2_000, fmt="access_log"
    )[:1]
    assert (row["level"], facts(row)["status"], facts(row)["path"]) == ("error", 502, "/")


# Error logs


NGINX = "2026/03/01 12:00:00 [error] 12#13: *5 connect() failed (111: Connection refused) while connecting to upstream"
NGINX_REST = ', client: 10.0.0.1, server: shop.example, request: "GET /a HTTP/1.1", upstream: "http://10.0.0.2:80/a"'


def test_nginx_errors_tell_the_request_they_are_about(tmp_path: Path) -> None:
    text = (
        f'{NGINX}{NGINX_REST}, host: "shop.example", referrer: "http://x/"\n2026/03/01 12:00:01 [notice] 1#1: start\n'
    )
    first, second = read(tmp_path, text, timezone="Europe/Berlin")
    assert (first["timestamp"], first["level"]) == (utc(2026, 3, 1, 11), "error")
    assert facts(first) == {
        "pid": "12", "tid": "13", "connection": "5", "client": "10.0.0.1", "server": "shop.example",
        "request": "GET /a HTTP/1.1", "upstream": "http://10.0.0.2:80/a", "host": "shop.example", "referrer": "http://x/",
    }  # fmt: skip
    assert (second["level"], facts(second)) == ("notice", {"pid": "1", "tid": "1"})


def test_a_message_over_several_lines_is_one_error_with_the_real_client(tmp_path: Path) -> None:
    text = (
        '2026/03/01 12:00:00 [error] 1#1: *5 FastCGI sent in stderr: "PHP message: x, client: 6.6.6.6\n#0 a.php(1)\n'
        'more" while reading, client: ::1, server: _, request: "GET /"x, client: 6.6.6.6, HTTP/1.1", host: "h"\n'
        "2026/03/01 12:00:01 [emerg] 1#1: y\n"
    )
    rows = read(tmp_path, text)
    assert [row["line"] for row in rows] == [1, 4]
    assert {key: facts(rows[0])[key] for key in ("client", "server", "host")} == {
        "client": "::1", "server": "_", "host": "h",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "at", "level", "known"),
    [
        ("[Wed Oct 11 14:32:52 2026] [error] [client ::1] client denied: /x", utc(2026, 10, 11, 14, 32, 52), "error",
         {"client": "::1"}),
        ("[Sun Mar  1 12:00:00.123456 2026] [proxy:error] [pid 1:tid 2] [client 10.0.0.1:55] AH01102: x, referer: y",
         utc(2026, 3, 1, 12, 0, 0, 123456), "error",
         {"module": "proxy", "pid": "1", "tid": "2", "client": "10.0.0.1:55", "code": "AH01102",
          "referrer": "y"}),
        ("[Sun Mar 01 12:00:00.5 2026] [proxy:warn] [pid 7] (111)Connection refused: AH00957: HTTP: no",
         utc(2026, 3, 1, 12, 0, 0, 500000), "warn", {"module": "proxy", "pid": "7", "code": "AH00957"}),
        ("[Sun Mar 01 12:00:00.5 2026] [core:trace3] [pid 7:tid 8] (70007)The timeout: [client 10.0.0.1:5] AH00001: x",
         utc(2026, 3, 1, 12, 0, 0, 500000), "trace",
         {"module": "core", "pid": "7", "tid": "8", "client": "10.0.0.1:5", "code": "AH00001"}),
    ],
)  # fmt: skip
def test_apache_errors_of_both_generations(
    tmp_path: Path, line: str, at: object, level: str, known: dict[str, str]
) -> None:
    rows = read(tmp_path, f"{line}\nPHP Stack trace:\n{line}\n")
    assert [(row["line"], row["timestamp"], row["level"], facts(row)) for row in rows[1:]] == [(3, at, level, known)]
    assert rows[0]["message"] == f"{line}\nPHP Stack trace:"
