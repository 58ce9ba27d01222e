"""What failing tests have for themselves, and what a name in them can mean."""

from time import process_time

from incident_pipeline.evidence.clues import read_clues
from incident_pipeline.evidence.loglines import LogLines
from incident_pipeline.evidence.outline import Outline
from incident_pipeline.evidence.places import path_index
from incident_pipeline.evidence.reach import Graph, bound_names
from incident_pipeline.evidence.spectrum import own_names, own_words
from tests.evidence import sample

CODE = """class Token:
    def css(self):
        return 1


def compile(css):
    return css


def strict(value):
    return value
"""
TESTS = """from shop import compile, strict


def test_plain():
    css = "a"
    assert compile(css) == 1


def test_strict():
    css = "b"
    assert compile(css, only=strict) == 2
    assert later(css)
"""
FILES = {"shop.py": CODE, "test_shop.py": TESTS}


def graph() -> Graph:
    return Graph({path: Outline(path, text) for path, text in FILES.items()})


def own(*, stopped: int | None) -> tuple[dict[str, float], dict[str, float]]:
    frames = [sample.frame(1, "test_shop.py", stopped)] if stopped else []
    failed = sample.failure(["E assert 1 == 2"], 1, 1, *frames, tests=["test_shop.py::test_strict"])
    clues = read_clues(failed, LogLines([sample.log(["E assert 1 == 2"])]), path_index(frozenset(FILES)))
    return own_names(clues, graph()), own_words(clues, graph())


def test_a_name_that_passing_tests_use_too_counts_less() -> None:
    names, words = own(stopped=None)
    assert names["strict"] == 1.0
    assert 0 < names["compile"] < 1.0
    assert words["only"] == 1.0
    assert words["compile"] < 1.0


def test_what_stands_after_the_line_that_failed_never_ran() -> None:
    assert "later" in own(stopped=None)[1]
    assert "later" not in own(stopped=11)[1]
    assert own(stopped=11)[1]["only"] == 1.0


def test_a_variable_of_the_test_is_not_a_method_of_that_name() -> None:
    names, _ = own(stopped=None)
    assert not any(name.lstrip(".") == "css" for name in names)


def test_a_method_is_meant_by_a_call_of_an_object_only() -> None:
    code = graph()
    assert code.used_in("token.css()", "shop.py") == (".css",)
    assert [d.label for d in code.meant(".css")] == ["Token.css"]
    assert code.meant("css") == ()


def test_what_comes_from_a_module_of_others_is_not_the_repositorys() -> None:
    text = "import json as js\nfrom textwrap import (\n    dedent as strict,\n)\nimport shop\n"
    code = Graph({"shop.py": Outline("shop.py", CODE), "a.py": Outline("a.py", text)})
    assert code.foreign("a.py") == {"js", "strict"}
    assert code.used_in("js.compile(1), strict(2), shop.strict(3), x.compile(4)", "a.py") == (".strict", ".compile")
    assert code.used_in("js.compile(1), strict(2)", "shop.py") == (".compile", "strict")


def test_bound_names_are_those_assigned_looped_over_imported_and_taken() -> None:
    text = "def f(a, *b, c=1):\n    d, e = 1, 2\n    for g, h in x:\n        with y as i:\n            j: int = k\n"
    assert bound_names(text) == frozenset("abcdeghij")
    assert bound_names("const a = 1;\nfor (const b of c) {}\nfunction d(e, f) {}\n") == frozenset("abef")


def test_long_lines_are_read_in_linear_time() -> None:
    for text in (" " * 200_000, "a " * 100_000, "def f(" * 30_000, "for (a" * 30_000, "a:" * 100_000, "." * 200_000):
        start = process_time()
        bound_names(text)
        graph().used_in(text, "shop.py")
        assert process_time() - start < 3
