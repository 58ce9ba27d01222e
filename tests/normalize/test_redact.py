import json
import re
import string
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.normalize._rules import RULES
from incident_pipeline.normalize.redact import redact_series, redact_text

# Built by concatenation: no scanner should take these for real.
MIXED = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6"
BASE64 = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
BEGIN, END = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
HEX40 = "9f3c2ab17d4e5f60718293a4b5c6d7e8f9012345"

SECRETS = [
    ("github_token", "ghp" + "_" + MIXED, "remote: {} pushed"),
    ("github_token", "ghs" + "_" + MIXED, "x-access-token {}"),
    ("github_token", "github" + "_pat_" + "11AAAAAAA0" + MIXED, "{}"),
    ("gitlab_token", "glpat" + "-" + MIXED[:20], "using {}."),
    ("slack_token", "xoxb" + "-" + "123456789012-" + MIXED, "slack {}"),
    ("stripe_key", "sk_live" + "_" + MIXED[:24], "key {} used"),
    ("npm_token", "npm" + "_" + MIXED, "//registry/:_authToken {}"),
    ("pypi_token", "pypi" + "-" + "AgEIcHlwaS5vcmc" + MIXED * 2, "upload with {}"),
    ("gcp_key", "AIza" + "SyA" + MIXED[:32], "https://maps/api?key={}"),
    ("sendgrid_key", "SG" + "." + MIXED[:22] + "." + MIXED, "{}"),
    ("anthropic_key", "sk-ant" + "-api03-" + MIXED, "using {}"),
    ("openai_key", "sk" + "-proj-" + MIXED, "using {}"),
    ("huggingface_token", "hf" + "_" + MIXED, "using {}"),
    ("aws_key_id", "AKIA" + "IOSFODNN7EXAMPLE", "id {} used"),
    ("aws_secret_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY", "AWS_SECRET_ACCESS_KEY={}"),
    ("aws_secret_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY", '"SecretAccessKey": "{}",'),
    ("azure_key", "Ab1+" * 21 + "Qw==", "DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};EndpointSuffix=y"),
    ("azure_sas", "Ab1%2F" * 8, "https://x.blob.core.windows.net/c?sv=2022&sig={}"),
    ("datadog_key", "0123456789abcdef" * 2, "DD_API_KEY: {}"),
    ("jwt", JWT, "cookie {} set"),
    ("url_password", "s3cr3t!", "postgres://app:{}@db.internal:5432/app"),
    ("url_password", "letmein", "cloning https://bot:{}@example.com/x.git"),
    ("authorization", "dXNlcjpwYXNzd29yZA==", "Authorization: Basic {}"),
    ("bearer_token", MIXED, "-H 'X-Auth: Bearer {}'"),
    ("basic_auth", "hunter2", "curl -fsSL -u admin:{} https://example.com"),
    ("password", "hunter2x", "docker login --username bot --password {} registry"),
    ("secret", "hunter2x", "export DB_PASSWORD={}"),
    ("secret", "letmein", 'password="{}"'),
    ("secret", "correcthorse", "PASSWORD={}"),
    ("secret", MIXED, "client_secret: {}"),
    ("secret", MIXED, '{{"token": "{}", "user": "x"}}'),
    ("secret", HEX40, "SONAR_TOKEN={}"),
    ("secret", MIXED, "GET /x?access_token={}&page=2"),
    ("secret", MIXED, "x-api-key: {}"),
    ("github_token", "ghp" + "_" + MIXED, r'{{"message":"first\n{}"}}'),
    ("github_token", "ghp" + "_" + MIXED, r"\u003e\u0022{}\u0022"),
    ("github_token", "ghp" + "_" + MIXED, "GET /x?q=a%3D{}"),
    ("github_token", "ghp" + "_" + MIXED, "logs/build_{}.txt"),
    ("aws_key_id", "AKIA" + "IOSFODNN7EXAMPLE", r"id\t{} used"),
    ("jwt", JWT, r"first\n{} set"),
    ("url_password", "s3c@ret", "cloning https://bot:{}@example.com/x.git"),
    ("cookie", "session=" + MIXED, "> Cookie: {}"),
    ("cookie", "sid=" + MIXED + "; Path=/", "set-cookie: {}"),
    ("password", "hunter2x", "sshpass -p {} ssh host"),
    ("password", "hunter2x", "docker login -u bot -p {} registry.example"),
    ("password", "hunter2x", "mysql -u root -p{} shop"),
    ("secret", "hunter2x", "<password>{}</password>"),
    ("secret", MIXED, "<wsse:apiKey>{}</wsse:apiKey>"),
]

