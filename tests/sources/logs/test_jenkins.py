"""What is special about Jenkins: kinds of jobs, names in addresses, numbers, logs of builds that run, stages."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from incident_pipeline.errors import BadPayload, ConfigError, NotFound, UsageError
from incident_pipeline.http.client import Client
from incident_pipeline.model.incident import Run
from incident_pipeline.sources._api import Api
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs._jenkins_api import ApiBuilds
from incident_pipeline.sources.logs.jenkins import Config, Jenkins, open_source
from tests.fakes.jenkins import FakeJenkins, sample
from tests.fakes.jenkins_state import RED_AT, FakeJob
from tests.fakes.server import Reply, json_reply
from tests.http.clock import Clock
from tests.sources.logs.jenkins_case import TOKEN, at, build, jenkins, open_jenkins

HTTPS = "https://github.com/acme/shop.git"


def ids(source: Jenkins, repo: str = "", **how: object) -> list[str]:
    return [run.run_id for run in source.get_runs(repo, **how)]  # pyright: ignore[reportArgumentType]


def log_of(source: Jenkins, run: Run, number: int = 0) -> tuple[list[str], str, str]:
    """(lines, status, detail) of a job's log."""
    log = source.read_job_log(run, list(source.get_jobs(run))[number])
    lines = [m for frame in log.frames for m in frame["message"]]
    return lines, log.status().status, log.status().detail


@pytest.mark.proves("runs", by="fake")
def test_every_kind_of_job_is_found_below_its_folders() -> None:
    jobs = [
        FakeJob("free", builds=[build(1)]),
        FakeJob("empty"),
        FakeJob("team", "folder", jobs=[FakeJob("deep", "folder", jobs=[FakeJob("pipe", "pipeline", [build(2)])])]),
        FakeJob("app", "multibranch", jobs=[FakeJob("feature%2Fx", "pipeline", [build(3, branch="feature/x")])]),
    ]
    with jenkins(*jobs) as (fake, source):
        assert ids(source) == ["app/feature%2Fx#3", "team/deep/pipe#2", "free#1"]
        assert ids(source, "acme/shop") == ids(source)
        assert ids(source, "team") == ["team/deep/pipe#2"]
        assert ids(source, "acme/other") == []
        run = source.get_run("acme/shop", "app/feature%2Fx#3")
        assert fake.requests[-1].url.startswith("/jenkins/job/app/job/feature%252Fx/3/")
    assert (run.workflow, run.branch, run.repo, run.event) == ("app/feature/x", "feature/x", "acme/shop", "push")
    assert run.url == f"{source.config.url}/job/app/job/feature%252Fx/3/"


@pytest.mark.proves("runs", by="fake")
def test_only_the_configured_job_is_read() -> None:
    inside = [FakeJob("one", builds=[build(1)]), FakeJob("two", builds=[build(2)])]
    with jenkins(FakeJob("team", "folder", jobs=inside), FakeJob("other", builds=[build(9)]), job="/team/two/") as got:
        fake, source = got
        assert ids(source, "acme/shop") == ["team/two#2"]
        assert [r.path for r in fake.requests] == ["/jenkins/job/team/job/two/api/json"] * 2
        assert source.get_run("acme/shop", "2").run_id == "team/two#2"
    with jenkins(job="gone") as (_, source), pytest.raises(NotFound, match="jenkins gone: its jobs not found"):
        ids(source)


@pytest.mark.proves("runs", by="fake")
def test_a_run_id_names_job_and_number() -> None:
    with jenkins(FakeJob("shop", builds=[build(1, "FAILURE"), build(2)])) as (fake, source):
        assert source.get_run("shop", "1").run_id == "shop#1"  # what a job finds in JOB_NAME and BUILD_NUMBER
        assert source.get_run("", "shop#lastFailedBuild").run_id == "shop#1"
        asked = len(fake.requests)
        for wrong in ("1", "shop#", "#1", "shop#x", "a/../b#1", "shop#1/../2", "shop#-1", "a//b#1", "shop\n#1"):
            with pytest.raises(UsageError):
                source.get_run("", wrong)
        with pytest.raises(UsageError, match="one attempt"):
            source.get_run("", "shop#1", 2)
        assert len(fake.requests) == asked


