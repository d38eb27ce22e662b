"""A process that runs a command, and ends it at a limit or when the process's own parent dies.

`guarded` starts it. The first line of standard input is the order, as JSON; the end of standard
input means that the parent is gone. The command's process group and the result are written to the
descriptor that the order names. On Linux, descendants that left the group are ended, too.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

EXIT, TIME_LIMIT, PARENT = "exit", "limit", "parent"
"""A command ended by itself, at its limit, or with the parent."""

NOT_STARTED, LOST = "not_started", "lost"
"""A command could not be started, or this process was killed."""

_POLL_SECONDS = 0.05
_GRACE_SECONDS = 3.0
"""Time between SIGTERM and SIGKILL, in which a training can save its state."""

_SUBREAPER, _DEATH_SIGNAL = 36, 1
"""`PR_SET_CHILD_SUBREAPER` of Linux: orphaned descendants become children of this process.
`PR_SET_PDEATHSIG`: the command is killed if this process is."""

_ROUNDS = 200
"""Limit of the search for descendants, because a fork bomb could be faster."""


def main() -> None:
    """Carry out the order on standard input."""
    order = json.loads(_first_line())
    with suppress(OSError), os.fdopen(order["result"], "w") as file:
        result = _run(order, file)
        json.dump(result, file)


def _first_line() -> bytes:
    # Unbuffered, so that `select` sees the end of the input.
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 1)
        if not part:
            sys.exit(1)
        line += part
    return line


def _run(order: dict[str, Any], report: TextIO) -> dict[str, Any]:
    _control(_SUBREAPER, 1)
    try:
        process = subprocess.Popen(
            order["command"],
            env=order["environment"],
            cwd=order["folder"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # safe: this process has one thread
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return {"ended": NOT_STARTED, "reason": reason}
    # If this process is killed, its parent ends the group.
    report.write(f"{process.pid}\n")
    report.flush()
    # This process ignores polite requests, so that it outlives the command.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ended = _wait(process, order["seconds"])
    _end(process, politely=ended != EXIT)
    return {"ended": ended, "exit": process.returncode}


def _wait(process: subprocess.Popen[bytes], seconds: float) -> str:
    """Wait for the end of the command, of the time, or of the parent."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() >= deadline:
            return TIME_LIMIT
        readable, _, _ = select.select([0], [], [], _POLL_SECONDS)
        if readable and not os.read(0, 1):
            return PARENT
    return EXIT


def _end(process: subprocess.Popen[bytes], *, politely: bool) -> None:
    """End the command's group and all descendants."""
    if politely:
        signal_group(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
    signal_group(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(_ROUNDS):
        children = list(_children(os.getpid()))
        if not children:
            return
        for child in children:
            with suppress(OSError):
                os.kill(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        time.sleep(0.01)


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group, if it exists."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _die_with_parent() -> None:
    _control(_DEATH_SIGNAL, signal.SIGKILL)


def _control(option: int, value: int) -> None:
    """Set an option of this process, on Linux."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _children(parent: int) -> Iterator[int]:
    """Yield the ids of the processes whose parent is `parent`; none where /proc is missing."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            # The name in parentheses may contain spaces and parentheses.
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                yield int(folder.name)


if __name__ == "__main__":
    main()
