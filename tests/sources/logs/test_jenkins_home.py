"""A Jenkins home folder is read as the controller wrote it, and only it."""

import gzip
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from incident_pipeline.errors import BadInput, ConfigError, NotFound, UsageError
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs.jenkins import Config, Jenkins, open_source
from tests.fakes.jenkins_state import RED_AT
from tests.sources.logs.jenkins_case import at

A, B, C = "a" * 40, "b" * 40, "c" * 40
GIT = """
    <hudson.plugins.git.util.BuildData plugin="git@4.8.2">
      <buildsByBranchName>
        <entry><string>old</string><hudson.plugins.git.util.Build><marked><sha1>{old}</sha1></marked>
          <revision reference="../marked"/></hudson.plugins.git.util.Build></entry>
        <entry>
          <string>refs/remotes/origin/{branch}</string>
          <hudson.plugins.git.util.Build>
            <marked plugin="git-client@3.9.0">
              <sha1>{sha}</sha1>
              <branches class="singleton-set">
                <hudson.plugins.git.Branch>
                  <sha1 reference="../../../sha1"/>
                  <name>refs/remotes/origin/{branch}</name>
                </hudson.plugins.git.Branch>
              </branches>
            </marked>
            <revision reference="../marked"/>
            <hudsonBuildNumber>12</hudsonBuildNumber>
          </hudson.plugins.git.util.Build>
        </entry>
      </buildsByBranchName>
      <lastBuild reference="../buildsByBranchName/entry[2]/hudson.plugins.git.util.Build"/>
      <remoteUrls><string>https://github.com/acme/shop.git</string></remoteUrls>
    </hudson.plugins.git.util.BuildData>"""


def build_xml(
    result: str = "FAILURE",
    *,
    sha: str = A,
    number: int = 0,
    branch: str = "main",
    actions: str = "",
    root: str = "build",
) -> str:
    ended = f"<result>{result}</result><duration>60000</duration>" if result else ""
    git = GIT.format(sha=sha, old=C, branch=branch) if sha else ""
    return f"""<?xml version='1.1' encoding='UTF-8'?>
<{root} plugin="workflow-job@2.42">
  <actions>
    <hudson.model.CauseAction><causeBag class="linked-hash-map"><entry>
      <hudson.model.Cause_-UserIdCause><userId>ann</userId></hudson.model.Cause_-UserIdCause><int>1</int>
    </entry></causeBag></hudson.model.CauseAction>
    <some.plugin.Action><text>&#x1b;[0m &#x0;</text><result>SUCCESS</result></some.plugin.Action>{git}{actions}
  </actions>
  <queueId>1</queueId>
  <timestamp>{RED_AT + number * 60_000}</timestamp>
  <startTime>{RED_AT + number * 60_000 + 9}</startTime>
  {ended}
</{root}>"""


def add_build(job: Path, number: int, xml: str | None = None, log: bytes | None = b"Finished\n") -> Path:
    folder = job / "builds" / str(number)
    folder.mkdir(parents=True)
    if xml is not None:
        (folder / "build.xml").write_text(xml, encoding="utf-8")
    if log is not None:
        (folder / "log").write_bytes(log)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home/jobs").mkdir(parents=True)
    return tmp_path / "home"


def open_home(path: Path, **keys: object) -> Jenkins:
    config = Config.model_validate({"home": path.name, **keys})
    return open_source(config, SourceContext("jenkins", path.parent / "cache", path.parent))


def ids(source: Jenkins, repo: str = "", **how: object) -> list[str]:
    return [run.run_id for run in source.get_runs(repo, **how)]  # pyright: ignore[reportArgumentType]


