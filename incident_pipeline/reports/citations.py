"""Findings and judgement in, numbered citations out (`E1`, `E2`, ... in reading order), each with its page if known.

Surprising fact: most findings get no number. The best one says why and one more names the test; the rest repeat them,
and stand marked in the excerpt.
"""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urlsplit

from incident_pipeline.model.evidence import Citation, Failure, Finding, Judgement, Reason, log_ref, parse_ref
from incident_pipeline.model.incident import LogRef, Run
from incident_pipeline.model.report import Cited
from incident_pipeline.reports.text import cut

QUOTE_WIDTH = 400
_MOST_FINDINGS = 3
_ALONE = 5  # where no reason is given, the findings are all the proof there is
_REPEATS = frozenset(
    {"block", "stack", "header", "heading", "summary", "exit", "cascade", "output", "context"}
)  # they prove nothing new
_PAGE_OF_RUN = "/actions/runs/"


def number(failure: Failure, judgement: Judgement, *, run: Run | None, logs: Sequence[LogRef]) -> tuple[Cited, ...]:
    """All citations in the order a reader needs them; the same place is numbered once."""
    base, pages = repository_page(run), {log.label: log.url for log in logs}
    seen: dict[tuple[str, str], Citation] = {}
    for citation in _in_order(failure, judgement):
        seen.setdefault((citation.ref, citation.side), citation)
    return tuple(
        Cited(id=f"E{index}", citation=citation, url=_url(citation, base, pages))
        for index, citation in enumerate(seen.values(), 1)
    )


def _in_order(failure: Failure, judgement: Judgement) -> Iterator[Citation]:
    findings = [_of_finding(finding) for finding in _telling(failure, judgement)]
    if judgement.verdict.verdict == "commit":
        yield from findings[:1]
        for suspect in judgement.suspects[:1]:
            yield from _of_reasons(suspect.reasons)
    yield from _of_reasons(judgement.verdict.reasons)
    yield from findings
    for suspect in judgement.suspects:
        yield from _of_reasons(suspect.reasons)


def _telling(failure: Failure, judgement: Judgement) -> list[Finding]:
    """The best finding of each kind, at most 3; where nothing else is cited the best five, one failing test among
    them; never none if there is one.

    Those of one kind are of one rank: a second failing test, or the same message again.
    """
    worth = [finding for finding in failure.findings if finding.kind not in _REPEATS] or list(failure.findings[:1])
    if not (judgement.verdict.reasons or judgement.suspects):
        named = next((finding for finding in worth if finding.kind == "test"), None)
        return [finding for finding in worth if finding.kind != "test" or finding is named][:_ALONE]
    kinds = {finding.kind: finding for finding in reversed(worth)}
    return [finding for finding in worth if kinds[finding.kind] is finding][:_MOST_FINDINGS]


def _of_reasons(reasons: Sequence[Reason]) -> Iterator[Citation]:
    for reason in reasons:
        yield from reason.citations


def _of_finding(finding: Finding) -> Citation:
    first_line = finding.text.partition("\n")[0]
    note = finding.reason.replace(", in the failed step", "")
    return Citation(log_ref(finding.label, finding.line), cut(first_line, QUOTE_WIDTH), note)


def repository_page(run: Run | None) -> str:
    """`https://host/owner/name` when the run's page is a GitHub Actions one (any host), else an empty string."""
    base, found, _ = (run.url if run else "").partition(_PAGE_OF_RUN)
    return base if found and is_web(base) and base.endswith(f"/{run.repo if run else ''}") else ""


def is_web(url: str) -> bool:
    """An address fit for a link: http(s), a host, and nothing that could end the attribute or hide in it."""
    if not url.isascii() or any(c in url for c in " <>\"'`\\()") or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.netloc) and "@" not in parts.netloc


def commit_page(base: str, sha: str) -> str:
    """The vendor's page of a commit; empty without `base`."""
    return f"{base}/commit/{quote(sha)}" if base else ""


def _url(citation: Citation, base: str, pages: Mapping[str, str]) -> str:
    match parse_ref(citation.ref):
        case ("log", label, _, _):
            page = pages.get(label, "")
            return page if is_web(page) else ""
        case ("code", sha, path, line) if base:
            # A removed line is in no file any more: only the commit's page shows it.
            removed = citation.side == "old"
            return commit_page(base, sha) if removed else f"{base}/blob/{quote(sha)}/{quote(path)}#L{line}"
        case _:
            return ""


def ids_of(reason: Reason, cited: Sequence[Cited]) -> tuple[str, ...]:
    """The numbers of a reason's citations, in its own order."""
    known = {(each.citation.ref, each.citation.side): each.id for each in cited}
    found = (known.get((citation.ref, citation.side)) for citation in reason.citations)
    return tuple(dict.fromkeys(name for name in found if name))
