"""The line a report leads with, test runner by test runner: the message, not the heading and not the total.

A line that may lead begins with `» `; the log around it is the same for all."""

import pytest

from tests.evidence.headlines import check_lead

CASES = {
    "unittest": """\
.....E.F...
======================================================================
ERROR: test_sync (tests.test_sync.SyncTest.test_sync)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/srv/ci/app/tests/test_sync.py", line 30, in test_sync
    run()
  File "/srv/ci/app/sync/core.py", line 12, in run
    return q.pop(0)
» IndexError: pop from empty list

======================================================================
FAIL: test_len (tests.test_sync.SyncTest.test_len)
----------------------------------------------------------------------
""",
    "doctest": """\
**********************************************************************
File "docs/guide.rst", line 12, in guide.rst
Failed example:
    total([1, 2])
» Expected:
    3
» Got:
    4
**********************************************************************
***Test Failed*** 1 failures.
""",
    "django-test": """\
System check identified no issues (0 silenced).
.......F
======================================================================
FAIL: test_view (shop.tests.ViewTest)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/srv/ci/app/shop/tests.py", line 9, in test_view
    self.assertContains(r, "ok")
» AssertionError: False is not true : Couldn't find 'ok' in response

----------------------------------------------------------------------
Ran 8 tests in 1.2s

FAILED (failures=1)
""",
    "nose": """\
======================================================================
ERROR: Failure: ImportError (cannot import name 'soft_unicode' from 'markupsafe')
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/srv/ci/app/app/__init__.py", line 3, in <module>
    from markupsafe import soft_unicode
» ImportError: cannot import name 'soft_unicode' from 'markupsafe'

----------------------------------------------------------------------
Ran 1 test in 0.001s

FAILED (errors=1)
""",
    "go-timeout": """\
» panic: test timed out after 10m0s
running tests:
        TestWatch (9m58s)

goroutine 812 [running]:
testing.(*M).startAlarm.func1()
        /opt/go/src/testing/testing.go:2366 +0x385
FAIL        github.com/acme/app/watch        600.013s
FAIL
""",
    "nextest": """\
        PASS [   0.003s] core parse::error_ok
»         FAIL [   0.012s] core parse::tests::empty_input

--- STDOUT:              core parse::tests::empty_input ---

running 1 test
test parse::tests::empty_input ... FAILED

--- STDERR:              core parse::tests::empty_input ---
» thread 'parse::tests::empty_input' panicked at core/src/parse.rs:40:5:
explicit panic: no token
   Canceling due to test failure: 3 tests still running
     Summary [   1.2s] 80/120 tests run: 79 passed, 1 failed, 0 skipped
error: test run failed
""",
    "minitest": """\
Failure:
OrderTest#test_total [test/models/order_test.rb:14]:
» Expected: 110
»   Actual: 100

rails test test/models/order_test.rb:12

Finished in 0.51s, 20.1 runs/s, 30.1 assertions/s.
41 runs, 60 assertions, 1 failures, 0 errors, 0 skips
""",
    "cucumber": """\
  Scenario: Paying by card        # features/pay.feature:9
    Given a cart                  # features/steps/cart.rb:2
    Then I see a receipt          # features/steps/pay.rb:20
»       expected to find text "Thank you" in "Error 500" (RSpec::Expectations::ExpectationNotMetError)
      ./features/steps/pay.rb:21:in `/^I see a receipt$/'

Failing Scenarios:
cucumber features/pay.feature:9 # Scenario: Paying by card

12 scenarios (1 failed, 11 passed)
""",
    "flutter": """\
00:12 +80: shows error page
» ══╡ EXCEPTION CAUGHT BY FLUTTER TEST FRAMEWORK ╞════════════════════════════════════════════════════
» The following TestFailure was thrown running a test:
» Expected: exactly one matching candidate
  Actual: _TextWidgetFinder:<Found 0 widgets with text "Total": []>
   Which: means none were found but one was expected

When the exception was thrown, this was the stack:
#4      main.<anonymous closure> (file:///srv/ci/app/test/cart_test.dart:19:5)
════════════════════════════════════════════════════════════════════════════════════════════════════
00:13 +80 -1: cart shows total [E]
00:15 +81 -1: Some tests failed.
""",
    "tap": """\
ok 1 - handles error
» not ok 2 - adds tax
  ---
  operator: equal
  expected: 21
  actual:   24
  at: Test.<anonymous> (/srv/ci/app/test/cart.js:9:5)
  stack: |-
    Error: should be strictly equal
  ...

1..2
# tests 2
# pass  1
""",
    "node-test": """\
✔ rejects on error (1.2ms)
✖ adds tax (2.1ms)
ℹ tests 2
ℹ pass 1
ℹ fail 1

✖ failing tests:

test at test/cart.test.js:9:1
✖ adds tax (2.1ms)
»   AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:

  24 !== 21

""",
    "deno": """\
parse error ... ok (2ms)
cart adds tax ... FAILED (4ms)

 ERRORS

cart adds tax => ./cart_test.ts:4:6
» error: AssertionError: Values are not equal.

    [Diff] Actual / Expected

-   24
+   21

  at assertEquals (https://deno.land/std/assert/assert_equals.ts:47:9)
""",
    "bun": """\
(pass) shows error [1.00ms]
12 |   expect(total()).toBe(21);
                     ^
» error: expect(received).toBe(expected)

Expected: 21
Received: 24

      at <anonymous> (/srv/ci/app/cart.test.ts:12:19)
(fail) cart > adds tax [0.50ms]

 40 pass
 1 fail
Ran 41 tests across 9 files. [120.00ms]
""",
    "prove": """\
t/00-error.t .. ok

#   Failed test 'adds tax'
#   at t/cart.t line 12.
» #          got: '24'
#     expected: '21'
# Looks like you failed 1 test of 9.
t/cart.t ...... Dubious, test returned 1 (wstat 256, 0x100)
Failed 1/9 subtests

Test Summary Report
-------------------
t/cart.t    (Wstat: 256 Tests: 9 Failed: 1)
  Failed test:  4
""",
    "jest-suite": """\
» FAIL test/store.test.js
  ● Test suite failed to run

»     Cannot find module '../lib/store' from 'test/store.test.js'

    > 1 | const s = require('../lib/store');
        |           ^

Test Suites: 1 failed, 11 passed, 12 total
""",
    "jest-openhandle-timeout": """\
  ● sync › waits

»     thrown: "Exceeded timeout of 5000 ms for a test.
    Use jest.setTimeout(newTimeout) to increase the timeout value, if this is a long-running test."

      at test/sync.test.js:4:3
""",
}


@pytest.mark.parametrize("name", CASES)
def test_what_says_why_leads(name: str) -> None:
    check_lead(CASES[name])
