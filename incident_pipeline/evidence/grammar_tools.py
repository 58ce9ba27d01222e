"""The shapes of each tool's own errors: test runners, builders, shells, package managers; last what only sounds bad."""

from incident_pipeline.evidence.rule import FILE, Rule, rule

TOOLS: tuple[Rule, ...] = (
    rule(
        "test", "jest", 0.84, "the test runner names the failing test",
        r"^[ ]*(?:●|✕|✖|✗|✘|×|❌|⨯) +\S", r"^[ ]*FAIL +\S+", r"^[ ]*⎯+ Failed", r"^[ ]*❯ \S+.*[1-9][0-9]* failed",
    ),
    rule(
        "assertion", "jest", 0.86, "the assertion that failed",
        r"^[ ]*expect\(.*\)\.", r"thrown: ",
    ),
    rule(
        "assertion", "jest", 0.83, "the assertion's two sides",
        r"^[ ]*(?:Expected|Received)(?: [a-z ]+)?: ", r"^[ ]*- Expected", r"^[ ]*\+ Received",
        r"^[ ]*(?:Expected|Got|Actual):$",
    ),
    rule(
        "error", None, 0.86, "nothing was tested",
        r"^No tests (?:found|ran|were found|to run)",
    ),
    rule(
        "error", "pytest", 0.86, "nothing was tested",
        r"^=+ (?:no tests ran|[0-9]+ deselected) in ",
    ),
    rule(
        "test", "tap", 0.85, "a TAP test failed",
        r"^[ ]*not ok [0-9]+", r"^# +Failed test ", r"^[ ]*── (?:Failure|Error) ",
    ),
    rule(
        "assertion", "tap", 0.87, "the assertion's two sides",
        r"^# +(?:got|expected): ",
    ),
    rule(
        "test", "scalatest", 0.85, "the test runner names the failing test",
        r"\*\*\* FAILED \*\*\*", r"^• .*\[?(?:FAILED|PANICKED|TIMEDOUT)",
    ),
    rule(
        "assertion", "scalatest", 0.87, "the assertion that failed",
        r"^\[info\] .* (?:did not|was not|is not|does not) .*\(\S+\.scala:[0-9]+\)$",
    ),
    rule(
        "assertion", "exunit", 0.86, "the assertion that failed",
        r"^[ ]+(?:Assertion|Refute|Expected) .*failed", r"^[ ]*Condition not satisfied:$", r"^Failed asserting that ",
    ),
    rule(
        "test", "mocha", 0.62, "the test runner names the failing test",
        r"^[ ]{1,8}[0-9]+\) \S",
    ),
    rule(
        "test", "go", 0.86, "go test names the failing test",
        r"^[ ]*--- FAIL: ", r"^FAIL[ \t]+\S+",
    ),
    rule(
        "assertion", "go", 0.88, "the failing test's message",
        r"^[ \t]+\S+_test\.go:[0-9]+:(?: |$)", r"^[ \t]+Error(?: Trace)?:[ \t]",
    ),
    rule(
        "crash", "go", 0.95, "a Go panic",
        r"^panic: ", r"^fatal error: ", r"WARNING: DATA RACE",
    ),
    rule(
        "stack", "go", 0.6, "a goroutine's stack",
        r"^goroutine [0-9]+ \[",
    ),
    rule(
        "crash", "rust", 0.92, "a Rust panic",
        r"panicked at",
    ),
    rule(
        "error", "rust", 0.88, "an error of the Rust tool chain",
        r"^[ ]*error: \S", r"CHECK[A-Z-]*: expected string not found", r"^[ ]*error\[",
    ),
    rule(
        "test", "cargo", 0.85, "cargo names the failing test",
        r"^[ ]*test .+ \.\.\. (?:FAILED|mismatch|error)",
        r"^[ ]*(?:FAIL|SIGABRT|SIGSEGV|TIMEOUT|ABORT) \[ *[0-9.]+s\]", r"^---- .+ ----$",
    ),
    rule(
        "test", "surefire", 0.86, "surefire names the failing test",
        r"<<< (?:FAILURE|ERROR)!", r"^(?:\[ERROR\] )?(?:Failed tests|Tests in error|Failures|Errors): *",
        r"^\[ERROR\] +[A-Za-z0-9_.$]+\.[A-Za-z0-9_$]+:[0-9]+",
    ),
    rule(
        "goal", "maven", 0.8, "maven names the failing goal",
        r"^\[(?:ERROR|FATAL)\] .*Failed to execute goal",
        r"^\[(?:ERROR|FATAL)\] .*(?:Non-resolvable|problems? (?:was|were) encountered)",
    ),
    rule(
        "header", "maven", 0.2, "maven's heading",
        r"^\[ERROR\] COMPILATION ERROR",
    ),
    rule(
        "test", "gradle", 0.84, "gradle names the failing test",
        r"^\S.* > .+ FAILED$",
    ),
    rule(
        "goal", "gradle", 0.7, "gradle names the failing task",
        r"^Execution failed for task", r"^A problem occurred",
    ),
    rule(
        "heading", "gradle", 0.58, "gradle names the failing task",
        r"^> Task .* FAILED",
    ),
    rule(
        "header", "gradle", 0.3, "gradle's heading",
        r"^\* What went wrong",
    ),
    rule(
        "error", "rspec", 0.9, "the failing expectation",
        r"Failure/Error: ",
    ),
    rule(
        "test", "rspec", 0.82, "the test runner names the failing test",
        r"^rspec \./", r"^[ ]*(?:Failure|Error):$", r"^[ ]+test_\w+(?:#| \[)",
    ),
    rule(
        "test", "dotnet", 0.84, "the test runner names the failing test",
        r"^[ ]*Failed \S+ \[[<0-9]", r"\[FAIL\]$", r"^[ ]*Error Message:$",
    ),
    rule(
        "assertion", "dotnet", 0.88, "the assertion's two sides",
        r"Assert\.\w+\(\) Failure", r"Expected: .* But was: ", r"^[ ]*But was: ",
    ),
    rule(
        "test", "ctest", 0.84, "the test runner names the failing test",
        r"^\[  FAILED  \] ", r"\*\*\*(?:Failed|Exception|Timeout)",
    ),
    rule(
        "assertion", "gtest", 0.88, "the assertion that failed",
        r"^[^ ]+:[0-9]+: Failure$",
    ),
    rule(
        "test", "ctest", 0.82, "ctest lists the failing test",
        r"^[ \t]+[0-9]+ - .+ \((?:Failed|SEGFAULT|Timeout|Not Run|ILLEGAL|Subprocess aborted|OTHER_FAULT)\)",
    ),
    rule(
        "error", "php", 0.88, "a PHP error or failing test",
        r"PHP (?:Fatal|Parse) error", r"^(?:Fatal|Parse) error: ", r"^[0-9]+\) [A-Za-z\\]+::\w+",
    ),
    rule(
        "error", "xcode", 0.86, "an Xcode failure",
        r"\*\* (?:BUILD|TEST|ARCHIVE) FAILED \*\*", r": error: -\[", r"^❌",
    ),
    rule(
        "error", "docker", 0.9, "a docker build step failed",
        r"failed to solve", r"executor failed running", r"did not complete successfully", r"^#[0-9]+ ERROR",
        r"^ > \[.*\] .*:$", r"^[ ]*ERROR \[", r"returned a non-zero code", r"Error response from daemon",
        r"pull access",
    ),
    rule(
        "error", "terraform", 0.92, "a Terraform or helm error",
        r"^[ ]*(?:│|╷|\|)? ?Error: \S",
    ),
    rule(
        "error", "kubernetes", 0.92, "a Kubernetes error",
        r"CrashLoopBackOff", r"ImagePullBackOff", r"ErrImagePull", r"FailedScheduling", r"Error from server",
        r"(?:INSTALLATION|UPGRADE) FAILED",
    ),
    rule(
        "error", "npm", 0.8, "a package manager's error",
        r"^npm (?:ERR!|error) (?:code|errno|enoent|missing|[0-9]{3}|Error|Could|Cannot|peer|notarget|Missing|Invalid)",
        r"^ERR! ", r"^(?:yarn|YN0[0-9]+).*rror",
    ),
    rule(
        "error", "shell", 0.86, "a shell error",
        r": command not found", r": not found$", r"syntax error near", r"unbound variable", r": Permission denied",
        r"[Nn]o such file or directory", r"^[a-z./]*sh: ", r"Is a directory$", r"is not recognized as",
    ),
    rule(
        "error", "git", 0.92, "a git error",
        r"^(?:stderr: )?(?:fatal|error): \S", r"^CONFLICT \(", r"Merge conflict", r"pathspec .* did not match",
        r"hudson\.AbortException",
    ),
    rule(
        "error", "jenkins", 0.8, "the CI server's error",
        r"^(?:ERROR|FATAL): \S",
    ),
    rule(
        "error", "actions", 0.88, "the CI marks this line as an error",
        r"^##\[error\]\S", r"^::error", r"^Error: \S",
    ),
    rule(
        "error", "maven", 0.6, "an error of the build",
        r"^\[(?:ERROR|FATAL|SEVERE|error)\] \S",
    ),
    rule(
        "error", None, 0.55, "a line marked as an error",
        r"(?:^|[^A-Za-z_/.-])(?:ERROR|FATAL|CRITICAL|SEVERE|Fatal|FAILED|FAILURE)(?:[^A-Za-z_/-]|$)",
    ),
    rule(
        "lint", None, 0.72, "a message at a place in a file",
        r"^[ ]*" + FILE + r":[0-9]+:[0-9]+:? +[^ ]",
    ),
    rule(
        "lint", None, 0.5, "the check changed a file",
        r"^diff --git a/", r"^[0-9]+ files? changed, ",
    ),
    rule(
        "weak", None, 0.3, "a word of trouble",
        r"(?:^|[^a-z_/.-])(?:errors?|failed|fail(?:s|ure|ures|ing)?|exceptions?|panic|abort(?:ed|ing)?|fatal|cannot|can't|"
        r"unable to|could ?n[o']t|invalid|unexpected|mismatch|not found|denied|refused|undefined|unresolved|violation|"
        r"crash(?:ed)?|does not (?:exist|look|match)|went wrong|no such|missing|rejected|"
        r"not (?:allowed|permitted|supported))(?:[^a-z_/-]|$)|[✘✖✗❌⨯]", fold=True,
    ),
)  # fmt: skip