@pytest.mark.proves("run URL", by="fake")
@pytest.mark.parametrize(
    ("path", "run_id"),
    [
        ("/job/shop/12/", "shop#12"),
        ("/job/shop/12/console?x=1#L5", "shop#12"),
        ("/view/all/job/team/view/mine/job/shop/12", "team/shop#12"),
        ("/job/my%20job/3/", "my job#3"),
        ("/job/app/job/feature%252Fx/3/", "app/feature%2Fx#3"),
        ("/job/app/job/feature%2Fx/3/", "app/feature%2Fx#3"),  # as some proxies rewrite it
        ("/job/m/OS=linux,PY=3/7/console", "m#7"),
        ("/job/shop/lastFailedBuild/", "shop#lastFailedBuild"),
        ("/blue/organizations/jenkins/team%2Fapp/detail/feature%252Fx/12/pipeline/42", "team/app/feature%2Fx#12"),
        ("/blue/organizations/jenkins/app/detail/PR-7/12/tests", "app/PR-7#12"),
        ("/blue/organizations/jenkins/team%2Fpipe/detail/pipe/12/", "team/pipe#12"),
    ],
)
def test_pages_of_builds_name_their_runs(path: str, run_id: str) -> None:
    source = open_jenkins("https://ci.example.com/jenkins")
    assert source.parse_run_url(f"https://CI.example.com/jenkins{path}") == ("", run_id, None)


@pytest.mark.proves("run URL", by="fake")
def test_other_pages_are_refused() -> None:
    source = open_jenkins("https://ci.internal/jenkins", keys={"web_url": "https://ci.example.com"})
    assert source.parse_run_url("https://ci.example.com/job/shop/1/")[1] == "shop#1"
    assert source.parse_run_url("https://ci.internal/jenkins/job/shop/1/")[1] == "shop#1"
    pages = (
        "https://ci.example.com/job/shop/", "https://ci.example.com/job/shop/configure", "https://[", "shop#1",
        "https://ci.internal/job/shop/1/", "https://ci.internal/jenkinsjob/shop/1/", "https://ci.internal/jenkins2/job/shop/1/",
        "https://ci.example.com.evil.test/job/shop/1/", "http://ci.example.com/job/shop/1/", "https://ci.example.com/12/",
    )  # fmt: skip
    for page in pages:
        with pytest.raises(UsageError):
            source.parse_run_url(page)


@pytest.mark.proves("runs", by="fake")
@pytest.mark.parametrize(
    ("result", "conclusion", "failed"),
    [
        ("SUCCESS", "success", False), ("FAILURE", "failure", True), ("UNSTABLE", "failure", True),
        ("ABORTED", "cancelled", False), ("NOT_BUILT", "skipped", False), ("ODD", "odd", False),
    ],
)  # fmt: skip
def test_results_become_conclusions(result: str, conclusion: str, *, failed: bool) -> None:
    with jenkins(FakeJob("shop", builds=[build(1, result)])) as (_, source):
        run = source.get_run("", "shop#1")
        assert (run.status, run.conclusion, run.failed) == ("completed", conclusion, failed)
        assert (run.created_at, run.updated_at) == (at(RED_AT + 60_000), at(RED_AT + 120_000))
        assert [r.run_id for r in source.get_runs("", failed_only=True)] == (["shop#1"] if failed else [])


@pytest.mark.proves("running builds", by="fake")
def test_a_build_that_runs_has_no_conclusion() -> None:
    with jenkins(FakeJob("shop", builds=[build(1, building=True)])) as (_, source):
        run = source.get_run("", "shop#1")
        (job,) = source.get_jobs(run)
    assert (run.status, run.conclusion, run.failed) == ("in_progress", None, False)
    assert (job.status, job.completed_at) == ("in_progress", None)


@pytest.mark.proves("paging", by="fake")
def test_older_builds_than_the_newest_100_are_read_too() -> None:
    with jenkins(FakeJob("shop", builds=[build(n) for n in range(1, 251)])) as (fake, source):
        assert ids(source) == [f"shop#{n}" for n in range(250, 0, -1)]
        trees = [r.query["tree"] for r in fake.requests[1:]]
        assert [tree.partition("[")[0] + tree[tree.rindex("{") :] for tree in trees] == [
            "builds{0,100}", "allBuilds{99,199}", "allBuilds{198,298}",
        ]  # fmt: skip
        since = at(RED_AT + 250 * 60_000)
        asked = len(fake.requests)
        assert ids(source, since=since) == ["shop#250"]
        assert len(fake.requests) == asked + 4  # a clock that was set back hides no build: a day's are looked through
        assert ids(source, since=since + timedelta(days=2)) == []
        assert len(fake.requests) == asked + 5  # the folder alone says that nothing is new


