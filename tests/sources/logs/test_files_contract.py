"""Log files keep what every source of entries promises; what is about servers does not concern them."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs.files import Config, Files, open_source
from tests.sources.contract.logs import AT, SERVICE, Entries, LogReads, Put


class TestContract(LogReads):
    @pytest.fixture
    def put(self, tmp_path: Path) -> Put:
        def write(entries: Entries) -> None:
            lines = [json.dumps({"time": at.isoformat(), "level": level, "msg": text}) for at, level, text in entries]
            (tmp_path / "shop.log").write_text("".join(f"{line}\n" for line in lines))

        return write

    @pytest.fixture
    def source(self, tmp_path: Path, put: Put) -> Generator[Files]:
        put([(AT, "info", "one"), (AT, "error", "two")])
        config = Config(path="*.log", service=SERVICE)
        with open_source(config, SourceContext("files", tmp_path / "cache", tmp_path)) as source:
            yield source

    def told(self, message: str) -> str:
        return message.replace("\n", "\\n")  # a record is one line of its file: see `_pairs`
