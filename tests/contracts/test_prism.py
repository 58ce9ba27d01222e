"""Each adapter before a mock of its vendor that Prism makes of the vendor's description: every request is one that the
description allows, and the description's own examples can be read.

Prism gives one example for ever, so of a list only the first item is asked for. Run by `.ci/run`: `pytest -m prism`.
"""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from incident_pipeline.errors import IncidentError
from incident_pipeline.sources import registry
from incident_pipeline.sources.base import CiLogSource, GitSource, LogSource, Source, SourceContext
from tests.contracts import prism

pytestmark = [pytest.mark.prism, pytest.mark.shared, pytest.mark.timeout(300)]

REPO, SHA, OTHER = "acme/shop", "a" * 40, "b" * 40
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
Ask = Callable[[Any], object]

_GIT: dict[str, Ask] = {
    "default branch": lambda git: git.default_branch(REPO),
    "commits": lambda git: next(git.get_commits(REPO, AT, AT + timedelta(hours=1), "main")),
    "commit": lambda git: git.get_commit(REPO, SHA),
    "branches": lambda git: next(git.get_branches(REPO)),
    "tags": lambda git: next(git.get_tags(REPO)),
    "history": lambda git: next(git.get_file_history(REPO, "cart.py", SHA)),
    "merge base": lambda git: git.merge_base(REPO, SHA, OTHER),
    "between": lambda git: next(git.get_commits_between(REPO, SHA, OTHER)),
    "paths": lambda git: git.list_paths(REPO, SHA),
    "file": lambda git: git.read_file(REPO, "cart.py", SHA),
}
_CI: dict[str, Ask] = {
    "runs": lambda ci: next(ci.get_runs(REPO, AT)),
    "run": lambda ci: ci.get_run(REPO, "7"),
    "jobs": lambda ci: next(ci.get_jobs(ci.get_run(REPO, "7"))),
    "green": lambda ci: ci.last_green_run(ci.get_run(REPO, "7")),
}
_LOGS: dict[str, Ask] = {
    "entries": lambda logs: next(logs.get_logs("shop", AT, AT + timedelta(hours=1), "error")),
    "check": lambda logs: logs.check(),
}

# What an example of the description cannot be read as, and why that is no fault of the request.
_NO_EXAMPLES = ("gitlab", "bitbucket")
"""Their descriptions have no examples, and shapes that are wrong in places: only the requests are held against them."""

_SHAPES = ("cannot be read", "expected a JSON", "without its list", "leads back")
_ONE_EXAMPLE = "the next page's link leads back"
_EXPECTED: dict[tuple[str, str], str] = {
    ("github", "commits"): _ONE_EXAMPLE,  # its commit lies outside of the window
    ("github", "file"): "Incorrect padding",  # its content is no Base64
    ("github_actions", "runs"): "422",  # `created` takes a range: the prose links to its syntax, the schema says a time
    ("github_actions", "green"): "422",
    ("datadog", "entries"): _ONE_EXAMPLE,
    ("gitlab", "merge base"): "/repository/merge_base hasn't been found in the specification",
    ("bitbucket", "merge base"): "hasn't been found in the specification",
    ("bitbucket", "paths"): "422",  # the root folder is an empty {path}, which Prism takes for a missing one
}

CASES = [
    ("git", "github", "github/openapi.prism.json", "", _GIT),
    ("git", "gitlab", "gitlab/swagger2.json", "", _GIT),
    ("git", "bitbucket", "bitbucket/openapi.json", "/2.0", _GIT),
    ("logs", "github_actions", "github/openapi.prism.json", "", _CI),
    ("logs", "gitlab_ci", "gitlab/swagger2.json", "", _CI),
    ("logs", "datadog", "datadog/openapi.v2.json", "", _LOGS),
]
_KEYS: dict[str, dict[str, object]] = {
    "datadog": {"api_key": "fake", "app_key": "fake", "service": "shop"},
    "bitbucket": {"token": "fake"},
}


@contextmanager
def opened(kind: str, name: str, url: str, folder: Path) -> Generator[Source]:
    keys = {"base_url": url, **_KEYS.get(name, {"token": "fake"})}
    module = registry.module_of(kind, name)
    config = module.Config.model_validate(keys)
    source: Source = module.open_source(config, SourceContext(name, folder, folder))
    with source:
        assert isinstance(source, GitSource | CiLogSource | LogSource)
        yield source


def _below(base: str, description: Path, folder: Path) -> Path:
    """The description with its paths below `base`: Prism passes over the path of a server's URL."""
    if not base:
        return description
    document = json.loads(description.read_text("utf-8"))
    document["paths"] = {base + path: item for path, item in document["paths"].items()}
    file = folder / description.name
    file.write_text(json.dumps(document), "utf-8")
    return file


@pytest.mark.parametrize(("kind", "name", "description", "base", "asks"), CASES, ids=[c[1] for c in CASES])
def test_the_description_allows_every_request(
    shared: Path, tmp_path: Path, kind: str, name: str, description: str, base: str, asks: dict[str, Ask]
) -> None:
    refused: dict[str, str] = {}
    file = _below(base, shared / "contracts" / description, tmp_path)
    with prism.serving(file) as url, opened(kind, name, url + base, tmp_path) as source:
        for what, ask in asks.items():
            try:
                ask(source)
            except StopIteration:
                continue
            except IncidentError as error:
                known = (_EXPECTED.get((name, what), "\0"), *(_SHAPES if name in _NO_EXAMPLES else ()))
                if not any(text in str(error) for text in known):
                    refused[what] = str(error)
    assert refused == {}
