"""Test reports of several runners, whole, cut, broken and hostile."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.evidence.junit import read_junit
from incident_pipeline.evidence.junit_merge import merge, part
from incident_pipeline.model.evidence import Failure, Finding
from tests.evidence.logs import log

PYTEST = """<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" failures="1" tests="3">\
<testcase classname="tests.test_cart.TestCart" name="test_empty" time="0.1" />\
<testcase classname="tests.test_cart.TestCart" name="test_total[a b]" time="0.2">\
<failure message="AssertionError: assert Decimal('19.98') == Decimal('19.97')">cart = &lt;Cart&gt;

    def test_total(cart):
&gt;       assert cart.total() == Decimal('19.97')
E       AssertionError: assert Decimal('19.98') == Decimal('19.97')

tests/test_cart.py:21: AssertionError</failure></testcase>\
<testcase classname="tests.test_cart" name="test_skip"><skipped message="not now" /></testcase></testsuite></testsuites>
"""
SUREFIRE = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="com.acme.CartTest" time="0.05" tests="3" errors="1" failures="1">
  <properties><property name="java.version" value="17"/></properties>
  <testcase name="totals" classname="com.acme.CartTest" time="0.01">
    <failure message="expected: &lt;3&gt;" type="org.opentest4j.AssertionFailed"><![CDATA[AssertionFailed: expected: <3>
	at com.acme.CartTest.totals(CartTest.java:21)
	at java.base/java.lang.reflect.Method.invoke(Method.java:580)
]]></failure>
    <system-out><![CDATA[ERROR nothing to do with it]]></system-out>
  </testcase>
  <testcase name="opens" classname="com.acme.CartTest">
    <error message="no file" type="java.io.IOException">java.io.IOException: no file
	at com.acme.Cart.open(Cart.java:7)</error>
  </testcase>
  <testcase name="waits" classname="com.acme.CartTest">
    <flakyFailure message="timed out" type="java.lang.AssertionError">
      <stackTrace>java.lang.AssertionError: timed out
	at com.acme.CartTest.waits(CartTest.java:40)</stackTrace>
    </flakyFailure>
  </testcase>
</testsuite>
"""
TRX = """<?xml version="1.0" encoding="UTF-8"?>
<TestRun id="x" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Results>
    <UnitTestResult testName="Acme.CartTests.Empty" outcome="Passed" />
    <UnitTestResult testName="Acme.CartTests.Totals(tax: 1)" outcome="Failed">
      <Output><StdOut>Error: noise</StdOut>
        <ErrorInfo>
          <Message>Assert.Equal() Failure: 3 2</Message>
          <StackTrace>   at Acme.CartTests.Totals(Int32 tax) in /src/CartTests.cs:line 14</StackTrace>
        </ErrorInfo>
      </Output>
    </UnitTestResult>
  </Results>
</TestRun>
"""
XUNIT = """<assemblies><assembly name="/src/bin/Acme.dll"><collection>
  <test name="Acme.CartTests.Totals" type="Acme.CartTests" method="Totals" result="Fail">
    <failure exception-type="Xunit.Sdk.EqualException">
      <message><![CDATA[Assert.Equal() Failure]]></message>
      <stack-trace><![CDATA[   at Acme.CartTests.Totals() in /src/CartTests.cs:line 14]]></stack-trace>
    </failure>
  </test>
  <test name="Acme.CartTests.Empty" result="Pass" />
</collection></assembly></assemblies>
"""


def suite(name: str, inside: str) -> str:
    """A report of one failed test."""
    return f'<?xml version="1.0"?><testsuite><testcase name="{name}">{inside}</testcase></testsuite>'


def only(text: str) -> Finding:
    """The one finding of a report."""
    failure = read_junit(log(text, "log2"))
    assert failure is not None
    (finding,) = failure.findings
    return finding


def test_pytest_is_cited_at_the_line_that_says_why() -> None:
    finding = only(PYTEST)
    assert finding.test == "tests/test_cart.py::TestCart::test_total[a b]"
    assert (finding.label, finding.line, finding.kind) == ("log2", 5, "assertion")
    assert finding.text.startswith("E       AssertionError: assert Decimal('19.98') == Decimal('19.97')")
    failure = read_junit(log(PYTEST, "log2"))
    assert failure is not None
    assert [(f.path, f.source_line, f.line) for f in failure.frames] == [("tests/test_cart.py", 21, 7)]