@pytest.mark.proves("paging", by="fake")
@pytest.mark.parametrize("gone", [12, 9, 7, 5, 2])
def test_builds_that_come_and_go_between_pages_are_neither_lost_nor_doubled(gone: int) -> None:
    job = FakeJob("shop", builds=[build(n) for n in range(1, 12)])
    with FakeJenkins([job]) as fake, Client(fake.address, patience=Clock().patience()) as client:
        builds = ApiBuilds(Api(client), page_size=4, max_log_bytes=1).builds("shop")
        got = [next(builds).number for _ in range(4)]
        job.builds += [build(12), build(13)]
        got += [next(builds).number]
        job.builds = [one for one in job.builds if one.number < gone]
        got += [one.number for one in builds]
    assert got == [11, 10, 9, 8, 7, *range(min(6, gone - 1), 0, -1)]


@pytest.mark.proves("last green run", by="fake")
def test_green_is_a_success_with_a_lower_number_on_the_same_branch() -> None:
    builds = [
        build(1), build(2, branch="origin/main"), build(3, branch="origin/other"), build(4, "UNSTABLE"),
        build(5, "ABORTED"), build(6, "FAILURE"), build(7), build(8, building=True),
    ]  # fmt: skip
    builds[1].at = RED_AT + 10**9  # a clock that was ahead then
    with jenkins(FakeJob("shop", builds=builds), page_size=3) as (_, source):
        green = source.last_green_run(source.get_run("", "shop#6"))
        assert green
        assert (green.run_id, green.branch) == ("shop#2", "main")
        assert source.last_green_run(source.get_run("", "shop#1")) is None


@pytest.mark.proves("last green run", by="fake")
def test_a_pull_request_is_measured_by_its_own_builds_then_by_the_main_branch() -> None:
    pull = FakeJob("PR-7", "pipeline", [build(5, "FAILURE", branch="PR-7")])
    main = FakeJob("trunk", "pipeline", [build(1, branch="trunk"), build(9, branch="trunk")], primary=True)
    with jenkins(FakeJob("app", "multibranch", jobs=[pull, main])) as (_, source):
        run = source.get_run("", "app/PR-7#5")
        assert (run.pr_number, run.event, run.branch, run.workflow_id) == (7, "pull_request", "PR-7", "app/PR-7")
        green = source.last_green_run(run)
        assert green
        assert (green.run_id, green.branch) == ("app/trunk#1", "trunk")
        assert [j.name for r in (run, green) for j in source.get_jobs(r)] == ["app", "app"]
        pull.builds.append(build(4, branch="PR-7"))
        assert [g.run_id for g in [source.last_green_run(run)] if g] == ["app/PR-7#4"]
        main.primary = False
        pull.builds.pop()
        assert source.last_green_run(run) is None


@pytest.mark.proves("runs", by="fake")
@pytest.mark.parametrize(
    ("remote", "repo"),
    [
        ("git@github.com:acme/shop.git", "acme/shop"),
        ("https://ann:pw@github.com/acme/shop", "acme/shop"),
        ("ssh://git@bitbucket.internal:7999/acme/shop.git", "acme/shop"),
        ("https://bitbucket.internal/scm/acme/shop.git", "acme/shop"),
        ("https://gitlab.example.com/acme/sub/shop.git", "acme/sub/shop"),
        ("https://dev.azure.com/org/acme/_git/shop", "acme/shop"),
        ("/srv/git/acme/shop.git/", "acme/shop"),
        ("shop.git", "shop"),
        ("$GIT_URL", "job"),
        ("https://[bad/acme/shop", "job"),
        ("https://host/acme/../../etc/pass wd", "job"),
    ],
)
def test_the_repository_is_named_by_its_remote(remote: str, repo: str) -> None:
    with jenkins(FakeJob("job", builds=[build(1, git=[(remote, "a" * 40, "origin/main")])])) as (_, source):
        run = source.get_run("", "job#1")
    assert (run.repo, run.head_sha, run.branch) == (repo, "a" * 40, "main")
    assert "pw" not in repr(run)


