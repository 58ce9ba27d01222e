"""The whole judgement on small invented incidents."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from incident_pipeline.evidence.judge import judge
from incident_pipeline.model.evidence import CodeFacts, Failure, Judgement, parse_ref
from tests.evidence import sample

LOG = [
    "collected 2 items",
    "    def test_total():",
    ">       assert total([1, 2]) == 3",
    "E       assert Decimal('3.1') == 3",
    "tests/test_cart.py:5: AssertionError",
    "FAILED tests/test_cart.py::test_total - assert Decimal('3.1') == 3",
]
HEAD = sample.CART.replace("quantize(CENT)", "quantize(CENT) * 2")
FILES = {"shop/cart.py": HEAD, "tests/test_cart.py": sample.TEST_CART}
GUILTY = sample.commit(1, "Tidy rounding", sample.change("shop/cart.py", sample.CART, HEAD))
DOCS = sample.commit(2, "Say more", sample.change("docs/cart.md", "a\n", "total of a cart\n"))
QUOTES = sample.commit(
    3, "Use single quotes", sample.change("shop/cart.py", sample.CART.replace('"0.01"', "'0.01'"), sample.CART)
)
COUNT = sample.commit(
    4, "Count", sample.change("shop/cart.py", sample.CART.replace("len(lines)", "len(list(lines))"), sample.CART)
)
COMMITS = (DOCS, QUOTES, GUILTY, COUNT)
FAILED = sample.failure(LOG, 4, 4, sample.frame(5, "tests/test_cart.py", 5), tests=["tests/test_cart.py::test_total"])


def ask(failed: Failure = FAILED, *, lines: list[str] = LOG, commits: tuple[sample.Commit, ...] = COMMITS) -> Judgement:
    window = sample.window(*commits)
    return judge(failed, window, sample.code(FILES), logs=[sample.log(lines)], greens=[sample.log(LOG[:1], "green")])


def test_the_commit_that_changed_what_the_failing_test_calls_is_named() -> None:
    found = ask()
    assert found.suspects[0].hash == GUILTY.hash
    assert found.verdict.verdict == "commit"
    assert found.verdict.category == "code"
    assert found.verdict.status == "LIKELY"
    assert "Tidy rounding" in found.verdict.summary
    assert "tests/test_cart.py::test_total" in found.verdict.summary


def test_every_commit_is_ranked_and_probabilities_leave_room_for_no_commit() -> None:
    found = ask()
    assert {s.hash for s in found.suspects} == {c.hash for c in COMMITS}
    assert 0.9 < sum(s.probability for s in found.suspects) < 1.0


def test_every_quote_stands_where_its_citation_says() -> None:
    lines = dict(enumerate(LOG, 1))
    files = {(c.hash, f.path): f for c in COMMITS for f in c.files or ()}
    cited = [c for s in ask().suspects for r in s.reasons for c in r.citations]
    assert cited
    for citation in cited:
        match parse_ref(citation.ref):
            case ("log", _, _, line):
                assert lines[line] == citation.quote
            case ("code", commit, path, line) if citation.side == "new":
                after = {GUILTY.hash: HEAD}.get(commit, sample.CART if path == "shop/cart.py" else "total of a cart\n")
                assert after.split("\n")[line - 1] == citation.quote
            case ("code", commit, path, _):
                assert f"-{citation.quote}" in (files[commit, path].patch or "").split("\n")
            case other:
                raise AssertionError(other)


def test_the_place_in_the_window_does_not_matter() -> None:
    first, last = ask(commits=COMMITS), ask(commits=COMMITS[::-1])
    assert [(s.hash, round(s.probability, 12)) for s in first.suspects] == [
        (s.hash, round(s.probability, 12)) for s in last.suspects
    ]


def test_the_same_question_has_the_same_answer() -> None:
    assert ask() == ask()


def test_documentation_and_formatting_are_ruled_out_with_their_commits() -> None:
    groups = {r.why: r.hashes for r in ask().ruled_out}
    assert groups["touches only documentation"] == (DOCS.hash,)
    assert groups["changes only comments, docstrings or formatting"] == (QUOTES.hash,)


def test_a_full_disk_clears_the_commits() -> None:
    lines = ["Run make", "OSError: [Errno 28] No space left on device", "##[error]exit code 1"]
    found = ask(sample.failure(lines, 2, 2), lines=lines)
    assert (found.verdict.verdict, found.verdict.category) == ("infrastructure", "disk")
    assert found.verdict.summary.startswith("No commit is to blame: the disk was full")
    assert found.verdict.reasons[0].citations[0].ref == "log:2"


def test_a_message_that_the_green_log_holds_too_says_nothing() -> None:
    noisy = [*LOG, "warning: Connection reset by peer (try 3)"]
    green = sample.log(["warning: Connection reset by peer (try 1)"], "green")
    found = judge(FAILED, sample.window(*COMMITS), sample.code(FILES), logs=[sample.log(noisy)], greens=[green])
    assert found.verdict.verdict == "commit"


def test_a_pass_of_the_same_commit_means_flaky() -> None:
    log = [sample.log(LOG)]
    found = judge(FAILED, sample.window(DOCS), sample.code(FILES), logs=log, same_commit_passed=True)
    assert found.verdict.verdict == "flaky"


def test_an_empty_window_and_empty_logs_are_unknown_not_an_error() -> None:
    found = judge(Failure(), sample.window(), CodeFacts(), logs=[])
    assert found.verdict.verdict == "unknown"
    assert found.suspects == ()
    assert "no commit lies between the last green one and this one" in found.not_known


def test_commits_without_files_or_patches_are_ranked_and_counted_as_not_known() -> None:
    bare = replace(sample.commit(5, "No files"), files=None)
    big = sample.commit(6, "Big", sample.FileChange("shop/cart.py", "modified", additions=9000, truncated=True))
    found = ask(commits=(bare, big, GUILTY))
    assert found.suspects[0].hash == GUILTY.hash
    assert len(found.suspects) == 3
    assert "the files of 1 commit are not known" in found.not_known
    assert "the patch of 1 file is missing or cut off" in found.not_known


def test_a_merge_is_not_accused_of_what_it_merged() -> None:
    merge = sample.commit(7, "Merge", *(GUILTY.files or ()), parents=2)
    found = ask(commits=(merge, GUILTY, COUNT))
    assert found.suspects[0].hash == GUILTY.hash
    assert found.suspects[-1].hash == merge.hash


def test_what_is_missing_is_said() -> None:
    found = judge(FAILED, sample.window(GUILTY, complete=False), CodeFacts(), logs=[sample.log(LOG)])
    assert found.not_known[0].startswith("the range of commits is incomplete")
    assert "there was no green log to compare with" in found.not_known
    assert "this commit was run once: a second run would tell chance from a broken commit" in found.not_known
    assert any("files at head could not be read" in n for n in found.not_known)


def test_hostile_text_is_data() -> None:
    lines = ["log:1 {0} %s [red]x[/red] \x1b[31m", "AttributeError: module 'a' has no attribute '(' * 99999", "log:3"]
    evil = sample.commit(8, "{subject} %d [bold]", sample.change("a[b]{c}.py", "x = '\\\n", "x = '''{}%s[/]\n"))
    found = ask(sample.failure(lines, 1, 3), lines=lines, commits=(evil,))
    assert len(found.suspects) == 1


LINE = st.one_of(
    st.text(max_size=60), st.sampled_from(["(" * 3000, "a " * 3000, "@@ -1 +1 @@", "\n" * 500, "def f(" * 300])
)


@settings(deadline=None, max_examples=40)
@given(st.lists(LINE, min_size=1, max_size=6), st.lists(LINE, max_size=6), st.lists(LINE, max_size=6))
def test_any_text_is_judged_and_its_probabilities_add_up(lines: list[str], before: list[str], after: list[str]) -> None:
    wild = sample.commit(9, lines[0], sample.change("a.py", "\n".join(before), "\n".join(after)))
    failed = sample.failure(lines, 1, len(lines), sample.frame(1, "a.py", 2), tests=[lines[-1]])
    code = sample.code({"a.py": "\n".join(after)})
    found = judge(failed, sample.window(wild), code, logs=[sample.log(lines)], greens=[sample.log(before, "green")])
    assert 0.0 <= found.suspects[0].probability <= 1.0
    assert found.verdict.status in {"LIKELY", "INCONCLUSIVE"}


def test_an_edit_of_the_failing_test_is_not_cleared_as_one_of_tests_that_passed() -> None:
    path, lines = "tests/test_cart.py", ["FAILED tests/test_cart.py::test_total", "AssertionError: assert 1 == 2"]
    text = "def test_total():\n    assert total() == 2\n"
    edit = sample.commit(4, "Round", sample.change(path, text.replace("2", "1"), text))
    failed = sample.failure(lines, 2, 2, tests=["tests/test_cart.py::test_total"])
    found = judge(failed, sample.window(edit), sample.code({path: text}), logs=[sample.log(lines)])
    assert [r.what for r in found.ruled_out if r.hashes] == []


def test_a_cause_that_was_found_in_the_log_is_not_ruled_out() -> None:
    line = "the server said: access denied"
    failed = sample.failure([line], 1, 1)
    denied = replace(failed, findings=tuple(replace(f, kind="credentials", score=0.9) for f in failed.findings))

    def ruled(failure: Failure) -> list[str]:
        found = judge(failure, sample.window(DOCS), CodeFacts(), logs=[sample.log([line])])
        return [r.what for r in found.ruled_out if not r.hashes]

    assert ruled(failed) == ["infrastructure"]
    assert ruled(denied) == []


def test_commits_that_nobody_read_keep_a_sign_of_the_machine_from_certainty() -> None:
    lines = ["Connection reset by peer"]
    window = replace(sample.window(complete=False), head=None, base=None)
    found = judge(sample.failure(lines, 1, 1), window, CodeFacts(), logs=[sample.log(lines)])
    assert found.verdict.verdict == "infrastructure"
    assert 0.5 < found.verdict.confidence < 0.95


def test_what_is_logged_for_debugging_is_no_sign_of_the_machine() -> None:
    lines = ['level=debug msg="registry.acme.example answered" status="502 Bad Gateway"']
    found = judge(sample.failure(lines, 1, 1), sample.window(DOCS), CodeFacts(), logs=[sample.log(lines)])
    assert found.verdict.verdict != "infrastructure"


def test_a_time_limit_that_a_passing_test_prints_is_no_sign_of_the_machine() -> None:
    lines = ["a_test.go:8: context deadline exceeded", *["ok"] * 20, "E   assert 1 == 2"]
    said = judge(sample.failure(lines, 22, 22), sample.window(DOCS), CodeFacts(), logs=[sample.log(lines)])
    assert said.verdict.verdict != "infrastructure"
    died = judge(sample.failure(lines, 1, 1), sample.window(DOCS), CodeFacts(), logs=[sample.log(lines)])
    assert died.verdict.verdict == "infrastructure"


def test_a_suspect_is_not_ruled_out_for_want_of_proof() -> None:
    lines = ["Error: nothing in common"]
    commits = [sample.commit(n, "Edit", sample.change(f"shop/m{n}.py", "a = 1\n", "a = 2\n")) for n in (4, 5)]
    found = judge(sample.failure(lines, 1, 1), sample.window(*commits), CodeFacts(), logs=[sample.log(lines)])
    assert all(each.probability > 0.1 for each in found.suspects)
    assert [each.what for each in found.ruled_out if each.hashes] == []


def test_no_commit_is_accused_of_production_logs_in_which_nothing_began() -> None:
    logs = [sample.log(LOG)]
    assert judge(FAILED, sample.window(*COMMITS), sample.code(FILES), logs=logs).verdict.verdict == "commit"
    still = judge(FAILED, sample.window(*COMMITS), sample.code(FILES), logs=logs, began=False)
    assert (still.verdict.verdict, still.verdict.status) == ("unknown", "INCONCLUSIVE")


def test_a_range_without_commits_makes_nothing_certain() -> None:
    logs = [sample.log(["OSError: [Errno 28] No space left on device"])]
    full = sample.failure(["OSError: [Errno 28] No space left on device"], 1, 1)
    found = judge(full, sample.window(), sample.code(FILES), logs=logs)
    assert found.verdict.verdict == "infrastructure"
    assert found.verdict.confidence < 1.0


def test_two_values_that_were_to_differ_and_came_out_alike_speak_for_chance() -> None:
    test = "import glob\n\ndef test_order():\n    a, b = names(), names()\n    assert a[0] != b[0], set(a)\n"
    said = "E       AssertionError: assert {} != {}"
    odds: list[float] = []
    for values in (("'x'", "'x'"), ("'x'", "'y'")):
        lines = [said.format(*values), "tests/test_a.py:5: AssertionError"]
        failed = sample.failure(
            lines, 1, 1, sample.frame(2, "tests/test_a.py", 5), tests=["tests/test_a.py::test_order"]
        )
        files = {**FILES, "tests/test_a.py": test}
        found = judge(failed, sample.window(*COMMITS), sample.code(files), logs=[sample.log(lines)])
        odds.append(1 - sum(s.probability for s in found.suspects))
    assert odds[0] > odds[1]


def test_settings_that_the_failing_tool_reads_come_before_those_of_others() -> None:
    lines = ["configfile: pytest.ini", "collected 0 items", "====== no tests ran in 0.03s ======"]
    own = sample.commit(8, "Tidy", sample.change("pytest.ini", "[pytest]\n", "[pytest]\npython_files = check_*.py\n"))
    other = sample.commit(9, "Tidy", sample.change("mkdocs.yml", "site: a\n", "site: a\nnav: b\n"))
    found = judge(sample.failure(lines, 3, 3), sample.window(other, own), sample.code({}), logs=[sample.log(lines)])
    assert [s.hash for s in found.suspects] == [own.hash, other.hash]
    assert found.suspects[0].probability > 2 * found.suspects[1].probability


def test_a_machine_that_is_only_spoken_of_is_no_reason_beside_code_that_did_not_compile() -> None:
    for said in (
        "##[group]Run : work around network errors: Could not resolve host",
        "curl: Could not resolve host: a.b",
    ):
        lines = [said, "error[E0308]: mismatched types", "  --> src/lib.rs:3:5"]
        failed = sample.failure(lines, 2, 2)
        refused = replace(failed, findings=tuple(replace(f, kind="compile") for f in failed.findings))
        found = judge(refused, sample.window(), sample.code({}), logs=[sample.log(lines)])
        assert found.verdict.verdict == "unknown"


def test_a_pinned_package_that_raised_the_error_itself_weighs_most() -> None:
    def asked(path: str) -> float:
        lines = ["Successfully installed runner-1.2.0", "TypeError: required field missing"]
        pin = sample.commit(8, "Pin", sample.change("requirements.txt", "runner\n", "runner==1.2.0\n"))
        failed = sample.failure(
            lines, 2, 2, replace(sample.frame(2, path, 9), repo_path=None), tests=["tests/test_cart.py"]
        )
        green = sample.log(["Successfully installed runner-3.0.0"], "green")
        window = sample.window(pin, GUILTY)
        found = judge(failed, window, sample.code(FILES), logs=[sample.log(lines)], greens=[green])
        return next(s.probability for s in found.suspects if s.hash == pin.hash)

    assert asked("/lib/site-packages/_runner/rewrite.py") > asked("/lib/site-packages/other/rewrite.py")
