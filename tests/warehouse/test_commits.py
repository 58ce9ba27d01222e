"""Commits: stored once, whole, with the most detail anyone brought."""

from collections.abc import Iterator

from incident_pipeline.model.git import Commit, Ref
from incident_pipeline.warehouse.commits import load_commits, save_commits, save_refs
from incident_pipeline.warehouse.store import Warehouse
from tests.warehouse.samples import REPO, commit, sha


def test_commits_come_back_as_they_were_in_the_asked_order(warehouse: Warehouse) -> None:
    given = [commit(n) for n in (3, 1, 2)]
    saved = save_commits(warehouse, REPO, given)
    assert (saved.commits, saved.known, saved.files) == (3, 0, 9)
    assert load_commits(warehouse, REPO, [sha(2), sha(3), sha(99)]) == (given[2], given[0])


def test_a_commit_of_two_windows_is_stored_once(warehouse: Warehouse) -> None:
    save_commits(warehouse, REPO, [commit(1), commit(2), commit(2)])
    again = save_commits(warehouse, REPO, [commit(2), commit(3)])
    assert (again.commits, again.known) == (1, 1)
    assert warehouse.query("SELECT count(*), count(DISTINCT hash) FROM commits").rows == ((3, 3),)
    assert warehouse.query("SELECT count(*) FROM commit_files").rows == ((9,),)


def test_the_same_hash_in_another_repository_is_another_commit(warehouse: Warehouse) -> None:
    save_commits(warehouse, REPO, [commit(1)])
    save_commits(warehouse, "acme/fork", [commit(1, files=False)])
    assert load_commits(warehouse, REPO, [sha(1)]) == (commit(1),)
    assert load_commits(warehouse, "acme/fork", [sha(1)])[0].files is None


def test_more_detail_replaces_less_and_never_the_other_way(warehouse: Warehouse) -> None:
    for given in (commit(1, files=False), commit(1, patch=False), commit(1), commit(1, patch=False)):
        save_commits(warehouse, REPO, [given])
    assert load_commits(warehouse, REPO, [sha(1)]) == (commit(1),)
    assert warehouse.query("SELECT count(*) FROM commit_files").rows == ((3,),)
    assert warehouse.query("SELECT count(*) FROM segments").rows == ((1,),)  # the superseded ones are let go


def test_a_poorer_writer_that_read_before_a_richer_one_wrote_does_not_win(warehouse: Warehouse) -> None:
    def slow() -> Iterator[Commit]:
        save_commits(warehouse, REPO, [commit(1)])  # another writer, between our look and our write
        yield commit(1, files=False)

    save_commits(warehouse, REPO, slow())
    assert load_commits(warehouse, REPO, [sha(1)]) == (commit(1),)


def test_two_writers_of_the_same_commit_leave_its_files_once(warehouse: Warehouse) -> None:
    def slow() -> Iterator[Commit]:
        save_commits(warehouse, REPO, [commit(1), commit(2)])
        yield from (commit(1), commit(3))

    save_commits(warehouse, REPO, slow())
    assert warehouse.query("SELECT hash, count(*) FROM commit_files GROUP BY hash ORDER BY hash").rows == (
        (sha(1), 3), (sha(2), 3), (sha(3), 3),
    )  # fmt: skip


def test_refs_are_those_last_read(warehouse: Warehouse) -> None:
    save_refs(warehouse, REPO, [Ref("main", "branch", sha(1)), Ref("old", "branch", sha(1))])
    save_refs(warehouse, REPO, [Ref("main", "branch", sha(2)), Ref("main", "tag", sha(1))])
    assert set(warehouse.query("SELECT kind, name, hash FROM refs").rows) == {
        ("branch", "main", sha(2)), ("tag", "main", sha(1)),
    }  # fmt: skip