@pytest.mark.proves("runs", by="fake")
def test_of_several_checkouts_the_builds_own_counts() -> None:
    library = ("https://github.com/acme/jenkins-library.git", "1" * 40, "main")
    own, other = (HTTPS, "2" * 40, "refs/remotes/origin/main"), ("https://x.test/acme/deploy.git", "3" * 40, "stable")
    inside = [
        FakeJob("stable", "pipeline", [build(1, git=[library, own, other])]),
        FakeJob("main", "pipeline", [build(1, git=[library, other, own])]),
    ]
    jobs = [FakeJob("shop", builds=[build(1, git=[library, own, other])]), FakeJob("multi", "multibranch", jobs=inside)]
    with jenkins(*jobs) as (_, source):
        found = [source.get_run(repo, "shop#1") for repo in ("", "acme/deploy", "ACME/shop", "acme/none")]
        assert [(run.repo, run.head_sha[0]) for run in found] == [
            ("acme/shop", "2"), ("acme/deploy", "3"), ("ACME/shop", "2"), ("acme/shop", "2"),
        ]  # fmt: skip
        assert source.get_run("", "multi/stable#1").repo == "acme/deploy"
        assert source.get_run("", "multi/main#1").repo == "acme/shop"
    with jenkins(*jobs, owner="acme", repo="mirrored") as (_, source):
        assert source.get_run("", "shop#1").repo == "acme/mirrored"


@pytest.mark.proves("runs", by="fake")
def test_a_build_that_checked_nothing_out_is_still_its_repositorys() -> None:
    builds = [build(1), build(2, "FAILURE", git=[], changes=[("b" * 40, 5), ("c" * 40, 9), ("x", 99)])]
    with jenkins(FakeJob("shop", builds=builds)) as (_, source):
        (run,) = source.get_runs("acme/shop", failed_only=True)
        assert (run.repo, run.head_sha, run.branch) == ("acme/shop", "c" * 40, None)
        assert source.get_run("", "shop#2").repo == "shop"
    with jenkins(FakeJob("shop", builds=builds[1:]), job="shop") as (_, source):
        assert ids(source, "acme/shop") == ["shop#2"]


@pytest.mark.proves("jobs and steps", by="fake")
def test_stages_are_the_steps_of_the_one_job() -> None:
    stages = [
        ("Build", "SUCCESS"),
        ("Test", "FAILED"),
        ("Check", "UNSTABLE"),
        ("Deploy", "NOT_EXECUTED"),
        ("x", "IN_PROGRESS"),
    ]
    with jenkins(FakeJob("shop", "pipeline", [build(1, "FAILURE", stages=stages)])) as (fake, source):
        (job,) = source.get_jobs(source.get_run("", "shop#1"))
        told = [(s.number, s.name, s.conclusion, bool(s.completed_at)) for s in job.steps]
        fake.stage_view = False
        (bare,) = source.get_jobs(source.get_run("", "shop#1"))
    assert told == [
        (1, "Build", "success", True), (2, "Test", "failure", True), (3, "Check", "failure", True),
        (4, "Deploy", "skipped", True), (5, "x", None, False),
    ]  # fmt: skip
    assert (job.name, job.conclusion, bare.steps) == ("shop", "failure", ())


@pytest.mark.proves("jobs and steps", by="fake")
def test_each_combination_of_a_matrix_build_has_its_own_log() -> None:
    axes = {
        "OS=linux,PY=3": build(4, log=b"fine"),
        "OS=a b,PY=3": build(4, "FAILURE", log=b"broken"),
        "OS=old": build(2),
    }
    with jenkins(FakeJob("m", "matrix", [build(4, "FAILURE", log=b"parent", combinations=axes)])) as (_, source):
        run = source.get_run("", "m#4")
        jobs = list(source.get_jobs(run))
        assert [(job.name, job.failed) for job in jobs] == [
            ("m", True), ("m OS=linux,PY=3", False), ("m OS=a b,PY=3", True),
        ]  # fmt: skip
        assert [log_of(source, run, n)[0] for n in range(3)] == [["parent"], ["fine"], ["broken"]]
    assert jobs[2].url.endswith("/job/m/OS=a%20b,PY=3/4/")


