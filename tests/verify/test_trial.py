import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from incident_pipeline.errors import IncidentError
from incident_pipeline.verify import trial
from incident_pipeline.verify.trial import TAIL_BYTES, Ended, Limits, run_command

PYTHON = sys.executable


def run(
    tree: Path, command: str, *, limits: Limits | None = None, env: Mapping[str, str] | None = None,
    keep: tuple[str, ...] = (),
) -> Ended:  # fmt: skip
    temporary = tree / ".tmp"
    temporary.mkdir(exist_ok=True)
    whole = {"PATH": os.environ["PATH"], **(env or {})}
    return run_command(command, tree, temporary=temporary, limits=limits or Limits(seconds=60), env=whole, keep=keep)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("command", "outcome", "code"),
    [
        ("true", "passed", 0), ("exit 1", "failed", 1), ("exit 125", "skipped", 125), ("exit 4", "failed", 4),
        ("no-such-program-anywhere", "broken", 127), ("./not-executable", "broken", 126), ("kill -9 $$", "failed", -9),
    ],
)  # fmt: skip
def test_the_exit_code_says_how_the_tree_is_judged(tmp_path: Path, command: str, outcome: str, code: int) -> None:
    (tmp_path / "not-executable").write_text("text", encoding="utf-8")
    ended = run(tmp_path, command)
    assert (ended.outcome, ended.exit_code) == (outcome, code)


def test_the_command_goes_to_the_shell_as_it_was_typed_and_runs_in_the_tree(tmp_path: Path) -> None:
    ended = run(tmp_path, 'x="a  b"; echo "$x" | cat && pwd -P && test "$PWD" = "$(pwd)"')
    assert (ended.outcome, ended.tail) == ("passed", ("a  b", str(tmp_path.resolve())))


def test_too_long_a_run_is_ended_with_its_grandchildren_and_what_left_its_session(tmp_path: Path) -> None:
    script = f"""
        sleep 300 & echo $! > grandchild
        setsid sh -c 'trap "" TERM; echo $$ > daemon; sleep 301; sleep 302' > /dev/null 2>&1 &
        {PYTHON} -c 'import os; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)
open("orphan", "w").write(str(os.getpid())); import time; time.sleep(303)' &
        sleep 304
    """
    started = time.monotonic()
    ended = run(tmp_path, script, limits=Limits(seconds=1.5))
    assert ended.outcome == "timeout"
    assert 1.4 < ended.seconds < 3
    assert time.monotonic() - started < 15
    pids = [int((tmp_path / name).read_text()) for name in ("grandchild", "daemon", "orphan")]
    assert not any(map(alive, pids))


def test_what_a_passing_command_leaves_in_the_background_is_ended_too(tmp_path: Path) -> None:
    ended = run(tmp_path, "sleep 300 & echo $! > left; exit 0")
    assert ended.outcome == "passed"
    assert ended.seconds < 5
    assert not alive(int((tmp_path / "left").read_text()))


def test_a_command_that_takes_too_much_memory_is_stopped(tmp_path: Path) -> None:
    hog = f"{PYTHON} -c 'x = []\nwhile True: x.append(bytearray(8 << 20)); import time; time.sleep(0.02)'"
    ended = run(tmp_path, f"({hog})", limits=Limits(seconds=60, memory_mib=100))
    assert ended.outcome == "limit"
    assert "100 MiB" in ended.what


def test_memory_that_is_only_reserved_does_not_count(tmp_path: Path) -> None:
    reserve = "import mmap; m = mmap.mmap(-1, 1 << 30); import time; time.sleep(0.3)"
    assert run(tmp_path, f"{PYTHON} -c '{reserve}'", limits=Limits(seconds=60, memory_mib=100)).outcome == "passed"


def test_too_many_processes_are_stopped(tmp_path: Path) -> None:
    ended = run(tmp_path, "for i in $(seq 60); do sleep 300 & done; wait", limits=Limits(seconds=60, processes=20))
    assert ended.outcome == "limit"
    assert "20 processes" in ended.what


