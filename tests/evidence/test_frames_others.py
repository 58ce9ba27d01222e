"""Whole stacks as the tools of all other languages print them, and what hostile lines cost."""

import time

import pytest

from incident_pipeline.evidence.frames import read_frames
from tests.evidence.stacks import Stacks, check_stack

STACKS: Stacks = {
    "go panic": (
        """panic: runtime error: index out of range [3] with length 3

goroutine 7 [running]:
testing.tRunner.func1.2({0x1, 0x2})
\t/usr/local/go/src/testing/testing.go:1545 +0x238
example.org/acme/shop.(*Cart).Total(0xc000010000)
\t/w/shop/cart.go:30 +0x1d
created by testing.(*T).Run in goroutine 1
\t/usr/local/go/src/testing/testing.go:1648 +0x3ad""",
        [
            ("/usr/local/go/src/testing/testing.go", 1545, "testing.tRunner.func1.2", 0),
            ("/w/shop/cart.go", 30, "example.org/acme/shop.(*Cart).Total", 1),
            ("/usr/local/go/src/testing/testing.go", 1648, "testing.(*T).Run", 2),
        ],
    ),
    "testify": (
        """    cart_test.go:21:
        \tError Trace:\t/w/shop/cart_test.go:21
        \t            \t\t\t\t/w/shop/helper_test.go:9
        \tError:      \tNot equal:""",
        [
            ("cart_test.go", 21, None, 0),
            ("/w/shop/cart_test.go", 21, None, 0),
            ("/w/shop/helper_test.go", 9, None, 0),
        ],
    ),
    "rust": (
        """thread 'tests::totals' panicked at src/cart.rs:30:9:
assertion `left == right` failed
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc123/library/std/src/panicking.rs:645:5
   1: core::panicking::panic_fmt
             at /rustc/abc123/library/core/src/panicking.rs:72:14
   2: shop::cart::total
             at ./src/cart.rs:30:9
   3: shop::tests::totals::{{closure}}
             at ./src/lib.rs:12:5""",
        [
            ("src/cart.rs", 30, None, 0),
            ("/rustc/abc123/library/std/src/panicking.rs", 645, "rust_begin_unwind", 0),
            ("/rustc/abc123/library/core/src/panicking.rs", 72, "core::panicking::panic_fmt", 1),
            ("./src/cart.rs", 30, "shop::cart::total", 2),
            ("./src/lib.rs", 12, "shop::tests::totals::{{closure}}", 3),
        ],
    ),
    "rustc": (
        """error[E0308]: mismatched types
  --> src/cart.rs:30:9
   |
   ::: src/lib.rs:3:1""",
        [
            ("src/cart.rs", 30, None, 0),
            ("src/lib.rs", 3, None, 0),
        ],
    ),
    "rust old": (
        """thread 'main' panicked at 'index out of bounds', src/main.rs:4:5""",
        [
            ("src/main.rs", 4, None, 0),
        ],
    ),
    "asan": (
        """==123==ERROR: AddressSanitizer: heap-use-after-free on address 0x602
    #0 0x55d5 in shop::Cart::total(int) /w/src/cart.cpp:30:5
    #1 0x55d6 in main /w/src/main.c:9
    #2 0x7f00 in __libc_start_main (/lib/x86_64-linux-gnu/libc.so.6+0x29d8f)""",
        [
            ("/w/src/cart.cpp", 30, "shop::Cart::total(int)", 0),
            ("/w/src/main.c", 9, "main", 1),
        ],
    ),
    "gdb": (
        """#0  __GI_raise (sig=sig@entry=6) at ../sysdeps/unix/sysv/linux/raise.c:50
#1  0x00007ffff7 in shop::total (cart=0x5, n=3) at src/cart.cpp:30
#2  main () at main.cpp:9""",
        [
            ("../sysdeps/unix/sysv/linux/raise.c", 50, "__GI_raise", 0),
            ("src/cart.cpp", 30, "shop::total", 1),
            ("main.cpp", 9, "main", 2),
        ],
    ),
    "gtest": (
        """/w/tests/cart_test.cc:21: Failure
Expected equality of these values:
[  FAILED  ] Cart.Total (0 ms)""",
        [
            ("/w/tests/cart_test.cc", 21, None, 0),
        ],
    ),
    "msvc": (
        """C:\\w\\src\\cart.cpp(30,5): error C2065: 'x': undeclared identifier [C:\\w\\shop.vcxproj]
D:\\a\\shop\\src\\cart.cpp(31): error C2065: y""",
        [
            ("C:/w/src/cart.cpp", 30, None, 0),
            ("D:/a/shop/src/cart.cpp", 31, None, 0),
        ],
    ),
    "gcc": (
        """In file included from src/main.c:3:
src/cart.h:30:5: error: unknown type name 'x'
/usr/bin/ld: src/cart.c:12: undefined reference to `total'
/usr/bin/ld: cart.o: in function `main':
cart.c:(.text+0x5): undefined reference to `total'""",
        [
            ("src/main.c", 3, None, 0),
            ("src/cart.h", 30, None, 0),
            ("src/cart.c", 12, None, 0),
            ("cart.c", None, None, 0),
        ],
    ),
    "csharp": (
        """System.NullReferenceException: x
   at Acme.Cart.Total(Int32 tax) in C:\\w\\src\\Cart.cs:line 30
   at Acme.CartTests.<Totals>d__3.MoveNext() in /w/tests/CartTests.cs:line 21
--- End of stack trace from previous location ---
   at Xunit.Assert.Equal(Int32 a, Int32 b)
   at System.Threading.Tasks.Task.Run() in /_/src/Task.cs:line 9""",
        [
            ("C:/w/src/Cart.cs", 30, "Acme.Cart.Total(Int32 tax)", 0),
            ("/w/tests/CartTests.cs", 21, "Acme.CartTests.<Totals>d__3.MoveNext()", 1),
            ("/_/src/Task.cs", 9, "System.Threading.Tasks.Task.Run()", 2),
        ],
    ),
    "csharp compile": (
        """/w/src/Cart.cs(30,5): error CS1002: ; expected [/w/shop.csproj]""",
        [
            ("/w/src/Cart.cs", 30, None, 0),
        ],
    ),
    "fsharp": (
        """   at Acme.Cart.total@12(Int32 x) in /w/src/Cart.fs:line 12""",
        [
            ("/w/src/Cart.fs", 12, "Acme.Cart.total@12(Int32 x)", 0),
        ],
    ),
    "ruby": (
        """NoMethodError: undefined method `total' for nil
\tfrom /w/lib/cart.rb:30:in `total'
\tfrom (irb):1
     # ./spec/cart_spec.rb:11:in 'block (2 levels) in <top (required)>'
/w/lib/tax.rb:3:in 'Cart#tax': boom (RuntimeError)""",
        [
            ("/w/lib/cart.rb", 30, "total", 0),
            ("./spec/cart_spec.rb", 11, "block (2 levels) in <top (required)>", 1),
            ("/w/lib/tax.rb", 3, "Cart#tax", 2),
        ],
    ),
    "minitest": (
        """  1) Failure:
CartTest#test_total [test/cart_test.rb:21]:
Expected: 3""",
        [
            ("test/cart_test.rb", 21, "CartTest#test_total", 0),
        ],
    ),
    "php": (
        """PHP Fatal error:  Uncaught TypeError: x in /w/src/Cart.php:30
Stack trace:
#0 /w/src/Shop.php(12): Acme\\Cart->total(Array)
#1 [internal function]: Acme\\Shop->run()
#2 {main}
  thrown in /w/src/Cart.php on line 30""",
        [
            ("/w/src/Cart.php", 30, None, 0),
            ("/w/src/Shop.php", 12, "Acme\\Cart->total", 0),
            ("/w/src/Cart.php", 30, None, 0),
        ],
    ),
    "swift": (
        """/w/Sources/Shop/Cart.swift:30:5: error: cannot find 'x' in scope
/w/Tests/CartTests.swift:21: error: -[ShopTests.CartTests testTotal] : XCTAssertEqual failed
Fatal error: Index out of range: file Swift/Array.swift, line 4""",
        [
            ("/w/Sources/Shop/Cart.swift", 30, None, 0),
            ("/w/Tests/CartTests.swift", 21, None, 0),
            ("Swift/Array.swift", 4, None, 0),
        ],
    ),
    "elixir": (
        """  1) test totals (CartTest)
     test/cart_test.exs:21
     ** (KeyError) key :total not found
     code: assert Cart.total(cart) == 3
     stacktrace:
       (shop 0.1.0) lib/shop/cart.ex:30: Shop.Cart.total/1
       test/cart_test.exs:22: (test)""",
        [
            ("test/cart_test.exs", 21, None, 0),
            ("lib/shop/cart.ex", 30, "Shop.Cart.total/1", 0),
            ("test/cart_test.exs", 22, "(test)", 1),
        ],
    ),
    "elixir compile": (
        """    │
 12 │     totl(cart)
    │     ^
    └─ lib/shop/cart.ex:12:5: Shop.Cart.total/1
** (CompileError) lib/shop/tax.ex:3: undefined function x/0""",
        [
            ("lib/shop/cart.ex", 12, "Shop.Cart.total/1", 0),
            ("lib/shop/tax.ex", 3, None, 0),
        ],
    ),
    "perl": (
        """Can't locate object method "total" via package "Cart" at lib/Shop.pm line 30.
#   Failed test 'totals'
#   at t/cart.t line 21.
\tShop::total(1) called at lib/Cart.pm line 3""",
        [
            ("lib/Shop.pm", 30, None, 0),
            ("t/cart.t", 21, None, 0),
            ("lib/Cart.pm", 3, "Shop::total", 0),
        ],
    ),
    "dart": (
        """#0      Cart.total (package:shop/src/cart.dart:30:5)
#1      main.<anonymous closure> (file:///w/test/cart_test.dart:21:9)
  test/cart_test.dart 21:5  main.<fn>
lib/cart.dart:3:5: Error: Undefined name 'x'.""",
        [
            ("lib/src/cart.dart", 30, "Cart.total", 0),
            ("/w/test/cart_test.dart", 21, "main.<anonymous closure>", 1),
            ("test/cart_test.dart", 21, "main.<fn>", 2),
            ("lib/cart.dart", 3, None, 0),
        ],
    ),
    "haskell": (
        """src/Shop/Cart.hs:30:5: error:
    • Variable not in scope: total""",
        [
            ("src/Shop/Cart.hs", 30, None, 0),
        ],
    ),
    "bash": (
        """./run.sh: line 12: cart: command not found
scripts/a.sh: 3: scripts/a.sh: Syntax error""",
        [
            ("./run.sh", 12, None, 0),
            ("scripts/a.sh", 3, None, 1),
        ],
    ),
    "cmake": (
        """CMake Error at cmake/deps.cmake:12 (find_package):""",
        [
            ("cmake/deps.cmake", 12, None, 0),
        ],
    ),
    "make": (
        """make: *** [Makefile:12: test] Error 2""",
        [
            ("Makefile", 12, None, 0),
        ],
    ),
    "terraform": (
        """  on modules/net/main.tf line 12, in resource "x" "y":""",
        [
            ("modules/net/main.tf", 12, None, 0),
        ],
    ),
    "zig": (
        """src/cart.zig:30:5: error: use of undeclared identifier 'x'""",
        [
            ("src/cart.zig", 30, None, 0),
        ],
    ),
    "playwright": (
        """    at /w/tests/cart.spec.ts:21:5
  1) [chromium] › tests/cart.spec.ts:21:5 › cart › adds""",
        [
            ("/w/tests/cart.spec.ts", 21, None, 0),
            ("tests/cart.spec.ts", 21, None, 0),
        ],
    ),
}


@pytest.mark.parametrize("language", STACKS)
def test_a_stack_is_read(language: str) -> None:
    check_stack(*STACKS[language])


@pytest.mark.parametrize("piece", ["a.", "at ", "(", "#1 0x1 in ", "x/", "@", ": ", "\\", "1", "[ERROR] ", "❯ ", "::"])
def test_hostile_lines_cost_little(piece: str) -> None:
    started = time.process_time()
    read_frames("log", ((n, (piece * 1_000)[:999] + "1") for n in range(20)))
    assert time.process_time() - started < 1.0
