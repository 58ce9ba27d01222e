"""Of every CI system: one red run with a log, a green one before it, and how far each log could be read."""

from abc import abstractmethod
from datetime import UTC, datetime, timedelta
from typing import ClassVar, cast

import pytest

from incident_pipeline.errors import NotFound, UsageError
from incident_pipeline.model.incident import Run
from incident_pipeline.sources.base import CiLogSource, Source
from tests.fakes.server import FakeVendor
from tests.sources.contract.source import SourceContract

REPO = "acme/shop"
RED_AT = datetime(2026, 3, 1, 14, 2, tzinfo=UTC)
LOG = b"step one\r\n\x1b[31mE   AssertionError: <b>no</b>\x1b[0m\nlast line"
LINES = ["step one", "\x1b[31mE   AssertionError: <b>no</b>\x1b[0m", "last line"]


class CiContract(SourceContract):
    """The fake of `vendor` holds, in REPO on branch main: the red run `red` made at RED_AT for commit `a` * 40 with one
    failed job whose log is LOG (behind the vendor's own prefixes, if it has any), and an hour before it the green run
    `green` of the same workflow for commit `b` * 40."""

    red: ClassVar[str] = "1001"
    green: ClassVar[str] = "1000"
    red_url: ClassVar[str] = ""
    """Path of the red run's page below the fake's URL."""

    def read(self, source: Source) -> list[object]:
        return list(cast("CiLogSource", source).get_runs(REPO))

    def lines(self, messages: list[str]) -> list[str]:
        """The log's lines without the vendor's prefixes."""
        return messages

    @abstractmethod
    def set_log(self, fake: FakeVendor, log: bytes | int) -> None:
        """Let the red run's job have another log, or the status that asking for it gets."""

    @pytest.fixture
    def ci(self, source: Source) -> CiLogSource:
        return cast("CiLogSource", source)

    @pytest.fixture
    def red_run(self, ci: CiLogSource) -> Run:
        return ci.get_run(REPO, self.red)

    @pytest.mark.proves("runs", by="fake")
    def test_a_run_is_told_whole(self, red_run: Run) -> None:
        assert (red_run.repo, red_run.run_id, red_run.failed) == (REPO, self.red, True)
        assert (red_run.head_sha, red_run.branch, red_run.created_at) == ("a" * 40, "main", RED_AT)
        assert red_run.workflow
        assert red_run.url.startswith("http")

    @pytest.mark.proves("runs", by="fake")
    def test_runs_of_a_window_have_both_ends_respected(self, ci: CiLogSource) -> None:
        def ids(since: datetime | None, until: datetime | None, **how: bool) -> list[str]:
            return [run.run_id for run in ci.get_runs(REPO, since, until, **how)]  # pyright: ignore[reportArgumentType]

        assert ids(None, None) == [self.red, self.green]
        assert ids(RED_AT, RED_AT + timedelta(seconds=1)) == [self.red]
        assert ids(RED_AT - timedelta(hours=2), RED_AT) == [self.green]
        assert ids(None, None, failed_only=True) == [self.red]
        assert [run.run_id for run in ci.get_runs(REPO, branch="other")] == []

    @pytest.mark.proves("last green run", by="fake")
    def test_the_last_green_run_is_the_one_before(self, ci: CiLogSource, red_run: Run) -> None:
        green = ci.last_green_run(red_run)
        assert green
        assert (green.run_id, green.head_sha, green.failed) == (self.green, "b" * 40, False)
        assert ci.last_green_run(green) is None

    @pytest.mark.proves("jobs and steps", by="fake")
    def test_the_failed_job_is_found(self, ci: CiLogSource, red_run: Run) -> None:
        jobs = list(ci.get_jobs(red_run))
        assert [job.failed for job in jobs] == [True]
        assert jobs[0].name

    @pytest.mark.proves("job logs", by="fake")
    def test_a_log_is_read_whole_and_stays_text(self, ci: CiLogSource, red_run: Run) -> None:
        (job,) = ci.get_jobs(red_run)
        (log,) = ci.read_job_logs(red_run, [job])
        messages = [m for frame in log.frames for m in frame["message"]]
        assert self.lines(messages) == LINES
        assert (log.status().status, log.status().rows) == ("read", len(messages))

    @pytest.mark.proves("job logs", by="fake")
    def test_an_empty_log_and_a_missing_one_are_two_things(
        self, fake: FakeVendor, ci: CiLogSource, red_run: Run
    ) -> None:
        (job,) = ci.get_jobs(red_run)
        for log, status in ((b"", "empty"), (404, "missing"), (410, "expired")):
            self.set_log(fake, log)
            (read,) = ci.read_job_logs(red_run, [job])
            assert [m for frame in read.frames for m in frame["message"]] == []
            assert read.status().status == status

    @pytest.mark.proves("run URL", by="fake")
    def test_a_runs_page_leads_to_the_run(self, fake: FakeVendor, ci: CiLogSource) -> None:
        repo, run_id, _ = ci.parse_run_url(fake.url + self.red_url)
        assert ci.get_run(repo, run_id).run_id == self.red
        with pytest.raises(UsageError):
            ci.parse_run_url("https://elsewhere.example" + self.red_url)

    @pytest.mark.proves("errors", by="fake")
    def test_a_run_that_is_not_there(self, ci: CiLogSource) -> None:
        with pytest.raises((NotFound, UsageError)):
            ci.get_run(REPO, "999")
