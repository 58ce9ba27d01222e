"""Of every source: it can be read again and closed. Of every source over HTTP: how refusals, faults and secrets are
told, whatever is read."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import AbstractContextManager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import ClassVar

import pytest

from incident_pipeline.errors import (
    AccessDenied,
    BadPayload,
    Gone,
    IncidentError,
    NotFound,
    RateLimited,
    Unavailable,
    UsageError,
)
from incident_pipeline.http.retry import Patience
from incident_pipeline.sources.base import Source
from tests.fakes.server import FakeVendor, Reply, json_reply
from tests.http.clock import START, Clock

SECRET = "s3cr3t-of-nobody-0123456789abcdef"
"""Every credential that a contract's source is opened with is or holds this."""

_KINDS = {
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
    410: Gone,
    422: UsageError,
    500: Unavailable,
    502: Unavailable,
}


class ReadContract(ABC):
    """What needs no vendor to be seen."""

    @abstractmethod
    def read(self, source: Source) -> list[object]:
        """Read all there is of one list or log, at least one page, from the vendor each time: no cache."""

    @pytest.fixture
    @abstractmethod
    def source(self) -> object:
        """The source, with something to read."""

    @pytest.mark.proves("errors", by="fake")
    def test_reading_twice_gives_the_same(self, source: Source) -> None:
        assert self.read(source) == self.read(source) != []

    @pytest.mark.proves("errors", by="fake")
    def test_closing_twice_is_safe(self, source: Source) -> None:
        self.read(source)
        source.close()
        source.close()


class SourceContract(ReadContract):
    """`refusal` is the body of the vendor's errors; `kinds` what a status means where this vendor differs."""

    refusal: ClassVar[dict[str, object]] = {"message": "no"}
    kinds: ClassVar[dict[int, type[IncidentError]]] = {}
    ignores_retry_after: ClassVar[bool] = False

    @abstractmethod
    def vendor(self, tmp_path: Path) -> AbstractContextManager[FakeVendor]:
        """The vendor's fake, with data to read."""

    @abstractmethod
    def open(self, vendor: FakeVendor, patience: Patience) -> Source:
        """The source before `vendor`, with SECRET as its credentials; waits go through `patience`."""

    @pytest.fixture
    def fake(self, tmp_path: Path) -> Generator[FakeVendor]:
        with self.vendor(tmp_path) as fake:
            yield fake

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def source(self, fake: FakeVendor, clock: Clock) -> Generator[Source]:
        with self.open(fake, clock.patience()) as source:
            yield source

    @pytest.mark.proves("errors", by="fake")
    @pytest.mark.parametrize("status", sorted(_KINDS))
    def test_a_refusal_is_told_by_what_to_do_about_it(self, fake: FakeVendor, source: Source, status: int) -> None:
        fake.always = json_reply(self.refusal, status)
        with pytest.raises({**_KINDS, **self.kinds}[status]) as caught:
            self.read(source)
        assert "\n" not in str(caught.value)
        assert SECRET not in str(caught.value)

    @pytest.mark.proves("rate limits", by="fake")
    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize("form", ["seconds", "date"])
    def test_retry_after_is_obeyed(
        self, fake: FakeVendor, source: Source, clock: Clock, *, status: int, form: str
    ) -> None:
        if self.ignores_retry_after:
            return
        after = "7" if form == "seconds" else format_datetime(START + timedelta(seconds=7), usegmt=True)
        reply = json_reply(self.refusal, status)
        fake.next_replies = [Reply(status, reply.body, {**reply.headers, "Retry-After": after})]
        assert self.read(source)
        assert sum(clock.slept) >= 7

    @pytest.mark.proves("rate limits", by="fake")
    def test_a_long_rate_limit_is_told_with_its_time(self, fake: FakeVendor, source: Source) -> None:
        reply = json_reply(self.refusal, 429)
        fake.always = Reply(429, reply.body, {**reply.headers, "Retry-After": "4000"})
        with pytest.raises(RateLimited) as caught:
            self.read(source)
        if not self.ignores_retry_after:
            assert caught.value.retry_at == START + timedelta(seconds=4000)
            assert len(fake.requests) == 1

    @pytest.mark.proves("errors", by="fake")
    def test_a_page_of_html_is_no_answer(self, fake: FakeVendor, source: Source) -> None:
        fake.always = Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
        with pytest.raises(BadPayload):
            self.read(source)

    @pytest.mark.proves("errors", by="fake")
    def test_a_connection_reset_in_mid_answer_is_tried_again_and_then_told(
        self, fake: FakeVendor, source: Source
    ) -> None:
        whole = self.read(source)
        body = b'{"data": [' + b" " * 100_000
        broken = Reply(200, body, {"Content-Type": "application/json"}, cut=50_000)
        fake.next_replies = [broken]
        assert self.read(source) == whole
        fake.always = broken
        with pytest.raises(Unavailable):
            self.read(source)

    @pytest.mark.proves("errors", by="fake")
    def test_a_body_shorter_than_announced_is_not_taken_for_whole(self, fake: FakeVendor, source: Source) -> None:
        fake.always = Reply(200, b"[]", {"Content-Type": "application/json"}, length=500)
        with pytest.raises(Unavailable):
            self.read(source)

    @pytest.mark.proves("credentials", by="fake")
    def test_secrets_are_in_no_repr_log_or_error(
        self, fake: FakeVendor, source: Source, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        said = [repr(source), str(vars(source)), repr(source.check()), repr(self.read(source))]
        echo = {**self.refusal, "message": f"bad token {SECRET}"}
        for status in (400, 401, 403, 422, 500):
            fake.always = json_reply(echo, status)
            with pytest.raises(IncidentError) as caught:
                self.read(source)
            said += [str(caught.value), repr(caught.value), repr(source.check())]
        assert SECRET not in "".join(said) + caplog.text

    @pytest.mark.proves("check", by="fake")
    def test_check_tells_what_works_and_what_to_do_about_the_rest(self, fake: FakeVendor, source: Source) -> None:
        good = source.check()
        assert (good.works, good.source) == (True, source.name)
        assert good.clock_ahead is not None
        fake.always = json_reply(self.refusal, 401)
        bad = source.check()
        assert not bad.works
        assert bad.advice
        assert "\n" not in bad.advice
