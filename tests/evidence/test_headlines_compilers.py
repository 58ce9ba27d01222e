"""The line a report leads with, by compiler and build tool.

A line that may lead begins with `» `; the log around it is the same for all."""

import pytest

from tests.evidence.headlines import check_lead

CASES = {
    "scalac": """\
[warn] /srv/ci/app/src/main/scala/Errors.scala:9:3: unused import
» [error] /srv/ci/app/src/main/scala/Store.scala:21:14: type mismatch;
[error]  found   : Int
[error]  required: String
[error]     open(port)
[error]          ^
[error] one error found
[error] (core / Compile / compileIncremental) Compilation failed
""",
    "php-fatal": r"""
» PHP Fatal error:  Uncaught Error: Call to undefined method Acme\Store::flush() in /srv/ci/app/src/Job.php:17
Stack trace:
#0 /srv/ci/app/bin/run(9): Acme\Job->run()
#1 {main}
  thrown in /srv/ci/app/src/Job.php on line 17
""",
    "esbuild": """\
» ✘ [ERROR] Could not resolve "./store"

    src/main.ts:3:20:
      3 │ import { open } from "./store";
        ╵                      ~~~~~~~~~

1 error
""",
    "vite": """\
transforming...
✓ 412 modules transformed.
x Build failed in 3.01s
error during build:
» [vite]: Rollup failed to resolve import "lodash-es/debounce" from "/srv/ci/app/src/panel.ts".
This is most likely unintended because it can break your application at runtime.
If you do want to externalize this module explicitly add it to
`build.rollupOptions.external`
""",
    "ghc": """\
[ 9 of 12] Compiling Acme.Error       ( src/Acme/Error.hs, dist/Error.o )
[10 of 12] Compiling Acme.Store       ( src/Acme/Store.hs, dist/Store.o )
» src/Acme/Store.hs:31:12: error: [GHC-83865]
    • Couldn't match expected type ‘Text’ with actual type ‘[Char]’
    • In the first argument of ‘open’, namely ‘name’
   |
31 |   h <- open name
   |             ^^^^
Error: cabal: Failed to build acme-0.1.
""",
    "dune": """\
» File "src/store.ml", line 12, characters 4-9:
12 |     opne x
         ^^^^
» Error: Unbound value opne
Hint: Did you mean open?
""",
    "zig": """\
» src/main.zig:14:9: error: expected type 'u32', found 'f64'
    run(x);
        ^
error: the following command failed with 1 compilation errors:
/opt/zig/zig build-exe -ODebug src/main.zig
""",
    "latex": r"""
(/usr/share/texlive/texmf-dist/tex/latex/errors.sty)
» ! Undefined control sequence.
l.88 \includegrafics
                     {plot}
Latexmk: Errors, so I did not complete making targets
""",
    "meson": """\
Has header "error.h" : YES
Checking for function "strerror_r" : NO
» ../meson.build:41:0: ERROR: Dependency "libpng" not found, tried pkgconfig and cmake

A full log can be found at /srv/ci/app/build/meson-logs/meson-log.txt
""",
    "autoconf": """\
checking for error_at_line... yes
checking for working strerror... no
checking whether gcc supports -Werror... yes
» configure: error: libxml2 >= 2.9 is required
""",
    "make-notarget": """\
» make: *** No rule to make target 'src/errors.h', needed by 'build/main.o'.  Stop.
""",
    "tsan-rust-link": """\
   Compiling errno v0.3.8
error: linking with `cc` failed: exit status: 1
  |
  = note: LC_ALL="C" PATH="/opt/rust/bin" VSLANG="1033" "cc" "-m64" "/tmp/rustc/symbols.o"
»   = note: /usr/bin/ld: cannot find -lssl: No such file or directory
          collect2: error: ld returned 1 exit status

error: could not compile `tool` (bin "tool") due to 1 previous error
""",
    "rust-deny": """\
» error: unused import: `std::fs`
» error: unused import: `std::fs`
 --> src/lib.rs:1:5
  |
1 | use std::fs;
  |     ^^^^^^^
  |
  = note: `-D unused-imports` implied by `-D warnings`

error: could not compile `core` (lib) due to 1 previous error
""",
    "go-vet-lock": """\
# github.com/acme/app/store
» store/store.go:31:9: assignment copies lock value to s: sync.Mutex
""",
    "gradle-daemon-gone": """\
FAILURE: Build failed with an exception.

* What went wrong:
» Gradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)

* Try:
> Run with --stacktrace option to get the stack trace.
""",
    "surefire-crash": """\
[INFO] BUILD FAILURE
» [ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:2.22.2:test (default-test) on proj
[ERROR]
[ERROR] Please refer to dump files (if any exist) [date].dump, [date]-jvmRun[N].dump and [date].dumpstream.
» [ERROR] The forked VM terminated without properly saying goodbye. VM crash or System.exit called?
[ERROR] Command was /bin/sh -c cd /srv/ci/app && java -jar surefirebooter.jar
» [ERROR] Process Exit Code: 143
""",
    "node-gyp": """\
gyp ERR! build error
gyp ERR! stack Error: `make` failed with exit code: 2
make: Entering directory '/srv/ci/app/node_modules/sharp/build'
» ../src/common.cc:24:10: fatal error: vips/vips8: No such file or directory
   24 | #include <vips/vips8>
compilation terminated.
gyp ERR! not ok
""",
    "openssl-node17": """\
node:internal/crypto/hash:71
  this[kHandle] = new _Hash(algorithm, xofLen);
                  ^

» Error: error:0308010C:digital envelope routines::unsupported
    at new Hash (node:internal/crypto/hash:71:19) {
  code: 'ERR_OSSL_EVP_UNSUPPORTED'
}
""",
    "setup-egg": """\
error: subprocess-exited-with-error
× python setup.py egg_info did not run successfully.
│ exit code: 1
╰─> [6 lines of output]
    Traceback (most recent call last):
      File "<string>", line 2, in <module>
      File "/tmp/pip-install/acme/setup.py", line 3, in <module>
»     ModuleNotFoundError: No module named 'numpy'
    [end of output]
""",
    "mvn-parent": """\
» [ERROR] [ERROR] Some problems were encountered while processing the POMs:
» [FATAL] Non-resolvable parent POM for org.acme:core:1.0: Could not find artifact org.acme:parent:pom:9 in centra
 @
[ERROR] The build could not read 1 project -> [Help 1]
""",
}


@pytest.mark.parametrize("name", CASES)
def test_what_says_why_leads(name: str) -> None:
    check_lead(CASES[name])
