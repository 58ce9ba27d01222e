"""Whole stacks as the tools of Python, JavaScript and the JVM print them."""

import pytest

from tests.evidence.stacks import Stacks, check_stack

STACKS: Stacks = {
    "python": (
        """Traceback (most recent call last):
  File "/w/shop/cli.py", line 12, in <module>
    main()
    ~~~~^^
  File "/w/shop/cart.py", line 30, in total
    return sum(lines)
           ^^^^^^^^^^
TypeError: bad""",
        [
            ("/w/shop/cli.py", 12, "<module>", 1),
            ("/w/shop/cart.py", 30, "total", 0),
        ],
    ),
    "python exception group": (
        """  + Exception Group Traceback (most recent call last):
  |   File "/w/shop/run.py", line 5, in run
  |     raise ExceptionGroup("eg", errors)
  | ExceptionGroup: eg (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/w/shop/a.py", line 2, in one
    |     raise ValueError(1)
    | ValueError: 1
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/w/shop/b.py", line 4, in two
    | KeyError: 2
    +------------------------------------""",
        [
            ("/w/shop/run.py", 5, "run", 0),
            ("/w/shop/a.py", 2, "one", 0),
            ("/w/shop/b.py", 4, "two", 0),
        ],
    ),
    "python chained": (
        """Traceback (most recent call last):
  File "/w/a.py", line 1, in load
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/w/b.py", line 2, in main
  File "/w/a.py", line 3, in load
ValueError: no x""",
        [
            ("/w/a.py", 1, "load", 0),
            ("/w/b.py", 2, "main", 1),
            ("/w/a.py", 3, "load", 0),
        ],
    ),
    "pytest long": (
        """tests/test_cart.py:21:
_ _ _ _ _ _ _ _ _ _
shop/cart.py:30: in total
    return sum(lines)
shop/tax.py:7: TypeError""",
        [
            ("tests/test_cart.py", 21, None, 2),
            ("shop/cart.py", 30, "total", 1),
            ("shop/tax.py", 7, None, 0),
        ],
    ),
    "pytest short": (
        """tests/test_cart.py:21: in test_total
    assert cart.total() == 3
E   assert 2 == 3""",
        [
            ("tests/test_cart.py", 21, "test_total", 0),
        ],
    ),
    "pytest line": (
        """/w/tests/test_cart.py:21: AssertionError: assert 2 == 3""",
        [
            ("/w/tests/test_cart.py", 21, None, 0),
        ],
    ),
    "pytest import": (
        """ImportError while importing test module '/w/tests/test_cart.py'.
Traceback:
/usr/lib/python3.11/importlib/__init__.py:126: in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
tests/test_cart.py:3: in <module>
    from shop import carts
E   ImportError: cannot import name 'carts'""",
        [
            ("/usr/lib/python3.11/importlib/__init__.py", 126, "import_module", 1),
            ("tests/test_cart.py", 3, "<module>", 0),
        ],
    ),
    "node": (
        """TypeError: cart.total is not a function
    at Object.<anonymous> (/w/src/cart.js:10:15)
    at async Promise.all (index 0)
    at async main (file:///w/src/index.mjs:3:1)
    at Module._compile (node:internal/modules/cjs/loader:1105:14)
    at new Cart (webpack://shop/./src/cart.ts?:33:7)
    at /w/src/run.js:5:1""",
        [
            ("/w/src/cart.js", 10, "Object.<anonymous>", 0),
            ("/w/src/index.mjs", 3, "main", 1),
            ("node:internal/modules/cjs/loader", 1105, "Module._compile", 2),
            ("src/cart.ts", 33, "new Cart", 3),
            ("/w/src/run.js", 5, None, 4),
        ],
    ),
    "firefox": (
        """total@http://localhost:8080/src/cart.js:10:15
@webpack:///./src/index.js:3:1
async*main@http://localhost:8080/src/main.js?v=1:7:3""",
        [
            ("src/cart.js", 10, "total", 0),
            ("src/index.js", 3, None, 1),
            ("src/main.js", 7, "main", 2),
        ],
    ),
    "chrome": (
        """    at total (http://localhost:9876/base/src/cart.js?abc123:10:15)""",
        [
            ("base/src/cart.js", 10, "total", 0),
        ],
    ),
    "jest": (
        """      10 |   expect(cart.total()).toBe(3)
      at Object.toBe (src/cart.test.ts:10:24)
      at processTicksAndRejections (node:internal/process/task_queues:96:5)""",
        [
            ("src/cart.test.ts", 10, "Object.toBe", 0),
            ("node:internal/process/task_queues", 96, "processTicksAndRejections", 1),
        ],
    ),
    "vitest": (
        """ FAIL  src/cart.test.ts > cart > adds
AssertionError: expected 2 to be 3
 ❯ total src/cart.ts:5:11
 ❯ src/cart.test.ts:10:24""",
        [
            ("src/cart.ts", 5, "total", 0),
            ("src/cart.test.ts", 10, None, 1),
        ],
    ),
    "ts-node": (
        """src/cart.ts:3:5 - error TS2304: Cannot find name 'x'.""",
        [
            ("src/cart.ts", 3, None, 0),
        ],
    ),
    "eslint stylish": (
        """/w/src/cart.js
  3:5  error  'x' is not defined  no-undef""",
        [
            ("/w/src/cart.js", 3, None, 0),
        ],
    ),
    "java": (
        """java.lang.IllegalStateException: empty
\tat com.acme.Cart.total(Cart.java:30)
\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1511)
\tat app//com.acme.CartTest.totals(CartTest.java:21)
\tat com.acme.Cart$$Lambda$14/0x0000000800c03000.run(Unknown Source)
\tat jdk.internal.reflect.GeneratedMethodAccessor1.invoke(Unknown Source)
\tat java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
\t... 20 more
Caused by: java.io.IOException: disk
\tat com.acme.Disk.read(Disk.java:9) ~[shop-1.0.jar!/:1.0]
\t... 3 common frames omitted""",
        [
            ("Cart.java", 30, "com.acme.Cart.total", 0),
            ("ArrayList.java", 1511, "java.util.ArrayList.forEach", 1),
            ("CartTest.java", 21, "com.acme.CartTest.totals", 2),
            ("Disk.java", 9, "com.acme.Disk.read", 0),
        ],
    ),
    "kotlin": (
        """\tat com.acme.CartKt.main$suspendImpl(Cart.kt:12)
\tat com.acme.Cart.<init>(Cart.kt:3)
e: file:///w/src/main/kotlin/Main.kt:7:13 Unresolved reference: cart
w: /w/src/Main.kt: (7, 13): x
e: /w/src/main/kotlin/Main.kt: (7, 13): Unresolved reference: cart""",
        [
            ("Cart.kt", 12, "com.acme.CartKt.main$suspendImpl", 0),
            ("Cart.kt", 3, "com.acme.Cart.<init>", 1),
            ("/w/src/main/kotlin/Main.kt", 7, None, 0),
            ("/w/src/main/kotlin/Main.kt", 7, None, 0),
        ],
    ),
    "scala": (
        """[error] /w/src/main/scala/Cart.scala:12:5: not found: value total
[error]     at com.acme.Cart$.total(Cart.scala:12)""",
        [
            ("/w/src/main/scala/Cart.scala", 12, None, 0),
            ("Cart.scala", 12, "com.acme.Cart$.total", 0),
        ],
    ),
}


@pytest.mark.parametrize("language", STACKS)
def test_a_stack_is_read(language: str) -> None:
    check_stack(*STACKS[language])
