"""The same shop on worse days: the machine failed, two commits fit, a stranger wrote every text. All cases by name."""

from collections.abc import Callable
from dataclasses import replace

from incident_pipeline.model.evidence import (
    Citation,
    CodeFacts,
    Failure,
    Finding,
    Judgement,
    Reason,
    RuledOut,
    Suspect,
    Verdict,
    code_ref,
    log_ref,
)
from incident_pipeline.model.git import FileChange
from incident_pipeline.model.incident import Job, LogRef
from incident_pipeline.model.logs import SourceStatus
from tests.reports.sample import GUILTY, HEAD, LOG_LENGTH, RED, Case, Texts, commit_case, run


def infrastructure_case() -> Case:
    """The disk was full."""
    base = commit_case()
    said = {
        2214: "write /var/lib/docker/tmp/layer.tar: no space left on device",
        2220: "##[error]Process completed with exit code 28.",
    }
    proof = Citation(log_ref("log", 2214), said[2214], "the runner's disk, not the code")
    return replace(
        base,
        failure=Failure(
            (Finding("log", 2214, 2214, said[2214], "disk", 0.95, "the first error; not in the green log", True),),
            exit_code=28, compared_with_green=True,
        ),
        judgement=Judgement(
            Verdict("infrastructure", "disk", "LIKELY", 0.93, "The runner had no space left while an image was built.",
                    (Reason("a write failed for want of space", 2.0, (proof,)),)),
            tuple(Suspect(c.hash, 0.005, (), c.subject, c.author, c.date) for c in base.window.commits),
            (RuledOut("14 commits", "none touches the image or its build"),),
            ("how much space the runner had before the job",),
        ),
        lookup=Texts({"log": said, "green": {}}, {"log": LOG_LENGTH, "green": 5090}),
        selection={"log": (2213, 2214, 2220)},
    )  # fmt: skip


def inconclusive_case() -> Case:
    """Two commits are as good as each other, and the range has a hole."""
    base = commit_case()
    first, second, *_ = base.judgement.suspects
    suspects = (replace(first, probability=0.44), replace(second, probability=0.38))
    return replace(
        base,
        window=replace(
            base.window, complete=False, problems=("the clone is shallow: commits before 3 Nov are absent",)
        ),
        judgement=replace(
            base.judgement,
            verdict=replace(base.judgement.verdict, status="INCONCLUSIVE", confidence=0.44, summary="Two fit."),
            suspects=suspects,
        ),
        notes=("times without a zone were read as UTC",),
    )


EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \x1b[31mred\x1b]8;;https://evil.example\x07link "
    "\u202egnp.exe\u2066 @acme/everyone #12 [click](https://evil.example) ![x](https://evil.example/i.png) "
    "``` ```` {{ 7*7 }} {% raw %} "
    "[bold]rich[/bold] \"quoted\" 'single' & $(reboot) `id`; %s {0} \x00 \x9b \ud800 www.evil.example |"
)


def hostile_case() -> Case:
    """The same text of a stranger wherever a stranger can write."""
    base = commit_case()
    line = f"{EVIL} 2214"
    place = Citation(log_ref("log", 2214), line, EVIL)
    code = Citation(code_ref(GUILTY, f"src/{EVIL}.py", 84), EVIL, EVIL)
    reason = Reason(EVIL, 1.0, (place, code))
    evil_run = replace(run(1842, HEAD, RED, "failure"), workflow=EVIL, branch=EVIL, url=f"javascript:alert('{EVIL}')")
    change = FileChange(f"src/{EVIL}.py", "modified", patch=f"@@ -84 +84 @@ {EVIL}\n+{EVIL}")
    commits = tuple(replace(c, message=EVIL, author=EVIL, files=(change,)) for c in base.window.commits)
    finding = Finding("log", 2214, 2214, line, "error", 0.9, EVIL, True, EVIL, EVIL)
    jobs = (Job("1", EVIL, "completed", "failure"),)
    return replace(
        base,
        incident=replace(base.incident, title=EVIL, repo=EVIL, run=evil_run, jobs=jobs),
        window=replace(base.window, commits=commits, complete=False, problems=(EVIL,)),
        failure=Failure((finding,), tests=(f"--evil {EVIL}",), tool="pytest"),
        judgement=Judgement(
            Verdict("commit", "code", "LIKELY", 0.8, EVIL, (reason,)),
            (Suspect(GUILTY, 0.8, (reason,), EVIL, EVIL, RED),),
            (RuledOut(EVIL, EVIL),),
            (EVIL,),
        ),
        code=CodeFacts(frozenset({EVIL}), {"CODEOWNERS": f"* @acme/all {EVIL}"}),
        logs=(LogRef("log", 1, EVIL, "1", f'https://evil.example/"><script>{EVIL}'),),
        lookup=Texts({"log": {2214: line}}, {"log": LOG_LENGTH}, {(GUILTY, f"src/{EVIL}.py", 84, "new"): EVIL}),
        selection={"log": (2214,)},
        statuses=(SourceStatus(EVIL, "logs", EVIL, "failed", EVIL),),
        notes=(EVIL,),
    )


CASES: dict[str, Callable[[], Case]] = {
    "commit": commit_case,
    "infrastructure": infrastructure_case,
    "inconclusive": inconclusive_case,
    "hostile": hostile_case,
}
