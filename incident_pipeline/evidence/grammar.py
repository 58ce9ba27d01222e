"""What an error line looks like, tool by tool. A line gets the first rule of the table, heaviest first, that matches.

The surprising fact: most lines with the word "error" in them are not errors. `NOISE` takes those out first.
Patterns hold in Rust's regex and in Python's: no look-around, ASCII classes spelled out.
`weight` (0..1) says how sure a single such line tells why the run failed; summaries and exits only tell that it did.
"""

import polars as pl

from incident_pipeline.evidence.grammar_causes import CAUSES, DEADLY
from incident_pipeline.evidence.grammar_code import CODE
from incident_pipeline.evidence.grammar_ends import ENDS, HOLLOW
from incident_pipeline.evidence.grammar_tools import TOOLS
from incident_pipeline.evidence.rule import Rule

NOISE = (
    # totals of nothing, and what passed
    r"(?:^|[^0-9.,])0 (?:errors?|failed|failures?|failing|problems?|vulnerabilities|warnings?)(?:$|[^a-z])",
    r"(?i)(?:failures?|errors?|failed)[:=] ?0(?:$|[^0-9])",
    r"(?:^|[ .\]])(?:PASSED|PASS|passed|SKIPPED|XFAIL|SUCCESS|ok|OK|Passed)(?: +\[ *[0-9]+%\]| \(.*\)| in .*)?$",
    r"(?:^|[ ›])(?:✓|√|✔|✅) |^[ ]*(?:PASS |ok |● Console$)|^[ ]*=== (?:RUN|PAUSE|CONT|NAME) |^[ ]*--- (?:PASS|SKIP): ",
    # progress of downloads, installs and compilers
    r"^[ ]*(?:Download(?:ing|ed)|Collecting|Requirement already|Get:[0-9]|Hit:[0-9]|Fetching|Unpacking|Selecting)[ :(]",
    r"^[ ]*(?:Setting up|Preparing to|Compiling|Installing|Progress|remote:|Copying|Creating|adding|inflating) ",
    r"^[ ]*(?:Compiling|Checking|Downloaded|Documenting|Fresh|Installed|Linking) [A-Za-z0-9_.-]+ v?[0-9]",
    r"^[ ]*\* \[new (?:branch|ref|tag)\]| -> (?:origin|refs)/",
    # probes of a configure step, which are meant to fail
    r"meson-private/|CMakeTmp|CMakeScratch|conftest\.(?:c|cc|cpp|err|o)",
    r"in the pkg-config search path|required by 'virtual:",
    r"^_{3,} coverage: |^(?:timeout|plugins|rootdir|platform|cachedir|configfile)(?: method)?: ",
    # commands, settings and code, which only speak of errors
    r"^[ ]*(?:throw new |throw |raise )",
    r"^[ ]*[+>-] (?:git|cd|export|echo|rm|mkdir|test|\[) ",
    r"(?:^| )-Werror|(?:^| )-[A-Za-z]*[Ee]rror=|continue-on-error|fail-fast",
    r"if-no-files-found|on_?error|errexit|--fail|-failure |ErrorAction",
    r"^##\[(?:group|endgroup|warning|debug|notice|command|section)\]|^\[command\]|^shell: ",
    r"^::(?:group|debug|notice|warn)",
    r"^\[?(?:WARN|WARNING|INFO|DEBUG|TRACE)\]? .*(?:deprecat|Deprecat)|^npm (?:WARN|warn)",
)

# "exit code 137" in an exit line counts as its cause, "1 failed, 3 passed" as a total: both before NOISE is put aside.
_BEFORE_NOISE = (*DEADLY, *ENDS)
RULES: tuple[Rule, ...] = (*_BEFORE_NOISE, *HOLLOW, *CAUSES, *CODE, *TOOLS)
ANCHOR = 0.5  # a line at or over this weight opens a block of its own

