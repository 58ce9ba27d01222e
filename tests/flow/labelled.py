"""One tiny labelled case of each kind, in the layout of the sets that `bench` measures on."""

import gzip
import json
import shutil
import subprocess
from pathlib import Path

CART = 'def total(lines):\n    """Sum."""\n    return sum(lines)\n'
TEST = "from cart import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
HEAD = "============================= test session starts ==============================\ncollected 1 item\n\n"
GREEN = HEAD + "test_cart.py .                                                           [100%]\n\n1 passed in 0.01s\n"
RED = f"""\
{HEAD}test_cart.py F                                                           [100%]

=================================== FAILURES ===================================
__________________________________ test_total __________________________________

    def test_total():
>       assert total([1, 2]) == 3
E       assert 4 == 3
E        +  where 4 = total([1, 2])

test_cart.py:5: AssertionError
=========================== short test summary info ============================
FAILED test_cart.py::test_total - assert 4 == 3
============================== 1 failed in 0.01s ===============================
"""
FULL = HEAD + "E   OSError: [Errno 28] No space left on device\n##[error]Process completed with exit code 1.\n"
DECISIVE = [11, 12]


def label(root: Path, *, scorers: Path | None = None) -> Path:
    """`root` with a case for logdx and for cidiff, and an incident with and one without a culprit."""
    for suite, truth in (
        ("logdx", {"signals": [{"critical": True, "lines": [[11, 11]], "texts": []}]}),
        ("cidiff", {"error_lines": [[7, 14]]}),
    ):
        case = root / "benchmarks" / "lines" / suite / "one"
        case.mkdir(parents=True)
        _pack(case, RED, GREEN if suite == "cidiff" else None)
        (case / "truth.json").write_text(json.dumps({"suite": suite, **truth}))
    green, guilty, head = _history(root / "repo")
    (root / "incidents" / "truth").mkdir(parents=True)
    for name, log, culprit in (("fault", RED, guilty), ("infra", FULL, None)):
        case = root / "incidents" / name
        case.mkdir()
        _git(root / "repo", "bundle", "create", "-q", str(case / "repo.bundle"), "main")
        (case / "run.json").write_text(json.dumps({"head_sha": head, "last_green_sha": green}))
        _pack(case, log, GREEN)
        lines = DECISIVE if culprit else [4]
        answer = {
            "case": name, "culprit_sha": culprit, "verdict": "commit" if culprit else "infrastructure",
            "difficulty": "easy" if culprit else "infrastructure", "decisive_lines": lines, "decisive_groups": [lines],
            "acceptable_lines": [],
        }  # fmt: skip
        (root / "incidents" / "truth" / f"{name}.json").write_text(json.dumps(answer))
    if scorers:
        for place in ("benchmarks/score_lines.py", "incidents/score.py"):
            shutil.copyfile(scorers / place, root / place)
    return root


def _pack(case: Path, failed: str, green: str | None) -> None:
    for name, text in (("failed", failed), ("green", green)):
        if text is not None:
            (case / f"{name}.log.gz").write_bytes(gzip.compress(text.encode()))


def _history(repo: Path) -> tuple[str, str, str]:
    """(last green, guilty, head): the guilty commit stands between two that touch the README only."""
    repo.mkdir(parents=True)
    _git(repo, "init", "-q", "-b", "main")
    green = _save(repo, "Start", **{"cart.py": CART, "test_cart.py": TEST})
    _save(repo, "Say more", **{"README.md": "total of a cart\n"})
    guilty = _save(repo, "Tidy", **{"cart.py": CART.replace("sum(lines)", "sum(lines) + 1")})
    return green, guilty, _save(repo, "Say even more", **{"README.md": "total of a cart, and its test\n"})


def _save(repo: Path, subject: str, **files: str) -> str:
    for name, text in files.items():
        (repo / name).write_text(text)
    _git(repo, "add", "-A")
    _git(repo, "commit", "-q", "-m", subject)
    return _git(repo, "rev-parse", "HEAD")


def _git(repo: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(["git", "-C", str(repo), *identity, *arguments], capture_output=True, check=True, text=True)
    return done.stdout.strip()
