"""Exits, totals and follow-up errors: they tell that a run failed, and rank under what tells why."""

from incident_pipeline.evidence.rule import Rule, rule

# What only says that something failed: a heading, a total in words. Opens a block, ranks under what names a cause.
HOLLOW: tuple[Rule, ...] = (
    rule(
        "heading", None, 0.55, "says that it failed, not why",
        r"^(?:##\[error\])?[ ]*(?:error|err!)?:? ?(?:the )?(?:tests?|build|compilation|checks?) fail(?:ed|ures)[.!:]?$",
        r"failed to compile\.?$", r"subprocess-exited-with-error",
        r"error: (?:metadata-generation-failed|legacy-install-failure)",
        r"^error during build", r"^[x✗] build failed", r"chart\(s\) linted, [1-9]",
        r"could not read from remote repository", r"(?:hook|pipeline|task|job|stage|workflow)s? failed[.!:]?$",
        r"^\+{3,} timeout \+{3,}", r"run failed: command", r"targets? failed, including",
        r"one or more (?:containers|errors|tests) (?:failed|occurred)", r"[0-9] error\(s\)$", r"^error message:$",
        r"npm err(?:or|!) (?:lifecycle script|code (?:eusage|elifecycle|enoent|e[0-9]{3})$)",
        r"npm err(?:or|!) (?:syscall|in workspace|path|command) ",
        r"^the following tests failed:?$", r"^lint found [1-9]", r"^command failed with exit code [1-9]", fold=True,
    ),
)  # fmt: skip

ENDS: tuple[Rule, ...] = (
    rule(
        "compile", "make", 0.9, "make's own error",
        r"^g?make(?:\[[0-9]+\])?: \*\*\* (?:No rule to make|missing|multiple)", r"^Makefile:[0-9]+: \*\*\* ",
    ),
    rule(
        "cancelled", None, 0.58, "somebody or something cancelled the run",
        r"the operation was cancel?led", r"^(?:##\[error\])?(?:job|build|workflow|run) (?:was )?cancel?led", fold=True,
    ),
    rule(
        "exit", None, 0.45, "the step's exit",
        r"^##\[error\](?:Process|The process).*(?:exit|failed).*[0-9]",
        r"^Error: Process completed with exit code [1-9]",
    ),
    rule(
        "exit", None, 0.42, "the CI marks the step as failed",
        r"^Build step .* marked build as failure", r"^The command .* exited with [1-9]", r"^ERROR: Job failed",
        r"^ERROR: script returned exit code [1-9]",
    ),
    rule(
        "exit", None, 0.4, "a command's exit",
        r"^(?:error|ERROR:?) Command failed with exit code [1-9]", r"ELIFECYCLE", r"ERR_PNPM_RECURSIVE_\w*FAIL",
        r"^Done\. Your build exited with [1-9]", r"^npm ERR! (?:code|errno|Exit status)",
        r"^(?:>>> )?[Ee]xit(?:ed)?(?: with)?(?: status| code| code exit status) [1-9]",
        r"^(?:\W+Error: )?(?:The command|Command|Error: Exited) (?:exited )?with (?:status|code) [1-9]",
    ),
    rule(
        "exit", None, 0.2, "the build says that it failed",
        r"^Finished: FAILURE", r"^BUILD FAILED", r"^\[INFO\] BUILD FAILURE",
        r"^FAILURE: Build failed with an exception", r"^[ ]*FAILURE$", r"^Bootstrap failed",
        r"^Build completed unsuccessfully",
    ),
    rule(
        "summary", "pytest", 0.62, "pytest's totals",
        r"^=+ (?:.*[ ,])?[1-9][0-9]* (?:failed|errors?)(?:,| in )",
    ),
    rule(
        "summary", "unittest", 0.6, "unittest's totals",
        r"^FAILED \((?:failures|errors|unexpected successes)=",
    ),
    rule(
        "summary", "jest", 0.6, "the test runner's totals",
        r"^[ ]*(?:Tests|Test Suites|Test Files|Snapshots|Suites): +.*[1-9][0-9]* (?:failed|obsolete)",
        r"^[ ]*(?:Tests|Test Files) +[1-9][0-9]* failed",
    ),
    rule(
        "summary", "mocha", 0.6, "mocha's totals",
        r"^[ ]*[1-9][0-9]* failing$",
    ),
    rule(
        "summary", "rspec", 0.6, "the test runner's totals",
        r"[0-9]+ (?:examples?|runs|tests), .*[1-9][0-9]* (?:failures?|errors)",
    ),
    rule(
        "summary", "cargo", 0.6, "cargo's totals",
        r"^[ ]*test result: FAILED", r"^[ ]*Summary \[.*[1-9][0-9]* failed", r"^[ ]*[0-9]+ of [0-9]+ tests? failed",
    ),
    rule(
        "summary", "maven", 0.55, "surefire's totals",
        r"Tests run: ?[0-9]+, .*(?:Failures|Errors): ?[1-9]",
    ),
    rule(
        "summary", "maven", 0.50, "the module that failed",
        r"^\[INFO\] .* FAILURE \[",
    ),
    rule(
        "summary", "gradle", 0.58, "gradle's totals",
        r"^[0-9]+ tests? completed, [1-9][0-9]* failed",
    ),
    rule(
        "summary", "dotnet", 0.6, "the test runner's totals",
        r"^[ ]*Failed! +- Failed: +[1-9]", r"^Total tests: .*Failed: [1-9]", r"^[ ]*Failed: +[1-9]",
    ),
    rule(
        "summary", "phpunit", 0.6, "phpunit's totals",
        r"^FAILURES!", r"^ERRORS!", r"^Tests: [0-9]+, .*(?:Failures|Errors): [1-9]",
    ),
    rule(
        "summary", None, 0.58, "the tool's total of errors",

        r"^[ ]*(?:✖ +|\[ERROR\] )?(?:[Ff]ound )?[1-9][0-9]* (?:errors?|problems?|failures|issues?)"
        r"(?: (?:\(|in|gen|det)|[.,]|$)",
    ),
    rule(
        "summary", "ctest", 0.6, "ctest's totals",
        r"^[0-9]+% tests passed, [1-9][0-9]* tests? failed", r"^The following tests FAILED",
    ),
    rule(
        "summary", None, 0.55, "totals of the run",
        r"^[ ]*[1-9][0-9]* (?:[a-z-]+ )?tests? (?:have )?failed",
        r"^[ ]*(?:Total )?(?:tests?|test files)[: ].*(?:failures|failed)=[1-9]", r"^Result: FAIL",
        r"^Some tests failed", r"^[0-9]+ files? would be reformatted", fold=True,
    ),
    rule(
        "cascade", None, 0.4, "a follow-up error of the build driver",
        r"^make(?:\[[0-9]+\])?: \*\*\*", r"^ninja: build stopped", r"^g?make: ", r"^error: could not compile",
        r"^error: aborting due to", r"^collect2: error", r"ld returned [1-9]", r"returned non-zero exit status",
        r"^error: test (?:run )?failed", r'^error: script \"', r"^The terminal process",
    ),
    rule(
        "cascade", "gradle", 0.3, "a follow-up error of the build driver",
        r"^> There were failing tests", r"^> Compilation failed; see", r"There are test failures",
    ),
)  # fmt: skip
