"""A folder of answers that Bitbucket really gave in, a loopback server that gives them again out.

A file's name is the path and query it answered: each part percent-encoded, then `%` and what joins the query written as
`_`, and `/` as `-`. A page size that was not recorded does not matter, nor the branch (`at`) a file was asked for with.
What has no file is a 404. `diff`: what every diff is, as none was recorded with them.
"""

import json
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote

from tests.fakes.server import Asked, Reply, json_reply, serve, stop

_REAL = b"https://api.bitbucket.org"


class BitbucketFiles:
    """`requests` is what was asked; `repo` the repository that was recorded."""

    def __init__(self, folder: Path, *, diff: bytes = b"") -> None:
        self._folder, self._diff = folder, diff
        self.requests: list[Asked] = []
        about = min(folder.glob("2.0-repositories-*.json"), key=lambda file: len(file.name))
        self.repo = str(json.loads(about.read_text("utf-8"))["full_name"])
        self._server = serve(self._answer, 0)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/2.0"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._server)

    def _answer(self, asked: Asked) -> Reply:
        self.requests.append(asked)
        if "/diff/" in asked.path:
            return Reply(200, self._diff, {"Content-Type": "text/plain"})
        path = "-".join(_written(part) for part in asked.path.strip("/").split("/"))
        for query in (asked.query, {key: value for key, value in asked.query.items() if key != "pagelen"}):
            name = path + "".join(f"_{key}_{_written(value)}" for key, value in query.items())
            for pattern in (f"{name}.json", f"{name}_at_*.json"):
                for file in self._folder.glob(pattern):
                    body = file.read_bytes().replace(_REAL, self.api.removesuffix("/2.0").encode())
                    return Reply(200, body, {"Content-Type": "application/json"})
        return json_reply({"type": "error", "error": {"message": "no recording fits"}}, 404)


def _written(part: str) -> str:
    return quote(unquote(part), safe="").replace("%", "_")