@pytest.mark.proves("files on disk", by="fake")
def test_builds_of_every_kind_of_job_are_found_newest_first(home: Path) -> None:
    add_build(home / "jobs/shop", 9, build_xml("SUCCESS", sha=B, number=9))
    add_build(home / "jobs/shop", 10, build_xml(number=10))
    pipe = add_build(home / "jobs/team/jobs/deep/jobs/pipe", 1, build_xml(number=8, root="flow-build"))
    branch = home / "jobs/app/branches/feature-x.0a1b2c"
    add_build(branch, 3, build_xml(number=3, branch="feature/x", root="flow-build"))
    (branch / "name-utf8.txt").write_text("feature%2Fx", encoding="utf-8")
    (home / "jobs/shop/builds/permalinks").write_text("lastStableBuild 9\n", encoding="utf-8")
    (home / "jobs/shop/builds/lastStableBuild").symlink_to("9")
    with open_home(home, url="https://ci.example.com/jenkins") as source:
        assert ids(source) == ["shop#10", "shop#9", "team/deep/pipe#1", "app/feature%2Fx#3"]
        assert ids(source, "acme/shop", failed_only=True)[0] == "shop#10"
        since = at(RED_AT + 8 * 60_000)
        assert ids(source, since=since, until=since + timedelta(minutes=2)) == ["shop#9", "team/deep/pipe#1"]
        assert ids(source, since=since + timedelta(days=3)) == []
        repo, run_id, _ = source.parse_run_url("https://ci.example.com/jenkins/job/shop/10/console")
        run = source.get_run(repo, run_id)
        green = source.last_green_run(run)
        branch_run = source.get_run("", "app/feature%2Fx#3")
        assert source.check().found == "3 jobs and folders"
    with open_home(home, job="team") as source:
        assert ids(source) == ["team/deep/pipe#1"]
        (pipe / "build.xml").write_text(build_xml(root="hudson.maven.MavenModuleSetBuild"), encoding="utf-8")
        assert ids(source) == ["team/deep/pipe#1"]
    assert (run.repo, run.head_sha, run.branch, run.event) == ("acme/shop", A, "main", "manual")
    assert (run.conclusion, run.created_at) == ("failure", at(RED_AT + 600_000))
    assert run.updated_at == at(RED_AT + 660_000)
    assert run.url == "https://ci.example.com/jenkins/job/shop/10/"
    assert green
    assert (green.run_id, green.head_sha) == ("shop#9", B)
    assert (branch_run.branch, branch_run.workflow) == ("feature/x", "app/feature/x")


@pytest.mark.proves("files on disk", by="fake")
def test_a_log_is_read_where_it_lies_and_packed_ones_too(home: Path) -> None:
    note = b"\x1b[8mha:////4AAAA\x1b[0m"
    add_build(home / "jobs/shop", 1, build_xml(), note + b"one\r\n" + "zwei \u2028\n".encode())
    packed = add_build(home / "jobs/shop", 2, build_xml(), None)
    (packed / "log.gz").write_bytes(gzip.compress(b"packed\n"))
    add_build(home / "jobs/shop", 3, build_xml(), None)
    add_build(home / "jobs/shop", 4, build_xml(), b"")
    told: list[tuple[list[str], str]] = []
    with open_home(home) as source:
        for number in (1, 2, 3, 4):
            run = source.get_run("", f"shop#{number}")
            (job,) = source.get_jobs(run)
            log = source.read_job_log(run, job)
            told.append(([m for frame in log.frames for m in frame["message"]], log.status().status))
        window = at(RED_AT), at(RED_AT + 1)
        entries = [entry.message for entry in source.get_logs("shop", *window)]
    assert told[0] == ([note.decode() + "one", "zwei \u2028"], "read")
    assert told[1:] == [(["packed"], "read"), ([], "missing"), ([], "empty")]
    assert entries == ["packed", *told[0][0]]


@pytest.mark.proves("running builds", by="fake")
def test_builds_that_run_or_never_ended_have_no_conclusion(home: Path) -> None:
    add_build(home / "jobs/shop", 1, build_xml(""))
    add_build(home / "jobs/shop", 2)
    done = build_xml("SUCCESS", root="flow-build").replace("<queueId>", "<completed>false</completed><queueId>")
    add_build(home / "jobs/shop", 3, done)
    with open_home(home) as source:
        runs = [source.get_run("", f"shop#{number}") for number in (1, 2, 3)]
        assert [(run.status, run.conclusion) for run in runs] == [("in_progress", None)] * 3
        assert runs[1].created_at is None
        log = source.read_job_log(runs[0], next(iter(source.get_jobs(runs[0]))))
        assert [m for frame in log.frames for m in frame["message"]] == ["Finished"]
        assert (log.status().status, log.status().detail) == ("truncated", "the build still runs")
        assert "shop#2" in ids(source)
        assert "shop#2" not in ids(source, since=at(RED_AT))


