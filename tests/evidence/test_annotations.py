"""What tools report to their CI, in each system's words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.evidence.annotations import Annotation, add_annotations, annotations, frames_of
from incident_pipeline.model.evidence import Failure, Finding
from tests.evidence.logs import log

TS = "src/a.ts(3,5): error TS2304: Cannot find name 'x'."
AZURE = "##vso[task.logissue type=error;sourcepath=src\\A.cs;linenumber=7;code=CS1;]no %5Bx%5D%0Aat all"
INSPECTION = "##teamcity[inspection typeId='E1' message='it|'s |[bad|]' file='A.java' line='4' SEVERITY='ERROR']"
READ = (
    (
        "::error file=app/cart.py,line=3,title=Lint::unused%0Aname 100%25",
        "error",
        "app/cart.py",
        3,
        "unused\nname 100%",
    ),
    ("::error::Process failed", "error", None, None, "Process failed"),
    ("::warning file=a%2Cb.py,line=2::careful", "warning", "a,b.py", 2, "careful"),
    ("::notice title=Done::fine", "notice", None, None, "fine"),
    (f"##[error]{TS}", "error", "src/a.ts", 3, TS),
    ("##[error]src/a.c:9:1: bad", "error", "src/a.c", 9, "src/a.c:9:1: bad"),
    ("##[error]Process completed with exit code 1.", "error", None, None, "Process completed with exit code 1."),
    (AZURE, "error", "src/A.cs", 7, "no %5Bx]\nat all"),
    (INSPECTION, "error", "A.java", 4, "it's [bad]"),
    ("##teamcity[buildProblem description='exit |0x0031' identity='x']", "error", None, None, "exit 1"),
)


@pytest.mark.parametrize(("text", "level", "path", "line", "message"), READ)
def test_a_report_is_read(text: str, level: str, path: str | None, line: int | None, message: str) -> None:
    (one,) = annotations([(7, text)])
    assert (one.line, one.level, one.path, one.source_line, one.message) == (7, level, path, line, message)


@pytest.mark.parametrize(
    "text",
    [
        "echo '::error::x'",
        "std::error::Error",
        "##[group]Run tests",
        "##[endgroup]",
        "##vso[task.setvariable variable=x]y",
        "##teamcity[testStarted name='t']",
        "section_start:1:build",
        "",
    ],
)
def test_other_lines_are_none(text: str) -> None:
    assert annotations([(1, text)]) == []


TEAMCITY = (
    "##teamcity[testFailed name='CartTest.totals' message='expected:<3> but was:<2>' "
    "details='java.lang.AssertionError: x|n|tat com.acme.Cart.total(Cart.java:9)|n' flowId='1']"
).replace("|t", "\t")


def test_a_failed_test_of_teamcity_is_a_finding_with_its_stack() -> None:
    failure = add_annotations(Failure(), [log(f"start\n{TEAMCITY}\nend")])
    (finding,) = failure.findings
    assert (finding.line, finding.kind, finding.test) == (2, "assertion", "CartTest.totals")
    assert finding.text.split("\n")[0] == "expected:<3> but was:<2>"
    assert failure.tests == ("CartTest.totals",)
    assert [(f.path, f.source_line, f.line) for f in failure.frames] == [("Cart.java", 9, 2)]


def test_a_place_is_a_frame() -> None:
    (one,) = annotations([(4, "::error file=app/cart.py,line=3::boom")], "log2")
    assert [(f.label, f.line, f.path, f.source_line, f.depth) for f in frames_of(one)] == [
        ("log2", 4, "app/cart.py", 3, 0)
    ]


def test_what_a_finding_tells_is_not_told_again() -> None:
    text = "::error file=app/cart.py,line=3::boom"
    known = Failure((Finding("log", 1, 1, text, "error", 0.5, "r"),))
    after = add_annotations(known, [log(text)])
    assert after.findings == known.findings
    assert [f.path for f in after.frames] == ["app/cart.py"]


def test_what_a_log_shows_of_an_error_is_left_to_the_grammar() -> None:
    failure = add_annotations(Failure(), [log("##[error]Process completed with exit code 1.")])
    assert failure == Failure()


def test_warnings_explain_nothing() -> None:
    assert add_annotations(Failure(), [log("::warning file=a.py,line=3::careful")]) == Failure()


def test_the_quote_of_a_finding_stands_in_its_line() -> None:
    lines = [*(text for text, *_ in READ), TEAMCITY]
    failure = add_annotations(Failure(), [log("\n".join(lines))])
    assert len(failure.findings) == 6
    for finding in failure.findings:
        assert finding.text.split("\n")[0] in lines[finding.line - 1]


PIECES = (
    "::error ", "file=", "a.py,", "line=", "9", "::", "%0A", "%", "##vso[task.logissue ", "]", "##teamcity[testFailed ",
    "name='", "'", "|", "|n", "##[error]", ":3:",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_any_mixture_is_survived(pieces: list[str]) -> None:
    for one in annotations([(1, "".join(pieces))]):
        assert isinstance(one, Annotation)


@pytest.mark.parametrize("piece", ["::error ", "|", "'", "a", " ", "a=", "##[error]", "%0A", ":1"])
def test_hostile_lines_cost_little(piece: str) -> None:
    started = time.process_time()
    for start in ("::error ", "##teamcity[testFailed ", "##vso[task.logissue ", "##[error]"):
        annotations([(1, start + piece * 20_000)])
    assert time.process_time() - started < 1.0
