"""An invented incident of an invented shop, whose commit is found, and what `build_report` takes to tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from incident_pipeline.model.evidence import (
    Citation,
    CodeFacts,
    Failure,
    Finding,
    Frame,
    Judgement,
    Reason,
    RuledOut,
    Suspect,
    Verdict,
    code_ref,
    log_ref,
)  # fmt: skip
from incident_pipeline.model.git import Commit, FileChange
from incident_pipeline.model.incident import Incident, Job, LogRef, Run, Window
from incident_pipeline.model.logs import SourceStatus
from incident_pipeline.model.report import Report
from incident_pipeline.reports.build import build_report

DAY = datetime(2026, 11, 24, tzinfo=UTC)
RED, GREEN = DAY + timedelta(hours=14, minutes=2), DAY + timedelta(hours=11, minutes=40)
HEAD, BASE, GUILTY, SECOND = "9f3c2ab" + "0" * 33, "a81d0c4" + "0" * 33, "4be91f7" + "0" * 33, "c02aa19" + "0" * 33
TEST = "tests/test_cart.py::test_total"
LOG_LENGTH = 5102
RUN_URL = "https://github.com/acme/shop/actions/runs/7718421842"

PATCH = """@@ -78,10 +78,11 @@ class Cart:
     def total(self) -> Decimal:
         \"\"\"What the customer pays.\"\"\"
         lines = [line.price * line.quantity for line in self.lines]
-        total = sum(lines)
         if self.discount:
-            total = total * (1 - self.discount)
-        return total.quantize(CENT)
+            lines = [round(line * (1 - self.discount), 2) for line in lines]
+        # each line is rounded, as the receipt shows it
+        self.rounded = True
+        return round(sum(lines), 2)
\x20
     def tax(self) -> Decimal:
         return self.total() * self.rate
"""
SECOND_PATCH = """@@ -20,4 +20,5 @@ class Cart:
     def add(self, line: Line) -> None:
+        assert line.quantity > 0
         self.lines.append(line)
\x20
     def clear(self) -> None:
