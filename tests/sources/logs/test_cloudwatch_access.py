"""Who asks CloudWatch and what a refusal says: keys, profiles, roles that renew, AWS's error codes, nothing told."""

import logging
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incident_pipeline.errors import (
    AccessDenied,
    BadPayload,
    ConfigError,
    IncidentError,
    NotFound,
    RateLimited,
    Unavailable,
    UsageError,
)
from incident_pipeline.http.network import Network
from incident_pipeline.sources.base import SourceContext
from incident_pipeline.sources.logs._cloudwatch_api import Asker
from incident_pipeline.sources.logs._cloudwatch_session import Aws
from incident_pipeline.sources.logs.cloudwatch import CloudWatch, Config, open_source
from tests.fakes.cloudwatch import ACCOUNT, REGION, FakeCloudWatch, Key
from tests.fakes.server import Reply, json_reply
from tests.http.clock import START, Clock
from tests.sources.contract.source import SECRET
from tests.sources.logs.cloudwatch_case import AT, GROUP, KEY, event, fake_of, no_aws, open_cloudwatch, settings

pytestmark = pytest.mark.usefixtures(no_aws.__name__)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/log-reader"
NO_KEYS = {"access_key_id": None, "secret_access_key": None}


@pytest.fixture
def fake() -> Generator[FakeCloudWatch]:
    with fake_of({GROUP: [event(n, f"entry {n}") for n in range(3)]}) as fake:
        yield fake


def read(source: CloudWatch) -> list[str]:
    return [entry.message for entry in source.get_logs("shop", AT, AT + timedelta(minutes=1))]


def open_with(fake: FakeCloudWatch, **changes: object) -> CloudWatch:
    return open_cloudwatch(settings(fake.url, **changes))


def refusal(fake: FakeCloudWatch, **changes: object) -> str:
    with open_with(fake, **changes) as source, pytest.raises(IncidentError) as caught:
        read(source)
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.mark.proves("errors", by="fake")
@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("AccessDeniedException", AccessDenied, "these credentials lack logs:FilterLogEvents"),
        ("ExpiredTokenException", AccessDenied, "the session token has expired"),
        ("UnrecognizedClientException", AccessDenied, "does not know the access key"),
        ("InvalidSignatureException", AccessDenied, "clock is off"),
        ("ResourceNotFoundException", NotFound, "of this region and account"),
        ("InvalidParameterException", UsageError, "was not understood"),
        ("com.amazonaws.logs#ServiceUnavailableException", Unavailable, "AWS failed"),
        ("ThrottlingException", RateLimited, "asked to slow down"),
        ("LimitExceededException", RateLimited, "asked to slow down"),
        ("UnknownOperationException", BadPayload, "unexpected answer"),
    ],
)
def test_aws_tells_refusals_by_a_code_under_status_400(
    fake: FakeCloudWatch, code: str, kind: type[IncidentError], said: str
) -> None:
    fake.always = json_reply({"__type": code, "message": "as AWS says\nin two lines"}, 400)
    with open_with(fake) as source, pytest.raises(kind) as caught:
        read(source)
    assert said in str(caught.value)
    assert "/ecs/shop" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.proves("rate limits", by="fake")
def test_throttling_is_waited_for_and_five_requests_a_second_are_never_passed(fake: FakeCloudWatch) -> None:
    clock = Clock()
    fake.groups[GROUP] = [event(n, f"entry {n}") for n in range(12)]
    fake.enforce_quota, fake.monotonic = True, clock.monotonic
    with open_cloudwatch(settings(fake.url), patience=clock.patience(), page_size=1) as source:
        assert len(read(source)) == 12
        assert clock.slept == [1.0, 1.0]
        fake.next_replies = [json_reply({"__type": "ThrottlingException", "message": "Rate exceeded"}, 400)]
        assert len(read(source)) == 12


def _no_terminal(*_: object, **__: object) -> str:
    raise EOFError


