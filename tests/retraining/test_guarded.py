"""Commands under a guard: their output, their end at a limit, and their descendants."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from modeltap.retraining import guard
from modeltap.retraining.guarded import LOG_BYTES, run_guarded

SPAWN = """
import subprocess, sys, time
left = subprocess.Popen(["sleep", "600"], start_new_session={new_session})
open("pids", "a").write(f"{{left.pid}}\\n")
{then}
"""


def run(code, seconds=60.0):
    return run_guarded([sys.executable, "-c", code], environment=os.environ, seconds=seconds)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def spawned():
    return [int(line) for line in Path("pids").read_text().split()]


def test_output_and_exit_code_are_returned():
    """Both outputs are in the log, and only one is the output."""
    done = run("import sys; print('a'); print('b', file=sys.stderr); sys.exit(3)")
    assert (done.ended, done.exit, done.output) == (guard.EXIT, 3, "a\n")
    assert sorted(done.log.split()) == ["a", "b"]


def test_only_the_end_of_a_long_log_is_kept():
    done = run("print('x' * 10_000_000); print('the end')")
    assert len(done.log) == LOG_BYTES and done.log.endswith("x\nthe end\n")


@pytest.mark.parametrize("command", [["no-such-program"], ["/"], ["a\0b"]])
def test_a_command_that_cannot_be_started(command):
    done = run_guarded(command, environment=os.environ, seconds=60)
    assert (done.ended, done.exit) == (guard.NOT_STARTED, None) and done.reason


def test_a_signal_is_a_negative_exit_code():
    assert run("import os; os.kill(os.getpid(), 11)").exit == -signal.SIGSEGV


@pytest.mark.parametrize("new_session", [False, True])
def test_at_its_limit_a_command_is_ended_with_its_descendants(new_session):
    """Those in a session of their own included; a command that ignores SIGTERM is killed."""
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    done = run(SPAWN.format(new_session=new_session, then=ignore), seconds=1)
    assert done.ended == guard.TIME_LIMIT
    assert not any(map(is_alive, spawned()))


def test_what_a_command_leaves_behind_is_ended():
    done = run(SPAWN.format(new_session=True, then="print('done')"))
    assert (done.ended, done.exit, done.output) == (guard.EXIT, 0, "done\n")
    assert not any(map(is_alive, spawned()))


@pytest.mark.parametrize("killed", ["parent", "guard"])
def test_if_the_parent_or_the_guard_is_killed_the_command_ends(killed, eventually):
    """So a training never outlives the record of its run."""
    code = SPAWN.format(new_session=killed == "parent", then="time.sleep(600)")
    program = (
        "import os, sys\nfrom modeltap.retraining.guarded import run_guarded\n"
        f"print(run_guarded([sys.executable, '-c', {code!r}], environment=os.environ,"
        " seconds=600).ended)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert eventually(lambda: Path("pids").exists() and spawned())
    (watcher,) = guard._children(parent.pid)
    (command,) = guard._children(watcher)
    os.kill(parent.pid if killed == "parent" else watcher, signal.SIGKILL)
    output, _ = parent.communicate(timeout=60)
    assert output == ("" if killed == "parent" else f"{guard.LOST}\n")
    assert eventually(lambda: not is_alive(command))
    assert eventually(lambda: not any(map(is_alive, spawned())))
