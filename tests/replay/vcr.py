"""A VCR cassette (YAML) in, recordings out; the bodies of POSTs stay with them, in order."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.replay.recordings import Recording


@dataclass(frozen=True)
class Posted:
    """A POST that was recorded: what was sent, and what came back."""

    sent: str
    recording: Recording


def posted(file: Path) -> list[Posted]:
    """The POSTs of a cassette in the order they were recorded."""
    document: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return [_posted(item) for item in document["interactions"] if item["request"]["method"] == "POST"]


def _posted(item: dict[str, Any]) -> Posted:
    request, response = item["request"], item["response"]
    headers = tuple((name, str(values[0])) for name, values in response["headers"].items())
    path = str(request["uri"]).partition("://")[2].partition("/")[2].partition("?")[0]
    body = str(response["body"]["string"]).encode()
    return Posted(str(request["body"]), Recording("POST", f"/{path}", response["status"]["code"], {}, headers, body))