@pytest.mark.proves("job logs", by="fake")
def test_a_log_whose_file_is_gone_is_missing_though_the_answer_is_200() -> None:
    gone = b"No such file: /var/lib/jenkins/jobs/shop/builds/1/log"
    with jenkins(FakeJob("shop", builds=[build(1, log=gone), build(2, log=gone + b"\nand more")])) as (_, source):
        assert log_of(source, source.get_run("", "shop#1"))[1] == "missing"
        assert log_of(source, source.get_run("", "shop#2"))[1] == "read"


@pytest.mark.proves("job logs", by="fake")
def test_a_log_over_the_limit_is_cut_and_says_so() -> None:
    long = b"line of text\n" * 100
    with jenkins(
        FakeJob("shop", builds=[build(1, log=long), build(2, log=long, building=True)]), max_log_bytes=65
    ) as got:
        _, source = got
        for run_id in ("shop#1", "shop#2"):
            lines, status, detail = log_of(source, source.get_run("", run_id))
            assert (lines, status, detail) == (["line of text"] * 5, "truncated", "cut after 65 bytes")


@pytest.mark.proves("running builds", by="fake")
def test_a_running_builds_log_is_read_as_far_as_it_goes() -> None:
    note = b"\x1b[8mha:AAAA\x1b[0m"
    running = build(1, building=True, log=note + b"one\n")
    with jenkins(FakeJob("shop", builds=[running])) as (fake, source):
        run = source.get_run("", "shop#1")
        assert log_of(source, run) == (["one"], "truncated", "the build still runs")
        assert [r.query["start"] for r in fake.requests if "start" in r.query] == ["0", str(len(running.log))]  # pyright: ignore[reportArgumentType]
        running.grows = [note + b"tw", b"o\nFinished: SUCCESS\n"]
        assert log_of(source, run) == (["one", "two", "Finished: SUCCESS"], "read", "")  # it ended meanwhile
        running.log = 404
        assert log_of(source, run)[1] == "missing"


@pytest.mark.proves("running builds", by="fake")
@pytest.mark.parametrize("size", [None, "-1", "many", "2"])
def test_a_log_whose_size_makes_no_sense_ends_where_it_is(size: str | None) -> None:
    with jenkins(FakeJob("shop", builds=[build(1, building=True)])) as (fake, source):
        run = source.get_run("", "shop#1")
        jobs = list(source.get_jobs(run))
        good = Reply(200, b"abc\n", {"X-Text-Size": "4", "X-More-Data": "true"})
        odd = Reply(200, b"more\n", {"X-More-Data": "true", **({"X-Text-Size": size} if size else {})})
        fake.next_replies = [good, odd]
        log = source.read_job_log(run, jobs[0])
        assert [m for f in log.frames for m in f["message"]] == (["abc"] if size == "2" else ["abc", "more"])
        assert log.status().status == "truncated"
        assert fake.next_replies == []


@pytest.mark.proves("job logs", by="fake")
def test_entries_of_a_job_keep_lines_without_a_time() -> None:
    lines = b"[2026-03-01T14:03:30.000Z] ERROR one\n[2026-03-01T15:00:00.000Z] late\n[2026-03-01T14:03:31.000Z] two\n"
    with jenkins(FakeJob("shop", builds=[build(1, log=lines), build(2, log=b"plain\n")])) as (_, source):
        window = at(RED_AT), at(RED_AT + 200_000)
        entries = list(source.get_logs("acme/shop", *window))
        assert [(e.line, e.metadata["run_id"]) for e in entries] == [(1, "shop#2"), (1, "shop#1"), (3, "shop#1")]
        assert [e.message for e in source.get_logs("shop", *window, "error")] == [
            "[2026-03-01T14:03:30.000Z] ERROR one"
        ]
        with pytest.raises(UsageError):
            list(source.get_logs("shop", *window, "loud"))


