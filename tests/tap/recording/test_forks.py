"""Owners of threads and pipes are reset in a forked child and closed at exit."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

from modeltap.tap.recording.forks import follow

OWNER = """
import os, sys
from modeltap.tap.recording.forks import follow, close_with_multiprocessing
class Owner:
    def after_fork(self):
        print("forked", flush=True)
    def close(self, timeout=5.0):
        print("closed", os.getpid() == PARENT, flush=True)
PARENT = os.getpid()
owner = Owner()
follow(owner)
"""


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", OWNER + code], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_an_owner_is_closed_once_when_the_process_ends():
    assert run("follow(owner)") == ["closed True"]


def test_a_forked_child_is_reset_and_ends_without_closing():
    code = "pid = os.fork()\nif not pid: os._exit(0)\nos.waitpid(pid, 0)"
    assert run(code) == ["forked", "closed True"]


def test_a_child_of_multiprocessing_is_closed_though_it_skips_atexit():
    code = (
        "import multiprocessing\n"
        "child = multiprocessing.get_context('fork').Process(target=close_with_multiprocessing)\n"
        "child.start(); child.join()"
    )
    assert run(code) == ["forked", "closed False", "closed True"]


def test_an_unused_owner_is_garbage_collected():
    heard = []

    class Owner:
        def after_fork(self):
            heard.append(os.getpid())

        def close(self, timeout=5.0):
            heard.append("closed")

    owner = Owner()
    follow(owner)
    del owner
    gc.collect()
    pid = os.fork()
    if not pid:
        os._exit(1 if heard else 0)
    assert os.waitpid(pid, 0)[1] == 0
