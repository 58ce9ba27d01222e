"""The one query that a fake GitHub's GraphQL knows: blobs of a repository by expression, under any aliases.

https://docs.github.com/en/graphql/reference/objects#blob. Text is given as UTF-8 with what is none replaced, cut at
512,000 bytes.
"""

import re
from pathlib import Path
from typing import Any

from tests.fakes import git_json
from tests.fakes.git_json import Missing
from tests.fakes.server import Asked

MAX_TEXT = 512_000
_FIELD = re.compile(r"(\w+):\s*object\(expression:\s*\$(\w+)\)\s*\{\s*\.\.\.\s*on Blob\s*\{([\w\s]+)\}\s*\}")
_REPOSITORY = re.compile(r"repository\(owner:\s*\$owner,\s*name:\s*\$name\)")


def graphql(asked: Asked, repos: dict[str, Path]) -> dict[str, Any]:
    body = asked.json()
    query, values = body["query"], body["variables"]
    declared = dict(re.findall(r"\$(\w+):(String!)", query))
    if query.count("{") != query.count("}") or not _REPOSITORY.search(query) or set(values) != set(declared):
        return {"errors": [{"message": "Parse error"}]}
    path = repos.get(f"{values['owner']}/{values['name']}")
    if path is None:
        return {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve"}]}
    found = {alias: _blob(path, values[name], fields.split()) for alias, name, fields in _FIELD.findall(query)}
    return {"data": {"repository": found}}


def _blob(path: Path, expression: str, fields: list[str]) -> dict[str, Any] | None:
    try:
        kind = git_json.git(path, "cat-file", "-t", expression).decode().strip()
    except Missing:
        return None
    if kind != "blob":
        return {}
    content = git_json.git(path, "cat-file", "blob", expression)
    binary = b"\0" in content[:8_000]
    text = None if binary else content[:MAX_TEXT].decode("utf-8", "replace")
    known = {"text": text, "isBinary": binary, "isTruncated": len(content) > MAX_TEXT, "byteSize": len(content)}
    return {field: known[field] for field in fields}