INNOCENT = [
    "token: ***",
    "  token: *** ",
    "  ssh-key: ",
    "persist-credentials: true",
    "AUTHORIZATION: basic ***",
    "git config --local http.https://github.com/.extraheader AUTHORIZATION: basic ***",
    "password=None",
    "password: str = Field(...)",
    "password=getpass.getpass()",
    "def login(user: str, password: str | None = None) -> Token:",
    "token = self.lexer.next_token()",
    "token = request.headers.get('X-Token')",
    "SyntaxError: unexpected token: identifier2x",
    "secret=${{ secrets.DEPLOY_TOKEN }}",
    "TOKEN=$GITHUB_TOKEN",
    "PASSWORD={password}",
    "tokens: 18234, max_token: 4096",
    "assert user.password == expected_password",
    "Secret source: Actions",
    "secret: /run/secrets/db_password",
    "GITHUB_TOKEN Permissions",
    "Cache restored from key: Linux-pip-9f3c2ab17d4e5f60718293a4b5c6d7e8f9012345",
    "HEAD is now at 9f3c2ab17d4e5f60718293a4b5c6d7e8f9012345 Merge",
    "Download action repository 'actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd' (SHA:de0fac2e45)",
    "Worker ID: {8b725a07-b4c9-4c3a-a439-3ff7e64246a0}",
    "Digest: sha256:6d8d5d1e7b1b2b6a4a6e3f6b2d7c9a8f7e6d5c4b3a291807f6e5d4c3b2a19080",
    "integrity sha512-abcDEF0123456789abcDEF0123456789abcDEF0123456789abcDEF0123456789abcDEF0123456789ab==",
    "https://packages.example/@babel/core/-/core-7.24.0.tgz",
    "http://localhost:8080/@vite/client",
    "git@github.com:org/repo.git and ssh://git@host/x",
    "task-sk-learn-something-quite-long-kebab-case-name",
    "class sk-folding-cube-container-element-wrapper",
    "if b'-----BEGIN RSA PRIVATE KEY-----' in data:",
    "ASIATICUM and akin",
    "npm_config_registry=https://registry.example",
    "test_password_reset.py::test_token PASSED",
    "tests/test_auth.py:88: AssertionError: token=abc",
    "E   KeyError: 'token'",
    "api_key: optional",
    "docker login -u $USER -p $PASSWORD registry.example",
    "docker login -u bot --password-stdin registry.example",
    "mysql -u root -p shop < dump.sql",
    "docker run -p 8080:80 login",
    "cookie: string = parse(header)",
    "Set-Cookie: theme=dark",
    "<password>${env.DB_PASSWORD}</password>",
    "<token>identifier</token>",
]


@pytest.mark.parametrize(("kind", "secret", "line"), SECRETS)
def test_a_secret_is_replaced_visibly_and_counted(kind: str, secret: str, line: str) -> None:
    text = line.format(secret)
    redacted, count = redact_text(text)
    assert secret not in redacted
    assert redacted == text.replace(secret, f"[REDACTED:{kind}]")
    assert count == 1


@pytest.mark.parametrize("line", INNOCENT)
def test_code_hashes_and_masks_survive_untouched(line: str) -> None:
    assert redact_text(line) == (line, 0)
    assert redact_series(pl.Series([line]))[0].to_list() == [line]


def test_rows_and_text_are_redacted_alike() -> None:
    lines = [line.format(secret) for _, secret, line in SECRETS] + INNOCENT
    rows, count = redact_series(pl.Series(lines))
    assert rows.to_list() == [redact_text(line)[0] for line in lines]
    assert count == len(SECRETS)


def test_redacting_twice_changes_nothing_more() -> None:
    once = [redact_text(line.format(secret))[0] for _, secret, line in SECRETS]
    assert [redact_text(line) for line in once] == [(line, 0) for line in once]


def test_null_rows_stay_null_and_order_is_kept() -> None:
    rows, count = redact_series(pl.Series([None, "a", "PASSWORD=hunter2x", None], dtype=pl.String))
    assert rows.to_list() == [None, "a", "PASSWORD=[REDACTED:secret]", None]
    assert count == 1


@pytest.mark.parametrize("prefix", ["", "2026-01-02T03:04:05.1234567Z ", "   "])
def test_a_key_over_several_rows_is_one_secret_and_keeps_its_rows(prefix: str) -> None:
    lines = ["before", BEGIN, BASE64[:64], BASE64[:64], "Zg==", END, "after"]
    rows, count = redact_series(pl.Series([prefix + line for line in lines]))
    mark = prefix + "[REDACTED:private_key]"
    assert rows.to_list() == [prefix + "before", *[mark] * 5, prefix + "after"]
    assert count == 1


