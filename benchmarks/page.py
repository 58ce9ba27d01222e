"""Writes the figures of docs/accuracy.md and its picture anew: the bench and the ablation, run here and now.

    python -m benchmarks.page [--shared DIR] [--without-ablation]

Only what stands between the page's `<!-- bench -->` and `<!-- ablation -->` marks is replaced. About four minutes.
"""

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

from benchmarks.ablation import COMMIT_HEAD, LINE_HEAD, ablate_commits, ablate_lines, to_markdown
from benchmarks.accuracy_picture import draw
from incident_pipeline.flow.bench import run_bench
from incident_pipeline.flow.bench_sets import default_shared, find_sets
from incident_pipeline.surfaces.cli.bench_table import tables
from incident_pipeline.surfaces.cli.progress import bars

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main() -> None:
    """Run, then write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=default_shared(os.environ, Path.cwd()))
    parser.add_argument("--without-ablation", action="store_true")
    words = parser.parse_args()
    sets = find_sets(words.shared)
    if sets.absent:
        raise SystemExit("\n".join(sets.absent))
    stamp = f"Measured on commit {_commit()}.\n\n"
    with tempfile.TemporaryDirectory() as folder, bars() as progress:
        work = Path(folder)
        bench = run_bench(sets, work, progress=progress)
        (DOCS / "accuracy.svg").write_text(draw(bench), "utf-8")
        _write("bench", stamp + "\n".join(f"**{t.title}**\n\n{to_markdown(t.head, t.rows)}" for t in tables(bench)))
        if not words.without_ablation:
            lines = to_markdown(LINE_HEAD, ablate_lines(sets, work, progress=progress))
            commits = to_markdown(COMMIT_HEAD, ablate_commits(sets, work, progress=progress))
            _write("ablation", f"{stamp}{lines}\n{commits}")


def _write(name: str, text: str) -> None:
    page = DOCS / "accuracy.md"
    page.write_text(put(page.read_text("utf-8"), name, text), "utf-8")


def put(page: str, name: str, text: str) -> str:
    """`page` with `text` between `<!-- name -->` and `<!-- /name -->`. SystemExit when the marks are not there."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    found = re.search(re.escape(start) + "(.*?)" + re.escape(end), page, re.DOTALL)
    if not found:
        raise SystemExit(f"docs/accuracy.md: the marks {start.strip()} and {end} are gone")
    return f"{page[: found.start(1)]}{text}{page[found.end(1) :]}"


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(DOCS), *words], capture_output=True, text=True, check=True).stdout

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "../incident_pipeline")
    return git("rev-parse", "--short", "HEAD").strip() + (" with changes not yet committed" if changed.strip() else "")


if __name__ == "__main__":
    main()
