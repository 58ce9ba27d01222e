"""Edits that change nothing that runs are told from those that do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.evidence.edits import edits_of, placed
from incident_pipeline.evidence.outline import Outline
from incident_pipeline.evidence.tokens import flat, is_import, tokens, without_annotations
from incident_pipeline.model.git import FileChange
from tests.evidence import sample


def kinds(before: str, after: str, path: str = "a.py") -> list[str]:
    return [e.kind for e in edits_of(sample.change(path, before, after))]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("x = 'a'\n", 'x = "a"\n', "formatting"),
        ("f(a, b)\n", "f(\n    a,\n    b,\n)\n", "formatting"),
        ("class A(object):\n", "class A:\n", "formatting"),
        ("x = 1  # one\n", "x = 1\n", "formatting"),
        ("# old\n", "# new\n", "comment"),
        ("def f():\n    '''Old.'''\n    return 1\n", "def f():\n    '''New.'''\n    return 1\n", "comment"),
        ("def f(a, b=1):\n", "def f(a: int, b: str = 1) -> list[int]:\n", "annotation"),
        ("x = f()\n", "x: dict[str, int] = f()\n", "annotation"),
        ("import os\n", "import os\nimport sys\n", "import"),
        ("if a < b:\n", "if a <= b:\n", "condition"),
        ("return a / b\n", "return a // b\n", "condition"),
        ("def f(months=True):\n", "def f(months=False):\n", "constant"),
        ("x = re.compile('^a+')\n", "x = re.compile('^a')\n", "constant"),
        ("self.errors.append(error)\n", "self.errors.extend(error)\n", "call"),
        ("a = 1\nif x:\n    return\nb = 2\n", "a = 1\nb = 2\n", "removal"),
        ("a = 1\nb = 2\n", "a = 1\nlog(a)\nb = 2\n", "addition"),
        ("def old(a):\n    return a\n", "def new(a):\n    return a\n", "rename"),
    ],
)
def test_a_block_is_what_its_tokens_say(before: str, after: str, kind: str) -> None:
    assert kinds(before, after) == [kind]


def test_other_languages_have_their_own_comments() -> None:
    assert kinds("x = 1; // one\n", "x = 1;\n", "a.ts") == ["formatting"]
    assert kinds("  * old\n", "  * new\n", "a.java") == ["comment"]


def hunk(*lines: str, line: int = 40) -> FileChange:
    return FileChange("a.py", "modified", patch="\n".join([f"@@ -{line},9 +{line},9 @@ def f(scopes):", *lines]))


@pytest.mark.parametrize("fence", ['"""', "'''"])
def test_where_a_hunk_opens_inside_a_docstring_what_follows_is_code(fence: str) -> None:
    code = ["-            continue", "+            break", "         scope.end()"]
    loop = ["     for scope in scopes:", "         if scope.dead:"]
    for above in ([], ["     Look at each scope."], [f"     {fence}", "     Look at each scope."]):
        (edit,) = edits_of(hunk(*above, f"     {fence}", *loop, *code))
        assert edit.kind == "condition", above


def test_what_follows_a_string_that_began_above_a_hunk_is_code() -> None:
    call = ["         self.run('''", "         from a import b", "         ''', Missing)"]
    (edit,) = edits_of(
        hunk("         import b", "         ''')", " ", "+    @skip(version > 3)", "     def test_it(self):", *call)
    )
    assert edit.kind == "addition"


@pytest.mark.parametrize("above", ["     def f(scopes):", "         self.scopes = scopes"])
def test_a_changed_docstring_is_no_code_wherever_it_stands(above: str) -> None:
    text = [
        '     """',
        "     Look at each scope.",
        "-    Then stop here.",
        "+    Then go on.",
        '     """',
        "     return 1",
    ]
    assert [e.kind for e in edits_of(hunk(above, *text))] == ["comment"]


@pytest.mark.parametrize("opened", ['     sql = """', '     db.run("""', '     return f"""'])
def test_long_strings_that_are_used_are_no_docstrings(opened: str) -> None:
    (edit,) = edits_of(hunk(opened, "     SELECT a", "-    FROM b", "+    FROM c", '     """'))
    assert edit.kind != "comment"


def test_lines_that_only_moved_are_left_out_of_an_edit() -> None:
    before, after = "def f():\n    a()\n    b()\n", "def f():\n    b()\n    a(1)\n"
    lines = [(x.sign, x.text.strip()) for e in edits_of(sample.change("a.py", before, after)) for x in e.lines]
    assert ("+", "a(1)") in lines
    assert all(text != "b()" or sign == "+" for sign, text in lines)


def test_documentation_and_missing_patches_have_no_edits() -> None:
    assert edits_of(sample.change("README.md", "a\n", "b\n")) == ()
    assert edits_of(FileChange("a.py", "modified")) == ()


def test_an_edit_finds_its_definition_at_head_though_lines_were_added_above() -> None:
    (edit,) = edits_of(sample.change("cart.py", sample.CART, sample.CART.replace("sum(lines)", "sum(lines, 1)")))
    head = "\n" * 40 + sample.CART.replace("sum(lines)", "sum(lines, 1)")
    found = placed(edit, Outline("cart.py", head))
    assert found.scope is not None
    assert (found.scope.label, found.head_line) == ("total", 40 + 15)


@given(st.text(max_size=80))
def test_a_line_changed_only_at_its_end_in_blanks_is_no_change(line: str) -> None:
    bare = line.replace("\n", " ").replace("\r", " ")
    assert set(kinds(f"{bare}\n", f"{bare}  \n")) <= {"formatting", "comment"}


def test_strings_keep_their_text_but_not_their_quotes() -> None:
    assert tokens("f(u'a', r'b')", "#") == ("f", "(", '"a"', ",", 'r"b"', ")")
    assert tokens("a // b", "#") == ("a", "//", "b")
    assert tokens("a // b", "//") == ("a",)


def test_annotations_of_a_lambda_or_slice_stay() -> None:
    assert without_annotations(flat(["x[a:b]"], "#")) == ["x", "[", "a", ":", "b", "]"]
    assert without_annotations(flat(["d = {a: 1}"], "#")) == ["d", "=", "{", "a", ":", "1", "}"]


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "from a import b",
        "const x = require('y')",
        "#include <a.h>",
        "use std::fmt;",
        "export * from './a'",
    ],
)
def test_imports_of_many_languages_are_known(line: str) -> None:
    assert is_import(line)
    assert not is_import(f"x = '{line[:3]}'")