@pytest.mark.proves("test reports", by="fake")
def test_failed_tests_become_a_report() -> None:
    cases: list[tuple[str, str, str, str | None, str | None]] = [
        ("a.B", "passes", "PASSED", None, None), ("a.B", "was <red>", "FIXED", None, None),
        ("a.B", "fails & \"burns\"", "FAILED", "no <b>\x1b[0m", "Trace:\n\tat a.B(B.java:3)]]>"),
        ("a.C", "again", "REGRESSION", "msg", None),
    ]  # fmt: skip
    with jenkins(
        FakeJob("shop", builds=[build(1, "UNSTABLE", cases=cases), build(2), build(3, cases=cases[:1])])
    ) as got:
        fake, source = got
        (report,) = source.get_test_reports(source.get_run("", "shop#1"))
        lines = [m for f in report.frames for m in f["message"]]
        assert report.status().status == "read"
        assert [list(source.get_test_reports(source.get_run("", f"shop#{n}"))) for n in (2, 3)] == [[], []]
        run = source.get_run("", "shop#1")
        fake.always = json_reply({}, 500)
        (unread,) = source.get_test_reports(run)
        assert (unread.key, unread.status().status) == ("", "failed")
    text = "\n".join(lines)
    assert text.count("<testcase") == text.count("<failure") == 2
    assert 'name="was' not in text
    assert 'message="no &lt;b&gt;?[0m">Trace:\n\tat a.B(B.java:3)]]&gt;</failure>' in text


@pytest.mark.proves("test reports", by="fake")
def test_of_very_many_failed_tests_the_first_are_reported() -> None:
    cases: list[tuple[str, str, str, str | None, str | None]] = [
        ("a", f"t{n}", "FAILED", "x", None) for n in range(2_003)
    ]
    with jenkins(FakeJob("shop", builds=[build(1, cases=cases)])) as (_, source):
        (report,) = source.get_test_reports(source.get_run("", "shop#1"))
        assert sum(message.count("<testcase") for f in report.frames for message in f["message"]) == 2_000
    assert (report.status().status, report.status().detail) == ("truncated", "3 more failed tests were not read")


@pytest.mark.proves("check", by="fake")
def test_check_says_whose_the_token_is() -> None:
    with jenkins(FakeJob("shop", builds=[build(1)]), FakeJob("team", "folder")) as (_, source):
        seen = source.check()
    assert (seen.credentials, seen.scopes, seen.found) == ("ann", "developers", "2 jobs and folders")
    with jenkins(FakeJob("shop", builds=[build(1)]), job="shop") as (_, source):
        assert (source.check().what, source.check().found) == ("shop", "the job is there")
    with jenkins(job="gone") as (_, source):
        assert "gone" in source.check().advice
    with FakeJenkins([FakeJob("shop")], token=TOKEN) as fake, open_jenkins(fake.address, token="wrong") as source:
        assert "the token is refused" in source.check().advice
    with FakeJenkins([FakeJob("shop")]) as fake, open_jenkins(fake.address) as source:
        assert source.check().credentials == "anonymous"


@pytest.mark.proves("errors", by="fake")
@pytest.mark.parametrize(
    "odd",
    [
        {"builds": 5}, {"builds": [5]}, {"builds": [{"result": "SUCCESS"}]}, {"builds": [{"number": "x"}]},
        {"builds": [{"number": 1, "timestamp": "soon"}]}, {"builds": [{"number": 1, "timestamp": 10**30}]},
        {"builds": [{"number": 1, "actions": {"a": 1}}]}, {"builds": [{"number": 1, "actions": [{"causes": ["x"]}]}]},
        {"builds": [{"number": 1, "actions": [{"lastBuiltRevision": [1]}]}]},
        {"builds": [{"number": 1, "changeSet": {"items": [{"timestamp": "x"}]}}]},
    ],
)  # fmt: skip
def test_nonsense_is_a_bad_payload(odd: dict[str, object]) -> None:
    with jenkins(FakeJob("shop", builds=[build(1)])) as (fake, source):
        jobs = {"jobs": [{"name": "shop", "color": "red"}]}
        fake.next_replies = [json_reply(jobs), json_reply(odd)]
        with pytest.raises(BadPayload, match="jenkins shop: its builds"):
            ids(source)


@pytest.mark.proves("errors", by="fake")
def test_what_may_be_missing_may_be_missing() -> None:
    bare: dict[str, object] = {
        "number": 1,
        "result": "FAILURE",
        "actions": [None, {}, {"causes": None}, {"lastBuiltRevision": {}}],
    }
    with jenkins(FakeJob("shop", builds=[build(1)])) as (fake, source):
        fake.next_replies = [json_reply(bare)]
        run = source.get_run("", "shop#1")
    assert (run.repo, run.head_sha, run.branch, run.created_at, run.title) == ("shop", "", None, None, "")


