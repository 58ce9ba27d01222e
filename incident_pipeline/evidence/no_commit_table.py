"""What the machine says when it, not the code, is to blame; what a test does that is left to chance. Tables only."""

from typing import Final

from incident_pipeline.model.evidence import Category

# What a package tool, a version control or a container tool prints of its own errors; a program under test does not.
_TOOL = (
    r"(?:npm (?:ERR!|error)|remote:|fatal:|curl: |Error response from daemon|twine|\bgh: |\bpip\b|helm|terraform|docker"
    r"|registry|\bindex\b|artifact|upload|\bpush\b|\bpull\b|\bapt\b|E: |Could not|Failed to (?:fetch|download)).*"
)
_REGISTRY = r"(?:registry|index|mirror|pypi|npmjs|crates\.io|maven|docker|gradle|proxy\.golang)\S* .*"
_STATUS = r"(?:HTTP|[Ss]tatus|[Ee]rror|[Gg]ot|[Rr]eturn\w*|[Cc]ode|[-:])\D{0,20}\b(?:50[0234]|429)\b"

# (category, telling by itself?, cause in words, alternatives of a regular expression)
INFRASTRUCTURE: Final[tuple[tuple[Category, bool, str, tuple[str, ...]], ...]] = (
    ("disk", True, "the disk was full", (
        "[Nn]o space left on device", "ENOSPC", "[Dd]isk quota exceeded", "There is not enough space on the disk",
        "You are running out of disk space",
    )),
    ("memory", True, "memory ran out", (
        r"^(?:E\s+)?MemoryError\b", "Cannot allocate memory", "ENOMEM", "OutOfMemoryError",
        "JavaScript heap out of memory", r"\bout of memory\b", "OOMKilled", "oom-kill", "std::bad_alloc",
        "memory allocation of \\d+ bytes failed",
    )),
    ("memory", True, "the process was killed by signal 9, as the kernel does when memory runs out", (
        r"^\s*Killed\s*(?:$|[\"'(])", r": line \d+: +\d+ Killed\b", r"^\[\d+\] +\d+ killed\b",
        r"\*\*\* \[.*\] Killed\b", r"error: Killed\b", r"exit (?:code|status) 137\b", r"exited with (?:code )?137\b",
        r"signal 9\b", "SIGKILL", r"signal: killed\b",
    )),
    ("runner", True, "a limit of the runner was reached (files or processes)", (
        "Too many open files", "EMFILE", "ENFILE", "can't start new thread", "Resource temporarily unavailable",
        "fork: retry", "pthread_create failed", "unable to create (?:new )?native thread",
    )),
    ("runner", True, "the runner was lost", (
        "lost communication with the server", "runner has received a shutdown signal",
        "The hosted runner encountered an error", r"^(?:The )?[Aa]gent (?:\S+ )?(?:was )?(?:lost|disconnected)\b",
        "Remote call on .{1,200} failed", r"exit (?:code|status) 143\b", "hosted runner was (?:lost|terminated)",
    )),
    ("network", True, "the network could not be reached", (
        "Temporary failure (?:in name resolution|resolving)", "Could not resolve host",
        "getaddrinfo (?:EAI_AGAIN|ENOTFOUND|failed)", "Name or service not known", "Network is unreachable",
        "ENETUNREACH", "No route to host", "NewConnectionError", "Failed to establish a new connection",
        "Max retries exceeded with url", "TLS handshake timeout",
        r"lookup \S+ on \S+: (?:no such host|server misbehaving)",
        r"curl: \((?:6|7|28|35|52|56)\)", r"fatal: unable to access '", r"RPC failed; (?:curl|HTTP)",
        "The remote end hung up unexpectedly", "npm (?:ERR!|error) network", "ERR_SOCKET_TIMEOUT",
        "spurious network error", "nodename nor servname provided",
    )),
    ("network", False, "a connection failed", (
        "Connection (?:reset by peer|refused|timed out|aborted)", "ECONNRESET", "ECONNREFUSED", "ETIMEDOUT",
        "Read timed out", "i/o timeout", "net/http: request canceled", "Could not connect to", "unexpected EOF",
    )),
    ("registry", True, "a package registry or download server did not answer", (
        f"{_REGISTRY}{_STATUS}", "toomanyrequests", "received unexpected HTTP status: 5",
        r"^(?:ERROR: )?HTTP(?:Error)?:? (?:[Ee]rror )?50[0234]\b",
        "The requested URL returned error: 5", f"{_TOOL}(?:502 Bad Gateway|503 Service (?:Temporarily )?Unavailable)",
        "Failed to (?:fetch|download) (?:https?|artifact|metadata)", "Received status code 5\\d\\d from server",
        "Could not transfer artifact", r"^\S*(?:Error|Warning):? .*Hash Sum mismatch|Hash Sum mismatch$",
    )),
    ("quota", True, "a quota was used up", (
        "API rate limit exceeded", "secondary rate limit", r"(?:storage|artifact|disk|account|CPU|GPU)\S* quota",
        r"[Qq]uota .{0,40}exceeded", "spending limit", "account payments have failed",
        "You have reached your (?:unauthenticated )?pull rate limit",
    )),
    ("credentials", True, "credentials were refused", (
        "Bad credentials", r"(?:fatal|unauthorized|denied|daemon): .{0,80}[Aa]uthentication (?:failed|required)",
        f"{_TOOL}(?:401 Unauthorized|403 Forbidden|HTTP 40[13]|error: 403)", "Resource not accessible by integration",
        "denied: (?:requested access to the resource|permission_denied)", r"Permission denied \(publickey\)",
        "Could not read from remote repository", "could not read Username for",
        "npm (?:ERR!|error) code E(?:401|403|NEEDAUTH)",
        "security token included in the request is (?:expired|invalid)", r"Input required and not supplied: \w*token",
    )),
    ("timeout", False, "the job ran into its time limit", (
        "exceeded the maximum execution time", "The operation was canceled", "Job (?:was )?cancell?ed",
        r"timed? ?out after \d+ ?(?:m|h|s)", r"exit code 124\b", "context deadline exceeded",
        "has timed out after ", "The action .{1,80} has timed out",
    )),
)  # fmt: skip

