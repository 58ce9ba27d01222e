"""What the machine says when it, not the code, is to blame; what a test does that is left to chance. Tables only."""

from typing import Final

from incident_pipeline.model.evidence import Category

# (category, telling by itself?, cause in words, alternatives of a regular expression)
INFRASTRUCTURE: Final[tuple[tuple[Category, bool, str, tuple[str, ...]], ...]] = (
    ("disk", True, "the disk was full", (
        "No space left on device", "ENOSPC", "disk quota exceeded", "There is not enough space on the disk",
    )),
    ("memory", True, "memory ran out", (
        r"^(?:E\s+)?MemoryError\b", "Cannot allocate memory", "ENOMEM", "OutOfMemoryError",
        "JavaScript heap out of memory", "out of memory", "OOMKilled", "oom-kill", "std::bad_alloc",
    )),
    ("memory", True, "the process was killed by signal 9, as the kernel does when memory runs out", (
        r"(?:^|\s)Killed\s*(?:$|[\"'(])", r"exit code 137\b", r"exited with 137\b", r"signal 9\b", "SIGKILL",
    )),
    ("runner", True, "a limit of the runner was reached (files or processes)", (
        "Too many open files", "EMFILE", "ENFILE", "can't start new thread", "Resource temporarily unavailable",
        "fork: retry", "pthread_create failed",
    )),
    ("runner", True, "the runner was lost", (
        "lost communication with the server", "runner has received a shutdown signal",
        "The hosted runner encountered an error", "agent (?:was )?(?:lost|disconnected)", "Remote call on .* failed",
        r"exit code 143\b",
    )),
    ("network", True, "the network could not be reached", (
        "Temporary failure in name resolution", "Could not resolve host",
        "getaddrinfo (?:EAI_AGAIN|ENOTFOUND|failed)", "Name or service not known", "Network is unreachable",
        "ENETUNREACH", "No route to host", "NewConnectionError", "Failed to establish a new connection",
        "TLS handshake timeout",
    )),
    ("network", False, "a connection failed", (
        "Connection (?:reset by peer|refused|timed out|aborted)", "ECONNRESET", "ECONNREFUSED", "ETIMEDOUT",
        "Read timed out", "i/o timeout", "net/http: request canceled", "Could not connect to", "unexpected EOF",
    )),
    ("registry", True, "a package registry or download server did not answer", (
        r"(?:registry|index|mirror|pypi|npmjs|crates\.io|maven|docker)\S* .*\b(?:50[0234]|429)\b", "toomanyrequests",
        "received unexpected HTTP status: 5", "502 Bad Gateway", "503 Service (?:Temporarily )?Unavailable",
        "Failed to (?:fetch|download) (?:https?|artifact|metadata)",
    )),
    ("quota", True, "a quota was used up", (
        "API rate limit exceeded", "rate limit exceeded", "quota (?:has been )?exceeded", "spending limit",
        "You have reached your pull rate limit",
    )),
    ("credentials", True, "credentials were refused", (
        "Bad credentials", "authentication (?:failed|required)", "401 Unauthorized",
        r"Resource not accessible by integration", r"\b403 Forbidden\b", r"\bHTTP 403\b",
        "denied: requested access to the resource", r"Permission denied \(publickey\)",
        "Could not read from remote repository", "token (?:has )?expired", r"Input required and not supplied: \w*token",
    )),
    ("timeout", False, "the job ran into its time limit", (
        "exceeded the maximum execution time", "The operation was canceled", "Job (?:was )?cancell?ed",
        r"timed? ?out after \d+ ?(?:m|h|s)", r"exit code 124\b", "context deadline exceeded",
    )),
)  # fmt: skip

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
