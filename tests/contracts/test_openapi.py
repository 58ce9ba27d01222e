"""The checker itself: what it must refuse, on a small description of our own."""

from typing import Any

import pytest

from tests.contracts.openapi import Description
from tests.fakes.server import Asked

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "paths": {
        "/repos/{owner}/runs": {
            "get": {
                "parameters": [
                    {"name": "owner", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "status", "in": "query", "schema": {"$ref": "#/components/schemas/status"}},
                    {"name": "since", "in": "query", "schema": {"type": "string", "format": "date-time"}},
                    {"name": "size", "in": "query", "required": True, "schema": {"type": "integer", "maximum": 100}},
                ]
            }
        },
        "/repos/{owner}/files/{path}": {"get": {}},
        "/search": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["query"]}}}}
            }
        },
    },
    "components": {"schemas": {"status": {"type": "string", "enum": ["red", "green"]}}},
}


def asked(url: str, *, method: str = "GET", body: bytes = b"", **query: str) -> Asked:
    return Asked(url, query, {}, method, body, url)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (asked("/repos/a/runs", size="5", status="red"), None),
        (asked("/v3/repos/a/files/b/c%2Fd.py"), None),
        (asked("/search", method="POST", body=b'{"query": 1}'), None),
        (asked("/repos/a/b/runs", size="5"), "not described"),
        (asked("/repos/a/runs", size="5", method="POST"), "not described"),
        (asked("/repos/a/runs"), "size is missing"),
        (asked("/repos/a/runs", size="101"), "size: 101"),
        (asked("/repos/a/runs", size="many"), "size: 'many'"),
        (asked("/repos/a/runs", size="1", status="blue"), "status: 'blue'"),
        (asked("/repos/a/runs", size="1", since="2026-03-01T12:00:00Z"), None),
        (asked("/repos/a/runs", size="1", since="yesterday"), "since: 'yesterday'"),
        (asked("/repos/a/runs", size="1", colour="blue"), "colour is not described"),
        (asked("/search", method="POST", body=b"{}"), "body: 'query'"),
    ],
)
def test_what_the_vendor_would_refuse_is_a_problem(request_: Asked, problem: str | None) -> None:
    found = Description(DOCUMENT).problems(request_, base="/v3", allow=())
    assert (found == []) if problem is None else (problem in "".join(found))


def test_a_parameter_that_only_prose_documents_may_be_allowed() -> None:
    request = asked("/repos/a/runs", size="1", colour="blue")
    assert Description(DOCUMENT).problems(request, allow={"colour"}) == []
