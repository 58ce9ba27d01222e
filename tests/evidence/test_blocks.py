"""From an error line to its whole block, tool by tool."""

from itertools import pairwise

import pytest

from incident_pipeline.evidence.reading import read
from tests.evidence.logs import lines

BLOCKS = {
    "a Java exception with its causes": """\
done
java.io.IOException: No space left on device
\tat java.io.File.createTempFile(File.java:2092)
Caused by: java.lang.IllegalStateException: full
\tat a.B.c(B.java:1)
\t... 4 more
Archiving""",
    "a Python traceback ends with its exception": """\
done
Traceback (most recent call last):
  File "a.py", line 3, in <module>
    f()
NameError: name 'f' is not defined
next""",
    "maven's error lines stay together": """\
[INFO] done
[ERROR] Failed to execute goal a:b on project c: Compilation failure
[ERROR]   symbol:   method f()
[ERROR]
[ERROR] Re-run Maven using the -X switch to enable full debug logging.
[INFO] next""",
    "a compiler's message keeps its picture": """\
done
error[E0308]: mismatched types
 --> src/a.rs:5:5
  |
5 |     Ok(())
  |     ^^^^^^ expected `()`, found `Result<(), _>`
next""",
    "a plain line with a stack below it carries on": """\
done
FATAL: channel closed
Command close created at
\tat a.Command.init(Command.java:70)
next""",
    "a pytest report runs to the next one": """\
=================================== FAILURES ===================================
______________________________ test_a ______________________________
    def test_a():
>       assert 1 == 2
E       assert 1 == 2

a.py:3: AssertionError
______________________________ test_b ______________________________""",
}


@pytest.mark.parametrize("text", BLOCKS.values(), ids=BLOCKS.keys())
def test_a_block_is_whole(text: str) -> None:
    count = len(text.splitlines())
    first = read(lines(text)).blocks[0]
    assert (first.start, first.end) == (1, count - 1)


def test_blocks_do_not_overlap_and_stay_in_order() -> None:
    blocks = read(lines("\n".join(BLOCKS.values()))).blocks
    assert len(blocks) >= len(BLOCKS)
    assert all(a.end <= b.start for a, b in pairwise(blocks))


def test_no_block_reaches_into_the_clean_up() -> None:
    text = (
        "ok\n" * 10 + "E   ValueError: x\n##[error]Process completed with exit code 1.\nPost job cleanup.\n  error: y\n"
    )
    assert max(block.end for block in read(lines(text)).blocks) == 12


def test_a_log_made_of_errors_stays_cheap() -> None:
    found = read(lines("java.lang.Error: x\n\tat a.B.c(B.java:1)\n" * 30_000))
    assert found.blocks
