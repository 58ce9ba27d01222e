"""`sources check` before every vendor's fake at once, as `make up-fake` serves them: all good, then all refused."""

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from incident_pipeline.sources import registry
from incident_pipeline.surfaces.cli.main import main
from tests.fakes import __main__ as fakes
from tests.fakes.server import FakeVendor, json_reply

REMOTE = {*registry.git_types(), *registry.log_types()} - {"local", "files"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Path, list[FakeVendor]]]:
    with ExitStack() as stack:
        text, vendors = fakes.start(stack)
        file = tmp_path_factory.mktemp("fakes") / "sources.yaml"
        file.write_text(text)
        yield file, vendors


def _check(file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], str]:
    code = main(["sources", "check", "--config", str(file)])
    said = capsys.readouterr()
    return code, said.out.splitlines(), said.err


def test_every_vendor_answers_and_says_whose_the_credentials_are(
    served: tuple[Path, list[FakeVendor]], capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines, _ = _check(served[0], capsys)
    rows = [line.split() for line in lines[2:]]
    assert (code, {row[0] for row in rows}, {row[2] for row in rows}) == (0, {"yes"}, REMOTE)
    assert all("same" in line.split() for line in lines[2:])


def test_every_refusal_is_one_line_of_what_to_do(
    served: tuple[Path, list[FakeVendor]], capsys: pytest.CaptureFixture[str]
) -> None:
    file, vendors = served
    for vendor in vendors:
        vendor.always = json_reply({"message": "no"}, 401)
    try:
        code, lines, err = _check(file, capsys)
    finally:
        for vendor in vendors:
            vendor.always = None
    rows, advice = lines[2 : 2 + len(REMOTE)], lines[2 + len(REMOTE) :]
    assert (code, {row.split()[0] for row in rows}) == (1, {"NO"})
    assert {line.partition(":")[0] for line in advice} == REMOTE
    assert all("token" in line or "key" in line or "credentials" in line for line in advice)
    assert f"{len(REMOTE)} of {len(REMOTE)} sources failed" in err