# Every row above holds one of these, as it stands: lines without any need not be looked at (twenty times as fast).
HINTS: Final = (
    "space", "ENOSPC", "uota", "emory", "ENOMEM", "OOM", "oom-kill", "bad_alloc", "illed", "137", "signal 9", "SIGKILL",
    "Too many", "EMFILE", "ENFILE", "thread", "Resource ", "fork: retry", "communication with", "shutdown signal",
    "hosted runner", "gent ", "Remote call", "143", "Temporary failure", "resolve host", "getaddrinfo", "not known",
    "nreachable", "ENETUNREACH", "No route", "NewConnection", "new connection", "Max retries", "handshake", "lookup ",
    "curl", "unable to access", "hung up", "npm ", "ERR_SOCKET", "spurious", "nodename", "Connection ", "ECONN",
    "ETIMEDOUT", "timed out", "out after", "i/o timeout", "request canceled", "not connect", "unexpected EOF", "50",
    "429", "toomany", "HTTP", "Unavailable", "Gateway", "Failed to ", "transfer artifact", "Hash Sum", "status code 5",
    "error: 5", " limit", "payments", "redentials", "uthentication", "40", "denied", "Username",
    "token", "maximum exec", "cancel", "124", "deadline", "remote repository", "not accessible", "Input required",
)  # fmt: skip

# Lines that speak of trouble without having it: passing and failing tests by their titles, assertions, code, debugging.
NO_TROUBLE: Final = (
    r"\bPASSED\b", r"\bpassed\b.*\bin\b", r"^\s*(?:✓|√|✔|ok\b|--- PASS|=== RUN)", r"::test_\S+ \.",
    r"\blevel=(?:debug|info|trace)\b",
    r"\bDEBUG\b", r"\bas expected\b", r"^\s*(?:✗|✕|×|✖|●|❌|not ok\b|--- FAIL:|FAIL\b(?!.* - )|FAILED\b(?!.* - ))",
    r"\b(?:assert\w*|expect)\s*[(.!]", r"\bassert\s", r"\bAssertionError\b",
    r"\b[Ee]xpected\b.{0,200}\b(?:got|but|received|to)\b",
    r"^\s*>?\s*(?:raise|throw|def|return|with|func|it\(|describe\(|test\(|@|if|elif|except|catch|mock)\b.*[\"'(]",
    r"^\s*(?:E\s+)?[-+?|>] ?\s*[\"'<{\[]", r"\b(?:side_effect|return_value|mock\w*|stub|toThrow|panic)\(?\s*[=(.]",
    r"^(?:E\s+)?(?:want|got|left|right|wanted|actual|received)\b\s*[:=]",
    r"^\s*(?:#|//|\*)\s",
    # what was to be done, not what happened
    r"^(?:##\[(?:group|command|section|debug)\]|::group::|\[command\]|\+ |\$ |Run )",
)  # fmt: skip
LOCAL: Final = r"\blocalhost\b|\b127\.0\.0\.1\b|\[?::1\]?:\d|\b0\.0\.0\.0\b|\btestserver\b|host\.docker\.internal"

# (how telling, what the test does in words, alternatives of a regular expression)
CHANCE: Final[tuple[tuple[float, str, tuple[str, ...]], ...]] = (
    (1.0, "draws at random", (
        r"\brandom\.", r"\bshuffle\(", r"\bsample\(", r"\brandint\(", r"Math\.random", r"\brand\.", r"uuid4\(",
        r"secrets\.", r"Random\(",
    )),
    (1.0, "looks at the clock", (
        r"\btime\.(?:time|monotonic|perf_counter|process_time)\b", r"\bperf_counter\(", r"\.(?:now|utcnow|today)\(",
        r"Date\.now", r"new Date\(\)", r"System\.(?:currentTimeMillis|nanoTime)", r"time\.Now", "Instant::now",
        "timeit",
    )),
    (1.0, "depends on the order of threads or tasks", (
        r"\bthreading\b", r"\bThread\(", "ThreadPool", "ProcessPool", r"\bmultiprocessing\b",
        r"asyncio\.(?:gather|create_task|wait)", r"\bgo func\b", r"Promise\.(?:race|any)", "thread::spawn",
        "ExecutorService",
    )),
    (0.8, "waits for a time", (
        r"\bsleep\(", r"setTimeout\(", r"Thread\.sleep", r"time\.Sleep", r"wait_for\(",
    )),
    (0.85, "depends on the order of a set or a listing", (
        r"\bset\(", r"\bfrozenset\(", r"\{[^{}:]+\bfor\b[^{}:]+\}", r"\bhash\(", r"\bid\(", r"os\.listdir", r"\bglob\(",
        r"iterdir\(", r"scandir\(", "HashMap", "HashSet", r"Object\.keys",
    )),
)  # fmt: skip
