"""A requre cassette (YAML: answers by method and URL) in, recordings out, in the order of the file."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.replay.recordings import Recording

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DROPPED = {"transfer-encoding", "content-length", "content-encoding", "connection", "set-cookie"}


def cassette(file: Path) -> list[Recording]:
    """Every exchange. A body that the cassette keeps as YAML is JSON again."""
    document: Any = yaml.load(file.read_text("utf-8"), Loader=_LOADER)
    found: list[Recording] = []
    for method, urls in document["requests.sessions"]["send"].items():
        for url, entries in urls.items():
            parts = urlsplit(str(url))
            for entry in entries:
                output = entry["output"]
                headers = tuple((k, v) for k, v in output["headers"].items() if k.lower() not in _DROPPED)
                query = dict(parse_qsl(parts.query))
                body = _body(output["_content"])
                found.append(Recording(method, parts.path, output["status_code"], query, headers, body))
    return found


def _body(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return content.encode() if isinstance(content, str) else json.dumps(content).encode()
