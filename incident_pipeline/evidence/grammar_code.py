"""The shapes of errors in code: exceptions, compilers, configure steps, pytest and unittest, linters and formatters."""

from incident_pipeline.evidence.rule import EXCEPTION, FILE, QUALIFIED, RAISED, Rule, rule

CODE: tuple[Rule, ...] = (
    # a heading, before the exception below it
    rule(
        "stack", "python", 0.6, "a traceback begins",
        r"Traceback \(most recent call last\)", r"^ImportError while loading",
        r"^[ ]*\+ Exception Group", r"^Thread 0x", r"^Current thread",
    ),
    rule(
        "error", None, 0.85, "an error and its message",
        r"^[ ]*(?:Uncaught )?(?:Type e|E)rror: \S",
    ),
    # early: "FileNotFoundError: No such file" is an exception before it is a shell error
    rule(
        "exception", None, 0.88, "an exception and its message",
        r"^[ ]*(?:\|? ?)?" + RAISED + QUALIFIED + EXCEPTION + r"(?: \[[A-Z_0-9]+\])?(?::|$| in | at )",
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
        r"undefined reference to", r"(?:^|[ /])ld(?:\.\S+)?: .*(?:cannot|undefined|error)", r"Undefined symbols for",
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
        FILE + r"[:(][0-9]+(?:[:,][0-9]+)?\)?: (?:fatal |schwerer )?"
        r"(?:error|Error|Fehler|erreur|errore|ошибка|エラー|错误|錯誤|오류) ?[:：]",
        r'^File "[^"]+", line [0-9]+, characters [0-9-]+:',
    ),
    rule(
        "warning", None, 0.3, "a warning at a place in a file",
        FILE + r"[:(][0-9]+(?:[:,][0-9]+)?\)?: (?:warning|Warning|note|info|remark|style|hint)\b",
    ),
    rule(
        "lint", None, 0.92, "a warning that counts as an error",
        r"[Ww]arnings?,? (?:is |are )?treated as errors?",
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
        r"^CMake Error", r"^[ ]*Could NOT find", r"configure: error:", r"meson\.build:[0-9]+:[0-9]+: ERROR",
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
        r"^INTERNALERROR>", r"^ERROR: (?:not found|usage|file or directory)", r"^pytest: error",
        r"^E\s+(?:Module|Import)",
    ),
    rule(
        "error", "pytest", 0.75, "pytest could not read its settings",
        r"^ERROR: while parsing",
    ),
    rule(
        "lint", "linter", 0.85, "a linter's finding",
        r"^[ ]*" + FILE + r":[0-9]+(?::[0-9]+)?:? +(?:error|\[?[A-Z]{1,4}[0-9]{2,5}\]?|[CWEF]: |Error)",
        r"^[ ]*[A-Z]{1,4}[0-9]{3,4} (?:\[\*\] )?[`A-Z]",
    ),
    rule(
        "lint", "linter", 0.84, "a check's finding",
        r"^In \S+ line [0-9]+:$", r"^>> Issue: ", r"CVE-[0-9]{4}-[0-9]+", r"^[ ]*[*-] \[[45][0-9]{2}\] ", r"^! [A-Z]",
    ),
    rule(
        "lint", "eslint", 0.86, "an eslint error",
        r"^[ ]*[0-9]+:[0-9]+ +(?:error|✖) +\S", r"^[ ]*error  .*[a-z-]+/[a-z-]+$",
    ),
    rule(
        "lint", "formatter", 0.86, "a formatter would change a file",
        r"^would reformat ", r"Code style issues", r"^\[error\] \S+\.\w+: ", r"^\[warn\] \S+\.\w+$",
        r"files were modified by this hook", r"would be reformatted", r"^Oh no!",
        r"needs? (?:formatting|to be formatted)", r"not (?:properly )?formatted", r"^Diff in ",
        r"^---+ .*before formatting",
    ),
    rule(
        "test", "pre-commit", 0.87, "a pre-commit hook failed",
        r"\.{3,}(?:\([^)]*\))?Failed$",
    ),
    rule(
        "lint", "checkstyle", 0.86, "a checkstyle finding",
        r"^\[(?:ERROR|WARN)\] " + FILE + r":[0-9]+(?::[0-9]+)?: ",
    ),
)  # fmt: skip
