"""A report in, one self-contained HTML page out. Jinja2 is imported when called.

Surprising fact: the policy in the page's head names the one style and the one script by their hash, so even text that
slipped through escaping could neither run nor load anything. The style holds a few rules made for this report: they
light up both ends of a citation without a script.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from incident_pipeline.model.report import Report
from incident_pipeline.reports import beyond, citations, panes, text, view
from incident_pipeline.reports.picture import picture

if TYPE_CHECKING:
    from jinja2 import Environment

SHOWN_CITATIONS = 3


def render_html(report: Report) -> str:
    """The page as text, to be written as UTF-8. Under 1 MB for a usual report; `proof` bounds what is shown."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2, which no other view should pay for

    style, script = _asset("report.css") + _rules(len(report.citations)), _asset("report.js")
    logs, code = panes.log_panes(report), panes.code_panes(report)
    return _environment().get_template("report.html.j2").render(
        r=report,
        logs=logs,
        code=code,
        anchored=panes.ids_shown((*logs, *code)),
        picture=picture(report.timeline),
        base=citations.repository_page(report.run),
        shown=SHOWN_CITATIONS,
        leading={each.id for each in view.because(report, SHOWN_CITATIONS)},
        policy=_policy(style, script),
        # A file of this package, and rules that hold nothing of the report but the numbers of its citations.
        style=Markup(style),  # noqa: S704 - see the line above
        script=Markup(script),  # noqa: S704 - as above
    )  # fmt: skip


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - 40 ms at start-up otherwise

    environment = Environment(
        loader=PackageLoader("incident_pipeline.reports"), autoescape=True, finalize=_finalize,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    # Jinja2 types both as dictionaries of what it ships with.
    names, filters = cast("dict[str, Any]", environment.globals), cast("dict[str, Any]", environment.filters)
    names |= {"view": view, "beyond": beyond, "ids_of": citations.ids_of, "commit_page": citations.commit_page}
    for name in ("short", "moment", "count", "cut", "cut_path", "collapse"):
        filters[name] = getattr(text, name)
    filters["is_web"] = citations.is_web
    return environment


def _finalize(value: object) -> object:
    """Every string that is put into the page, before it is escaped. Markup is a string of ours and stays as it is."""
    return text.visible(value) if type(value) is str else value


def _asset(name: str) -> str:
    return files("incident_pipeline.reports").joinpath("templates", name).read_text(encoding="utf-8")


def _rules(cited: int) -> str:
    rule = "main:has(#E{n}:target,#claim-E{n}:target) .c-E{n}{{--at:var(--lit)}}\n"
    return "".join(rule.format(n=number) for number in range(1, cited + 1))


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(content: str) -> str:
    """How a policy names an inline element: the SHA-256 of the text between its tags (CSP Level 3)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
