"""The page: one file that loads nothing, runs nothing but its own script, and can be read without it."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from incident_pipeline.reports.html import render_html
from tests.reports.cases import CASES, hostile_case, inconclusive_case, infrastructure_case
from tests.reports.sample import commit_case

_VOID = {"meta", "link", "br", "img", "input", "hr"}
_LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href", "style"}


class _Page(HTMLParser):
    """Tags with attributes, text by the tag around it; fails on a tag that is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.open:
            self.text[self.open[-1]] = self.text.get(self.open[-1], "") + data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] for _, attrs in self.tags if attribute in attrs]


@pytest.fixture(params=CASES)
def page(request: pytest.FixtureRequest) -> _Page:
    return _Page(render_html(CASES[request.param]().build()))


def test_the_policy_names_the_style_and_the_script_that_are_there(page: _Page) -> None:
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        digest = base64.b64encode(hashlib.sha256(page.text[tag].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
        assert len(page.all(tag)) == 1
        assert page.all(tag)[0] == {}
    assert "unsafe" not in policy


def test_nothing_is_loaded_and_no_handler_is_inline(page: _Page) -> None:
    names = {name for _, attrs in page.tags for name in attrs}
    assert not names & _LOADING
    assert not [name for name in names if name.startswith("on")]
    assert not {tag for tag, _ in page.tags} & {
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "audio",
        "video",
    }
    assert "url(" not in page.text["style"]
    assert "@import" not in page.text["style"]
    assert "fetch" not in page.text["script"]


def test_links_lead_into_the_page_or_to_the_run(page: _Page) -> None:
    for link in page.all("a"):
        assert re.match(r"#[\w-]+$|https://github\.com/acme/shop/", link["href"])
        assert link["href"].startswith("#") or link["rel"] == "noopener noreferrer"


def test_every_anchor_exists_once(page: _Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert not link["href"].startswith("#") or link["href"][1:] in ids
    for reference in ("aria-labelledby", "aria-describedby"):
        assert set(page.values(reference)) <= set(ids)


def test_a_screen_reader_finds_landmarks_headings_and_names(page: _Page) -> None:
    tags = [tag for tag, _ in page.tags]
    assert [tags.count(tag) for tag in ("header", "main", "footer", "h1")] == [1] * 4
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.all("html") == [{"lang": "en"}]
    for tag, attrs in page.tags:
        if tag == "section" or attrs.get("role") == "region":
            assert attrs.get("aria-label") or attrs.get("aria-labelledby")


def test_a_citation_lights_up_both_ends_without_a_script() -> None:
    report = commit_case().build()
    page = _Page(render_html(report))
    for each in report.citations:
        assert f"main:has(#{each.id}:target,#claim-{each.id}:target) .c-{each.id}" in page.text["style"]
        marked = [tag for tag, attrs in page.tags if f"c-{each.id}" in attrs.get("class", "").split()]
        assert {"li", "tr"} <= set(marked)
        assert {each.id, f"claim-{each.id}"} <= set(page.values("id"))


def test_a_citation_without_a_line_on_the_page_still_has_its_anchor() -> None:
    report = replace(commit_case().build(), hunks=(), excerpts=())
    assert {each.id for each in report.citations} <= set(_Page(render_html(report)).values("id"))


def test_a_page_without_logs_or_changes_says_so() -> None:
    report = replace(
        commit_case().build(), hunks=(), excerpts=(), citations=(), suspects=(), timeline=(), next_steps=()
    )
    assert "No line to show." in render_html(report)


def test_the_page_tells_the_incident() -> None:
    text = render_html(commit_case().build())
    for part in (
        "4be91f7 &#34;Round discounts per line&#34;", "2,189 lines left out", "git revert 4be91f7",
        "red 2026-11-24 14:02 UTC, last green 11:40 (a81d0c4)", "incident-responder incidents show acme-shop-1842",
        "<strong>expired</strong> the vendor keeps logs for 90 days", 'width="86.0%"', "sha256:",
    ):  # fmt: skip
        assert part in text


def test_the_cause_comes_first_when_no_commit_is_to_blame() -> None:
    assert '<h1 id="lead">The disk was full: no commit is to blame; re-run</h1>' in render_html(
        infrastructure_case().build()
    )


def test_an_undecided_page_tells_two_stories() -> None:
    text = render_html(inconclusive_case().build())
    assert "The two likeliest stories" in text
    assert "What would tell them apart: Run the failing test at 4be91f7" in text


def test_strangers_text_is_text() -> None:
    text = render_html(hostile_case().build())
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert "{{ 7*7 }}" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_the_largest_report_stays_under_a_megabyte() -> None:
    case = commit_case()
    case.lookup.logs["log"] |= dict.fromkeys(
        range(1, 5103), 'log line of a usual length, with <markup> & "quotes" in it'
    )
    case.lookup.logs["log"][2214] = "E       AssertionError: assert Decimal('19.98') == Decimal('19.97')"
    commits = tuple(replace(case.window.commits[0], hash=f"{n:040x}", message="A subject " * 20) for n in range(3000))
    window = replace(case.window, commits=(*commits, *case.window.commits))
    page = render_html(replace(case, window=window, selection={"log": tuple(range(1, 5103))}).build())
    assert "200 of 3,014 commits drawn" in page
    assert len(page.encode()) < 1_000_000
