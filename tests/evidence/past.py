"""Earlier incidents and failures for the tests of what is remembered."""

from collections.abc import Sequence

from incident_pipeline.evidence.fingerprint import fingerprint
from incident_pipeline.model.evidence import Failure, Finding
from incident_pipeline.model.memory import Fingerprint, PastIncident

TEST = "tests/test_cart.py::test_total"


def finding(
    text: str, *, test: str | None = TEST, kind: str = "assertion", score: float = 0.9, line: int = 7
) -> Finding:
    """One finding, new since the green run."""
    return Finding("log", line, line + text.count("\n"), text, kind, score, "why", True, test)


def failure(*texts: str, test: str | None = TEST, kind: str = "assertion") -> Failure:
    """A failure whose findings say `texts`, all of one test."""
    found = tuple(finding(text, test=test, kind=kind, line=7 + n) for n, text in enumerate(texts))
    return Failure(found, tests=(test,) if test else ())


def past(incident: str, what: Failure | Fingerprint, *, tests: Sequence[str] = (TEST,), **more: object) -> PastIncident:
    """An earlier incident of acme/shop that its own report blamed on a commit."""
    print_ = what if isinstance(what, Fingerprint) else fingerprint(what)
    fields: dict[str, object] = {
        "verdict": "commit", "category": "code", "status": "LIKELY", "told_by": "report", "base": f"base of {incident}",
        "head": f"head of {incident}", "tests": tuple(tests), **more,
    }  # fmt: skip
    return PastIncident(incident, "acme/shop", incident, print_, **fields)  # pyright: ignore[reportArgumentType] - by name
