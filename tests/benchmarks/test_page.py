"""The page keeps its prose, the picture is a picture."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks.accuracy_picture import draw
from benchmarks.page import DOCS, put
from incident_pipeline.flow.bench import Bench, Board
from incident_pipeline.flow.bench_marks import measure
from incident_pipeline.flow.bench_scores import Estimate, calibrate


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    page = "prose\n<!-- a -->\nold\n<!-- /a -->\nmore \\1 prose\n"
    assert put(page, "a", "new \\g<0>\n") == page.replace("old", "new \\g<0>")
    with pytest.raises(SystemExit, match="<!-- b -->"):
        put(page, "b", "new")


def test_the_page_has_both_marks_and_its_picture() -> None:
    page = (DOCS / "accuracy.md").read_text("utf-8")
    assert put(put(page, "bench", ""), "ablation", "") != page
    assert "(accuracy.svg)" in page
    ET.parse(DOCS / "accuracy.svg")


def test_a_picture_shows_a_bar_for_each_measure_and_a_dot_for_each_bin() -> None:
    measures = (measure("cidiff_f1", Estimate(0.5, 0.4, 0.6)), measure("incidents_top1", Estimate(0.25)))
    claims = {"<sureness>": calibrate([(0.6, True), (0.99, False)])}
    root = ET.fromstring(draw(Bench((Board("x", 1, measures),), {}, claims)))
    at = "{http://www.w3.org/2000/svg}"
    assert [float(r.get("width") or 0) for r in root.iter(f"{at}rect")] == [130, 65]
    assert sum(1 for _ in root.iter(f"{at}circle")) == 2 + 1  # and one in the legend
    assert any((t.text or "").startswith("<sureness> (Brier") for t in root.iter(f"{at}text"))