@pytest.mark.proves("runs", by="fake")
@pytest.mark.parametrize(
    "name", ["a?b=c&d", "100% \u00a0sure", "..%2F..", "caf\u00e9 \U0001f9c0", "x\u202ey", "fix%2312", "+;=@"]
)
def test_names_stay_names_in_addresses(name: str) -> None:
    with jenkins(FakeJob(name, builds=[build(1)])) as (_, source):
        (run,) = source.get_runs("")
        (job,) = source.get_jobs(run)
        assert (run.run_id, job.name) == (f"{name}#1", unquote(name))
        page = run.url.replace(str(source.config.url), "")
        assert source.get_run(*source.parse_run_url(f"{source.config.url}{page}")) == run


@pytest.mark.proves("errors", by="fake")
@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\nb", "\x1b[31m"])
def test_a_name_that_is_none_hides_no_other(name: str) -> None:
    with jenkins(FakeJob("one", builds=[build(1)])) as (fake, source):
        fake.next_replies = [json_reply({"jobs": [{"name": name, "color": "red"}, {"name": "one", "color": "red"}]})]
        assert ids(source) == ["one#1"]


@pytest.mark.proves("paging", by="fake")
def test_a_page_that_comes_again_and_again_is_told() -> None:
    page = {key: [{"number": 2, "result": "SUCCESS"}, {"number": 1}] for key in ("builds", "allBuilds")}
    with jenkins(job="shop", page_size=2) as (fake, source):
        fake.next_replies = [json_reply({"color": "red"})]
        fake.always = json_reply(page)
        with pytest.raises(BadPayload, match="again and again"):
            ids(source)
        assert len(fake.requests) < 10


@pytest.mark.proves("credentials", by="fake")
def test_the_token_is_not_sent_on_to_another_host() -> None:
    with jenkins(FakeJob("shop", builds=[build(1)])) as (fake, source), FakeJenkins([]) as other:
        fake.always = Reply(302, b"", {"Location": f"{other.address}/api/json"})
        assert ids(source) == []
        assert [("authorization" in r.headers) for r in other.requests] == [False]


@pytest.mark.proves("errors", by="fake")
def test_a_job_that_goes_while_it_is_read_hides_no_other() -> None:
    with jenkins(FakeJob("one", builds=[build(1)]), FakeJob("two", "folder")) as (fake, source):
        listed = json_reply(
            {"jobs": [{"name": "gone", "color": "red"}, {"name": "left"}, {"name": "one", "color": ""}]}
        )
        fake.next_replies = [listed]
        assert ids(source) == ["one#1"]


def context() -> SourceContext:
    return SourceContext("jenkins", Path("cache"), Path())


@pytest.mark.proves("credentials", by="fake")
@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "give `url`"),
        ({"url": "http://ci.example.com"}, "plain_http"),
        ({"url": "https://ann:pw@ci.example.com"}, "bare address"),
        ({"url": "https://ci.example.com", "token": "t"}, "go together"),
        ({"url": "https://ci.example.com", "username": "ann"}, "go together"),
        ({"url": "https://ci.example.com", "web_url": "ftp://x"}, "web_url"),
    ],
)
def test_an_entry_that_is_off_is_told(keys: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        open_source(Config.model_validate(keys), context())


@pytest.mark.proves("credentials", by="fake")
def test_the_token_goes_as_basic_and_over_plain_http_only_when_asked_to() -> None:
    open_source(Config(url="http://ci.example.com", plain_http=True), context()).close()
    with sample(token=TOKEN) as fake:
        config = Config.model_validate({"url": f"{fake.address}/", "username": "ann", "token": TOKEN})
        with open_source(config, context()) as source:
            assert [r.run_id for r in source.get_runs("acme/shop", failed_only=True)] == [
                "shop/main#12",
                "shop/feature%2Fx#1",
            ]
        assert {r.method for r in fake.requests} == {"GET"}
        with open_jenkins(fake.address) as bare:
            assert "no token was given" in bare.check().advice
