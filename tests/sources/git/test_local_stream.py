"""The bytes of a `git log`, however they are cut into reads, and what happens when they are not those expected."""

import io
from collections.abc import Callable
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.errors import BadPayload
from incident_pipeline.model.git import Commit
from incident_pipeline.sources.git import _patch_stream
from incident_pipeline.sources.git._log_stream import Wanted, log_arguments, read_commits
from tests.sources.git.local_repo import Repo


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    repo = Repo.make(tmp_path_factory.mktemp("stream") / "repo")
    repo.commit("first", {"a": "one\ntwo\n", "b c": b"\0", "gone": "x\n"})
    (repo.path / "gone").unlink()
    repo.commit(
        "second\n\n\x01body", {"a": "one\n\x01two\ndiff --git a/a b/a\n", "d": "".join("+-\n" for _ in range(1000))}
    )
    repo.commit("empty")
    return repo.git_bytes(*log_arguments(files=True, patch=True), "HEAD", "--")


def in_pieces(log: bytes, sizes: list[int]) -> Callable[[int], bytes]:
    source, turn = io.BytesIO(log), cycle(sizes)
    return lambda n: source.read(min(n, next(turn)))


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5), held=st.integers(400, 900))
def test_commits_do_not_depend_on_where_the_reads_end(log: bytes, sizes: list[int], held: int) -> None:
    expected = list(read_commits(io.BytesIO(log).read, Wanted(diff=True)))
    assert [len(c.files or ()) for c in expected] == [0, 3, 3]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_patch_stream, "_LEAST", 1)
        assert list(read_commits(in_pieces(log, sizes), Wanted(diff=True))) == expected
        patch.setattr(_patch_stream, "_HELD", held)
        cut = list(read_commits(in_pieces(log, sizes), Wanted()))
    assert [f.path for c in cut for f in c.files or () if f.truncated] == ["d"]
    assert [shape(c) for c in cut] == [shape(c) for c in expected]


def shape(commit: Commit) -> list[tuple[str, str, int | None, int | None]]:
    return [(f.path, f.status, f.additions, f.deletions) for f in commit.files or ()]


def test_a_stream_that_is_no_git_log_of_ours_is_refused(log: bytes) -> None:
    for bad in (b"commit 123\n", b"\x01only\0", log[: log.index(b"\n")] + b"\0"):
        with pytest.raises(BadPayload, match="a commit starts with"):
            list(read_commits(io.BytesIO(bad).read, Wanted()))