def test_a_file_that_grows_without_end_is_cut(tmp_path: Path) -> None:
    ended = run(tmp_path, "head -c 8M /dev/zero > big", limits=Limits(seconds=60, file_mib=1))
    assert ended.outcome == "failed"
    assert (tmp_path / "big").stat().st_size == 1 << 20


def test_of_endless_output_only_the_end_is_kept(tmp_path: Path) -> None:
    ended = run(tmp_path, "seq 200000; printf '%0700d\\n' 7; printf '\\377end'")
    assert ended.outcome == "passed"
    assert TAIL_BYTES - 10 < sum(len(line) + 1 for line in ended.tail) <= TAIL_BYTES
    assert ended.tail[-2] == "0" * 699 + "7"
    assert ended.tail[-1] == "\ufffdend"
    assert int(ended.tail[0]) == 200_000 - len(ended.tail) + 3


def test_a_line_without_end_loses_the_word_that_was_cut(tmp_path: Path) -> None:
    assert run(tmp_path, "printf '%070000d end' 7; sleep 0.3").tail == ("end",)


def test_there_is_nothing_to_read_on_stdin(tmp_path: Path) -> None:
    assert run(tmp_path, "cat; echo done").tail == ("done",)


def test_secrets_of_the_environment_stay_here_unless_named(tmp_path: Path) -> None:
    env = {"MY_TOKEN": "t1", "DB_PASSWORD": "t2", "PLAIN": "t3", "GIT_DIR": "/elsewhere", "URL": "https://u:t4@host/"}
    shown = set(run(tmp_path, "env", env=env).tail)
    assert "PLAIN=t3" in shown
    assert {"CI=true", "PYTHONDONTWRITEBYTECODE=1", f"TMPDIR={tmp_path}/.tmp"} <= shown
    assert not any(word in line for line in shown for word in ("t1", "t2", "t4", "/elsewhere"))
    assert "MY_TOKEN=t1" in run(tmp_path, "env", env=env, keep=("MY_TOKEN",)).tail


@pytest.mark.parametrize("attack", ["kill -9 $PPID; sleep 305", "kill -STOP $PPID; sleep 306"])
def test_a_command_that_ends_its_keeper_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    monkeypatch.setattr(trial, "_LATE_SECONDS", 1.0)
    monkeypatch.setattr(trial, "_PATIENCE_SECONDS", 2.0)
    script = f"setsid sh -c 'echo $$ > daemon; sleep 307; sleep 308' & until [ -s daemon ]; do :; done; {attack}"
    with pytest.raises(IncidentError, match="keeper"):
        run(tmp_path, script, limits=Limits(seconds=0.5))
    assert not alive(int((tmp_path / "daemon").read_text()))


@pytest.mark.parametrize("answer", ["echo nonsense", "echo '[1]'", "head -c 2000000 /dev/zero"])
def test_an_answer_that_the_command_wrote_is_not_believed(tmp_path: Path, answer: str) -> None:
    with pytest.raises(IncidentError, match="keeper"):
        run(tmp_path, f"{answer} > /proc/$PPID/fd/1")


def test_the_keeper_does_not_hold_what_is_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "t1")
    ended = run(tmp_path, "tr '\\0' '\\n' < /proc/$PPID/environ")
    assert (ended.outcome, "MY_TOKEN=t1" in ended.tail) == ("passed", False)


def test_when_the_caller_is_killed_the_command_goes_with_it(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from incident_pipeline.verify.trial import Limits, run_command\n"
        "run_command('(sleep 300 & echo $! > pid; wait)', Path(sys.argv[1]), temporary=Path(sys.argv[1]),"
        " limits=Limits(), env=dict(os.environ))"
    )
    with subprocess.Popen([PYTHON, "-c", program, str(tmp_path)]) as caller:
        pid = _wait_for(tmp_path / "pid")
        caller.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)


def _wait_for(path: Path) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text().strip()):
            return int(text)
        time.sleep(0.02)
    raise AssertionError("the command did not start")
