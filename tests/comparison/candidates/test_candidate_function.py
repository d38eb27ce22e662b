"""Functions in a child process: what they print, raise, block on and end is contained."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from modeltap.comparison.candidates.candidate_function import call_function, run_function
from modeltap.errors import InputError

KEYS = [("a", 0), ("b", 0)]
COLUMNS = {"x": [1, 2]}

MODULE = """
import os, subprocess, sys, time

print("imported")
thing = 3

def predict(features):
    print("predicting")
    return features["x"] * 2.0

def raises(features):
    raise ValueError("bad\\ninput")

def blocks(features):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    open("child.pid", "w").write(str(child.pid))
    time.sleep(600)

def ends(features):
    os._exit(3)

def aborts(features):
    os.abort()

def nothing(features):
    return [None, float("nan")]
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_model.py").write_text(MODULE)
    (tmp_path / "my_broken.py").write_text("import does_not_exist\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_function_of_the_working_directory_predicts(module):
    outputs = run_function("python:my_model:predict", KEYS, COLUMNS)
    assert {key: own.prediction for key, own in outputs.by_row.items()} == {
        ("a", 0): 2.0,
        ("b", 0): 4.0,
    }


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("my_model:raises", r"raised ValueError: bad input \(my_model.py, line 12\)"),
        ("my_model:ends", r"ended its process \(code 3\)"),
        ("my_model:aborts", r"ended its process \(signal 6\)"),
        ("my_model:nothing", "returned no prediction"),
        ("my_model:predikt", "does not exist in 'my_model'; did you mean 'predict'"),
        ("my_model:thing", "is a int, not a function"),
        ("my_broken:predict", "cannot be imported: ModuleNotFoundError: .*does_not_exist"),
        ("my_model", "names no function"),
        ("my_model:", "names no function"),
        (":predict", "names no function"),
    ],
)
def test_a_function_that_fails_is_one_clear_line(module, name, match):
    with pytest.raises(InputError, match=match) as error:
        run_function(f"python:{name}", KEYS, COLUMNS)
    assert "\n" not in str(error.value)


def test_a_function_that_blocks_ends_with_its_processes(module):
    """On a busy machine, a short limit ends it before it has started a process of its own."""
    for limit in (4, 16, 64):
        with pytest.raises(InputError, match=f"did not return within {limit} s"):
            run_function("python:my_model:blocks", KEYS, COLUMNS, timeout_seconds=limit)
        if (module / "child.pid").exists():
            break
    pid = int((module / "child.pid").read_text())
    deadline = time.monotonic() + 60
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"  # a zombie waits for its new parent


def test_a_callable_predicts_in_this_process():
    outputs = call_function(lambda features: features["x"] > 1, KEYS, COLUMNS)
    assert [own.prediction for own in outputs.by_row.values()] == [False, True]
    with pytest.raises(InputError, match=r"candidate <lambda> raised KeyError"):
        call_function(lambda features: features["y"], KEYS, COLUMNS)
