"""Recordings in, a loopback server that answers with them out.

A request matches a recording of the same path and parameters, but for the `loose` ones (page sizes, above all); the
same request again gets the next recording of it, the last one for ever. No match is a 501, which no client retries
(`missing_status`: another one, where the server that was recorded would have said so).
"""

from collections.abc import Iterable, Mapping
from typing import Self
from urllib.parse import unquote

from tests.fakes.server import Asked, Reply, serve, stop
from tests.replay.recordings import Recording

LOOSE = frozenset({"per_page", "filter"})


class ReplayServer:
    """`hosts` maps an origin in the recordings' Link and Location headers to the one that stands in for it."""

    def __init__(
        self, recordings: Iterable[Recording], *, loose: Iterable[str] = (), hosts: Mapping[str, str] | None = None,
        missing_status: int = 501,
    ) -> None:  # fmt: skip
        self._recordings = [r for r in recordings if r.method == "GET"]
        self._loose = LOOSE | set(loose)
        self._missing_status = missing_status
        self._served: dict[int, int] = {}
        self.requests: list[Asked] = []
        self.unmatched: list[str] = []
        self._server = serve(self._answer, 0)
        self.hosts = {"https://api.github.com": self.url, **(hosts or {})}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._server)

    def _key(self, path: str, query: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
        kept = {k: v for k, v in query.items() if k not in self._loose}
        if kept.get("page") == "1":
            del kept["page"]
        return unquote(path), tuple(sorted(kept.items()))

    def _answer(self, asked: Asked) -> Reply:
        self.requests.append(asked)
        wanted = self._key(asked.path, asked.query)
        fitting = [n for n, r in enumerate(self._recordings) if self._key(r.path, r.query) == wanted]
        if not fitting:
            self.unmatched.append(f"{asked.path} {asked.query}")
            return Reply(
                self._missing_status, b'{"message": "no recording fits"}', {"Content-Type": "application/json"}
            )
        fresh = [n for n in fitting if not self._served.get(n)]
        chosen = (fresh or fitting[-1:])[0]
        self._served[chosen] = 1
        recording = self._recordings[chosen]
        return Reply(recording.status, recording.body, self._headers(recording))

    def _headers(self, recording: Recording) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in recording.headers:
            for real, stand_in in self.hosts.items():
                value = value.replace(real, stand_in) if name.lower() in {"link", "location"} else value  # noqa: PLW2901
            found[name] = value
        return found
