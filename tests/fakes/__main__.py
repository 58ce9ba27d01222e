"""Every fake at once, with sample data and a config that reads them: `make up-fake`, or

    python -m tests.fakes [--folder out/fakes] [--answer STATUS]

Nothing here leaves this machine; the credentials are invented. `--answer 401` lets every vendor refuse: one sees
what `sources check` says then.
"""

import argparse
import json
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import yaml

from tests.fakes import bitbucket, datadog
from tests.fakes.server import FakeVendor, json_reply


@dataclass(frozen=True)
class Served:
    """A fake's module and the entries that read it: section, type, keys; `{url}` stands for where it is."""

    module: str
    entries: tuple[tuple[str, str, Mapping[str, object]], ...]


_PROJECT = {"owner": "acme", "repo": "shop"}
_GITHUB = {**_PROJECT, "base_url": "{url}", "web_url": "{url}"}
_GITLAB = {**_PROJECT, "base_url": "{url}", "token": "glpat-of-nobody-0000000"}
_BITBUCKET = {**_PROJECT, "base_url": "{url}/2.0", "token": bitbucket.SAMPLE_TOKEN}
_DATADOG = {"base_url": "{url}", "api_key": datadog.API_KEY, "app_key": datadog.APP_KEY, "query": "env:prod"}
_CLOUDWATCH = {
    "endpoint_url": "{url}", "region": "eu-central-1", "log_groups": ["/ecs/shop", "/ecs/payments"],
    "access_key_id": "AKIAFAKEFAKEFAKEFAKE", "secret_access_key": "not-a-secret",
}  # fmt: skip
SERVED = (
    Served("github", (("git_sources", "github", _GITHUB), ("log_sources", "github_actions", _GITHUB))),
    Served("gitlab", (("git_sources", "gitlab", _GITLAB), ("log_sources", "gitlab_ci", _GITLAB))),
    Served("bitbucket", (("git_sources", "bitbucket", _BITBUCKET),)),
    Served("jenkins", (("log_sources", "jenkins", {"url": "{url}/jenkins", "job": "shop/main"}),)),
    Served("datadog", (("log_sources", "datadog", _DATADOG),)),
    Served("elastic", (("log_sources", "elasticsearch", {"hosts": ["{url}"], "index": "logs-*"}),)),
    Served("cloudwatch", (("log_sources", "cloudwatch", _CLOUDWATCH),)),
)


def start(stack: ExitStack) -> tuple[str, list[FakeVendor]]:
    """All fakes, open as long as `stack`, and the text of the config that reads them."""
    config: dict[str, list[dict[str, object]]] = {}
    fakes: list[FakeVendor] = []
    for served in SERVED:
        fake: FakeVendor = stack.enter_context(import_module(f"tests.fakes.{served.module}").sample())
        fakes.append(fake)
        for section, kind, keys in served.entries:
            filled = json.loads(json.dumps(keys).replace("{url}", fake.url))
            config.setdefault(section, []).append({"type": kind, "config": filled})
    return yaml.safe_dump(config, sort_keys=False), fakes


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="tests.fakes")
    parser.add_argument("--folder", type=Path, default=Path("out/fakes"))
    parser.add_argument("--answer", type=int)
    args = parser.parse_args()
    with ExitStack() as stack:
        text, fakes = start(stack)
        for fake in fakes:
            fake.always = json_reply({"message": "as told"}, args.answer) if args.answer else None
        args.folder.mkdir(parents=True, exist_ok=True)
        file = args.folder / "sources.yaml"
        file.write_text(f"# Written by `make up-fake`: every vendor, on this machine, with invented data.\n{text}")
        print(f"{len(fakes)} vendors are served; try: incident-responder sources check --config {file}", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"{sum(len(fake.requests) for fake in fakes)} requests were answered")  # noqa: T201


if __name__ == "__main__":
    main()
