"""Texts that are put together from values are one text, however they are written."""

import pytest

from incident_pipeline.evidence.interpolation import plain
from incident_pipeline.evidence.tokens import tokens


def told(line: str) -> list[str]:
    return plain(list(tokens(line, "#")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('x = "%s: %r" % (a, b.c)', 'x = f"{a}: {b.c!r}"'),
        ('"a {} b {!r}".format(x, y(1))', 'f"a {x} b {y(1)!r}"'),
        ('"{1}{0}".format(x, y)', 'f"{y}{x}"'),
        ('"{n}".format(n=a.b)', 'f"{a.b}"'),
        ('return "%s" % self.x', 'return f"{self.x}"'),
        ('raise E("50%% of %s" % x)', 'raise E(f"50% of {x}")'),
        ('f("a" "b")', 'f("ab")'),
        ('f("{" f"{x}")', 'f(f"{{{x}")'),
        ("f\"{d['k']}\"", '"%s" % d["k"]'),
    ],
)
def test_a_rewrite_of_the_same_text_is_the_same(old: str, new: str) -> None:
    assert told(old) == told(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"%s-%s" % (len(v) - 1, z)', 'f"{len(v)}-{z}"'),
        ('"%s %s" % (a, b)', 'f"{b} {a}"'),
        ('"%r" % a', 'f"{a}"'),
        ('"%.2f" % a', 'f"{a}"'),
        ('["a", "b"]', '["a" "b"]'),
        ('"50%"', '"50"'),
        ('"{}".format(a)', '"{}"'),
    ],
)
def test_another_value_or_form_is_another_text(old: str, new: str) -> None:
    assert told(old) != told(new)


@pytest.mark.parametrize(
    "line", ['"%s" %', '"%s" % (', '"{}".format(', 'f"{"', '"%(a" % x', '"%s %s" % (a', "%", '"a" "']
)
def test_unfinished_text_is_no_error(line: str) -> None:
    assert told(line)