@pytest.mark.filterwarnings("ignore::getpass.GetPassWarning")
@pytest.mark.proves("roles and profiles", by="fake")
def test_keys_of_the_config_the_environment_or_a_profile(
    fake: FakeCloudWatch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake.keys["AKIAPROFILE000000000"] = Key("of the profile", token="session")
    (tmp_path / "credentials").write_text(
        "[dev]\naws_access_key_id = AKIAPROFILE000000000\naws_secret_access_key = of the profile\n"
        "aws_session_token = session\n[half]\naws_access_key_id = AKIAPROFILE000000000\n"
    )
    (tmp_path / "config").write_text(
        f"[profile dev]\nregion = {REGION}\n[profile program]\ncredential_process = /absent/program\n"
        f"[profile code]\nrole_arn = {ROLE}\nsource_profile = dev\nmfa_serial = arn:aws:iam::{ACCOUNT}:mfa/ada\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    whole = read(open_with(fake))
    assert len(whole) == 3
    assert read(open_with(fake, **NO_KEYS, profile="dev", region=None)) == whole
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", REGION)
    assert read(open_with(fake, **NO_KEYS, region=None)) == whole
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setattr("getpass._raw_input", _no_terminal)
    for profile in ("half", "program", "code"):
        said = refusal(fake, **NO_KEYS, profile=profile)
        assert said.startswith("AccessDenied: cloudwatch /ecs/shop: AWS credentials cannot be used: ")
        assert "role_arn" not in said
        assert "AWS credentials cannot" in refusal(fake, **NO_KEYS, profile="half", role_arn=ROLE)
    with pytest.raises(ConfigError, match=r"absent.*list-profiles"):
        open_with(fake, **NO_KEYS, profile="absent")


@pytest.mark.proves("credentials", by="fake")
def test_without_credentials_or_region_the_next_step_is_told(fake: FakeCloudWatch) -> None:
    said = refusal(fake, **NO_KEYS)
    assert said.startswith("AccessDenied: cloudwatch /ecs/shop: no AWS credentials found: set access_key_id")
    assert fake.requests == []
    with pytest.raises(ConfigError, match="no region: set `region`"):
        open_with(fake, region=None)


@pytest.mark.proves("credentials", by="fake")
def test_a_wrong_secret_an_unknown_key_and_an_expired_token(fake: FakeCloudWatch) -> None:
    assert "the secret key is wrong" in refusal(fake, secret_access_key="other")
    assert "does not know the access key" in refusal(fake, access_key_id="AKIANOBODY0000000000")
    fake.keys[KEY].token, fake.keys[KEY].expires = "token", datetime.now(UTC) - timedelta(hours=1)
    assert "has expired" in refusal(fake, session_token="token")


@pytest.mark.proves("roles and profiles", by="fake")
def test_a_role_is_assumed_with_the_external_id_and_renewed_before_it_runs_out(fake: FakeCloudWatch) -> None:
    fake.roles[ROLE] = "of-ours"
    fake.keys[KEY].denied = {"logs:FilterLogEvents"}  # only the role may read
    changes = {"role_arn": ROLE, "external_id": "of-ours", "session_name": "night-shift"}
    with open_with(fake, **changes) as source:
        assert len(read(source)) == 3
        assert read(source)
        assert sum("ASIA" in key for key in fake.keys) == 1  # kept while it lasts
        found = source.check()
    assert found.works
    assert found.credentials == f"arn:aws:sts::{ACCOUNT}:assumed-role/log-reader/night-shift"
    fake.role_seconds = 300  # botocore renews what has less than ten minutes left
    with open_with(fake, **changes) as source:
        read(source)
        before = len(fake.keys)
        read(source)
        assert len(fake.keys) == before + 1


@pytest.mark.proves("roles and profiles", by="fake")
def test_a_role_that_may_not_be_assumed_is_told_as_that_and_in_one_line(
    fake: FakeCloudWatch, caplog: pytest.LogCaptureFixture
) -> None:
    fake.roles[ROLE] = "of-ours"
    said = refusal(fake, role_arn=ROLE)
    assert said.startswith("AccessDenied: cloudwatch /ecs/shop: these credentials lack sts:AssumeRole (AccessDenied)")
    assert "no AWS credentials found" in refusal(fake, **NO_KEYS, role_arn=ROLE)
    assert caplog.text == ""


@pytest.mark.proves("credentials", by="fake")
def test_session_tokens_and_a_roles_keys_are_in_no_log_and_no_error(
    fake: FakeCloudWatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.roles[ROLE] = "of-ours"
    fake.keys[KEY].token = "own-token"
    with open_with(fake, session_token="own-token", role_arn=ROLE, external_id="of-ours") as source:
        assert read(source)
        (role_key,) = (key for name, key in fake.keys.items() if name.startswith("ASIA"))
        role_secret, role_token = role_key.secret, role_key.token or ""
        role_key.secret = "changed"  # so that AWS refuses the signature and repeats the headers
        with pytest.raises(AccessDenied) as refused:
            read(source)
        fake.always = json_reply({"__type": "X", "message": f"{SECRET} own-token of-ours {role_token}"}, 400)
        with pytest.raises(BadPayload) as caught:
            read(source)
        assert str(caught.value).endswith("(400): *** *** *** ***")
        said = [str(caught.value), repr(caught.value), str(refused.value), repr(source), str(vars(source)), caplog.text]
    for secret in (SECRET, "own-token", "of-ours", role_secret, role_token):
        assert secret not in "".join(said)


@pytest.mark.proves("check", by="fake")
def test_check_tells_whose_the_credentials_are_what_they_lack_and_a_clock_that_is_off(fake: FakeCloudWatch) -> None:
    with open_with(fake) as source:
        good = source.check()
        assert (good.works, good.what, good.credentials) == (True, f"{REGION}: {GROUP}", fake.keys[KEY].arn)
        assert good.found == f"1 log groups, no event in the last hour in {GROUP}"
        assert "clock is" in good.advice  # the clock of the test stands still in the past
        fake.groups[GROUP] = [event((datetime.now(UTC) - AT).total_seconds() - 60, f"new {n}") for n in range(50)]
        asked = len(fake.requests)
        assert "events in the last hour" in source.check().found
        assert len(fake.requests) - asked == 2  # a busy group has thousands of pages
        fake.keys[KEY].denied = {"logs:FilterLogEvents"}
        bad = source.check()
        assert (bad.works, bad.found) == (False, "")
        assert "logs:FilterLogEvents" in bad.advice
    with open_with(fake, log_groups=[]) as source:
        assert source.check().found == "1 log groups on the account's first page: name those to read in log_groups"
        fake.keys[KEY].denied = {"logs:DescribeLogGroups"}
        assert "logs:DescribeLogGroups" in source.check().advice


@pytest.mark.proves("check", by="fake")
def test_checking_a_busy_group_takes_one_event_of_it(fake: FakeCloudWatch) -> None:
    second = (datetime.now(UTC) - AT).total_seconds() - 60
    fake.groups[GROUP] = [event(second + n / 1000, f"entry {n}") for n in range(500)]
    with open_with(fake) as source:
        assert "events in the last hour" in source.check().found
    assert len(fake.requests) == 2  # whose the credentials are, and one page


@pytest.mark.proves("check", by="fake")
def test_check_works_without_a_way_to_sts(fake: FakeCloudWatch) -> None:
    fake.next_replies = [Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})]
    with open_with(fake) as source:
        found = source.check()
    assert (found.works, found.credentials) == (True, "")


@pytest.mark.proves("errors", by="fake")
def test_nobody_listening_a_redirect_and_a_missing_ca_file(tmp_path: Path) -> None:
    with fake_of({}) as gone:
        url = gone.url
    with open_cloudwatch(settings(url)) as source, pytest.raises(Unavailable, match=r"127\.0\.0\.1:\d+ cannot be"):
        read(source)
    with fake_of({}) as fake, fake_of({}) as other:
        fake.always = Reply(307, b"", {"Location": other.url})
        with open_cloudwatch(settings(fake.url)) as source, pytest.raises(BadPayload):
            read(source)
        assert other.requests == []
    aws = Aws(settings(url), Network(tmp_path / "ca.pem"))
    with (
        CloudWatch(settings(url), asker=Asker(aws)) as source,
        pytest.raises(ConfigError, match=r"ca\.pem is not there"),
    ):
        read(source)


def test_a_fault_that_names_its_wait_is_waited_for(fake: FakeCloudWatch) -> None:
    clock = Clock()
    fake.next_replies = [Reply(503, b"", {"Retry-After": "9"})]
    with open_cloudwatch(settings(fake.url), patience=clock.patience()) as source:
        assert len(read(source)) == 3
    assert clock.now - START >= timedelta(seconds=9)


def test_an_entry_of_the_config_opens(fake: FakeCloudWatch, tmp_path: Path) -> None:
    config = Config.model_validate(settings(fake.url).model_dump(exclude_none=True))
    with open_source(config, SourceContext("mine", tmp_path, tmp_path)) as source:
        assert (source.name, len(read(source))) == ("mine", 3)
