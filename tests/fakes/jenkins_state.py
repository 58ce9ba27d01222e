"""What a fake Jenkins holds: folders, jobs and builds, and their JSON as `api/json` shows it."""

import re
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

HOUR = 3_600_000
RED_AT = 1_772_373_720_000  # 2026-03-01T14:02:00Z
ANNOTATION = re.compile(rb"\x1b\[8mha:[^\x1b]*\x1b\[0m")

_CLASSES = {
    "freestyle": "hudson.model.FreeStyleProject", "pipeline": "org.jenkinsci.plugins.workflow.job.WorkflowJob",
    "matrix": "hudson.matrix.MatrixProject", "folder": "com.cloudbees.hudson.plugins.folder.Folder",
    "multibranch": "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject",
}  # fmt: skip
_BUILDS = {
    "freestyle": "hudson.model.FreeStyleBuild", "pipeline": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
    "matrix": "hudson.matrix.MatrixBuild",
}  # fmt: skip


@dataclass
class FakeBuild:
    """`log` is the raw bytes, annotations and all, or the status that asking for it gets. `grows`: what each look at a
    running build's log adds to it afterwards; it ends when nothing is left to add. `git`: (remote, sha, branch) of each
    checkout. `cases`: (class, test, status, details, trace)."""

    number: int
    result: str | None = "FAILURE"
    at: int = RED_AT
    git: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    log: bytes | int = b""
    building: bool = False
    grows: list[bytes] = field(default_factory=list[bytes])
    stages: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    cases: list[tuple[str, str, str, str | None, str | None]] | None = None
    cause: tuple[str, str] = ("jenkins.branch.BranchEventCause", "Push event to branch main")
    changes: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    combinations: dict[str, "FakeBuild"] = field(default_factory=dict[str, "FakeBuild"])
    actions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass
class FakeJob:
    """A folder has `jobs`, a job has `builds` in any order."""

    name: str
    kind: str = "freestyle"
    builds: list[FakeBuild] = field(default_factory=list[FakeBuild])
    jobs: list["FakeJob"] = field(default_factory=list["FakeJob"])
    primary: bool = False

    @property
    def is_folder(self) -> bool:
        return self.kind in {"folder", "multibranch"}

    @property
    def newest(self) -> list[FakeBuild]:
        return sorted(self.builds, key=lambda build: -build.number)


def job_json(job: FakeJob, full: str, root: str) -> dict[str, Any]:
    """Every exported property; `tree` or the depth decides what is shown of it."""
    url = f"{root}/{'/'.join(f'job/{quote(part)}' for part in full.split('/'))}/"
    told: dict[str, Any] = {"_class": _CLASSES[job.kind], "name": job.name, "fullName": full, "url": url}
    told["actions"] = [{"_class": "jenkins.scm.api.metadata.PrimaryInstanceMetadataAction"}] if job.primary else [{}]
    if job.is_folder:
        return told | {"jobs": [job_json(inside, f"{full}/{inside.name}", root) for inside in job.jobs]}
    builds = [build_json(build, job.kind, url) for build in job.newest]
    return told | {
        "color": "red", "builds": builds[:100], "allBuilds": builds, "lastBuild": builds[0] if builds else None,
    }  # fmt: skip


def build_json(build: FakeBuild, kind: str, job_url: str) -> dict[str, Any]:
    url = f"{job_url}{build.number}/"
    changes = {
        "_class": "hudson.plugins.git.GitChangeSetList",
        "kind": "git",
        "items": [{"commitId": sha, "timestamp": at} for sha, at in build.changes],
    }
    told: dict[str, Any] = {
        "_class": _BUILDS[kind], "number": build.number, "url": url, "id": str(build.number),
        "displayName": f"#{build.number}", "building": build.building, "timestamp": build.at,
        "result": None if build.building else build.result, "duration": 0 if build.building else 60_000,
        "actions": [_cause_json(*build.cause), {}, *map(_git_json, build.git), *build.actions],
    }  # fmt: skip
    if kind == "matrix":
        told["runs"] = [build_json(one, "freestyle", f"{job_url}{axes}/") for axes, one in build.combinations.items()]
    return told | ({"changeSets": [changes]} if kind == "pipeline" else {"changeSet": changes})


def _cause_json(kind: str, said: str) -> dict[str, Any]:
    return {"_class": "hudson.model.CauseAction", "causes": [{"_class": kind, "shortDescription": said}]}


def _git_json(checkout: tuple[str, str, str]) -> dict[str, Any]:
    remote, sha, branch = checkout
    return {
        "_class": "hudson.plugins.git.util.BuildData",
        "buildsByBranchName": {branch: {"buildNumber": 1}},
        "lastBuiltRevision": {"SHA1": sha, "branch": [{"SHA1": sha, "name": branch}]},
        "remoteUrls": [remote],
        "scmName": "",
    }


def stages_json(build: FakeBuild) -> dict[str, Any]:
    """`wfapi/describe`: the plugin's README says what it holds."""
    stages = [
        {
            "id": str(5 + n),
            "name": name,
            "status": status,
            "startTimeMillis": build.at + n * 1000,
            "durationMillis": 1000,
        }
        for n, (name, status) in enumerate(build.stages)
    ]
    status = "IN_PROGRESS" if build.building else build.result
    return {"id": str(build.number), "name": f"#{build.number}", "status": status, "stages": stages}


def report_json(cases: list[tuple[str, str, str, str | None, str | None]]) -> dict[str, Any]:
    told = [
        {"className": kind, "name": name, "status": status, "errorDetails": details, "errorStackTrace": trace}
        for kind, name, status, details, trace in cases
    ]
    suites = [{"name": cases[0][0] if cases else "", "cases": told}]
    return {"_class": "hudson.tasks.junit.TestResult", "failCount": len(cases), "suites": suites}


Tree = dict[str, tuple["Tree | None", tuple[int, int] | None]]


def parse_tree(text: str) -> Tree:
    """`a,b[c]{0,10}` as name -> (tree, range). ValueError when it is malformed."""
    tree, rest = _parse(text)
    if rest:
        raise ValueError(rest)
    return tree


def _parse(text: str) -> tuple[Tree, str]:
    tree: Tree = {}
    while True:
        found = re.match(r"[\w*]+", text)
        if not found:
            raise ValueError(text)
        text, inside, cut = text[found.end() :], None, None
        if text.startswith("["):
            inside, text = _parse(text[1:])
            if not text.startswith("]"):
                raise ValueError(text)
            text = text[1:]
        if limits := re.match(r"\{(\d+),(\d+)\}", text):
            cut, text = (int(limits[1]), int(limits[2])), text[limits.end() :]
        tree[found[0]] = (inside, cut)
        if not text.startswith(","):
            return tree, text
        text = text[1:]


def pruned(value: Any, tree: Tree | None) -> Any:
    """What `tree` asks for of `value`; `_class` is always there. Without a tree an object shows its plain fields."""
    if isinstance(value, list):
        return [pruned(item, tree) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    if tree is None:
        return {key: item for key, item in fields.items() if not isinstance(item, dict | list)}
    shown = {"_class": fields["_class"]} if "_class" in fields else {}
    for name, (inside, cut) in tree.items():
        if name in fields:
            item = fields[name]
            shown[name] = pruned(item[cut[0] : cut[1]] if cut else item, inside)
    return shown