@pytest.mark.proves("runs", by="fake")
def test_an_abort_by_a_time_limit_is_red_and_one_by_hand_is_not(home: Path) -> None:
    stopped = "<jenkins.model.InterruptedBuildAction><causes><{}/></causes></jenkins.model.InterruptedBuildAction>"
    late = stopped.format("org.jenkinsci.plugins.workflow.steps.TimeoutStepExecution_-ExceededTimeout")
    by_hand = stopped.format("jenkins.model.CauseOfInterruption_-UserInterruption")
    add_build(home / "jobs/shop", 1, build_xml("ABORTED", actions=late))
    add_build(home / "jobs/shop", 2, build_xml("ABORTED", actions=by_hand))
    with open_home(home) as source:
        assert [source.get_run("", f"shop#{n}").conclusion for n in (1, 2)] == ["timed_out", "cancelled"]
        assert ids(source, failed_only=True) == ["shop#1"]


@pytest.mark.proves("last green run", by="fake")
def test_a_pull_requests_green_run_is_the_usual_main_branchs(home: Path) -> None:
    add_build(home / "jobs/app/branches/PR-7", 1, build_xml(branch="PR-7", number=5))
    add_build(home / "jobs/app/branches/master", 4, build_xml("SUCCESS", branch="master", number=2))
    add_build(home / "jobs/app/branches/master", 5, build_xml("SUCCESS", branch="master", number=9))
    with open_home(home) as source:
        run = source.get_run("", "app/PR-7#1")
        green = source.last_green_run(run)
    assert run.pr_number == 7
    assert green
    assert green.run_id == "app/master#4"


@pytest.mark.proves("test reports", by="fake")
def test_failed_tests_are_read_from_the_results_on_disk(home: Path) -> None:
    folder = add_build(home / "jobs/shop", 1, build_xml("UNSTABLE"))
    case = "<case><className>a.B</className><testName>{}</testName><skipped>{}</skipped>{}</case>"
    cases = (
        case.format("passes", "false", "<failedSince>0</failedSince>")
        + case.format(
            "fails", "false", "<errorDetails>no &amp; no&#x1b;</errorDetails><errorStackTrace>at x</errorStackTrace>"
        )
        + case.format("skipped", "true", "<errorDetails>not now</errorDetails>")
        + case.format("noisy", "false", "<stdout>errorDetails</stdout>")
    )
    suites = f"<suites><suite><name>s</name><cases>{cases}</cases></suite></suites>"
    xml = f"<?xml version='1.1' encoding='UTF-8'?>\n<result plugin='junit@1'>{suites}</result>"
    (folder / "junitResult.xml").write_text(xml, encoding="utf-8")
    add_build(home / "jobs/shop", 2, build_xml())
    with open_home(home) as source:
        (report,) = source.get_test_reports(source.get_run("", "shop#1"))
        text = "\n".join(m for frame in report.frames for m in frame["message"])
        assert list(source.get_test_reports(source.get_run("", "shop#2"))) == []
        (folder / "junitResult.xml").write_text(xml[:-20], encoding="utf-8")
        (broken,) = source.get_test_reports(source.get_run("", "shop#1"))
    assert text.count("<testcase") == 1
    assert 'name="fails"><failure message="no &amp; no?">at x</failure>' in text
    assert (broken.key, broken.status().status) == ("", "failed")


@pytest.mark.proves("files on disk", by="fake")
@pytest.mark.parametrize(
    "xml",
    [
        "", "no xml", "<build>", "<html/>", build_xml()[:-20], build_xml().replace("177", "x", 1),
        "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><build><result>&e;</result></build>",
        build_xml().replace(str(RED_AT), "9" * 30, 1),
    ],
)  # fmt: skip
def test_a_broken_build_hides_no_other_and_is_told(home: Path, xml: str) -> None:
    add_build(home / "jobs/shop", 1, build_xml())
    add_build(home / "jobs/shop", 2, xml)
    with open_home(home) as source:
        assert ids(source) == ["shop#1"]
        (status,) = source.read_statuses()
        assert (status.what, status.status) == ("shop#2", "failed")
        assert "passwd" not in status.detail.replace("/etc/passwd", "")
        assert ids(source) == ["shop#1"]
        assert len(source.read_statuses()) == 1
        with pytest.raises(BadInput):
            source.get_run("", "shop#2")


