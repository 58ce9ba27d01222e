"""Which addresses may become links."""

import pytest

from incident_pipeline.reports.citations import is_web


@pytest.mark.parametrize(
    ("url", "fit"),
    [
        ("https://github.com/acme/shop/actions/runs/1", True),
        ("http://ci.acme.example:8080/job/1", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("https://", False),
        ("https://github.com@evil.example/", False),
        ("https://x:secret@ci.acme.example/", False),
        ('https://ci.acme.example/"><script>', False),
        ("https://ci.acme.example/a b", False),
        ("https://ci.acme.example/a)b", False),
        ("https://ci.acme.example/\n", False),
        ("https://[bad/", False),
        ("https://g\u0456thub.com/acme", False),
        ("", False),
    ],
)
def test_addresses(url: str, fit: bool) -> None:
    assert is_web(url) is fit
