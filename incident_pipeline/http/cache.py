"""Answers on disk: those that cannot change (a commit by its hash) for ever, others to be revalidated by ETag.

Surprising fact: this keeps what the vendor sent, as a clone would, so the folder is the user's alone (mode 0700) and
logs are never put here: they are stored once, redacted, in the warehouse.
"""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from incident_pipeline.http.answer import Answer

MAX_BYTES = 256 * 2**20
MAX_ANSWER = 4 * 2**20
_KEPT_HEADERS = ("content-type", "etag", "last-modified")


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer of an earlier request; `etag` empty when the vendor sent none."""

    answer: Answer
    etag: str


class AnswerCache:
    """One folder of answers, its oldest dropped when it grows past `max_bytes`. Processes may share it.

    An answer carries the hash of its body: a machine that lost its power may have kept half of one.
    """

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self._swept = False

    def get(self, key: str) -> Kept | None:
        """The answer kept under `key`; None when there is none or it cannot be read."""
        try:
            head, _, body = self._file(key).read_bytes().partition(b"\n")
            told = json.loads(head)
            if told["key"] != key or told["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            answer = Answer(told["url"], told["status"], told["headers"], told["links"], body)
            return Kept(answer, str(told["headers"].get("etag", "")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer, whole or not at all. A full disk costs the cache, not the answer."""
        if len(answer.body) > MAX_ANSWER:
            return
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        told = {
            "key": key, "url": answer.url, "status": answer.status, "headers": headers, "links": answer.links,
            "sha256": hashlib.sha256(answer.body).hexdigest(),
        }  # fmt: skip
        part = None
        try:
            self._make_room()
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".part-", delete=False) as file:
                part = Path(file.name)
                file.write(json.dumps(told).encode() + b"\n" + answer.body)
            part.replace(self._file(key))
        except OSError:
            if part:
                with suppress(OSError):
                    part.unlink()

    def touch(self, key: str) -> None:
        """Say that the answer is still good, so that it is not the next to go."""
        with suppress(OSError):
            os.utime(self._file(key))

    def _file(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()

    def _make_room(self) -> None:
        """Once for each cache that is opened: a process adds little beside what is allowed."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._swept:
            return
        self._swept = True
        facts: list[tuple[float, int, Path]] = []
        for file in self._folder.iterdir():
            with suppress(OSError):  # another process was first
                found = file.stat()
                facts.append((found.st_mtime, found.st_size, file))
        facts.sort()
        total = sum(size for _, size, _ in facts)
        for _, size, file in facts:
            if total <= self._max_bytes:
                return
            file.unlink(missing_ok=True)
            total -= size