@pytest.mark.proves("files on disk", by="fake")
@pytest.mark.parametrize(
    "git",
    [
        GIT.replace("entry[2]", "entry[9]"),
        GIT.replace("entry[2]", "entry[x]"),
        GIT.replace("../buildsByBranchName", "/"),
        GIT.replace("<sha1>{sha}", "<sha1>zz"),
        GIT.replace('revision reference="../marked"', 'revision reference="../revision"'),
        GIT.replace("../buildsByBranchName/entry[2]/hudson.plugins.git.util.Build", "../" * 99),
    ],
)
def test_git_data_that_cannot_be_followed_gives_no_commit(home: Path, git: str) -> None:
    xml = build_xml(sha="", actions=git.format(sha=A, old=C, branch="main"))
    add_build(home / "jobs/shop", 1, xml)
    with open_home(home) as source:
        run = source.get_run("", "shop#1")
    assert run.head_sha in {"", A}
    assert (run.head_sha == A) is ('reference="../revision"' in git)  # what was marked is known then


@pytest.mark.proves("files on disk", by="fake")
def test_nothing_outside_of_the_home_is_read(home: Path, tmp_path: Path) -> None:
    outside = add_build(tmp_path / "outside", 1, build_xml(), b"secret\n")
    add_build(home / "jobs/shop", 1, build_xml(), None)
    (home / "jobs/shop/builds/1/log").symlink_to(outside / "log")
    (home / "jobs/shop/builds/2").symlink_to(outside)
    add_build(tmp_path / "outside", 3, None)
    (home / "jobs/shop/builds/3").symlink_to(tmp_path / "outside/builds/3")
    add_build(home / "jobs/shop", 4)
    (home / "jobs/shop/builds/4/build.xml").symlink_to(outside / "build.xml")
    (home / "jobs/linked").symlink_to(tmp_path / "outside")
    (home / "jobs/loop").symlink_to(home)
    (home / "jobs/named/builds/1").mkdir(parents=True)
    (home / "jobs/named/name-utf8.txt").write_text("../../etc", encoding="utf-8")
    with open_home(home) as source:
        assert ids(source) == ["shop#1", "..%2F..%2Fetc#1"]
        assert [status.what for status in source.read_statuses()] == ["shop#4", "shop#3", "shop#2"]
        run = source.get_run("", "shop#1")
        log = source.read_job_log(run, next(iter(source.get_jobs(run))))
        assert (list(log.frames), log.status().status) == ([], "failed")
        for wrong in (
            "../outside#1",
            "linked#1",
            "shop/../shop#1",
            "shop#2",
            "shop#lastFailedBuild",
            "shop#7",
            "none#1",
        ):
            with pytest.raises((NotFound, UsageError, BadInput)):
                source.get_run("", wrong)
        with pytest.raises(UsageError):
            source.parse_run_url("https://ci.example.com/job/shop/1/")  # whose address is not known


@pytest.mark.proves("check", by="fake")
def test_a_folder_that_is_no_home_is_told(home: Path, tmp_path: Path) -> None:
    with open_home(home, job="shop") as source:
        assert "no such job" in source.check().advice
        add_build(home / "jobs/shop", 1, build_xml())
        assert (source.check().works, source.check().found) == (True, "1 builds")
    (tmp_path / "real/jobs").mkdir(parents=True)
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare/jobs").symlink_to(tmp_path / "real/jobs")
    for folder, says in (("gone", "is no Jenkins home"), ("bare", "leads out of")):
        with open_home(tmp_path / folder) as source:
            assert says in source.check().advice
    with pytest.raises(ConfigError):
        open_home(home, home=None)


@pytest.mark.proves("files on disk", by="fake")
def test_builds_long_before_the_window_are_not_opened(home: Path) -> None:
    for number in range(1, 106):
        add_build(home / "jobs/shop", number, build_xml(number=number) if number > 1 else "broken")
    add_build(home / "jobs/shop", 106, build_xml(number=10_000))
    with open_home(home) as source:
        assert ids(source, since=at(RED_AT + 10_000 * 60_000)) == ["shop#106"]
        assert source.read_statuses() == ()
        assert len(ids(source)) == 105
        assert len(source.read_statuses()) == 1


@pytest.mark.proves("files on disk", by="fake")
@pytest.mark.parametrize("place", ["some.plugin.Data", "hudson.plugins.git.util.BuildData"])
def test_a_huge_build_xml_costs_little_memory(home: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr("incident_pipeline.sources.logs._jenkins_xml.MAX_NODES", 1_000)
    noise = f"<{place}>" + "<row>text &#x1b;</row>" * 40_000 + f"</{place}>"
    add_build(home / "jobs/shop", 1, build_xml(actions=noise))
    with open_home(home) as source:
        tracemalloc.start()
        run = source.get_run("", "shop#1")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert run.head_sha == A
    assert peak < 2 << 20
