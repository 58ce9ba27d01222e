"""What evidence asks for is fetched within bounds, and a host that cannot give it is forgiven."""

from collections.abc import Mapping, Sequence
from typing import cast

from incident_pipeline.errors import NotFound, Unsupported
from incident_pipeline.flow.gather import MAX_CHARS, gather_code, gather_paths
from incident_pipeline.model.evidence import CodeFacts, Place
from incident_pipeline.model.git import BlameLine
from incident_pipeline.sources.base import GitSource

FILES = {
    "src/shop/cart.py": "def total():\n    pass\n",
    "tests/test_cart.py": "from shop import cart\n",
    "CODEOWNERS": "* @a\n",
    "big.py": "x" * (MAX_CHARS + 1),
}


class Host:
    """The three optional capabilities of a git source."""

    def __init__(self, *, files: bool = True, blame: bool = True) -> None:
        self.can_read, self.can_blame = files, blame

    def list_paths(self, repo: str, rev: str) -> frozenset[str]:
        if not self.can_read:
            raise Unsupported("host: no listing")
        return frozenset(FILES)

    def read_file(self, repo: str, path: str, rev: str) -> str | None:
        if not self.can_read:
            raise Unsupported("host: no files")
        if path not in FILES:
            raise NotFound(f"host: no {path}")
        return FILES[path]

    def read_files(self, repo: str, paths: Sequence[str], rev: str) -> Mapping[str, str | None]:
        return {path: self.read_file(repo, path, rev) for path in paths}

    def blame(self, repo: str, path: str, rev: str, lines: tuple[int, int] | None = None) -> tuple[BlameLine, ...]:
        if not self.can_blame:
            raise Unsupported("host: no blame")
        return (BlameLine(1, "a" * 40, path, 1, FILES[path].split("\n")[0]),)


def gather(host: Host, *places: Place, max_files: int = 60) -> CodeFacts:
    return gather_code(cast("GitSource", host), "acme/shop", "HEAD", places, max_files=max_files)


TEST = Place("tests/test_cart.py", None, "holds a failing test")
CART = Place("src/shop/cart.py", 1, "named in a stack frame")


def test_modules_that_a_test_imports_come_along_and_owners_too() -> None:
    found = gather(Host(), TEST)
    assert set(found.files) == {"tests/test_cart.py", "src/shop/cart.py", "CODEOWNERS"}


def test_only_places_with_a_line_are_blamed() -> None:
    found = gather(Host(), TEST, CART)
    assert set(found.blame) == {"src/shop/cart.py"}
    assert found.blame_available


def test_absent_and_big_files_are_left_out() -> None:
    found = gather(Host(), Place("gone.py", 1, ""), Place("big.py", 1, ""))
    assert set(found.files) == {"CODEOWNERS"}
    assert found.blame == {}


def test_a_limit_holds() -> None:
    assert len(gather(Host(), TEST, CART, max_files=2).files) == 2


def test_a_host_without_files_or_blame_gives_less_and_says_so() -> None:
    bare = gather(Host(files=False, blame=False), TEST, CART)
    assert (bare.files, bare.paths) == ({}, frozenset())
    assert not gather(Host(blame=False), CART).blame_available


def test_paths_of_a_host_that_cannot_list_are_none() -> None:
    assert gather_paths(cast("GitSource", Host(files=False)), "acme/shop", "HEAD") == frozenset()
