"""What a failure names, tool by tool."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_pipeline.evidence.entities import MAX_ENTITIES, entities, names
from incident_pipeline.evidence.entity_codes import CODES, PLACES
from incident_pipeline.evidence.entity_names import PACKAGES, SYMBOLS
from incident_pipeline.model.evidence import Entity, Failure, Finding, Frame
from tests.evidence.logs import log


def found(*texts: str, kind: str = "error") -> tuple[Entity, ...]:
    """Entities of a failure whose findings are these lines."""
    findings = tuple(Finding("log", n, n, text, kind, 0.9, "test") for n, text in enumerate(texts, start=1))
    return entities(Failure(findings), [log("\n".join(texts))])


SAID = (
    ("npm ERR! code ERESOLVE", "error_code", "ERESOLVE"),
    ("Error: connect ECONNREFUSED 127.0.0.1:5432", "error_code", "ECONNREFUSED"),
    ("Error: connect ECONNREFUSED 127.0.0.1:5432", "host", "127.0.0.1:5432"),
    ("OSError: [Errno 28] No space left on device", "error_code", "Errno 28"),
    ("wget: server returned error: HTTP/1.1 502 Bad Gateway", "error_code", "HTTP 502"),
    ("The requested URL returned error: 503", "error_code", "HTTP 503"),
    ("npm ERR! 404 Not Found - GET https://registry.example/left", "error_code", "HTTP 404"),
    ("error[E0432]: unresolved import `crate::cart`", "error_code", "E0432"),
    ("error[E0432]: unresolved import `crate::cart`", "symbol", "crate::cart"),
    ("src/a.ts(3,5): error TS2304: Cannot find name 'Cart'.", "error_code", "TS2304"),
    ("src/a.ts(3,5): error TS2304: Cannot find name 'Cart'.", "symbol", "Cart"),
    ("Cart.cs(3,5): error CS1002: ; expected", "error_code", "CS1002"),
    ("app/cart.py:4:1: F401 'os' imported but unused", "error_code", "F401"),
    ('app/cart.py:4: error: Module has no attribute "total"  [attr-defined]', "error_code", "attr-defined"),
    ("ERROR 1045 (28000): Access denied for user 'ci'", "error_code", "SQLSTATE 28000"),
    ("SQLSTATE[42P01]: Undefined table", "error_code", "SQLSTATE 42P01"),
    ("curl: (6) Could not resolve host: mirror.example.org", "host", "mirror.example.org"),
    ("rpc error: code = Unavailable desc = closing", "error_code", "Unavailable"),
    ("Warning  Failed  pod/web  Error: ImagePullBackOff", "error_code", "ImagePullBackOff"),
    ("##[error]Process completed with exit code 137.", "exit_code", "137"),
    ("Program exited with signal: 9", "signal", "SIGKILL"),
    ("process didn't exit successfully (signal: 11, SIGSEGV: invalid memory reference)", "signal", "SIGSEGV"),
    ("run.sh: line 3: 4242 Segmentation fault      ./cart", "signal", "SIGSEGV"),
    ("run.sh: line 3:  4242 Killed                  python cart.py", "signal", "SIGKILL"),
    ("Aborted (core dumped)", "signal", "SIGABRT"),
    ("No matching distribution found for cart-tools==9.1", "package", "cart-tools==9.1"),
    ("npm ERR! notarget No matching version found for left-pad@^9.0.1.", "package", "left-pad@^9.0.1"),
    ('npm ERR! peer react@"^17.0.0" from old-menu@2.0.0', "package", "react@^17.0.0"),
    ("npm ERR! Found: react@18.2.0", "package", "react==18.2.0"),
    ("error: no matching package named `serde_cart` found", "package", "serde_cart"),
    ('failed to select a version for the requirement `rand = "^9.9"`', "package", "rand ^9.9"),
    ("Could not find artifact org.acme:cart:jar:1.2-RC1 in central", "package", "org.acme:cart==1.2-RC1"),
    ("> Could not resolve org.acme:cart:2.0.", "package", "org.acme:cart==2.0"),
    ("go: example.org/acme/cart@v1.9.0: invalid version: unknown revision", "package", "example.org/acme/cart==v1.9.0"),
    ("no required module provides package example.org/acme/cart; to add it:", "package", "example.org/acme/cart"),
    ("go: go.mod requires go >= 1.22.0 (running go 1.21.5)", "package", "go >= 1.22.0"),
    ("Could not find gem 'rails (= 9.0)' in rubygems repository", "package", "rails = 9.0"),
    ("E: Unable to locate package libcart-dev", "package", "libcart-dev"),
    ("/usr/bin/ld: cannot find -lcart: No such file or directory", "package", "libcart"),
    ("pull access denied for acme/cart, repository does not exist", "image", "acme/cart"),
    ("manifest for acme/cart:9 not found: manifest unknown", "image", "acme/cart:9"),
    ("ERROR: failed to solve: ghcr.io/acme/base:1.2: not found", "image", "ghcr.io/acme/base:1.2"),
    ("AttributeError: module 'shop.cart' has no attribute 'total'", "symbol", "shop.cart.total"),
    ("AttributeError: 'NoneType' object has no attribute 'total'", "symbol", "total"),
    ("ImportError: cannot import name 'total' from 'shop.cart' (/w/shop/cart.py)", "symbol", "shop.cart.total"),
    ("ModuleNotFoundError: No module named 'shop.carts'", "symbol", "shop.carts"),
    ("TypeError: total() got an unexpected keyword argument 'tax'", "symbol", "total"),
    ("TypeError: cart.total is not a function", "symbol", "cart.total"),
    ("  symbol:   method total(int)", "symbol", "total"),
    ("java.lang.NoSuchMethodError: 'void org.acme.Cart.total(int)'", "symbol", "org.acme.Cart.total"),
    ("cart.o: undefined reference to `shop::total(int)'", "symbol", "shop::total"),
    ("./cart.go:3:2: undefined: newCart", "symbol", "newCart"),
    ("error: no method named `total` found for struct `Cart` in the current scope", "symbol", "Cart::total"),
    ("Error CS1061: 'Cart' does not contain a definition for 'Total'", "symbol", "Cart.Total"),
    ("NoMethodError: undefined method `total' for nil:NilClass", "symbol", "total"),
    ("PHP Fatal error: Uncaught Error: Call to undefined function shop\\total()", "symbol", "shop\\total"),
    ('ERROR:  relation "carts" does not exist', "symbol", "carts"),
    ("shop.errors.CartError: empty", "symbol", "shop.errors.CartError"),
    ("dial tcp: lookup db.internal.example on 127.0.0.53:53: no such host", "host", "db.internal.example"),
    ("HTTPSConnectionPool(host='files.example.org', port=443): Max retries", "host", "files.example.org:443"),
    ("could not connect to server at \"db.example\" (10.0.0.2), port 5432 failed", "host", "db.example:5432"),
    ("FileNotFoundError: [Errno 2] No such file or directory: 'data/prices.csv'", "file", "data/prices.csv"),
    ("java.nio.file.NoSuchFileException: ../data/prices.log", "file", "../data/prices.log"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), SAID)
def test_a_message_names_it(text: str, kind: str, value: str) -> None:
    assert value in [e.value for e in found(text) if e.kind == kind]


def test_a_version_is_told_as_asked_or_found() -> None:
    text = "ERROR: shop 1.0 requires attrs>=22, but you have attrs 19.3.0 which is incompatible."
    assert {(e.value, e.note) for e in found(text) if e.kind == "package"} == {
        ("attrs>=22", "asked by shop"),
        ("attrs==19.3.0", "found"),
    }
    text = "Could not find a version that satisfies the requirement cart==9 (from versions: 1.0, 1.1, 2.0)"
    assert {(e.value, e.note) for e in found(text)} == {("cart==9", "asked"), ("cart==2.0", "newest found")}


@pytest.mark.parametrize(
    "text",
    [
        "see https://docs.example.org/errors/E100 for help",
        "For more information visit http://wiki.example.org/Failure",
        "assert 404 == 200",
        "exit code 0",
        ">> Generated 2 mutations Killed 2 (100%)",
        "AssertionError: assert 1 == 2",
        "3 failed, 5 passed in 1.02s",
        "error: something went wrong",
    ],
)
def test_ordinary_words_name_nothing(text: str) -> None:
    assert found(text) == ()


def test_a_url_loses_what_may_be_secret() -> None:
    (url,) = [e for e in found("fatal: unable to access 'https://ci:hunter2@git.example.org/a.git?token=abc#x'")
              if e.kind == "url"]  # fmt: skip
    assert url.value == "https://git.example.org/a.git"


def test_redacted_text_is_no_entity() -> None:
    assert found("could not connect to postgres://ci:[REDACTED:password]@[REDACTED:host]/db") == ()


def test_only_the_surroundings_of_findings_are_read() -> None:
    text = "error[E0001]: far above\n" + "ok\n" * 50 + "Process failed\nerror[E0002]: just below\n" + "ok\n" * 50
    failure = Failure((Finding("log", 52, 52, "Process failed", "error", 0.9, "test"),))
    assert entities(failure, [log(text)]) == (Entity("error_code", "E0002", "log", 53, "rustc"),)


def test_lines_of_an_entry_keep_their_own_numbers() -> None:
    entry = "Traceback\n  x\nOSError: [Errno 28] full"
    one = log("placeholder")
    frame = one.frame.with_columns(one.frame["text"].replace("placeholder", entry))
    frame = frame.with_columns((frame["line"] + 40).alias("line"))
    failure = Failure((Finding("log", 41, 41, "Traceback", "stack", 0.9, "test"),))
    assert [(e.value, e.line) for e in entities(failure, [type(one)("log", "job", frame)])] == [
        ("Errno 28", 43),
        ("OSError", 43),
    ]


def test_the_full_test_id_replaces_its_short_name() -> None:
    findings = tuple(
        Finding("log", n, n, "x", "test", 0.9, "r", test=name)
        for n, name in enumerate(("Cart.test_total", "tests/test_cart.py::Cart::test_total"), start=1)
    )
    assert names(entities(Failure(findings), []), "test") == ("tests/test_cart.py::Cart::test_total",)


def test_files_are_those_of_the_repository_when_it_is_known() -> None:
    frames = (
        Frame("log", 1, "/w/shop/cart.py", 3, "total", 0, "python", "shop/cart.py"),
        Frame("log", 2, "/usr/lib/python3.11/json/decoder.py", 3, "loads", 0, "python"),
    )
    failure = Failure((Finding("log", 1, 1, "x", "error", 0.9, "r"),), frames)
    assert [(e.kind, e.value) for e in entities(failure, [])] == [("symbol", "total"), ("file", "shop/cart.py")]


def test_one_kind_does_not_crowd_out_the_others_and_all_are_few() -> None:
    shapes = ("error[E{:04}]: x", "undefined: name{}", "Found: react{}@1.0", "lookup h{}.example.org: no", "signal {}")
    result = found(*(shape.format(n) for n in range(40) for shape in shapes))
    assert len(result) <= MAX_ENTITIES
    assert {e.kind for e in result} == {"error_code", "symbol", "package", "host", "signal"}


def test_every_shape_is_met_by_some_text() -> None:
    """A row nobody can reach is a typing error: each needle must be able to stand in the pattern's own text."""
    for shape in (*CODES, *PACKAGES, *PLACES, *SYMBOLS):
        assert "a" in shape.pattern.groupindex
        wanted = {name for value in (*shape.values, shape.note) for name in ("a", "b", "c") if f"{{{name}}}" in value}
        assert wanted <= set(shape.pattern.groupindex)


@given(st.lists(st.text(max_size=80), max_size=20))
def test_any_text_is_survived_and_cited_where_it_stands(texts: list[str]) -> None:
    for entity in found(*(text.replace("\n", " ") for text in texts)):
        assert entity.value.strip()
        assert 1 <= entity.line <= len(texts)


@pytest.mark.parametrize("piece", ["a.", "a:", ":1", "'", " ", "x@1", "://a", "Error", "[", "lib", "A::", "E "])
def test_hostile_lines_cost_little(piece: str) -> None:
    text = f"error: HTTP E {piece * 2_000}"
    started = time.process_time()
    found(*[text] * 20)
    assert time.process_time() - started < 1.0
