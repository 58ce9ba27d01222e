"""Definitions and their spans are found by indentation, in several languages."""

import pytest

from incident_pipeline.evidence.outline import Outline
from incident_pipeline.evidence.reach import Graph, spread
from tests.evidence import sample

PYTHON = '''\
import os

LIMIT = 3


@decorated
def outer(
    a,
):
    """def not_one(): in prose"""
    def inner():
        return a
    return inner


class Cart:
    rate = 1

    def total(self):
        return self.rate
'''
TYPESCRIPT = """\
export class Cart {
  private total(lines: number[]): number {
    return lines.length;
  }
}

export const add = (a: number) => {
  return a;
};

function main() {
  if (x) {
    return 1;
  }
}
"""
GO = "package a\n\nfunc (c *Cart) Total(n int) int {\n\treturn n\n}\n\ntype Cart struct {\n\tn int\n}\n"
JAVA = "public class Cart {\n    public static int total(int a) {\n        return a;\n    }\n}\n"
RUST = "pub fn total(a: u32) -> u32 {\n    a\n}\n\nimpl Cart {\n    fn add(&self) {}\n}\n"


@pytest.mark.parametrize(
    ("path", "text", "labels"),
    [
        ("a.py", PYTHON, ["LIMIT", "outer", "inner", "Cart", "Cart.rate", "Cart.total"]),
        ("a.ts", TYPESCRIPT, ["Cart", "Cart.total", "add", "main"]),
        ("a.go", GO, ["Total", "Cart"]),
        ("A.java", JAVA, ["Cart", "Cart.total"]),
        ("a.rs", RUST, ["total", "Cart", "Cart.add"]),
    ],
)
def test_definitions_are_found(path: str, text: str, labels: list[str]) -> None:
    assert [d.label for d in Outline(path, text).definitions] == labels


def test_a_line_belongs_to_its_innermost_definition() -> None:
    outline = Outline("a.py", PYTHON)
    at = {n: (d.label if (d := outline.at(n)) else None) for n in (1, 3, 6, 9, 12, 13, 15, 19)}
    assert at == {1: None, 3: "LIMIT", 6: "outer", 9: "outer", 12: "inner", 13: "outer", 15: None, 19: "Cart.total"}


@pytest.mark.parametrize(
    "text", ["", "\n\n", "def", "def f(", '"""', "}" * 50, "\t" * 900 + "x = 1", "class A\n" * 300]
)
def test_broken_text_is_no_error(text: str) -> None:
    outline = Outline("a.py", text)
    assert outline.at(10_000) is None
    assert all(d.start <= d.line <= d.end for d in outline.definitions)


def test_weight_spreads_along_names_and_fades() -> None:
    graph = Graph({"cart.py": Outline("cart.py", sample.CART)})
    found = spread(graph, names={"total": 1.0}, starts={})
    by_label = {d.label: w for d, w in found.weight.items()}
    assert by_label["total"] > by_label["rounded"] > by_label["CENT"] > 0
    assert "count" not in by_label
    cent = next(d for d in found.weight if d.label == "CENT")
    assert found.chain(cent) == ("total", "rounded", "CENT")


def test_names_that_call_each_other_end() -> None:
    text = "def one():\n    two()\n\n\ndef two():\n    one()\n"
    graph = Graph({"a.py": Outline("a.py", text)})
    assert set(spread(graph, names={"one": 1.0}, starts={}).weight) == set(graph.outlines["a.py"].definitions)
