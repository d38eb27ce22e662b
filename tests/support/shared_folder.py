"""A folder that is filled once for all processes of a test run."""

from __future__ import annotations

import fcntl
import os
import shutil


def filled_once(tmp_path_factory, name, fill):
    """Return the folder of this name; the first process that asks has `fill(folder)` fill it.

    Several test files may import one fixture: for pytest these are several fixtures.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # of all processes
    folder, unfinished = base / name, base / f"{name}-unfinished"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            fill(unfinished)
            unfinished.rename(folder)
    return folder
