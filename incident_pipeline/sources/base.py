"""What an adapter is. An adapter is one module in `sources/git` or `sources/logs` that defines

    class Config(SourceConfig): ...                                   its typed keys; unknown keys are refused
    def open_source(config: Config, context: SourceContext) -> GitSource | LogSource

Iterators yield as they read (no page is held longer than needed) and can be dropped at any time. Times are aware UTC.
Errors are those of `incident_pipeline.errors`, each one line that says who, what and the next step.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from incident_pipeline.errors import Unsupported
from incident_pipeline.model.git import BlameLine, Commit, Ref
from incident_pipeline.model.incident import Job, Run
from incident_pipeline.model.logs import LogEntry, SourceCheck, SourceStatus

if TYPE_CHECKING:
    import polars as pl


class SourceConfig(BaseModel):
    """Base of every adapter's typed config: frozen, unknown keys refused. Secrets are `pydantic.SecretStr`.

    The class variables tell the rest of the program what it would else have to know by the adapter's name:
    `variables`: which variables of the environment give a key's value where no config names the source (first set one).
    `forge`: the type of git source that holds the commits of a CI system's runs.
    `run_hosts`: hosts whose run pages are this CI system's. `job_variables`: what a job of it finds in its environment,
    by the names of `flow.request.Request` (`repo`, `run_id`, `attempt`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    variables: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    forge: ClassVar[str | None] = None
    run_hosts: ClassVar[tuple[str, ...]] = ()
    job_variables: ClassVar[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What an adapter gets beside its config: the entry's name, a folder for caches, a base for relative paths."""

    name: str
    cache_dir: Path
    root: Path


class Source(ABC):
    """Anything that is opened, read and closed. `name` is the entry's name in the config (default: its type)."""

    name: str

    def close(self) -> None:
        """Free what is held (connections, processes). Safe to call twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def check(self) -> SourceCheck:
        """Try one small read; never raises for what the user can mend, says it in `advice`."""


class GitSource(Source):
    """Commits of a repository. `repo` is `owner/name` on a forge; a local source takes its own path for any `repo`.

    `streams_patches`: files and patches of many commits cost one stream here, not a request a commit.
    """

    streams_patches: bool = False

    @abstractmethod
    def get_commits(
        self, repo: str, since: datetime | None = None, until: datetime | None = None, branch: str | None = None
    ) -> Iterator[Commit]:
        """Commits with `since <= committed_at < until`, newest first, without files and diff."""

    @abstractmethod
    def get_commits_between(self, repo: str, base: str | None, head: str, *, patch: bool = True) -> Iterator[Commit]:
        """Commits reachable from `head`, not from `base` (all when None), newest first, with files; patch if asked."""

    @abstractmethod
    def get_commit(self, repo: str, rev: str) -> Commit:
        """One commit with files and diff. NotFound when `rev` names none."""

    @abstractmethod
    def get_branches(self, repo: str) -> Iterator[Ref]:
        """All branches."""

    @abstractmethod
    def get_tags(self, repo: str) -> Iterator[Ref]:
        """All tags, peeled to commits."""

    @abstractmethod
    def get_file_history(self, repo: str, path: str, rev: str | None = None) -> Iterator[Commit]:
        """Commits that touched `path`, newest first, followed across renames, with files."""

    @abstractmethod
    def resolve(self, repo: str, rev: str) -> str:
        """The full hash of a branch, tag or abbreviated hash. NotFound when it names none."""

    @abstractmethod
    def default_branch(self, repo: str) -> str:
        """Name of the default branch."""

    @abstractmethod
    def merge_base(self, repo: str, first: str, second: str) -> str | None:
        """Best common ancestor; None when the histories are unrelated."""

    def blame(
        self, repo: str, path: str, rev: str, lines: tuple[int, int] | None = None, *, ignore: Sequence[str] = ()
    ) -> tuple[BlameLine, ...]:
        """Who last changed each line of `path` at `rev` (1-based inclusive range), commits of `ignore` passed over.

        Optional: Unsupported.
        """
        raise Unsupported(f"{self.name}: blame is not available here (local git or a mirror clone has it)")

    def read_file(self, repo: str, path: str, rev: str) -> str | None:
        """Text of `path` at `rev` (bad bytes kept visibly); None when absent or binary. Optional: Unsupported."""
        raise Unsupported(f"{self.name}: reading files is not available here")

    def read_files(self, repo: str, paths: Sequence[str], rev: str) -> Mapping[str, str | None]:
        """`read_file` of many, which some hosts give in fewer requests than one each."""
        return {path: self.read_file(repo, path, rev) for path in paths}

    def list_paths(self, repo: str, rev: str) -> frozenset[str]:
        """Every file path at `rev`. Optional: Unsupported."""
        raise Unsupported(f"{self.name}: listing files is not available here")


class LogSource(Source):
    """Log entries of a service.

    `reads_files`: line numbers are each file's own; a frame holds rows of one file, named in its metadata (`file`).
    """

    reads_files: bool = False

    @abstractmethod
    def get_logs(self, service: str, since: datetime, until: datetime, level: str | None = None) -> Iterator[LogEntry]:
        """Entries with `since <= timestamp < until`; entries without a time are kept. `level`: that level and above."""

    def read_frames(
        self, service: str, since: datetime, until: datetime, level: str | None = None, *, rows: int = 50_000
    ) -> "Iterator[pl.DataFrame]":
        """The same as RAW_LOG frames (model.frames) of at most `rows` rows. The default batches `get_logs`."""
        from incident_pipeline.sources.batching import frames_of  # noqa: PLC0415 - polars stays out of start-up

        return frames_of(self.get_logs(service, since, until, level), rows=rows)

    def read_statuses(self) -> tuple[SourceStatus, ...]:
        """How far each thing (`what`: a file, a stream) of the last read went, as far as the source tells them apart.

        A thing's status is there once its last entry was given; those that could not be opened are among them.
        """
        return ()


@dataclass(frozen=True, slots=True)
class JobLog:
    """A job's log: `frames` yields RAW_LOG frames and may be read once; what `status()` says is final after that."""

    job: Job
    status: Callable[[], SourceStatus]
    frames: "Iterator[pl.DataFrame]"


@dataclass(frozen=True, slots=True)
class TestReport:
    """A test report in XML that a run left behind: read like a job's log (see JobLog).

    `key` is the same for the same report, `name` is what people know it by. One that could not be read has no frames;
    its `status` says why.
    """

    __test__: ClassVar[bool] = False  # its name would make pytest collect it

    key: str
    name: str
    status: Callable[[], SourceStatus]
    frames: "Iterator[pl.DataFrame]"
    url: str = ""


class CiLogSource(LogSource):
    """A CI system: runs, jobs, their logs, and the last green run before a red one."""

    @abstractmethod
    def parse_run_url(self, url: str) -> tuple[str, str, int | None]:
        """(`repo`, run id, attempt or None) of a run's page. UsageError when the URL is of another host."""

    @abstractmethod
    def get_run(self, repo: str, run_id: str, attempt: int | None = None) -> Run:
        """One run, its latest attempt unless asked otherwise."""

    @abstractmethod
    def get_runs(
        self, repo: str, since: datetime | None = None, until: datetime | None = None,
        *, branch: str | None = None, failed_only: bool = False,
    ) -> Iterator[Run]:  # fmt: skip
        """Runs created in the window, newest first."""

    @abstractmethod
    def get_jobs(self, run: Run) -> Iterator[Job]:
        """All jobs of that attempt."""

    @abstractmethod
    def read_job_log(self, run: Run, job: Job) -> JobLog:
        """The job's log. A missing, expired, empty or binary one has no frames and says so in `status`; not raised."""

    def read_job_logs(self, run: Run, jobs: Sequence[Job]) -> Iterator[JobLog]:
        """The same for many jobs, in their order. Each is to be read before the next is asked for."""
        for job in jobs:
            yield self.read_job_log(run, job)

    @abstractmethod
    def last_green_run(self, run: Run) -> Run | None:
        """Last successful run of the same workflow before `run` on its branch (pull request: on its base branch)."""

    def get_logs(self, service: str, since: datetime, until: datetime, level: str | None = None) -> Iterator[LogEntry]:
        """Lines of all jobs of the runs of `service` (a repository) of the window, also those without a time."""
        from incident_pipeline.sources.logs._job_log import entries_of  # noqa: PLC0415 - beside the readers

        return entries_of(self, service, since, until, level)

    def get_test_reports(self, run: Run) -> Iterator[TestReport]:
        """Test reports with failures in them. Optional: none. What cannot be read is a status, never an error."""
        return iter(())
