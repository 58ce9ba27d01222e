"""The line a report leads with, by linter, formatter and package manager.

A line that may lead begins with `» `; the log around it is the same for all."""

import pytest

from tests.evidence.headlines import check_lead

CASES = {
    "rubocop": """\
Inspecting 120 files
...................C....................................

Offenses:

» app/models/order.rb:9:5: C: [Correctable] Style/RedundantSelf: Redundant self detected.
    self.total
    ^^^^

120 files inspected, 1 offense detected, 1 offense autocorrectable
""",
    "shellcheck": """\
» In deploy.sh line 14:
cp $src $dst
»    ^--^ SC2086 (info): Double quote to prevent globbing and word splitting.

For more information:
  https://www.shellcheck.net/wiki/SC2086 -- Double quote to prevent globbing ...
""",
    "yamllint": """\
./.github/workflows/errors.yml
»   14:81     error    line too long (120 > 80 characters)  (line-length)

""",
    "stylelint": """\
src/app.css
»   14:3  ✖  Unexpected unknown property "colr"  property-no-unknown

✖ 1 problem (1 error, 0 warnings)
""",
    "ruff-new": """\
» F401 [*] `os` imported but unused
 --> app/io.py:3:8
  |
3 | import os
  |        ^^
  |
help: Remove unused import: `os`

Found 1 error.
""",
    "commitlint": """\
⧗   input: fixed error
» ✖   subject may not be empty [subject-empty]
» ✖   type may not be empty [type-empty]

✖   found 2 problems, 0 warnings
ⓘ   Get help: https://github.com/conventional-changelog/commitlint/#what-is-commitlint
""",
    "lychee": """\
## Errors in docs/guide.md

» * [404] [https://example.org/old](https://example.org/old) | Network error: Not Found

🔍 212 Total ✅ 211 OK 🚫 1 Error
""",
    "pylint": """\
************* Module app.store
» app/store.py:14:4: R0914: Too many local variables (17/15) (too-many-locals)

-----------------------------------
Your code has been rated at 9.98/10 (previous run: 10.00/10, -0.02)
""",
    "detekt": """\
> Task :app:detekt FAILED
» /srv/ci/app/src/main/kotlin/Store.kt:33:5: The function load is too long (92). The maximum length is 60. [LongMe

FAILURE: Build failed with an exception.

* What went wrong:
Execution failed for task ':app:detekt'.
> Analysis failed with 1 weighted issues.

BUILD FAILED in 30s
""",
    "yarn-berry": """\
➤ YN0000: ┌ Resolution step
➤ YN0002: │ app@workspace:. doesn't provide eslint, requested by x
» ➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.
➤ YN0000: └ Completed in 0s 412ms
➤ YN0000: Failed with errors in 0s 500ms
""",
    "yarn1": """\
yarn install v1.22.19
[1/4] Resolving packages...
» error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.
info Visit https://yarnpkg.com/en/docs/cli/install for documentation about this command.
""",
    "engine": """\
» error eslint@9.0.0: The engine "node" is incompatible with this module. Expected version "^18.18.0 || >=20". Got
error Found incompatible module.
info Visit https://yarnpkg.com/en/docs/cli/install for documentation about this command.
""",
    "conda": """\
Collecting package metadata (repodata.json): done
Solving environment: failed

» ResolvePackageNotFound:
  - libmamba=9.9
""",
    "pip-hash": """\
» ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versio
    requests==2.31.0 from https://files.example.org/requests-2.31.0.whl:
        Expected sha256 aaaa
             Got        bbbb
""",
    "pip-pyver": """\
» ERROR: Package 'acme' requires a different Python: 3.8.18 not in '>=3.9'
""",
    "bundler-conflict": """\
Fetching gem metadata from https://gems.example.org/......
» Bundler could not find compatible versions for gem "rails":
  In Gemfile:
    rails (~> 7.1)
""",
    "cargo-lock": """\
» error: the lock file /srv/ci/app/Cargo.lock needs to be updated but --locked was passed to prevent this
If you want to try to generate the lock file without accessing the network, remove the --locked flag and use --o
""",
    "go-sum": """\
» verifying github.com/acme/lib@v1.2.0: checksum mismatch
        downloaded: h1:aaaa=
        go.sum:     h1:bbbb=

SECURITY ERROR
""",
}


@pytest.mark.parametrize("name", CASES)
def test_what_says_why_leads(name: str) -> None:
    check_lead(CASES[name])
