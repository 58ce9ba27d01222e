"""Invented incidents in many languages and kinds: logs as the tools print them, a window of several commits.

Lines are found and places located by the product itself, so that the whole of evidence is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from incident_pipeline.evidence.find import find_failure
from incident_pipeline.evidence.judge import judge
from incident_pipeline.evidence.places import locate
from incident_pipeline.model.evidence import Judgement
from incident_pipeline.model.git import Commit, FileChange
from tests.evidence import sample

DOCS = sample.commit(0xD0, "Say more", sample.change("README.md", "a\n", "a total of names\n"))
GREEN = ("Run tests", "ok")


@dataclass(frozen=True)
class Case:
    """`guilty` took `files` from what they were before to what they are at head."""

    name: str
    log: str
    files: Mapping[str, str]
    guilty: Commit
    others: Sequence[Commit] = ()
    green: str = "\n".join(GREEN)
    verdict: str = "commit"
    more: Mapping[str, str] = field(default_factory=dict[str, str])


def edit(number: int, subject: str, path: str, before: str, after: str) -> Commit:
    return sample.commit(number, subject, sample.change(path, before, after))


def ask(case: Case) -> Judgement:
    files = {**case.files, **case.more}
    logs, greens = [sample.log(case.log.split("\n"))], [sample.log(case.green.split("\n"), "green")]
    failure = locate(find_failure(logs, greens), frozenset(files))
    window = sample.window(DOCS, *case.others, case.guilty)
    return judge(failure, window, sample.code(files), logs=logs, greens=greens)


GO = """package shop

const limit = 3

func Total(prices []int) int {
	sum := 0
	for _, p := range prices {
		sum += p
	}
	return sum
}

func Cap(n int) int {
	if n > limit {
		return limit
	}
	return n
}
"""
TS = """import { rate } from "./rate";

export function total(prices: number[]): number {
  return prices.reduce((a, b) => a + b, 0) * rate;
}

export const label = (name: string) => `<${name}>`;
"""
JAVA = """package shop;

public class Cart {
    private final Prices prices;

    public int total(int count) {
        return prices.of(count) + 1;
    }

    public String label() {
        return "cart";
    }
}
"""
RUST = """pub fn total(prices: &[u32]) -> u32 {
    prices.iter().sum()
}

pub fn cap(n: u32) -> u32 {
    n.min(LIMIT)
}

const LIMIT: u32 = 10;
"""
CPP = """#include "cart.h"

int Cart::total(int count) {
    return price_of(count) * count;
}

int Cart::size() {
    return items.size();
}
"""
RUBY = """class Cart
  def total(lines)
    lines.sum { |l| l.price }
  end

  def label
    "cart"
  end
