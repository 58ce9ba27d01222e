"""The table of what a secret looks like: one line a kind, read by both engines (Python's `re` and Polars' Rust regex).

So no look-around, no back-references; ASCII classes. The group `secret` is what gets replaced (the whole match without
one); `needles` are lower-case words of which one must stand in the text before the pattern is tried at all.
Vendor formats: GitHub and GitLab docs on token prefixes, AWS IAM identifiers, RFC 7519 (JWT), RFC 7468 (key blocks).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from incident_pipeline.normalize._judge import is_credential, is_mixed, is_not_placeholder

Accept = Callable[[re.Match[str]], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret. `accept` has the last word on a match: it knows what no pattern can say."""

    kind: str
    needles: tuple[str, ...]
    pattern: str
    accept: Accept | None = None
    compiled: re.Pattern[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern))


# Tokens that their prefix gives away: (kind, prefixes, characters that follow).
_PREFIXED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("github_token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"[A-Za-z0-9_]{30,255}"),
    ("github_token", ("github_pat_",), r"[A-Za-z0-9_]{22,255}"),
    ("gitlab_token", ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-"),
     r"[A-Za-z0-9_-]{20,}"),
    ("slack_token", ("xoxb-", "xoxp-", "xoxa-", "xoxe-", "xoxe.", "xoxo-", "xoxr-", "xoxs-", "xoxc-", "xoxd-", "xapp-"),
     r"[A-Za-z0-9%.-]{10,}"),
    ("stripe_key", ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"), r"[A-Za-z0-9]{16,}"),
    ("npm_token", ("npm_",), r"[A-Za-z0-9]{36}"),
    ("pypi_token", ("pypi-",), r"[A-Za-z0-9_-]{50,}"),
    ("gcp_key", ("AIza",), r"[A-Za-z0-9_-]{35}"),
    ("gcp_token", ("ya29.",), r"[A-Za-z0-9._-]{20,}"),
    ("gcp_client_secret", ("GOCSPX-",), r"[A-Za-z0-9_-]{20,}"),
    ("sendgrid_key", ("SG.",), r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("anthropic_key", ("sk-ant-",), r"[A-Za-z0-9_-]{20,}"),
    ("digitalocean_token", ("dop_v1_", "doo_v1_", "dor_v1_"), r"[a-f0-9]{64}"),
    ("docker_token", ("dckr_pat_", "dckr_oat_"), r"[A-Za-z0-9_-]{20,}"),
    ("vault_token", ("hvs.", "hvb."), r"[A-Za-z0-9_-]{24,}"),
    ("databricks_token", ("dapi",), r"[a-f0-9]{32}"),
    ("grafana_token", ("glsa_", "glc_"), r"[A-Za-z0-9_=+/-]{32,}"),
    ("shopify_token", ("shpat_", "shpca_", "shppa_", "shpss_"), r"[a-fA-F0-9]{32}"),
    ("atlassian_token", ("ATATT3x", "ATBB", "ATCTT3x"), r"[A-Za-z0-9_=+/-]{24,}"),
    ("rubygems_key", ("rubygems_",), r"[a-f0-9]{48}"),
    ("new_relic_key", ("NRAK-",), r"[A-Z0-9]{27}"),
    ("age_key", ("AGE-SECRET-KEY-1",), r"[0-9A-Z]{58}"),
)  # fmt: skip

# Where a word may start. In JSON, URLs and names a letter may stand right before it: `\n`, `\u0022`, `%3D`, `a_`.
_START = r"(?:\b|_|\\[nrt]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2})"

_KEY_NAME = (
    r"(?i:password|passwd|passphrase|passwort|pwd|secret|token|credentials?|authorization|private[_-]?token"
    r"|(?:api|app|application|access|auth|account|private|secret|signing|encryption|subscription|storage)[_-]?key)"
)
_ASSIGN = r"(?P<assign>\\?[\"']?\]?[ \t]{0,8}(?::=|=>|=|:)[ \t]{0,8})"
_VALUE = r"(?P<quote>\\?[\"'`]?)(?P<secret>[^\s\"'`\\,;&<>(){}\[\]|]{4,512})(?P<after>[\"'`\\(\[{]?)"

_BEGIN = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_END = r"-{5,6}END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_BODY = r"[A-Za-z0-9+/=\s\\:,.()]"

# Order matters: what is replaced first is gone, so the exact formats stand before those known by their context.
RULES: tuple[Rule, ...] = (
    Rule(
        "private_key", ("private key",),
        _BEGIN + r"(?:" + _BODY + r"*(?:-" + _BODY + r"+)*" + _END + r"|(?:[\s\\rn+-]*[A-Za-z0-9+/=]{40,})+)",
    ),
    *(
        Rule(kind, tuple({p.lower() for p in prefixes}),
             _START + r"(?P<secret>(?:" + "|".join(re.escape(p) for p in prefixes) + r")" + rest + r")")
        for kind, prefixes, rest in _PREFIXED
    ),
    Rule("openai_key", ("sk-",), _START + r"(?P<secret>sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,})", is_mixed),
    Rule("huggingface_token", ("hf_", "api_org_"), _START + r"(?P<secret>(?:hf|api_org)_[A-Za-z0-9]{30,})", is_mixed),
    Rule("aws_key_id", ("akia", "asia", "abia", "acca"), _START + r"(?P<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})\b"),
    Rule(
        "aws_secret_key", ("secret",),
        r"(?i:aws[a-z0-9_.-]{0,20}secret[a-z0-9_.-]{0,20}|secret[_-]?access[_-]?key)\\?[\"']?\s{0,4}(?:[=:]|=>|\s)"
        r"\s{0,4}\\?[\"']?(?P<secret>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)",
    ),
    Rule("azure_key", ("accountkey=", "sharedaccesskey="),
         r"(?i:Account|SharedAccess)Key=(?P<secret>[A-Za-z0-9+/]{40,}={0,2})"),
    Rule("azure_sas", ("sig=",), r"[?&;](?:amp;)?sig=(?P<secret>[A-Za-z0-9%+/=_-]{20,})"),
    Rule("aws_signature", ("x-amz-",), r"(?i:X-Amz-(?:Signature|Security-Token))=(?P<secret>[A-Za-z0-9%+/=_-]{16,})"),
    Rule("slack_webhook", ("hooks.slack.com",),
         r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[A-Za-z0-9/_-]{20,})"),
    Rule("jwt", ("eyj",), _START + r"(?P<secret>eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)"),
    Rule(
        "gcp_key", ("private_key_id",),
        r"private_key_id\\?[\"']?\s{0,4}:\s{0,4}\\?[\"']?(?P<secret>[a-f0-9]{40})",
    ),
    Rule(
        "datadog_key", ("dd_", "dd-", "datadog"),
        r"(?i:(?:dd|datadog)[_-]?(?:api|app|application|client)?[_-]?(?:key|token))\\?[\"']?\s{0,4}[=:]\s{0,4}\\?[\"']?"
        r"(?P<secret>[a-f0-9]{32,40}|pub[a-f0-9]{32})",
    ),
    Rule(
        "url_password", ("://",),
        r"://[^\s/:@'\"<>`]{0,256}:(?P<secret>[^\s/'\"<>`]{1,512})@", is_not_placeholder,
    ),
    Rule("url_token", ("://",), r"\bhttps?://(?P<secret>[A-Za-z0-9_~-]{20,512})@", is_mixed),
    Rule(
        "authorization", ("authorization",),
        r"(?i:authorization)\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?(?i:basic|bearer|token|digest|negotiate|apikey)\s{1,4}"
        r"(?P<secret>[A-Za-z0-9+/=._~-]{8,})", is_not_placeholder,
    ),
    Rule("bearer_token", ("bearer",), r"\b(?i:bearer)[ \t]{1,4}(?P<secret>[A-Za-z0-9+/=._~-]{16,})", is_mixed),
    Rule("basic_auth", ("curl", "wget"),
         r"\b(?:curl|wget)\b[^\n]{0,400}?\s(?:-u|--user)[ =]?[\"']?[^\s:'\"$]{1,128}:(?P<secret>[^\s'\"]{1,256})",
         is_not_placeholder),
    Rule("cookie", ("cookie",),
         r"(?i:\b(?:set-)?cookie)\\?[\"']?[ \t]{0,4}:[ \t]{0,4}\\?[\"']?"
         r"(?P<secret>[^\s=;\"'\\]{1,128}=[^\"'\\\n]{8,2000})", is_mixed),
    Rule("password", ("sshpass", "login", "mysql"),
         r"\b(?:sshpass[ \t]{1,4}-p[ \t]{0,4}|(?:docker|podman|helm|buildah|skopeo|oras|az|cf|oc)\b"
         r"[^\n]{0,80}?\blogin\b[^\n]{0,200}?[ \t]-p[ \t]{1,4}|mysql(?:dump|admin)?\b[^\n]{0,200}?[ \t]-p)[\"']?"
         r"(?P<secret>[^\s'\"]{4,256})", is_not_placeholder),
    Rule("secret", ("password>", "passwd>", "passphrase>", "secret>", "token>", "key>"),
         r"<[\w.:-]{0,40}?(?P<key>" + _KEY_NAME + r")(?P<assign>>)(?P<quote>)(?P<secret>[^\s<]{4,512})(?P<after>)</",
         is_credential),
    Rule(
        "password", ("password", "passwd", "passphrase", "secret", "token", "api-key", "apikey"),
        r"\s(?P<key>--?[a-z-]{0,40}(?:password|passwd|passphrase|secret|token|api-?key))(?P<assign>[ \t]{1,4})"
        + _VALUE, is_credential,
    ),
    Rule(
        "secret",
        ("password", "passwd", "passphrase", "passwort", "pwd", "secret", "token", "credential", "authorization",
         "key=", "key:", 'key"', "key'", "key "),
        r"(?P<lead>\b(?i:unexpected|invalid|missing|next|unknown|expected) )?(?P<key>" + _KEY_NAME + r")" + _ASSIGN
        + _VALUE, is_credential,
    ),
)  # fmt: skip

NEEDLES: tuple[str, ...] = tuple(sorted({needle for rule in RULES for needle in rule.needles}))