def test_surefire_tells_failures_errors_and_what_is_flaky() -> None:
    failure = read_junit(log(SUREFIRE))
    assert failure is not None
    assert [(f.kind, f.test, f.line) for f in failure.findings] == [
        ("assertion", "com.acme.CartTest.totals", 5),
        ("exception", "com.acme.CartTest.opens", 12),
        ("flaky", "com.acme.CartTest.waits", 17),
    ]
    assert failure.tests == ("com.acme.CartTest.totals", "com.acme.CartTest.opens")
    assert [(f.path, f.source_line, f.line, f.depth) for f in failure.frames] == [
        ("CartTest.java", 21, 6, 0),
        ("Method.java", 580, 7, 1),
        ("Cart.java", 7, 13, 0),
    ]


@pytest.mark.parametrize(
    ("text", "test", "message", "line"),
    [
        (TRX, "Acme.CartTests.Totals(tax: 1)", "Assert.Equal() Failure: 3 2", 8),
        (XUNIT, "Acme.CartTests.Totals", "Assert.Equal() Failure", 4),
    ],
)
def test_dotnet_reports_are_read(text: str, test: str, message: str, line: int) -> None:
    finding = only(text)
    assert (finding.test, finding.text.split("\n")[0], finding.line) == (test, message, line)
    failure = read_junit(log(text))
    assert failure is not None
    assert [(f.path, f.source_line) for f in failure.frames] == [("/src/CartTests.cs", 14)]


CASES = (
    ('classname="Cart totals" name="Cart totals adds" file="src/cart.test.js"', "src/cart.test.js > Cart totals adds"),
    ('classname="src/cart.test.ts" name="cart &gt; adds"', "src/cart.test.ts > cart > adds"),
    ('classname="com.acme.CartTest" name="totals()"', "com.acme.CartTest.totals()"),
    ('classname="CartSuite" name="Works"', "CartSuite.Works"),
    ('classname="tests.test_a.CartTest" name="test_b" file="tests/test_a.py"', "tests/test_a.py::CartTest::test_b"),
    ('classname="A.CartTest" class="A\\CartTest" name="testB" file="/a/CartTest.php"', "A\\CartTest::testB"),
    ('name="adds"', "adds"),
)


@pytest.mark.parametrize(("case", "test"), CASES)
def test_a_test_is_called_as_its_runner_prints_it(case: str, test: str) -> None:
    assert only(f'<testsuite name="s"><testcase {case}><failure>boom</failure></testcase></testsuite>').test == test


def test_go_tests_go_without_their_package() -> None:
    text = '<testsuites><testsuite name="example.org/a/cart"><properties><property name="go.version" value="go1.22"/>'
    text += '</properties><testcase classname="cart" name="TestTotal/tax"><failure message="Failed">a_test.go:9: 2'
    assert only(text + "</failure></testcase></testsuite></testsuites>").test == "TestTotal/tax"


@pytest.mark.parametrize(
    "text", ["", "plain text\nERROR: x", "<html><body>Not Found</body></html>", '<?xml version="1.0"?><project/>']
)
def test_other_text_is_no_report(text: str) -> None:
    assert read_junit(log(text)) is None


def test_a_green_report_is_a_report_without_a_failure() -> None:
    assert read_junit(log('<testsuite name="a"><testcase name="b"/></testsuite>')) == Failure()


def test_a_cut_report_gives_its_complete_tests() -> None:
    whole = read_junit(log(SUREFIRE))
    cut = read_junit(log(SUREFIRE[: SUREFIRE.index('<testcase name="waits"') - 40]))
    assert whole is not None
    assert cut is not None
    assert cut.findings == whole.findings[:1]


def test_what_xml_forbids_is_survived() -> None:
    text = suite("a", '<failure message="&#x1b;[31mred&nbsp;one">x &#27;[0m & y\x01</failure>')
    finding = only(text)
    assert finding.test == "a"
    assert "red" in finding.text


def test_a_document_type_is_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    assert read_junit(log(bomb + suite("t", "<failure>&b;</failure>").partition("?>")[2])) is None
    assert only(f"{suite('t', '<failure>1</failure>')}\n{bomb}<testsuite/>").test == "t"


def test_depth_and_number_are_bounded() -> None:
    assert read_junit(log("<testsuite>" + "<a>" * 10_000)) == Failure()
    many = "".join(f'<testcase name="t{n}"><failure>f</failure></testcase>\n' for n in range(2_000))
    failure = read_junit(log(f"<testsuite>{many}</testsuite>"))
    assert failure is not None
    assert len(failure.findings) == 500


def test_two_documents_in_one_file_keep_their_lines() -> None:
    failure = read_junit(log(SUREFIRE + SUREFIRE))
    assert failure is not None
    height = SUREFIRE.count("\n")
    assert sorted(f.line for f in failure.findings) == [5, 12, 17, 5 + height, 12 + height, 17 + height]


