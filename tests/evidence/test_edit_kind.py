"""Kinds of edit: what changes nothing that runs is told from what does, without a parser."""

import pytest

from incident_pipeline.evidence.edit_kind import EditKind
from incident_pipeline.evidence.edits import edits_of
from tests.evidence import sample


def kinds(before: str, after: str, path: str = "a.py") -> list[EditKind]:
    return [e.kind for e in edits_of(sample.change(path, before + "\n", after + "\n"))]


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("formatting", "raise E('%s' % x)", 'raise E(f"{x}")'),
        ("formatting", "x = a + b", "x = (\n    a + b\n)"),
        ("formatting", "return a and b", "return (\n    a\n    and b\n)"),
        ("annotation", "    self, x: Optional[str], y: int = 1", "    self, x: str | None, y: int = 1"),
        ("annotation", ') -> "Join":', ") -> Self:"),
        ("annotation", "    self, x: T, last: bool = False", "    self,\n    x: T,\n    last: bool = False,"),
        ("argument", "    short=False,", '    short=False, key="#c",'),
        ("argument", "f(a, b)", "f(a, b, c=None)"),
        ("call", "f(a, b)", "f(b, a)"),
        ("constant", "f(a, b=True)", "f(a, b=False)"),
        ("condition", "if not a:", "if a:"),
        ("call", "x = (a or b) and c", "x = a or b and c"),
        ("addition", "x = 1", "x = 1\ny = g(x)"),
    ],
)
def test_kind_of_python(kind: EditKind, before: str, after: str) -> None:
    assert kinds(before, after) == [kind]


@pytest.mark.parametrize(
    ("kind", "path", "before", "after"),
    [
        ("condition", "a.py", "for a in b:\n    c(a)\n    return a", "for a in b:\n    c(a)\nreturn a"),
        ("condition", "a.yml", "jobs:\n  a: 1\n  b: 2", "jobs:\n  a: 1\nb: 2"),
        ("formatting", "a.py", "x = f(a,\n    b)", "x = f(a,\n      b)"),
        ("formatting", "a.py", "if a:\n    if b:\n        c()", "if a:\n  if b:\n    c()"),
        ("formatting", "a.py", "def f():\n    if b:\n        c()", "def f():\n\tif b:\n\t\tc()"),
        ("formatting", "a.ts", "if (a) {\n  b();\n}", "if (a) {\n    b();\n}"),
    ],
)
def test_indentation_counts_where_it_decides(kind: EditKind, path: str, before: str, after: str) -> None:
    assert kinds(before, after, path) == [kind]


@pytest.mark.parametrize(
    ("kind", "path", "before", "after"),
    [
        ("formatting", "a.ts", "return a + b;", "return (\n  a + b\n);"),
        ("condition", "a.go", "if n < max {", "if n <= max {"),
        ("constant", "a.rs", "const MAX: u32 = 3;", "const MAX: u32 = 4;"),
        ("comment", "A.java", " * Adds one.", " * Adds two."),
    ],
)
def test_kind_of_other_languages(kind: EditKind, path: str, before: str, after: str) -> None:
    assert kinds(before, after, path) == [kind]


def test_a_new_argument_on_lines_of_its_own_is_no_more_than_an_argument() -> None:
    assert kinds("def f(\n    a,\n):", "def f(\n    a,\n    b=None,\n    c: int = 3,\n):") == ["argument"]