"""
CART = "\n".join(
    {
        84: "            lines = [round(line * (1 - self.discount), 2) for line in lines]",
        85: "        # each line is rounded, as the receipt shows it",
        86: "        self.rounded = True",
        87: "",
        88: "        return round(sum(lines), 2)",
    }.get(number, f"# line {number} of the cart")
    for number in range(1, 121)
)
CODEOWNERS = "# who to ask\n*            @acme/everyone\n/src/shop/   @acme/checkout\n/docs/       docs@acme.example\n"

_SPOKEN = {
    2190: "##[group]Run pytest -x",
    2191: "pytest -x tests",
    2192: "============================= test session starts =============================",
    2193: "platform linux -- Python 3.12.4, pytest-8.4.1, pluggy-1.6.0",
    2194: "collected 412 items",
    2206: "    def test_total() -> None:",
    2207: "        cart = Cart(discount=Decimal('0.15'))",
    2208: "        cart.add(Line('tea', Decimal('3.35'), 3))",
    2209: "        cart.add(Line('cup', Decimal('13.45'), 1))",
    2210: ">       assert cart.total() == Decimal('19.97')",
    2214: "E       AssertionError: assert Decimal('19.98') == Decimal('19.97')",
    2215: "E        +  where Decimal('19.98') = total()",
    2217: "tests/test_cart.py:41: AssertionError",
    2218: "src/shop/cart.py:88: in total",
    2219: "=========================== short test summary info ===========================",
    2220: f"FAILED {TEST} - AssertionError: assert Decimal('19.98') == Decimal('19.97')",
    2221: "!!!!!!!!!!!!!!!!!!!!!!!!!! stopping after 1 failures !!!!!!!!!!!!!!!!!!!!!!!!!!",
    2223: "##[error]Process completed with exit code 1.",
}


@dataclass
class Texts:
    """A lookup over dictionaries: what is not spoken of is filler; `code` maps (sha, path, line, side) to a line."""

    logs: dict[str, dict[int, str]]
    lengths: dict[str, int]
    code: dict[tuple[str, str, int, str], str] = field(default_factory=dict[tuple[str, str, int, str], str])

    def log_line(self, label: str, line: int) -> str | None:
        if not 1 <= line <= self.lengths.get(label, 0):
            return None
        return self.logs[label].get(line, f"tests/test_part_{line % 17}.py::test_case_{line} PASSED")

    def code_line(self, sha: str, path: str, line: int, side: str) -> str | None:
        return self.code.get((sha, path, line, side))

    def log_length(self, label: str) -> int | None:
        return self.lengths.get(label)


@dataclass(frozen=True)
class Case:
    """Everything `build_report` takes, so that a test can change one part and build again."""

    incident: Incident
    window: Window
    failure: Failure
    judgement: Judgement
    code: CodeFacts
    logs: tuple[LogRef, ...]
    lookup: Texts
    selection: Mapping[str, tuple[int, ...]]
    statuses: tuple[SourceStatus, ...]
    notes: tuple[str, ...] = ()

    def build(self) -> Report:
        """The report, made at a time of its own."""
        return build_report(
            incident=self.incident, window=self.window, failure=self.failure, judgement=self.judgement, code=self.code,
            logs=self.logs, excerpts=self.selection, lookup=self.lookup, statuses=self.statuses, notes=self.notes,
            created_at=RED + timedelta(minutes=3), seconds=0.42,
        )  # fmt: skip


def run(number: int, sha: str, at: datetime, conclusion: str) -> Run:
    """A run of CI on main."""
    return Run(
        source="github_actions", repo="acme/shop", run_id=f"771842{number}", attempt=1, workflow="CI", head_sha=sha,
        status="completed", conclusion=conclusion, run_number=number, event="push", branch="main",
        url=f"https://github.com/acme/shop/actions/runs/771842{number}", created_at=at - timedelta(minutes=6),
        updated_at=at,
    )  # fmt: skip


def _commits() -> tuple[Commit, ...]:
    subjects = (
        "Bump the docs theme", "Show stock on the product page", "Translate the footer", "Check quantities in the cart",
        "Speed up the image job", "Round discounts per line", "Fix a typo in the guide", "Log slow queries",
        "Rename the css folder", "Add a page for returns", "Drop an unused icon", "Sort countries by name",
        "Widen the search box", "Explain the API keys",
    )  # fmt: skip
    minutes = (134, 121, 118, 109, 96, 51, 47, 44, 40, 31, 22, 19, 12, 4)
    found: list[Commit] = []
    for place, (subject, minute) in enumerate(zip(subjects, minutes, strict=True)):
        sha = {0: HEAD, 3: SECOND, 5: GUILTY}.get(place, f"{place:x}d" * 3 + f"{place}e".rjust(34, "7"))[:40]
        patch = {3: SECOND_PATCH, 5: PATCH}.get(place)
        path = "src/shop/cart.py" if patch else f"docs/page_{place}.md"
        change = FileChange(path, "modified", additions=4, deletions=4, patch=patch)
        author = "Ada Example" if place == 5 else "Ben Example"
        at = GREEN + timedelta(minutes=minute)
        found.append(Commit(sha, author, at, f"{subject}\n\nBody.", committed_at=at, parents=(BASE,), files=(change,)))
    return tuple(found)


def commit_case() -> Case:
    """A commit is found: a line of the log, the line at head blame points to, and the removed line behind both."""
    log, blamed = log_ref("log", 2214), code_ref(HEAD, "src/shop/cart.py", 88)
    removed = code_ref(GUILTY, "src/shop/cart.py", 84)
    second = code_ref(SECOND, "src/shop/cart.py", 21)
    said = _SPOKEN[2214]
    failure = Failure(
        findings=(
            Finding("log", 2214, 2215, f"{said}\n{_SPOKEN[2215]}", "assertion", 0.97,
                    "the assertion that failed; not in the green log", True, TEST, "Run pytest"),
            Finding("log", 2220, 2220, _SPOKEN[2220], "summary", 0.8, "pytest's own summary", True, TEST),
            Finding("log", 2223, 2223, _SPOKEN[2223], "exit", 0.4, "the step's exit code", True),
        ),
        frames=(Frame("log", 2218, "src/shop/cart.py", 88, "total", 0, "python", "src/shop/cart.py"),),
        tests=(TEST,), exit_code=1, tool="pytest", compared_with_green=True,
    )  # fmt: skip
    suspects = (
        Suspect(
            GUILTY, 0.86,
            (
                Reason("changed the line of the deepest frame", 2.1,
                       (Citation(blamed, "return round(sum(lines), 2)", "last changed by 4be91f7"),)),
                Reason("removed the rounding of the whole order", 1.2,
                       (Citation(removed, "return total.quantize(CENT)", "rounded once per order", "old"),)),
                Reason('shares "round" and "discount" with the assertion', 0.4, (Citation(log, said),)),
            ),
            "Round discounts per line", "Ada Example", GREEN + timedelta(minutes=51),
        ),
        Suspect(
            SECOND, 0.07,
            (Reason("touches cart.py, other function", 0.3, (Citation(second, "assert line.quantity > 0"),)),),
            "Check quantities in the cart", "Ben Example", GREEN + timedelta(minutes=109),
        ),
    )  # fmt: skip
    commits = _commits()
    others = [c for c in commits if c.hash not in {GUILTY, SECOND}]
    suspects += tuple(Suspect(c.hash, 0.05 / 12, (), c.subject, c.author, c.date) for c in others)
    verdict = Verdict(
        "commit", "code", "LIKELY", 0.86,
        "The total is rounded line by line since 4be91f7, and the test expects one rounding for the order.",
        (Reason("an assertion of the project's own test failed, which was green before", 1.0, (Citation(log, said),)),),
    )  # fmt: skip
    lookup = Texts(
        {"log": dict(_SPOKEN)}, {"log": LOG_LENGTH, "green": 5090},
        {
            (HEAD, "src/shop/cart.py", 88, "new"): "        return round(sum(lines), 2)",
            (GUILTY, "src/shop/cart.py", 84, "old"): "        return total.quantize(CENT)",
            (SECOND, "src/shop/cart.py", 21, "new"): "        assert line.quantity > 0",
        },
    )  # fmt: skip
    lookup.logs["green"] = {}
    red, green = run(1842, HEAD, RED, "failure"), run(1839, BASE, GREEN, "success")
    return Case(
        incident=Incident(
            "acme-shop-1842", "default", "ci", "github_actions", "acme/shop", "CI #1842", red,
            (Job("31", "tests (3.12)", "completed", "failure"), Job("32", "lint", "completed", "success")), green, RED,
        ),
        window=Window("acme/shop", BASE, HEAD, "last_green", commits),
        failure=failure,
        judgement=Judgement(
            verdict, suspects,
            (
                RuledOut("9 commits", "touch docs/ or other packages", tuple(c.hash for c in others[:9])),
                RuledOut("the machine", "no network, disk or memory signal in the log"),
                RuledOut("dependencies", "pins unchanged between green and red"),
            ),
            ("this commit was never run twice: a flaky test is not excluded",),
        ),
        code=CodeFacts(
            frozenset({"src/shop/cart.py", "tests/test_cart.py"}),
            {"src/shop/cart.py": CART, "CODEOWNERS": CODEOWNERS},
        ),
        logs=(
            LogRef("log", 1, "tests (3.12)", "31", f"{red.url}/job/31"), LogRef("green", 2, "tests (3.12), green"),
        ),
        lookup=lookup,
        selection={"log": (*range(2190, 2195), *range(2204, 2224), 5101, 5102)},
        statuses=(
            SourceStatus("github_actions", "logs", "tests (3.12)", "read", "", 5102, 410_233),
            SourceStatus("github_actions", "logs", "tests (3.12), green", "read", "", 5090, 409_002),
            SourceStatus("local", "git", "14 commits a81d0c4..9f3c2ab", "read", "", 14),
            SourceStatus("github_actions", "logs", "deploy", "expired", "the vendor keeps logs for 90 days"),
        ),
    )  # fmt: skip
