"""Templates against drain3: lines a CPU second on real logs, and grouping accuracy on labelled ones.

    python -m benchmarks.templates [--logs DIR]

Speed: all logs of DIR (by default the labelled sets beside the project; without them, made lines), cleaned outside the
timed part. drain3 gets a fresh miner for each log, which is kind to it: one miner over all of them is ten times slower.
Rounds are in turn; figures are medians. Accuracy: lines of `labelled_lines`, grouping accuracy as in Zhu et al. 2019,
"Tools and Benchmarks for Automated Log Parsing": a line is right if its group holds just the lines of its event.
"""

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.labelled_lines import make_lines
from incident_pipeline.normalize.clean import clean_series
from incident_pipeline.normalize.grouping import group_templates
from incident_pipeline.normalize.template import template_series
from incident_pipeline.sources.logs.files import read_log_file

SHARED = Path(__file__).resolve().parents[2] / "shared" / "benchmarks" / "lines"
TARGET, RUNS, DRAIN_RUNS, HEAD = 12.0, 5, 3, 50_000
LABELLED, SEEDS = 20_000, (1, 2, 3, 4)
# The masks that drain3's own example configuration ships with (logpai/Drain3, examples/drain3.ini, MIT).
_BEFORE, _BEHIND = r"((?<=[^A-Za-z0-9])|^)", r"((?=[^A-Za-z0-9])|$)"
_MASKS = (
    (r"(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))", "ID"),
    (r"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})", "IP"),
    (r"([0-9a-f]{6,} ?){3,}", "SEQ"),
    (r"([0-9A-F]{4} ?){4,}", "SEQ"),
    (r"(0x[a-f0-9A-F]+)", "HEX"),
    (r"([\-\+]?\d+)", "NUM"),
)


def drain(lines: Sequence[str], *, example: bool = False) -> list[int]:
    """drain3's cluster of each line, by its default configuration or by that of its example."""
    config: Any = importlib.import_module("drain3.template_miner_config").TemplateMinerConfig()
    if example:
        masking: Any = importlib.import_module("drain3.masking").MaskingInstruction
        config.masking_instructions = [masking(_BEFORE + pattern + _BEHIND, name) for pattern, name in _MASKS]
        config.mask_prefix, config.mask_suffix = "<:", ":>"
        config.drain_extra_delimiters, config.drain_max_clusters = ["_"], 1024
    miner: Any = importlib.import_module("drain3").TemplateMiner(config=config)
    return [miner.add_log_message(line)["cluster_id"] for line in lines]


def bare(text: pl.Series) -> pl.Series:
    """The least that could be called a template: numbers out, hash."""
    return text.str.replace_all(r"\d+", "<*>").hash()


def speed(logs: Sequence[pl.Series]) -> bool:
    """Print lines a CPU second of everyone; whether the function that groups keeps its distance from drain3."""
    whole = pl.concat(logs)
    head, lines = whole.head(HEAD), [log.to_list() for log in logs]
    print(f"{len(whole):,} lines, {int(whole.str.len_bytes().sum()) / 1e6:.0f} MB, {len(logs)} logs")
    one = _rates(len(whole), RUNS, {
        "bare mask and hash": lambda: bare(whole),
        "template_series": lambda: template_series(whole),
        "group_templates": lambda: group_templates(whole),
        "cleaned, then template_series": lambda: template_series(clean_series(whole)),
    })  # fmt: skip
    one |= _rates(len(whole), DRAIN_RUNS, {"drain3, a miner for each log": lambda: [drain(log) for log in lines]})
    kind = one["drain3, a miner for each log"]
    _show(one, kind)
    print(f"the first {len(head):,} lines alone")
    first = head.to_list()
    start = _rates(len(head), RUNS, {
        "template_series": lambda: template_series(head),
        "group_templates": lambda: group_templates(head),
        "drain3": lambda: drain(first),
    })  # fmt: skip
    _show(start, start["drain3"])
    print(f"group_templates is {one['group_templates'] / kind:.1f} x drain3 (target {TARGET:.0f})")
    return one["group_templates"] >= TARGET * kind


def _rates(count: int, runs: int, calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            start = time.process_time()
            call()
            spent[name].append(time.process_time() - start)
    return {name: count / statistics.median(each) for name, each in spent.items()}


def _show(rates: Mapping[str, float], base: float) -> None:
    for name, rate in rates.items():
        print(f"  {name:32} {rate:12,.0f} lines a CPU second, {rate / base:7.1f} x drain3")


def accuracy() -> bool:
    """Print grouping accuracy on labelled lines; whether groups are no worse than drain3's best."""
    scores: dict[str, list[tuple[float, float, float]]] = {}
    for seed in SEEDS:
        lines, truth = make_lines(LABELLED, seed=seed)
        text = pl.Series(lines)
        for name, labels in (
            ("group_templates", group_templates(text).to_list()),
            ("template_series (the stored hash)", template_series(text).to_list()),
            ("drain3, default", drain(lines)),
            ("drain3, its example's masks", drain(lines, example=True)),
        ):
            scores.setdefault(name, []).append(agreement(labels, truth))
    print(f"{LABELLED:,} labelled lines, means of {len(SEEDS)} seeds: lines right, F1 of groups, F1 of pairs")
    means = {name: [statistics.mean(column) for column in zip(*each, strict=True)] for name, each in scores.items()}
    for name, (right, groups, pairs) in means.items():
        print(f"  {name:34} {right:.3f}  {groups:.3f}  {pairs:.3f}")
    ours, *_ = means["group_templates"]
    return ours >= max(mean[0] for name, mean in means.items() if name.startswith("drain3"))


def agreement(labels: Sequence[object], truth: Sequence[int]) -> tuple[float, float, float]:
    """(share of lines in a group that is just their event, F1 of such groups, F1 of pairs of lines set together)."""
    frame = pl.DataFrame({"label": labels, "event": truth})
    both = frame.group_by("label", "event").len("both")
    both = both.join(frame.group_by("label").len("labelled"), on="label")
    both = both.join(frame.group_by("event").len("true"), on="event")
    right = both.filter((pl.col("both") == pl.col("labelled")) & (pl.col("both") == pl.col("true")))
    groups = 2 * right.height / (frame["label"].n_unique() + frame["event"].n_unique())
    together, mine, theirs = (
        sum(n * (n - 1) // 2 for n in counts.to_list())
        for counts in (both["both"], frame.group_by("label").len()["len"], frame.group_by("event").len()["len"])
    )
    return int(right["both"].sum()) / len(truth), groups, 2 * together / (mine + theirs)


def read_logs(folder: Path) -> Iterator[pl.Series]:
    """Cleaned text of every log below `folder`; made lines when there is no such folder."""
    paths = sorted(folder.rglob("*.log.gz"))
    for path in paths:
        frames = [frame["message"] for frame in read_log_file(path).frames]
        if frames:
            yield clean_series(pl.concat(frames))
    if not paths:
        print(f"no logs below {folder.name}: made lines instead")
        yield pl.Series(make_lines(100_000, seed=0)[0])


def main() -> int:
    """Exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=Path, default=SHARED)
    fast = speed(list(read_logs(parser.parse_args().logs)))
    return 0 if accuracy() and fast else 1


if __name__ == "__main__":
    sys.exit(main())
