"""A small history with a merge, a rename, a binary file and an empty one, and a long one: what every forge serves."""

from pathlib import Path

from tests.sources.git.local_repo import Repo


def make_history(path: Path) -> tuple[Repo, dict[str, str]]:
    """The repository and its commits by a short name."""
    repo = Repo.make(path)
    sha = {"first": repo.commit("first", {"src/cart.py": "a\nb\nc\nd\ne\n", "logo.bin": b"\0\1", "empty.txt": ""})}
    repo.git("checkout", "-q", "-b", "side")
    sha["side"] = repo.commit("side work\n\nwith a body", {"src/side.py": "x\n"})
    repo.git("checkout", "-q", "main")
    sha["edit"] = repo.commit("edit", {"src/cart.py": "a\nB\nc\nd\ne\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "merge side", "side")
    sha["merge"] = repo.git("rev-parse", "HEAD")
    repo.git("mv", "src/cart.py", "src/basket.py")
    sha["rename"] = repo.commit("rename", {"logo.bin": b"\0\2"})
    sha["head"] = repo.commit("café \U0001f9c0", {"src/basket.py": "a\nB\nc\nD\ne\n"})
    repo.git("tag", "-a", "-m", "one", "v1", sha["edit"])
    return repo, sha


def add_commits(repo: Repo, count: int) -> str:
    """Many commits at once on branch `long`, above main; its head."""
    tip = repo.git("rev-parse", "main")
    text = "".join(
        f"commit refs/heads/long\ncommitter Ann <ann@example.org> {repo.clock + 60 * n} +0000\ndata 2\nc\n"
        + (f"from {tip}\n" if n == 1 else "")
        + f"M 100644 inline n.txt\ndata {len(str(n)) + 1}\n{n}\n"
        for n in range(1, count + 1)
    )
    repo.git("fast-import", "--quiet", stdin=text.encode())
    return repo.git("rev-parse", "long")
