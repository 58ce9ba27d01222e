"""Commits with their files and patches, stored once a repository however many incidents look at them.

A commit never changes, so one that is stored with as much detail is not written again. Its files lie in the segment
that its row names; surprising fact: a segment may hold files of a commit that another writer stored at the same time,
and those rows are nobody's (the view joins on the segment), so nothing doubles without a lock around the reading.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from incident_pipeline.model.git import Commit, FileChange, Ref
from incident_pipeline.warehouse import rows, statements
from incident_pipeline.warehouse.segments import Staged, schema, touch
from incident_pipeline.warehouse.store import Warehouse
from incident_pipeline.warehouse.writes import Write, put, put_segment

if TYPE_CHECKING:
    import duckdb

_TABLE = "commit_files"
_FILES_A_FRAME = 5_000
_TEXT_A_FRAME = 32 << 20
_FILE_COLUMNS = (
    "path", "status", "old_path", "additions", "deletions", "binary", "submodule", "patch", "truncated",
)  # fmt: skip
_FILE_VALUES = attrgetter(*_FILE_COLUMNS)
_COMMIT_VALUES = attrgetter(*(name for name in rows.COMMITS if name not in {"parents", "detail", "segment"}))
_PARENTS = pl.col("parents").str.split(" ").list.filter(pl.element() != "")  # a list a commit made in Python is slow


@dataclass(frozen=True, slots=True)
class SavedCommits:
    """What a save stored: new commits, those that were there already, files of the new ones, bytes on the disk."""

    commits: int
    known: int
    files: int
    bytes: int


def save_commits(warehouse: Warehouse, repo: str, commits: Iterable[Commit]) -> SavedCommits:
    """Store commits as they stream in; memory holds one batch of patches and the rows of new commits.

    Known commits are passed over unless they now come with more detail (files, patches).
    """
    known = {row[0]: row[1] for row in warehouse.read("commit_details", repo=repo).iter_rows()}
    batch = _Batch(repo, known, segment=secrets.randbits(62))
    staged = warehouse.stage(_TABLE, f"{repo} {batch.segment}", batch.frames(commits), segment=batch.segment)
    if not staged.rows:
        (warehouse.segments / _TABLE / staged.file).unlink(missing_ok=True)
    new = pl.concat(batch.commits)
    if new.height:
        with warehouse.writing() as connection:
            _put(connection, new, staged, repo=repo, root=warehouse.segments)
    return SavedCommits(new.height, batch.known, staged.rows, staged.bytes)


def save_refs(warehouse: Warehouse, repo: str, refs: Sequence[Ref]) -> int:
    """All branches and tags of the repository become `refs`."""
    return warehouse.replace([Write("refs", {"repo": repo}, rows.ref_frame(repo, refs))])


def load_commits(warehouse: Warehouse, repo: str, hashes: Sequence[str]) -> tuple[Commit, ...]:
    """The stored commits among `hashes`, in that order, with files and patches as far as they were stored."""
    table = warehouse.read("commits_of", repo=repo, hashes=" ".join(hashes))
    files = _files_of(warehouse, table)
    found = {row["hash"]: row for row in table.iter_rows(named=True)}
    return tuple(
        rows.commit_of(found[item], tuple(files.get(item, ())) if found[item]["detail"] else None)
        for item in dict.fromkeys(hashes)
        if item in found
    )


def _put(connection: "duckdb.DuckDBPyConnection", new: pl.DataFrame, staged: Staged, *, repo: str, root: Path) -> None:
    """Asks again what is stored, now under the lock: another writer may have stored more of a commit meanwhile."""
    stored = connection.execute(statements.query("commit_details"), {"repo": repo}).pl().rename({"detail": "had"})
    better = new.join(stored, on="hash", how="left").filter(pl.col("detail") > pl.col("had").fill_null(-1)).drop("had")
    put(connection, Write("commits", {}, better))
    if staged.rows:
        put_segment(connection, staged, root=root)
    unused = connection.execute(statements.query("segments_unused")).fetchall()
    touch(root, _TABLE, files=[row[0] for row in unused])
    connection.execute(statements.query("segments_drop_unused"))


def _files_of(warehouse: Warehouse, table: pl.DataFrame) -> dict[str, list[FileChange]]:
    files: dict[str, list[FileChange]] = {}
    for (name,), part in table.filter(pl.col("file").is_not_null()).group_by("file"):
        path = warehouse.segments / _TABLE / str(name)
        wanted = pl.scan_parquet(path).filter(pl.col("hash").is_in(part["hash"].to_list()))
        for row in wanted.sort("hash", "position").collect().iter_rows(named=True):
            files.setdefault(row["hash"], []).append(rows.value(FileChange, row))
    return files


class _Batch:
    """Turns commits into frames of files and keeps the rows of `commits`, column by column. Read once."""

    def __init__(self, repo: str, known: dict[str, int], *, segment: int) -> None:
        self.repo, self.segment = repo, segment
        self.commits: list[pl.DataFrame] = []
        self.known = 0
        self._stored = known
        self._commits: list[tuple[Any, ...]] = []
        self._files: list[tuple[Any, ...]] = []

    def frames(self, commits: Iterable[Commit]) -> Iterator[pl.DataFrame]:
        text = 0
        for commit in commits:
            detail = rows.detail(commit)
            if self._stored.get(commit.hash, -1) >= detail:
                self.known += 1
                continue
            self._stored[commit.hash] = detail
            segment = self.segment if commit.files else None
            self._commits.append((*_COMMIT_VALUES(commit), " ".join(commit.parents), detail, segment))
            for position, file in enumerate(commit.files or ()):
                self._files.append((commit.hash, position, *_FILE_VALUES(file)))
                text += len(file.patch or "")
            if len(self._files) >= _FILES_A_FRAME or text >= _TEXT_A_FRAME:
                yield self._take()
                text = 0
        yield self._take()

    def _take(self) -> pl.DataFrame:
        commits, files = self._commits, self._files
        self._commits, self._files = [], []
        self.commits.append(self._frame(commits, rows.COMMITS | {"parents": pl.String()}).with_columns(_PARENTS))
        types = schema(_TABLE)
        taken = self._frame(files, {name: types[name] for name in ("hash", "position", *_FILE_COLUMNS)})
        return taken.with_columns(pl.lit(self.segment).alias("segment"))

    def _frame(self, values: list[tuple[Any, ...]], types: dict[str, pl.DataType]) -> pl.DataFrame:
        columns = zip(*values, strict=True) if values else ((),) * len(types)
        frame = pl.DataFrame(dict(zip(types, columns, strict=True)), schema=types)
        return frame.with_columns(pl.lit(self.repo).alias("repo"))