def test_a_key_cut_by_the_end_of_a_frame_is_redacted_on_both_sides() -> None:
    head, _ = redact_series(pl.Series(["x", BEGIN, BASE64[:64]]))
    tail, _ = redact_series(pl.Series([BASE64[:64], "Zg==", END, "y"]))
    mark = "[REDACTED:private_key]"
    assert head.to_list() == ["x", mark, mark]
    assert tail.to_list() == [mark, mark, mark, "y"]


def test_a_key_marker_without_a_key_is_code() -> None:
    lines = [f'BEGIN = "{BEGIN}"', "return parse(text)", f'END = "{END}"']
    assert redact_series(pl.Series(lines))[0].to_list() == lines


def test_a_key_in_a_patch_keeps_the_number_of_lines_and_their_signs() -> None:
    patch = "\n".join(["@@ -0,0 +1,4 @@", "+" + BEGIN, "+" + BASE64[:64], "+" + END, "+rest"])
    redacted, count = redact_text(patch)
    assert [line[0] for line in redacted.split("\n")] == ["@", "+", "+", "+", "+"]
    assert redacted.endswith("+rest")
    assert BASE64[:20] not in redacted
    assert count == 1


def test_a_key_in_a_json_string_is_redacted_and_the_json_stays_json() -> None:
    text = json.dumps({"private_key": f"{BEGIN}\n{BASE64[:64]}\n{END}\n", "password": 'hun"ter2xyz', "n": 1})
    redacted, count = redact_text(text)
    parsed: dict[str, Any] = json.loads(redacted)
    assert "[REDACTED:private_key]" in parsed["private_key"]
    assert BASE64[:20] not in redacted
    assert count >= 1
    assert parsed["n"] == 1


@settings(deadline=None)  # the first example compiles the patterns
@given(
    st.sampled_from([c for c in SECRETS if c[0] not in {"secret", "password", "url_password", "basic_auth"}]),
    st.text(alphabet=" \t.,;()<>|\"'é–", max_size=8),
    st.text(alphabet=" \t.,;()<>|\"'é–", max_size=8),
)
def test_a_token_is_found_whatever_stands_around_it(case: tuple[str, str, str], before: str, after: str) -> None:
    _, secret, line = case
    text = f"{before} {line.format(secret)} {after}"
    assert secret not in redact_text(text)[0]
    assert secret not in redact_series(pl.Series([text]))[0][0]


@settings(deadline=None)  # the first example compiles the patterns
@given(
    st.text(alphabet="0123456789abcdef", min_size=7, max_size=64),
    st.sampled_from(
        ["commit {}", "sha256:{}", "index {}..{}", "uses: a/b@{}", "HEAD is now at {}", 'ETag: "{}"', "key: pip-{}"]
    ),
)
def test_hashes_survive(digest: str, line: str) -> None:
    text = line.format(digest, digest)
    assert redact_text(text) == (text, 0)


@settings(deadline=None)  # the first example compiles the patterns
@given(st.uuids(), st.sampled_from(["id={}", "request_id: {}", "Worker ID: {{{}}}"]))
def test_uuids_survive(uuid: object, line: str) -> None:
    text = line.format(uuid)
    assert redact_text(text) == (text, 0)


@settings(deadline=None)  # the first example compiles the patterns
@given(st.text(alphabet=string.printable + "é\u2028\x1b", max_size=300))
def test_line_breaks_and_row_count_never_change(text: str) -> None:
    redacted, _ = redact_text(text)
    assert redacted.count("\n") == text.count("\n")
    rows, _ = redact_series(pl.Series(text.split("\n")))
    assert len(rows) == text.count("\n") + 1


@pytest.mark.parametrize(
    "unit", ["token", "password=", "://a:", BEGIN, "curl -u ", "eyJaaaaaaaa.", "key: ", "--token "]
)
def test_a_hostile_line_takes_linear_time(unit: str) -> None:
    short, long = unit * (20_000 // len(unit)), unit * (200_000 // len(unit))
    assert isinstance(redact_text(short)[0], str)
    assert isinstance(redact_text(long)[0], str)  # the suite's time limit is the assertion: quadratic takes minutes


def test_patterns_stay_within_what_both_engines_know() -> None:
    for rule in RULES:
        assert not re.search(r"\(\?(?:[=!<]|P=)", rule.pattern.replace("(?P<", "(")), rule.kind
        assert pl.Series(["x"]).str.contains(re.sub(r"\{(\d+),\d{2,}\}", r"{\1,}", rule.pattern)).to_list() == [False]
