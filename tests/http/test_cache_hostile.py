"""Kept answers against crashes, full disks, neighbours, and what must never be kept."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from incident_pipeline.errors import BadPayload
from incident_pipeline.http.answer import Answer
from incident_pipeline.http.auth import bearer
from incident_pipeline.http.cache import MAX_ANSWER, AnswerCache
from incident_pipeline.http.client import Client
from incident_pipeline.http.errors import Call
from tests.http.clock import Clock
from tests.http.test_client import TOKEN, Handler, answers, ok

CALL = Call("vendor acme/web", "run 7")


def client(handler: Handler, folder: Path) -> Client:
    return Client(
        "https://api.example", cache=AnswerCache(folder), patience=Clock().patience(),
        credentials=bearer(SecretStr(TOKEN)), transport=httpx.MockTransport(handler),
    )  # fmt: skip


def answer(body: bytes = b"{}", **headers: str) -> Answer:
    return Answer("https://api.example/x", 200, headers, {}, body)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("damage", ["empty", "half", "other", "no head", "other key", "bit"])
def test_a_damaged_file_is_no_answer_and_is_replaced(tmp_path: Path, damage: str) -> None:
    handler, asked = answers(ok({"a": 1}, etag='"v1"'), ok({"a": 2}, etag='"v2"'))
    with client(handler, tmp_path) as http:
        http.get("x", CALL, keep="always")
        (file,) = files(tmp_path)
        whole = file.read_bytes()
        file.write_bytes({
            "empty": b"", "half": whole[:-3], "other": b"\xff\0" * 100, "no head": b"null\n{}",
            "other key": whole.replace(b"/x", b"/y", 1), "bit": whole[:-1] + b"]",
        }[damage])  # fmt: skip
        assert http.get("x", CALL, keep="always").json_object(CALL) == {"a": 2}
        assert http.get("x", CALL, keep="always").json_object(CALL) == {"a": 2}
    assert "if-none-match" not in asked[1].headers


def test_a_304_that_nobody_asked_for_is_an_error_at_once(tmp_path: Path) -> None:
    handler, asked = answers(*[httpx.Response(304)] * 3)
    with client(handler, tmp_path) as http:
        for keep in ("no", "tagged", "always"):
            with pytest.raises(BadPayload, match=r"unexpected answer \(304\)"):
                http.get("x", CALL, keep=keep)
    assert len(asked) == 3
    assert files(tmp_path) == []


def test_a_redirect_without_a_target_is_an_error_at_once(tmp_path: Path) -> None:
    handler, asked = answers(httpx.Response(302), httpx.Response(300, headers={"location": "/y"}))
    with client(handler, tmp_path) as http:
        for status in (302, 300):
            with pytest.raises(BadPayload, match=f"unexpected answer \\({status}\\)"):
                http.get("x", CALL)
    assert len(asked) == 2


def test_neither_tag_nor_token_goes_to_another_host_and_its_304_is_not_believed(tmp_path: Path) -> None:
    away = httpx.Response(302, headers={"location": "https://storage.example/x?sig=s3cret"})
    handler, asked = answers(ok({"a": 1}, etag='"v1"'), away, httpx.Response(304))
    with client(handler, tmp_path) as http:
        http.get("x", CALL, keep="tagged")
        with pytest.raises(BadPayload):
            http.get("x", CALL, keep="tagged")
    assert [request.headers.get("if-none-match") for request in asked] == [None, '"v1"', None]
    assert "authorization" not in asked[2].headers


def test_no_credential_is_in_a_kept_file(tmp_path: Path) -> None:
    away = httpx.Response(302, headers={"location": "https://storage.example/x?sig=s3cret"})
    mine = {"etag": '"v"', "set-cookie": "session=s3cret", "x-echo": TOKEN}
    handler, _ = answers(ok({"a": 1}, **mine), away, ok({"b": 2}, **mine))
    with client(handler, tmp_path) as http:
        assert http.get("x", CALL, keep="always").json_object(CALL) == {"a": 1}
        assert http.get("y", CALL, keep="always").json_object(CALL) == {"b": 2}
    kept = b"".join(path.read_bytes() for path in files(tmp_path))
    assert b'{"a":' in kept
    assert TOKEN.encode() not in kept
    assert b"s3cret" not in kept


def test_the_folder_and_its_files_are_the_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "answers"
    before = os.umask(0)
    try:
        AnswerCache(folder).put("x", answer())
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in files(folder)] == [0o600]


def test_a_full_disk_costs_the_cache_not_the_answer_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    handler, _ = answers(ok({"a": 1}))
    with client(handler, tmp_path) as http:
        assert http.get("x", CALL, keep="always").json_object(CALL) == {"a": 1}
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_made_costs_the_cache_not_the_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    handler, _ = answers(ok({"a": 1}))
    with client(handler, tmp_path / "file" / "answers") as http:
        assert http.get("x", CALL, keep="always").json_object(CALL) == {"a": 1}


def test_the_answers_that_were_used_longest_ago_go_first(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path)
    for number, name in enumerate("abc"):
        body = name.encode() * 1_000
        cache.put(name, answer(body))
        (file,) = (path for path in files(tmp_path) if path.read_bytes().endswith(body))
        os.utime(file, (1_000 + number, 1_000 + number))
    cache.touch("a")
    AnswerCache(tmp_path, max_bytes=2_900).put("d", answer(b"d"))
    assert {name: cache.get(name) is not None for name in "abcd"} == {"a": True, "b": False, "c": True, "d": True}


def test_a_neighbour_that_sweeps_at_the_same_time_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = AnswerCache(tmp_path)
    cache.put("a", answer())
    ghost = tmp_path / "gone"
    real = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: [*real(self), ghost])  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    other = AnswerCache(tmp_path, max_bytes=0)
    other.put("b", answer(b"[]"))
    assert (other.get("a"), other.get("b") is not None) == (None, True)


def test_an_answer_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path)
    cache.put("x", answer(b"x" * (MAX_ANSWER + 1)))
    assert cache.get("x") is None


def test_two_processes_share_a_folder_without_half_answers(tmp_path: Path) -> None:
    program = (
        "import sys, json; from pathlib import Path; from incident_pipeline.http.cache import AnswerCache;"
        "from incident_pipeline.http.answer import Answer\n"
        "cache = AnswerCache(Path(sys.argv[1])); body = sys.argv[2].encode() * 50_000\n"
        "for _ in range(150):\n"
        "    cache.put('x', Answer('https://api.example/x', 200, {}, {}, body)); kept = cache.get('x')\n"
        "    assert kept and len(set(kept.answer.body)) == 1 and len(kept.answer.body) == 50_000\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "ab"]
    assert [process.wait(60) for process in running] == [0, 0]
    kept = AnswerCache(tmp_path).get("x")
    assert kept
    assert json.loads(next(iter(files(tmp_path))).read_bytes().partition(b"\n")[0])["key"] == "x"
    assert len(files(tmp_path)) == 1
