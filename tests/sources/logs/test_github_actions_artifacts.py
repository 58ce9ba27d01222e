"""Test reports in a run's artifacts: found, unpacked with limits, or said to be unreadable."""

import io
import struct
import zipfile

import pytest

from incident_pipeline.sources.base import TestReport
from incident_pipeline.sources.logs import _github_artifacts, _report_zip
from tests.fakes.github_state import FakeArtifact, FakeRun
from tests.sources.git.github_case import REPO, TOKEN
from tests.sources.logs.actions_case import actions, fake

pytestmark = pytest.mark.proves("test reports", by="fake")

RED = b'<?xml version="1.0"?>\n<testsuite>\n<testcase name="a">\n<failure message="boom"/>\n</testcase></testsuite>\n'
GREEN = b'<testsuite name="failures"><testcase name="a"/></testsuite>'


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            archive.writestr(name, text)
    return out.getvalue()


Told = tuple[str, str, str, list[str]]


def reports(*artifacts: FakeArtifact) -> list[Told]:
    """(name, status, detail, lines) of each; read one after another, as the flow does."""
    with fake(FakeRun(12, "a" * 40, artifacts=list(artifacts))) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        told = [_told(report) for report in source.get_test_reports(run)]
        assert all("authorization" not in asked.headers for asked in server.storage_requests)
        assert all(asked.headers["authorization"] == f"Bearer {TOKEN}" for asked in server.requests)
        return told


def _told(report: TestReport) -> Told:
    lines = [text for frame in report.frames for text in frame["message"].to_list()]
    status = report.status()
    return report.name, status.status, status.detail, lines


def test_reports_with_failures_are_read_from_the_storage_host() -> None:
    pack = zipped(("b/TEST-b.xml", RED), ("a/TEST-a.xml", GREEN), ("pom.xml", b"<project/>"), ("log.txt", RED))
    (told,) = reports(FakeArtifact(1, "junit-results", pack))
    assert told == ("junit-results/b/TEST-b.xml", "read", "", RED.decode().splitlines())


def test_a_report_has_a_page_and_a_lasting_key() -> None:
    with (
        fake(FakeRun(12, "a" * 40, artifacts=[FakeArtifact(7, "tests", zipped(("r.xml", RED)))])) as server,
        actions(server) as source,
    ):
        (report,) = source.get_test_reports(source.get_run(REPO, "12"))
    assert report.key == "artifact 7 r.xml"
    assert report.url.endswith(f"/{REPO}/actions/runs/12/artifacts/7")


def test_other_artifacts_are_not_fetched() -> None:
    with fake(
        FakeRun(12, "a" * 40, artifacts=[FakeArtifact(1, "wheels"), FakeArtifact(2, "html-test-report")])
    ) as server:
        with actions(server) as source:
            assert list(source.get_test_reports(source.get_run(REPO, "12"))) == []
        assert server.storage_requests == []


def test_a_run_without_artifacts_has_no_reports() -> None:
    assert reports() == []


@pytest.mark.parametrize(
    ("artifact", "status"),
    [
        (FakeArtifact(1, "test results", 410), "expired"),
        (FakeArtifact(1, "test results", b"", expired=True), "expired"),
        (FakeArtifact(1, "test results", 404), "missing"),
        (FakeArtifact(1, "test results", b"no zip at all"), "failed"),
        (FakeArtifact(1, "test results", zipped(("r.xml", RED))[:-30]), "failed"),
        (FakeArtifact(1, "test results", b"", size=10**12), "skipped"),
    ],
)
def test_what_cannot_be_read_is_said(artifact: FakeArtifact, status: str) -> None:
    (told,) = reports(artifact)
    assert told[:2] == ("artifact test results", status)
    assert told[2]
    assert told[3] == []


def test_a_listing_that_is_refused_is_said() -> None:
    with fake(FakeRun(12, "a" * 40)) as server, actions(server) as source:
        run = source.get_run(REPO, "12")
        server.repos[REPO].runs.clear()
        (told,) = [_told(report) for report in source.get_test_reports(run)]
    assert told[:2] == ("test reports", "missing")


def test_reports_past_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_github_artifacts, "MAX_REPORTS", 2)
    told = reports(FakeArtifact(1, "junit", zipped(*((f"{n}.xml", RED) for n in range(5)))))
    assert [(name, status) for name, status, _, _ in told] == [
        ("junit/0.xml", "read"),
        ("junit/1.xml", "read"),
        ("artifact junit", "skipped"),
    ]
    assert told[-1][2] == "3 more test reports were not read"


def test_a_bomb_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_report_zip, "MAX_REPORT", 3 << 20)
    monkeypatch.setattr(_report_zip, "MAX_UNPACKED", 6 << 20)
    swollen = RED + b" " * (20 << 20)
    told = reports(FakeArtifact(1, "junit", zipped(*((f"{n}.xml", swollen) for n in range(4)))))
    assert [(name, status) for name, status, _, _ in told] == [
        ("junit/0.xml", "read"),
        ("junit/1.xml", "read"),
        ("artifact junit", "skipped"),
    ]
    assert max(sum(map(len, lines)) for _, _, _, lines in told) <= 3 << 20


def test_a_table_of_contents_without_end_is_refused() -> None:
    pack = bytearray(zipped(("r.xml", RED)))
    struct.pack_into("<L", pack, pack.rfind(b"PK\5\6") + 12, 1 << 30)
    (told,) = reports(FakeArtifact(1, "junit", bytes(pack)))
    assert told[1] == "failed"
    assert "too many files" in told[2]


def test_names_inside_a_zip_are_shown_without_what_a_terminal_obeys() -> None:
    (told,) = reports(FakeArtifact(1, "junit", zipped(("../\x1b[31mr.xml", RED))))
    assert told[0] == "junit/../?[31mr.xml"