# One cheap pass first: every line that a rule matches contains one of these words (in any case) or one of these signs.
_WORDS: list[str] = [
    "abort", "accessible", "bad_alloc", "allocate", "authent", "backoff", "before format", "billing", "cancel",
    "can't", "cannot", "candidate", "certific", "checksum", "conflict", "connect", "corruption", "could not",
    "couldn't", "couldnt", "crash", "credential", "critical", "curl:", "deadline", "denied", "did not", "does not",
    "do not match", "dumped", "eai_again", "econn", "ehostunreach", "emfile", "enospc", "enotfound", "eof", "err!",
    "err_", "error", "etimedout", "exceed", "exception", "exit", "expect", "fail", "fatal", "forbidden", "gateway",
    "goroutine", "hang up", "hangup", "heap", "http error", "http 4", "http 5", "http/1", "http/2", "(http",
    "illegal", "internal server", "interrupt", "invalid", "is a directory", "is full", "disk full", "is not", "issue",
    " limit", "kill", "lock file", "lockfile", "manifest unknown", "marked build", "memory", "mismatch", "missing",
    "modified by", "name resol", "network", "no matching", "no output", "no route", "no such", "not a ", "not allow",
    "not auth", "not enough", "not equal", "not format", "not found", "not match", "not ok", "not permit",
    "not properly", "not recog", "not support", "not up", "offens", "offline", "oh no", "open files", "ownership",
    "panic", "permission", "preempt", "problem", "quota", "data race", "received", "reformat", "refused", "reject",
    "remote end", "required module", "requested url", "reset", "resolutionimp", "resource not", "retries", "rpc ",
    "runner", "sanitizer", "503 service", "500 service", "501 service", "502 service", "504 service", "severe",
    "sigabrt", "signal", "sigsegv", "smashing", "socket", "space left", "spending", "ssl", "style issues", "syntax",
    "tests found", "thread 0x", "current thread", "thrown", "timed", "timeout", "time out", "tion fault", "tls ",
    "token", "too many", "toomany", "traceback", "unable", "unauth", "unbound", "undefined", "unexpected",
    "unknown revision", "unresolved", "unsafe repo", "violation", "warning:", "went wrong", "but was", "refute",
    "rspec ./",
    "unsuccessful", "fehler", "erreur", "ошибка", "エラー", "错误", "錯誤", "오류", "terminate called",
    "depends on uninit",
    "yn00", "thrashing", "no rule to", "multiple target", "can only install", "heap space", "deselected", "no tests",
    ".lock was", "needed", "assume role", "host key", "cve-", "out of sync", "not in sync", "out of date", "collision",
    "diff --git", "files changed", "file changed", "treated as", "any of the sources", "got:",
]  # fmt: skip
_SIGNS = (
    r"^E  |^_{3,} |^[ ]*[0-9]+[):]|[●✕✖✗×❌⎯❯│╷✘⨯]|[0-9]\]?\)?: |:[0-9]+:(?: |$)|:\[[0-9]|^[ ]*[A-Z]{1,4}[0-9]{3,5} |"
    r"^\[warn|<<<|^---- |^::| > .*:$|^! |^In \S+ line|^File \"|\[[45][0-9]{2}\]|──|:[0-9]+:[0-9]+ "
)

# A large log is sifted once more, a few rules at a time: one pattern of six costs a third of six, one of all far more.
_MANY, _JOIN = 5_000, 6
_JOINED = ["|".join(f"(?:{r.pattern})" for r in RULES[i : i + _JOIN]) for i in range(0, len(RULES), _JOIN)]


def classify(text: pl.Series) -> pl.Series:
    """Index into RULES for each line, -1 for none (Int16, same length as `text`)."""
    frame = text.rename("text").to_frame().with_row_index("row")
    suspicious = pl.col("text").str.contains_any(_WORDS, ascii_case_insensitive=True)
    candidates = frame.filter(suspicious | pl.col("text").str.contains(_SIGNS))
    # Most lines of a large log repeat: each distinct line is matched once. All rules in one query: a query for each
    # costs more than the matching in a log of usual size.
    lines = candidates.select(pl.col("text").unique())
    if lines.height > _MANY:
        lines = lines.filter(pl.any_horizontal(pl.col("text").str.contains(rules) for rules in _JOINED))
    lines = lines.with_columns(rule=_first_rule(0, len(_BEFORE_NOISE)))
    noise = pl.any_horizontal(pl.col("text").str.contains(pattern) for pattern in NOISE)
    others = lines.filter(pl.col("rule").is_null()).filter(~noise)
    others = others.with_columns(rule=_first_rule(len(_BEFORE_NOISE), len(RULES)))
    ruled = pl.concat([lines, others]).drop_nulls("rule")
    ruled = candidates.join(ruled, on="text", how="inner").select("row", "rule")
    return frame.select("row").join(ruled, on="row", how="left", maintain_order="left")["rule"].fill_null(-1)


def _first_rule(start: int, stop: int) -> pl.Expr:
    """Index of the first of RULES[start:stop] that `text` matches, null for none."""
    matches = (pl.col("text").str.contains(rule.pattern) for rule in RULES[start:stop])
    return pl.coalesce(pl.when(hit).then(pl.lit(index, pl.Int16)) for index, hit in enumerate(matches, start))