def test_every_quote_stands_in_the_line_it_cites() -> None:
    for text in (PYTEST, SUREFIRE, TRX, XUNIT):
        lines = text.splitlines()
        failure = read_junit(log(text))
        assert failure is not None
        for finding in failure.findings:
            assert finding.text.split("\n")[0] in lines[finding.line - 1]


CONSOLE = (
    Finding("log", 9, 9, "E       AssertionError: assert Decimal('19.98') == Decimal('19.97')", "assertion", 0.9, "r",
            test="test_total[a b]"),
    Finding("log", 20, 20, "FAILED tests/test_cart.py::TestCart::test_total[a b]", "test", 0.6, "r",
            test="tests/test_cart.py::TestCart::test_total[a b]"),
)  # fmt: skip


def test_a_failure_told_by_both_is_told_by_the_console() -> None:
    parted = part([log("x"), log(PYTEST, "log2")])
    merged = merge(Failure(CONSOLE, tests=("test_total[a b]",)), parted.reports)
    assert [one.label for one in parted.console] == ["log"]
    assert [(one.label, one.frame["line"].to_list()) for one in parted.logs] == [("log", [1]), ("log2", [5, 6, 7])]
    assert merged.findings == CONSOLE
    assert merged.tests == ("test_total[a b]",)


def test_the_same_message_under_another_name_of_the_exception_is_no_news() -> None:
    text = "org.acme.Failed: expected: <3>"
    console = Finding("log", 4, 4, text, "exception", 0.9, "r", test="CartTest > totals()")
    merged = merge(Failure((console,)), part([log(SUREFIRE, "log2")]).reports)
    assert "com.acme.CartTest.totals" not in [f.test for f in merged.findings]


def test_a_message_that_the_console_left_out_comes_behind_what_it_said() -> None:
    reports = part([log(PYTEST, "log2")]).reports
    merged = merge(Failure(CONSOLE[1:]), reports)
    assert [(f.label, f.score) for f in merged.findings] == [("log2", 0.81), ("log", 0.6)]


def test_a_test_that_only_the_report_names_is_added() -> None:
    reports = part([log(SUREFIRE, "log2")]).reports
    merged = merge(Failure(CONSOLE, tests=("t",)), reports)
    assert [f.test for f in merged.findings if f.label == "log2"] == [f.test for r in reports for f in r.findings]
    assert merged.tests == ("t", "com.acme.CartTest.totals", "com.acme.CartTest.opens")
    assert len(merged.frames) == 3


def test_a_report_without_failures_changes_nothing() -> None:
    reports = part([log("<testsuite/>", "log2")]).reports
    assert merge(Failure(CONSOLE), reports) == Failure(CONSOLE)


@given(st.lists(st.sampled_from([*re.findall(r"<[^>]*>|[^<]+", SUREFIRE), "&amp;", "&x;", "\x0b", "]]>"]), max_size=40))
def test_any_mixture_of_pieces_is_survived(pieces: list[str]) -> None:
    text = "<testsuite>" + "".join(pieces)
    height = len(text.splitlines())
    failure = read_junit(log(text))
    assert failure is not None
    assert all(1 <= f.line <= f.end_line <= height for f in failure.findings)


def test_a_large_report_costs_seconds_not_minutes() -> None:
    case = '<testcase classname="com.acme.CartTest" name="t{0}"><system-out>{0} says hello</system-out></testcase>\n'
    text = "<testsuite>\n" + "".join(case.format(n) for n in range(20_000)) + "</testsuite>"
    started = time.process_time()
    assert read_junit(log(text)) == Failure()
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    "case",
    [
        f'<testcase name="t"><failure>{"x" * 20_000}</failure></testcase>' * 500,
        '<testcase name="t"><failure>' + f"{'a' * 2_000}\n" * 9 + "</failure></testcase>" + '<testcase name="u"/>',
        f'<testcase name="t" classname="{"/a" * 100_000}"><failure>f</failure></testcase>',
        f'<testcase name="t" classname="{"b." * 50_000}" file="{"b/" * 50_000}x.py"><failure>f</failure></testcase>',
    ],
)
def test_a_hostile_report_costs_little(case: str) -> None:
    started = time.process_time()
    failure = read_junit(log(f"<testsuite>{case}</testsuite>"))
    assert failure is not None
    assert failure.tests
    assert all(len(f.text) <= 400 + 7 * 1_001 for f in failure.findings)
    assert time.process_time() - started < 2.0
