"""The line a report leads with where a machine, an account or a service is at fault.

A line that may lead begins with `» `; the log around it is the same for all."""

import pytest

from tests.evidence.headlines import check_lead

CASES = {
    "aws-cred": """\
» Unable to locate credentials. You can configure credentials by running "aws configure".
""",
    "assume-role": """\
Assuming role with OIDC
» ##[error]Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity
""",
    "ssh-host": """\
Cloning into 'vendor'...
» Host key verification failed.
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
""",
    "ssh-key": """\
Warning: Permanently added 'github.com' to the list of known hosts.
» git@github.com: Permission denied (publickey).
fatal: Could not read from remote repository.
""",
    "docker-push": """\
The push refers to repository [registry.example/acme/app]
5f70bf18a086: Preparing
» denied: requested access to the resource is denied
""",
    "docker-daemon": """\
» Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
""",
    "docker-copy": """\
#8 [4/6] COPY dist /app
» #8 ERROR: failed to calculate checksum of ref abc::def: "/dist": not found
------
 > [4/6] COPY dist /app:
------
ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref abc::def: "/dist": not
""",
    "kubectl": """\
deployment.apps/errors-web unchanged
» error: error validating "deploy.yaml": error validating data: ValidationError(Deployment.spec): unknown field "r
""",
    "rollout": """\
Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...
» error: deployment "web" exceeded its progress deadline
""",
    "pkix": """\
[INFO] BUILD FAILURE
» [ERROR] Plugin org.apache.maven.plugins:maven-clean-plugin:3.2.0 or one of its dependencies could not be resolve
""",
    "semrel": """\
[10:00:01 AM] [semantic-release] › ✔  Loaded plugin "fail" from "@semantic-release/github"
» [10:00:02 AM] [semantic-release] › ✘  ENOGHTOKEN No GitHub token specified.
A GitHub personal token (https://github.com/semantic-release/github/blob/master/README.md#github-authentication)
""",
    "goreleaser": """\
  • building
»   ⨯ release failed after 3s                  error=git is in a dirty state
Please check in your pipeline what can be changing the following files:
  M go.sum
""",
    "wait-for-it": """\
wait-for-it.sh: waiting 60 seconds for db:5432
» wait-for-it.sh: timeout occurred after waiting 60 seconds for db:5432
""",
    "celery-conn": """\
» [2024-05-01 10:00:00,123: ERROR/MainProcess] consumer: Cannot connect to redis://redis:6379/0: Error 111 connect
Trying again in 2.00 seconds... (1/100)
""",
    "chrome-missing": """\
» Error: Could not find Chrome (ver. 123.0.6312.86). This can occur if either
 1. you did not perform an installation before running the script (e.g. `npx puppeteer browsers install chrome`)
 2. your cache path is incorrectly configured (which is: /root/.cache/puppeteer).
    at ChromeLauncher.resolveExecutablePath (/srv/ci/app/node_modules/puppeteer-core/lib/cjs/ProductLauncher.js:
""",
    "kcov-abort": """\
selftest 41 ok
» terminate called after throwing an instance of 'std::out_of_range'
  what():  vector::_M_range_check: __n (which is 4) >= this->size() (which is 4)
Aborted (core dumped)
""",
    "assert-c": """\
» tests: ../src/list.c:88: list_next: Assertion `it != NULL' failed.
Aborted (core dumped)
""",
    "command-not-found": """\
+ make docs
» /srv/ci/run.sh: line 9: asciidoctor: command not found
""",
    "perm-denied": """\
» /srv/ci/run.sh: line 3: ./gradlew: Permission denied
""",
    "crlf": r"""
» env: ‘bash\r’: No such file or directory
""",
    "glibc": """\
» ./bin/tool: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by ./bin/tool)
""",
    "mysql-start": """\
» ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)
""",
    "artifact-v3": """\
» ##[error]This request has been automatically failed because it uses a deprecated version of `actions/upload-arti
""",
    "merge-conflict": """\
Auto-merging src/error.c
» CONFLICT (content): Merge conflict in src/store.c
Automatic merge failed; fix conflicts and then commit the result.
""",
    "sonar": """\
INFO: ANALYSIS SUCCESSFUL
» ERROR: QUALITY GATE STATUS: FAILED - View details on https://sonar.example/dashboard?id=app
""",
    "trivy": """\
2024-05-01T10:00:00Z        INFO        Vulnerability scanning is enabled

package-lock.json (npm)
Total: 1 (HIGH: 1, CRITICAL: 0)

┌─────────┬────────────────┬──────────┬────────┬───────────────────┬───────────────┐
│ Library │ Vulnerability  │ Severity │ Status │ Installed Version │ Fixed Version │
├─────────┼────────────────┼──────────┼────────┼───────────────────┼───────────────┤
» │ ws      │ CVE-2024-37890 │ HIGH     │ fixed  │ 8.16.0            │ 8.17.1        │
└─────────┴────────────────┴──────────┴────────┴───────────────────┴───────────────┘
""",
}


@pytest.mark.parametrize("name", CASES)
def test_what_says_why_leads(name: str) -> None:
    check_lead(CASES[name])