end
"""
GO_HEAD = GO.replace("limit = 3", "limit = 4")
TS_HEAD = TS.replace("b, 0)", "b, 1)")
TS_SQUARE = TS.replace("<${name}>", "[${name}]")
JAVA_HEAD = JAVA.replace("prices.of(count) + 1", "prices.of(count + 1)")
RUST_HEAD = RUST.replace("LIMIT: u32 = 10", "LIMIT: u32 = 11")
CPP_HEAD = CPP.replace("price_of(count) * count", "cost_of(count) * count")
RUBY_HEAD = RUBY.replace("l.price", "l.cost")

CASES = (
    Case(
        "go: a constant changes and an assertion fails",
        "=== RUN   TestCap\n    shop_test.go:8: Cap(9) = 4, want 3\n--- FAIL: TestCap (0.00s)\nFAIL\n"
        "FAIL\tacme/shop\t0.003s\n##[error]Process completed with exit code 1.",
        {"shop.go": GO_HEAD, "shop_test.go": "package shop\n\nimport \"testing\"\n\nfunc TestCap(t *testing.T) {\n"
         "\tgot := Cap(9)\n\tif got != 3 {\n\t\tt.Errorf(\"Cap(9) = %d, want 3\", got)\n\t}\n}\n"},
        edit(1, "Raise the limit", "shop.go", GO, GO_HEAD),
        [edit(2, "Sum", "shop.go", GO.replace("sum := 0", "sum := int(0)"), GO)],
    ),
    Case(
        "go: a function is renamed and a caller does not compile",
        "# acme/shop/cmd\ncmd/main.go:5:7: undefined: shop.Totals\n##[error]Process completed with exit code 1.",
        {"shop.go": GO, "cmd/main.go": "package main\n\nimport \"acme/shop\"\n\nfunc main() { shop.Totals(nil) }\n"},
        edit(1, "Rename", "shop.go", GO.replace("func Total(", "func Totals("), GO),
        [edit(2, "Cap", "shop.go", GO.replace("n > limit", "n >= limit"), GO)],
    ),
    Case(
        "typescript: an exported name goes and tsc says so",
        "src/cart.ts(1,10): error TS2305: Module '\"./rate\"' has no exported member 'rate'.\n"
        "##[error]Process completed with exit code 2.",
        {"src/cart.ts": TS, "src/rate.ts": "export const rates = 2;\n"},
        edit(1, "Tidy", "src/rate.ts", "export const rate = 2;\n", "export const rates = 2;\n"),
        [edit(2, "Label", "src/cart.ts", TS.replace("<${name}>", "${name}"), TS)],
    ),
    Case(
        "jest: a value changes and an expectation fails",
        "FAIL src/cart.test.ts\n  ● total › adds prices\n\n    expect(received).toBe(expected)\n\n"
        "    Expected: 6\n    Received: 8\n\n      4 |   it('adds prices', () => {\n"
        "    > 5 |     expect(total([1, 2])).toBe(6);\n\n      at Object.<anonymous> (src/cart.test.ts:5:28)\n\n"
        "Tests:       1 failed, 1 total\n##[error]Process completed with exit code 1.",
        {"src/cart.ts": TS_HEAD, "src/cart.test.ts": "import { total } from './cart';\n\ndescribe('total', () => {\n"
         "  it('adds prices', () => {\n    expect(total([1, 2])).toBe(6);\n  });\n});\n"},
        edit(1, "Start at one", "src/cart.ts", TS, TS_HEAD),
        [edit(2, "Label", "src/cart.ts", TS_HEAD.replace("<${name}>", "${name}"), TS_HEAD)],
    ),
    Case(
        "maven: an exception with a stack through the changed method",
        "[ERROR] CartTest.totals:9 » NullPointer\njava.lang.NullPointerException: Cannot invoke \"Prices.of(int)\"\n"
        "\tat shop.Cart.total(Cart.java:7)\n\tat shop.CartTest.totals(CartTest.java:9)\n"
        "[ERROR] Tests run: 2, Failures: 0, Errors: 1\n##[error]Process completed with exit code 1.",
        {"src/main/java/shop/Cart.java": JAVA_HEAD, "src/test/java/shop/CartTest.java": "package shop;\n"},
        edit(1, "Count on", "src/main/java/shop/Cart.java", JAVA, JAVA_HEAD),
        [edit(2, "Label", "src/main/java/shop/Cart.java", JAVA_HEAD.replace('"cart"', '"Cart"'), JAVA_HEAD)],
    ),
    Case(
        "cargo: an assertion panics after a constant changed",
        "---- tests::caps stdout ----\nthread 'tests::caps' panicked at src/lib.rs:17:9:\n"
        "assertion `left == right` failed\n  left: 11\n right: 10\n\nfailures:\n    tests::caps\n\n"
        "test result: FAILED. 0 passed; 1 failed; 0 ignored\n##[error]Process completed with exit code 101.",
        {"src/lib.rs": RUST_HEAD + "\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn caps() {\n"
         "        assert_eq!(cap(20), 10);\n    }\n}\n"},
        edit(1, "Allow one more", "src/lib.rs", RUST, RUST_HEAD),
        [edit(2, "Sum", "src/lib.rs", RUST_HEAD.replace(".sum()", ".copied().sum()"), RUST_HEAD)],
    ),
    Case(
        "gcc: a call of what is not declared",
        "src/cart.cpp: In member function 'int Cart::total(int)':\n"
        "src/cart.cpp:4:12: error: 'cost_of' was not declared in this scope\n"
        "    4 |     return cost_of(count) * count;\nmake: *** [Makefile:3: cart.o] Error 1\n"
        "##[error]Process completed with exit code 2.",
        {"src/cart.cpp": CPP_HEAD, "src/price.h": "int price_of(int count);\n"},
        edit(1, "Ask for costs", "src/cart.cpp", CPP, CPP_HEAD),
        [edit(2, "Size", "src/cart.cpp", CPP_HEAD.replace("items.size()", "(int)items.size()"), CPP_HEAD)],
    ),
    Case(
        "rspec: a method that is not there",
        "Failures:\n\n  1) Cart totals\n     Failure/Error: lines.sum { |l| l.cost }\n\n     NoMethodError:\n"
        "       undefined method `cost' for an instance of Line\n     # ./lib/cart.rb:3:in `block in total'\n"
        "     # ./spec/cart_spec.rb:6:in `block (2 levels) in <top (required)>'\n\n1 example, 1 failure\n"
        "##[error]Process completed with exit code 1.",
        {"lib/cart.rb": RUBY_HEAD, "spec/cart_spec.rb": "require 'cart'\n"},
        edit(1, "Sum costs", "lib/cart.rb", RUBY, RUBY_HEAD),
        [edit(2, "Label", "lib/cart.rb", RUBY_HEAD.replace('"cart"', '"Cart"'), RUBY_HEAD)],
    ),
    Case(
        "npm: a lock file moves a package and its function is gone",
        "added leftpad@2.0.0\nFAIL src/cart.test.ts\n  ● label\n    TypeError: leftpad.pad is not a function\n"
        "      at label (src/cart.ts:7:20)\n##[error]Process completed with exit code 1.",
        {"src/cart.ts": TS, "package.json": '{\n  "dependencies": {\n    "leftpad": "2.0.0"\n  }\n}\n'},
        edit(1, "Bump", "package.json", '{\n  "dependencies": {\n    "leftpad": "1.0.0"\n  }\n}\n',
             '{\n  "dependencies": {\n    "leftpad": "2.0.0"\n  }\n}\n'),
        [edit(2, "Total", "src/cart.ts", TS.replace("b, 0)", "b, -0)"), TS)],
        green="added leftpad@1.0.0\nok",
    ),
    Case(
        "go: go.mod moves a module whose name is then undefined",
        "go: downloading example.org/cache v2.1.0\n./shop.go:9:12: undefined: cache.New\n"
        "##[error]Process completed with exit code 1.",
        {"shop.go": GO, "go.mod": "module acme/shop\n\nrequire example.org/cache v2.1.0\n"},
        edit(1, "Update", "go.mod", "module acme/shop\n\nrequire example.org/cache v1.9.0\n",
             "module acme/shop\n\nrequire example.org/cache v2.1.0\n"),
        [edit(2, "Cap", "shop.go", GO.replace("n > limit", "n >= limit"), GO)],
        green="go: downloading example.org/cache v1.9.0\nok",
    ),
    Case(
        "workflow: a step's new command is not found",
        "##[group]Run makee test\nmakee test\n##[endgroup]\n"
        "/home/runner/work/_temp/1.sh: line 1: makee: command not found\n"
        "##[error]Process completed with exit code 127.",
        {"shop.go": GO, ".github/workflows/ci.yml": "steps:\n  - run: makee test\n"},
        edit(1, "CI", ".github/workflows/ci.yml", "steps:\n  - run: make test\n", "steps:\n  - run: makee test\n"),
        [edit(2, "Cap", "shop.go", GO.replace("n > limit", "n >= limit"), GO)],
    ),
    Case(
        "docker: a base image that does not exist",
        "Dockerfile:1\n--------------------\n   1 | >>> FROM python:3.99\n--------------------\n"
        "ERROR: failed to solve: python:3.99: not found\n##[error]Process completed with exit code 1.",
        {"Dockerfile": "FROM python:3.99\n", "shop.go": GO},
        edit(1, "Base", "Dockerfile", "FROM python:3.11\n", "FROM python:3.99\n"),
        [edit(2, "Cap", "shop.go", GO.replace("n > limit", "n >= limit"), GO)],
    ),
    Case(
        "sql: a migration drops a column that a query names",
        "E   sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such column: orders.total\n"
        "FAILED tests/test_orders.py::test_sum - sqlalchemy.exc.OperationalError: no such column: orders.total\n"
        "##[error]Process completed with exit code 1.",
        {"migrations/002.sql": "ALTER TABLE orders DROP COLUMN total;\n", "shop/cart.py": sample.CART,
         "tests/test_orders.py": "def test_sum(db):\n    assert db.scalar('select sum(total) from orders') == 1\n"},
        edit(1, "Slim down", "migrations/002.sql", "\n", "ALTER TABLE orders DROP COLUMN total;\n"),
        [edit(2, "Count", "shop/cart.py", sample.CART.replace("len(lines)", "len(list(lines))"), sample.CART)],
    ),
    Case(
        "config: an environment variable is renamed",
        "E   KeyError: 'SHOP_RATE'\nshop/rate.py:4: KeyError\n"
        "FAILED tests/test_rate.py::test_rate - KeyError: 'SHOP_RATE'\n"
        "##[error]Process completed with exit code 1.",
        {".env.test": "SHOP_RATES=2\n", "shop/cart.py": sample.CART,
         "shop/rate.py": "import os\n\ndef rate():\n    return os.environ['SHOP_RATE']\n",
         "tests/test_rate.py": "from shop.rate import rate\n\ndef test_rate():\n    rate()\n"},
        edit(1, "Plural", ".env.test", "SHOP_RATE=2\n", "SHOP_RATES=2\n"),
        [edit(2, "Count", "shop/cart.py", sample.CART.replace("len(lines)", "len(list(lines))"), sample.CART)],
    ),
    Case(
        "jest: a snapshot no longer fits what is drawn",
        "FAIL src/cart.test.ts\n  ● label › draws\n\n    expect(received).toMatchSnapshot()\n\n    - Snapshot  - 1\n"
        "    + Received  + 1\n\n    - \"<b>\"\n    + \"[b]\"\n\n      at Object.<anonymous> (src/cart.test.ts:4:28)\n"
        "##[error]Process completed with exit code 1.",
        {"src/cart.ts": TS_SQUARE, "src/cart.test.ts": "import { label } from './cart';\n"
         "describe('label', () => {\n  it('draws', () => {\n    expect(label('b')).toMatchSnapshot();\n  });\n});\n"},
        edit(1, "Square", "src/cart.ts", TS, TS_SQUARE),
        [edit(2, "Total", "src/cart.ts", TS_SQUARE.replace("b, 0)", "b, -0)"), TS_SQUARE)],
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_guilty_commit_is_first(case: Case) -> None:
    found = ask(case)
    assert found.suspects[0].hash == case.guilty.hash
    assert found.verdict.verdict == "commit"


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_merge_that_brought_it_and_a_later_reformat_do_not_hide_it(case: Case) -> None:
    merge = sample.commit(0xE0, "Merge branch 'x'", *(case.guilty.files or ()), parents=2)
    path = next(iter(case.files))
    text = case.files[path]
    spaced = "\n".join(f"{line} " if line else line for line in text.split("\n"))
    reformat = edit(0xF0, "Reformat", path, spaced, text)
    found = ask(replace(case, others=[merge, reformat, *case.others]))
    assert found.suspects[0].hash == case.guilty.hash


def test_a_revert_that_brings_the_fault_back_is_to_blame() -> None:
    case = CASES[0]
    revert = replace(case.guilty, message='Revert "Keep the limit"\n\nThis reverts commit 0123.')
    assert ask(replace(case, guilty=revert)).suspects[0].hash == revert.hash


def test_a_file_that_was_moved_and_then_changed_is_followed() -> None:
    case = CASES[0]
    moved = sample.commit(0xC0, "Move", FileChange("shop.go", "renamed", "old/shop.go", 0, 0))
    assert ask(replace(case, others=[*case.others, moved])).suspects[0].hash == case.guilty.hash
