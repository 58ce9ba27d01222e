"""The shapes of each tool's own errors: compilers, test runners, linters, builders, shells."""

from incident_pipeline.evidence.rule import EXCEPTION, FILE, QUALIFIED, RAISED, Rule, rule

TOOLS: tuple[Rule, ...] = (
    # a heading, before the exception below it
    rule(
        "stack", "python", 0.6, "a traceback begins",
        r"Traceback \(most recent call last\)", r"^ImportError while loading",
        r"^[ ]*\+ Exception Group", r"^Thread 0x", r"^Current thread",
    ),
    rule(
        "error", None, 0.80, "an error and its message",
        r"^[ ]*(?:Uncaught )?(?:Type e|E)rror: \S",
    ),
    # early: "FileNotFoundError: No such file" is an exception before it is a shell error
    rule(
        "exception", None, 0.88, "an exception and its message",
        r"^[ ]*(?:\|? ?)?" + RAISED + QUALIFIED + EXCEPTION + r"(?: \[[A-Z_0-9]+\])?(?::|$| in )",
    ),
    rule(
        "compile", "tsc", 0.94, "a TypeScript error",
        r"error TS[0-9]+: ", r"[0-9]+: error TS[0-9]+", r"error  ?TS[0-9]+",
    ),
    rule(
        "compile", "rustc", 0.94, "a Rust compile error",
        r"^[ ]*error\[E[0-9]{4}\]: ",
    ),
    rule(
        "lint", "mypy", 0.93, "a type error",
        r"^[^ :]+\.pyi?:[0-9]+(?::[0-9]+)?: error: ",
    ),
    rule(
        "compile", "cc", 0.93, "a compile or link error",
        r"\.(?:[chmsS]|cc|cpp|cxx|hh|hpp|hxx|inl|mm|cuh?|f90)[:(][0-9]+(?:[:,][0-9]+)?\)?: (?:fatal )?error: ",
        r"undefined reference to", r"^(?:/\S*/)?ld(?:\.\S+)?: .*(?:cannot|undefined|error)", r"Undefined symbols for",
    ),
    rule(
        "compile", "msbuild", 0.93, "a compile error",
        r"error (?:C|CS|LNK|MSB|NU|NETSDK|BC|FS|AD|RC)[0-9]{3,5} ?:",
    ),
    rule(
        "compile", "javac", 0.94, "a Java or Kotlin compile error",
        r"^\[(?:ERROR|error)\] " + FILE + r":\[[0-9]+,[0-9]+\]",
        r"^(?:\[[A-Z]+\] )?" + FILE + r":[0-9]+:(?: error:| Undefined reference)",
        r"^e: (?:file:)?" + FILE + r":", r"^\[error\] " + FILE + r":[0-9]+:[0-9]+: ",
    ),
    rule(
        "compile", None, 0.92, "an error at a place in a file",
        FILE + r"[:(][0-9]+(?:[:,][0-9]+)?\)?: (?:fatal )?error: ",
    ),
    rule(
        "compile", "go", 0.9, "a Go compile error",
        r"^(?:vet: )?[^ :]+\.go:[0-9]+(?::[0-9]+)?: ", r"^no required module", r"\[build failed\]",
        r"\[setup failed\]",
    ),
    rule(
        "compile", "bundler", 0.9, "a module or build error",
        r"Module not found", r"Cannot find module", r"ERROR in ", r"Failed to compile", r'Could not resolve \"',
        r"\[vite\].*(?:error|Error)", r"✘ \[ERROR\]",
    ),
    rule(
        "configure", "cmake", 0.92, "the configure step failed",
        r"^CMake Error", r"Could NOT find", r"configure: error:", r"^meson\.build:[0-9]+:[0-9]+: ERROR",
        r"Run Build Command.*fail",
    ),
    rule(
        "assertion", "pytest", 0.9, "pytest's message",
        r"^E  +\S",
    ),
    rule(
        "test", "pytest", 0.86, "pytest names the failing test",
        r"^(?:\[gw[0-9]+\] .*)?(?:FAILED|ERROR) \S+(?:::|\.py)", r"^\S+::\S+ (?:FAILED|ERROR)",
    ),
    rule(
        "test", "pytest", 0.72, "pytest opens a failure",
        r"^_{3,} .+ _{3,}$",
    ),
    rule(
        "test", "unittest", 0.84, "unittest names the failing test",
        r"^(?:FAIL|ERROR): [A-Za-z_]\w* \(", r"^test [A-Za-z0-9_.]+ (?:failed|crashed)",
    ),
    rule(
        "location", "python", 0.74, "where the test raised",
        r"^" + FILE + r":[0-9]+: (?:[A-Z][A-Za-z]*(?:Error|Exception|Warning|Exit|Interrupt|Failed|Failure)|Failed)\b",
    ),
    rule(
        "error", "pytest", 0.9, "pytest could not start",
        r"^INTERNALERROR>", r"^ERROR: (?:not found|usage|file or directory|while parsing)", r"^pytest: error",
        r"^E\s+(?:Module|Import)",
    ),
    rule(
        "lint", "linter", 0.85, "a linter's finding",
        r"^[ ]*" + FILE + r":[0-9]+(?::[0-9]+)?:? +(?:error|\[?[A-Z]{1,4}[0-9]{2,5}\]?|[CWEF]: |Error)",
        r"^[ ]*[A-Z]{1,4}[0-9]{3,4} (?:\[\*\] )?[`A-Z]",
    ),
    rule(
        "lint", "eslint", 0.86, "an eslint error",
        r"^[ ]*[0-9]+:[0-9]+ +(?:error|✖) +\S", r"^[ ]*error  .*[a-z-]+/[a-z-]+$",
    ),
    rule(
        "lint", "formatter", 0.86, "a formatter would change a file",
        r"^would reformat ", r"Code style issues", r"^\[error\] ", r"^\[warn\] \S+\.\w+$",
        r"files were modified by this hook", r"would be reformatted", r"^Oh no!",
        r"needs? (?:formatting|to be formatted)", r"not (?:properly )?formatted", r"^Diff in ",
        r"^---+ .*before formatting",
    ),
    rule(
        "test", "pre-commit", 0.85, "a pre-commit hook failed",
        r"\.{3,}(?:\([^)]*\))?Failed$",
    ),
    rule(
        "lint", "checkstyle", 0.86, "a checkstyle finding",
        r"^\[(?:ERROR|WARN)\] " + FILE + r":[0-9]+(?::[0-9]+)?: ",
    ),
    rule(
        "test", "jest", 0.84, "the test runner names the failing test",
        r"^[ ]*(?:●|✕|✖|✗|✘|×|❌) +\S", r"^[ ]*FAIL +\S+", r"^[ ]*⎯+ Failed", r"^[ ]*❯ \S+.*[1-9][0-9]* failed",
    ),
    rule(
        "assertion", "jest", 0.86, "the assertion's two sides",
        r"^[ ]*(?:Expected|Received)(?: [a-z ]+)?: ", r"^[ ]*expect\(.*\)\.", r"thrown: ", r"^[ ]*- Expected",
        r"^[ ]*\+ Received", r"^No tests found",
    ),
    rule(
        "test", "tap", 0.85, "a TAP test failed",
        r"^[ ]*not ok [0-9]+",
    ),
    rule(
        "assertion", "exunit", 0.86, "the assertion that failed",
        r"^[ ]+(?:Assertion|Refute|Expected) .*failed", r"^Failed asserting that ",
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
        "assertion", "go", 0.86, "the failing test's message",
        r"^[ \t]+\S+_test\.go:[0-9]+:(?: |$)", r"^[ \t]+Error(?: Trace)?:[ \t]",
    ),
    rule(
        "crash", "go", 0.95, "a Go panic",
        r"^panic: ", r"^fatal error: ", r"^goroutine [0-9]+ \[running\]", r"WARNING: DATA RACE",
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
        "goal", "gradle", 0.78, "gradle names the failing task",
        r"^Execution failed for task", r"^A problem occurred", r"^> Task .* FAILED",
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
        r"^\[  FAILED  \] ", r"\*\*\*(?:Failed|Exception|Timeout)", r"^[^ ]+:[0-9]+: Failure$",
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
        r"^npm (?:ERR!|error) (?:code|syscall|errno|missing|[0-9]{3}|Error|Could|Cannot|peer|notarget|Missing|Invalid)",
        r"^ERR! ", r"^(?:yarn|YN0[0-9]+).*rror",
    ),
    rule(
        "error", "shell", 0.86, "a shell error",
        r": command not found", r": not found$", r"syntax error near", r"unbound variable", r": Permission denied",
        r"No such file or directory", r"^[a-z./]*sh: ", r"Is a directory$", r"is not recognized as",
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
        r"^\[(?:ERROR|FATAL|SEVERE)\] \S",
    ),
    rule(
        "error", None, 0.55, "a line marked as an error",
        r"(?:^|[^A-Za-z_/.-])(?:ERROR|FATAL|CRITICAL|SEVERE|Fatal|FAILED|FAILURE)(?:[^A-Za-z_/-]|$)",
    ),
    rule(
        "weak", None, 0.3, "a word of trouble",
        r"(?:^|[^a-z_/.-])(?:errors?|failed|fail(?:s|ure|ures|ing)?|exceptions?|panic|abort(?:ed|ing)?|fatal|cannot|can't|"
        r"unable to|could ?n[o']t|invalid|unexpected|mismatch|not found|denied|refused|undefined|unresolved|violation|"
        r"crash(?:ed)?|does not (?:exist|look|match)|went wrong|no such|missing|rejected|"
        r"not (?:allowed|permitted|supported))(?:[^a-z_/-]|$)", fold=True,
    ),
)  # fmt: skip
