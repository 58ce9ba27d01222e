"""A test's attributes in a report in, its id as the runner prints it on the console out.

Surprising fact: every writer fills `classname` with something else: a module, a class, a package path, a file, or all
words of the test once more.
"""

import re
from collections.abc import Mapping, Sequence

_MAX = 500
_PATH = re.compile(r"[^\s>]*[\\/][^\s>]*\.\w{1,6}|[\w.-]+\.(?:[cm]?[jt]sx?|py|rb|php|go|rs|dart)")


def name_of(
    element: str, attributes: Mapping[str, str], suites: Sequence[Mapping[str, str]], *, go: bool = False
) -> str | None:
    """The id, at most 500 characters; None for a test without a name."""
    name = _first(attributes, "fullname", "testName", "name", "signature")
    owner = _first(attributes, "classname", "className") or ""
    if not name:
        return None
    if element == "test-method":
        owner = next((s["name"] for s in reversed(suites) if s["element"] == "class" and "name" in s), "")
    if element in {"test", "test-case", "UnitTestResult"} or go:
        return name[:_MAX]
    path = (attributes.get("file") or _of_suites(suites, "file") or "").replace("\\", "/")
    runners = {suite.get("name", "") for suite in suites}
    if any(runner.startswith("nextest") for runner in runners):
        return f"{owner} {name}"[:_MAX]
    if path.endswith(".py") or ("pytest" in runners and owner):
        return _pytest(name, owner, path)[:_MAX]
    if path.endswith(".php"):
        return f"{attributes.get('class') or owner}::{name}"[:_MAX]
    return _joined(name, owner, path)[:_MAX]


def _joined(name: str, owner: str, path: str) -> str:
    """`com.acme.CartTest.totals` of a class, `src/cart.test.js > Cart totals` of a file, else as it is written."""
    if _PATH.fullmatch(owner):
        return f"{owner} > {name}"
    joint = "." if owner and " " not in f"{owner}{name}" else " "
    whole = name if not owner or name.startswith(owner) else f"{owner}{joint}{name}"
    in_class = re.search(r"\.(?:java|kt|scala|groovy|cs|cc|cpp|swift)$", path)
    return whole if not path or in_class else f"{path} > {name if ' ' in name else whole}"


def _pytest(name: str, owner: str, path: str) -> str:
    """`tests/a.py::Class::name`; without a file attribute, where the classes begin is told by their capitals."""
    parts = [part for part in owner.split(".") if part]
    if path:
        module = path.removesuffix(".py").split("/")
        shared = next((n for n in range(len(parts), 0, -1) if module[-n:] == parts[:n]), 0)
        return "::".join([path, *parts[shared:], name])
    first = next((i for i, part in enumerate(parts) if part[:1].isupper()), len(parts))
    return "::".join(["/".join(parts[:first]) + ".py", *parts[first:], name]) if first else "::".join([*parts, name])


def _first(attributes: Mapping[str, str], *names: str) -> str | None:
    return next((attributes[name] for name in names if attributes.get(name)), None)


def _of_suites(suites: Sequence[Mapping[str, str]], key: str) -> str | None:
    return next((suite[key] for suite in reversed(suites) if suite.get(key)), None)
