"""A repository on this machine keeps what every forge promises; what is about servers does not concern it."""

from collections.abc import Generator
from pathlib import Path

import pytest

from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.git.local import Config, LocalGit, open_source
from tests.sources.contract.git import GitReads
from tests.sources.git.plain_git import PlainGit


class TestContract(GitReads):
    proved_by = "engine"  # git itself, asked by its own commands

    @pytest.fixture
    def source(self, tmp_path: Path) -> Generator[LocalGit]:
        with open_source(Config(path=self.history(tmp_path)), SourceContext("local", tmp_path, tmp_path)) as source:
            yield source

    @pytest.fixture
    def truth(self, source: LocalGit, tmp_path: Path) -> PlainGit:
        return PlainGit(self.history(tmp_path))
