"""A small repository whose third-newest commit breaks a test, with the logs of its red and its green run."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PRICE_V1 = "def total(prices):\n    return sum(prices)\n"
PRICE_V2 = "def total(prices):\n    return sum(prices[1:])\n"
TEST = "from price import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
STEPS: tuple[tuple[str, str, str], ...] = (
    ("Start", "price.py", PRICE_V1),
    ("Test the total", "test_price.py", TEST),
    ("Name the owners", "CODEOWNERS", "price.py @acme/pricing\n"),
    ("Write a readme", "README.md", "# Prices\n"),
    ("Skip the first price", "price.py", PRICE_V2),
    ("Note the currency", "docs/currency.md", "Euros.\n"),
    ("Ignore caches", ".gitignore", "__pycache__\n"),
)
GREEN, CULPRIT = 3, 4  # positions in STEPS

_HEAD = (
    "##[group]Run actions/checkout@v4", "##[endgroup]", "##[group]Run python -m pytest", "python -m pytest",
    "##[endgroup]", "============================= test session starts ==============================",
    "collected 1 item", "",
)  # fmt: skip
_GREEN = (
    "test_price.py .                         [100%]",
    "============================== 1 passed in 0.01s ===============================",
)
_RED = (
    "test_price.py F                         [100%]", "",
    "=================================== FAILURES ===================================",
    "__________________________________ test_total __________________________________", "",
    "    def test_total():", ">       assert total([1, 2]) == 3", "E       assert 2 == 3",
    "E        +  where 2 = total([1, 2])", "", "test_price.py:5: AssertionError",
    "=========================== short test summary info ============================",
    "FAILED test_price.py::test_total - assert 2 == 3",
    "============================== 1 failed in 0.02s ===============================",
    "##[error]Process completed with exit code 1.",
)  # fmt: skip
ASSERTION_LINE = len(_HEAD) + _RED.index("E       assert 2 == 3") + 1


@dataclass(frozen=True, slots=True)
class Sample:
    """Folder, logs and hashes (oldest first)."""

    repo: Path
    failed_log: Path
    green_log: Path
    hashes: tuple[str, ...]


def make_sample(folder: Path) -> Sample:
    repo = folder / "prices"
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    hashes = tuple(_commit(repo, number, *step) for number, step in enumerate(STEPS))
    failed, green = folder / "failed.log", folder / "green.log"
    failed.write_text(log_of((*_HEAD, *_RED)), encoding="utf-8")
    green.write_text(log_of((*_HEAD, *_GREEN)), encoding="utf-8")
    return Sample(repo, failed, green, hashes)


def log_of(lines: tuple[str, ...]) -> str:
    """Lines in the layout of a raw GitHub Actions job log."""
    return "".join(f"2026-03-01T14:02:{n // 10:02}.{n % 10}000000Z {line}\n" for n, line in enumerate(lines))


def git(repo: Path, *words: str, at: str = "") -> str:
    names = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _IDENTITY.items()}
    dates = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} if at else {}
    done = subprocess.run(
        ["git", "-C", str(repo), *words],
        env={**os.environ, **names, **dates},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


_IDENTITY = {"NAME": "Ana Ruiz", "EMAIL": "ana@acme.example"}


def _commit(repo: Path, number: int, message: str, path: str, text: str) -> str:
    (repo / path).parent.mkdir(exist_ok=True)
    (repo / path).write_text(text, encoding="utf-8")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", message, at=f"2026-03-01T{8 + number // 2:02}:{number % 2 * 30:02}:00Z")
    return git(repo, "rev-parse", "HEAD")
