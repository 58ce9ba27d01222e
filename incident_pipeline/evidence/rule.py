"""One rule of the grammar of error lines, and what its patterns are built from."""

from dataclasses import dataclass

FILE = r"""[^ :()'\"]*[A-Za-z0-9_+-]\.[A-Za-z]{1,6}"""  # a path with an extension
QUALIFIED = r"(?:[A-Za-z_$][A-Za-z0-9_$]*(?:\.|::))*"  # `package.module.`
EXCEPTION = (
    r"(?:(?:[A-Z][A-Za-z0-9_$]*)?(?:Error|Exception)|[A-Z][A-Za-z0-9_$]*(?:Failure|Exit|Interrupt|Warning|Timeout))"
)
RAISED = r"(?:(?:Caused by|Caused|Suppressed|Exception in thread \"[^\"]*\"|Uncaught|Unhandled|\[ERROR\]|ERROR:?):? )?"


@dataclass(frozen=True, slots=True)
class Rule:
    """One shape of line. `kind`: what it is (`assertion`, `network`, `summary`, ...); `tool` None: any tool."""

    kind: str
    tool: str | None
    weight: float
    reason: str
    pattern: str


def rule(kind: str, tool: str | None, weight: float, reason: str, *alternatives: str, fold: bool = False) -> Rule:
    """A rule that holds when any alternative matches; `fold` ignores case."""
    return Rule(kind, tool, weight, reason, ("(?i)" if fold else "") + "|".join(alternatives))
