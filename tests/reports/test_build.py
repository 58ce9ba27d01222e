"""Building: what is cited first, what is shown, what stays the same."""

from dataclasses import replace
from datetime import timedelta

from incident_pipeline.model.git import FileChange
from incident_pipeline.reports.build import build_report
from incident_pipeline.reports.citations import repository_page
from tests.reports.cases import hostile_case, inconclusive_case, infrastructure_case
from tests.reports.sample import GUILTY, HEAD, RED, SECOND, Case, commit_case


def test_citations_are_numbered_in_reading_order_and_each_place_once() -> None:
    report = commit_case().build()
    assert [each.id for each in report.citations] == ["E1", "E2", "E3", "E4"]
    lines = [each.citation.ref.rpartition(":")[2] for each in report.citations]
    assert lines == ["2214", "88", "84", "21"]
    assert report.citations[2].citation.side == "old"


def test_the_cause_of_an_infrastructure_failure_is_cited_before_the_findings() -> None:
    report = infrastructure_case().build()
    assert report.citations[0].citation.note == "the runner's disk, not the code"


def test_citations_lead_to_the_vendors_pages() -> None:
    log, head, removed, *_ = commit_case().build().citations
    assert log.url == "https://github.com/acme/shop/actions/runs/7718421842/job/31"
    assert head.url == f"https://github.com/acme/shop/blob/{HEAD}/src/shop/cart.py#L88"
    assert removed.url == f"https://github.com/acme/shop/commit/{GUILTY}"


def test_a_run_page_of_another_repository_or_scheme_gives_no_links() -> None:
    run = commit_case().incident.run
    assert run
    for url in ("https://evil.example/x/y/actions/runs/1", "javascript:alert(1)/acme/shop/actions/runs/1", ""):
        assert repository_page(replace(run, url=url)) == ""


def test_no_hostile_address_becomes_a_link() -> None:
    report = hostile_case().build()
    assert [each.url for each in report.citations] == ["", ""]


def test_every_cited_line_is_shown_with_three_lines_around_it() -> None:
    excerpt = commit_case().build().excerpts[0]
    numbers = [line.line for line in excerpt.lines]
    assert numbers == sorted(set(numbers))
    assert set(range(2211, 2227)) <= set(numbers)
    assert {line.line: line.mark for line in excerpt.lines if line.mark} == {
        2214: "cited", 2215: "finding", 2220: "finding", 2223: "finding",
    }  # fmt: skip


def test_excerpts_are_bounded_and_keep_the_proof() -> None:
    case = commit_case()
    case.lookup.logs["log"] |= dict.fromkeys(range(1, 2000), "x" * 9000)
    excerpt = replace(case, selection={"log": tuple(range(1, 5000))}).build().excerpts[0]
    assert {2214, 2220, 2223} <= {line.line for line in excerpt.lines}
    assert sum(len(line.text) for line in excerpt.lines) <= 240_000
    assert max(len(line.text) for line in excerpt.lines) == 2_000


def test_hunks_stand_in_the_order_of_their_citations_and_the_blamed_line_at_head() -> None:
    at_head, guilty, second = commit_case().build().hunks
    assert (at_head.hash, at_head.header) == (HEAD, "at head")
    assert (" ", 88, "        return round(sum(lines), 2)") in at_head.lines
    assert guilty.hash == GUILTY
    assert ("-", 84, "        return total.quantize(CENT)") in guilty.lines
    assert second.hash == SECOND


def test_where_no_commit_is_to_blame_no_change_is_shown() -> None:
    case = infrastructure_case()
    named = replace(commit_case().judgement, verdict=case.judgement.verdict)
    assert {hunk.header for hunk in replace(case, judgement=named).build().hunks} == {"at head"}


def test_a_long_hunk_is_cut_around_its_cited_line() -> None:
    case = commit_case()
    patch = "@@ -1,900 +1,0 @@\n" + "\n".join(f"-old {number}" for number in range(1, 901))
    change = FileChange("src/shop/cart.py", "modified", patch=patch)
    commits = tuple(replace(c, files=(change,)) if c.hash == GUILTY else c for c in case.window.commits)
    hunk = replace(case, window=replace(case.window, commits=commits)).build().hunks[1]
    assert len(hunk.lines) == 40
    assert ("-", 84, "old 84") in hunk.lines


def _rebuilt(case: Case) -> str:
    return build_report(
        incident=replace(case.incident, occurred_at=RED + timedelta(days=9)), window=case.window, failure=case.failure,
        judgement=case.judgement, code=case.code, logs=case.logs, excerpts=case.selection, lookup=case.lookup,
        statuses=(), engine="another", notes=("later",), created_at=RED + timedelta(days=10), seconds=99.0,
    ).evidence_hash  # fmt: skip


def test_the_evidence_hash_leaves_out_times_and_engine_but_no_evidence() -> None:
    case = commit_case()
    before = case.build().evidence_hash
    assert before.startswith("sha256:")
    assert _rebuilt(case) == before
    assert replace(case, failure=replace(case.failure, exit_code=2)).build().evidence_hash != before
    case.lookup.logs["log"][2214] += "!"
    assert case.build().evidence_hash != before


def test_the_authors_and_owners_of_the_suspect_are_asked() -> None:
    assert [owner.name for owner in commit_case().build().owners] == ["Ada Example", "@acme/checkout"]


def test_nobody_is_asked_about_a_full_disk() -> None:
    assert infrastructure_case().build().owners == ()


def test_a_hole_in_the_range_is_said_once() -> None:
    case = inconclusive_case()
    twice = replace(case, judgement=replace(case.judgement, not_known=case.window.problems))
    assert twice.build().not_known == case.window.problems


def test_a_faint_suspicion_wakes_nobody_and_asks_for_no_test_run() -> None:
    case = inconclusive_case()
    faint = tuple(replace(each, probability=0.05) for each in case.judgement.suspects)
    report = replace(case, judgement=replace(case.judgement, suspects=faint)).build()
    assert report.owners == ()
    assert not any("Run the failing test" in step.text for step in report.next_steps)
