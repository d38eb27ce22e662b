"""A command with a time limit, run under a guard that ends it even if this process is killed."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from modeltap import interpreter
from modeltap.retraining import guard

LOG_BYTES = 20_000
"""Length of the kept end of the output. A progress bar may write megabytes before it."""

_POLL_SECONDS = 1.0
_OVERTIME_SECONDS = 30.0
"""Time for the guard to end the command after its limit; then the guard itself is killed."""


@dataclass(frozen=True)
class CommandResult:
    """The end of a command.

    Args:
        ended: one of the values in `guard`.
        exit: the exit code; negative for a signal; None if it was not started.
        log: the end of both outputs, in the order in which they arrived.
        output: the end of standard output.
        reason: why it was not started.
    """

    ended: str
    exit: int | None
    log: str
    output: str
    reason: str = ""


def run_guarded(
    command: Sequence[str], *, environment: Mapping[str, str], seconds: float
) -> CommandResult:
    """Run a command in this process's folder; end it with its descendants after `seconds`.

    >>> import os, sys
    >>> done = run_guarded([sys.executable, "-c", "print(6 * 7)"],
    ...     environment=os.environ, seconds=60)
    >>> done.ended, done.exit, done.output
    ('exit', 0, '42\\n')
    """
    reading, writing = os.pipe()
    order = {
        "command": list(command),
        "environment": dict(environment),
        "folder": os.getcwd(),  # noqa: PTH109
        "seconds": seconds,
        "result": writing,
    }
    try:
        process = subprocess.Popen(
            interpreter.command("modeltap.retraining.guard"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(writing,),
            env=interpreter.environment(),
            start_new_session=True,  # Ctrl-C reaches this process only, which then ends the guard
        )
    finally:
        os.close(writing)
    with os.fdopen(reading) as result, process:
        # The pipe stays open: its end shows the guard that this process is gone.
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
        tails = _Tails()
        _read(process, tails, time.monotonic() + seconds + _OVERTIME_SECONDS)
        return _command_result(result.read(), tails)


class _Tails:
    """The ends of both outputs together, and of standard output."""

    def __init__(self) -> None:
        self.log = bytearray()
        self.output = bytearray()

    def add(self, part: bytes, is_output: bool) -> None:
        for tail in (self.log, self.output) if is_output else (self.log,):
            tail += part
            del tail[:-LOG_BYTES]


def _read(process: subprocess.Popen[bytes], tails: _Tails, deadline: float) -> None:
    """Read the outputs until both have ended."""
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(_POLL_SECONDS)
            # Descendants may hold the outputs open after the guard was killed.
            if not ready and process.poll() is not None:
                return
            if time.monotonic() >= deadline:
                process.kill()
                return
            for key, _ in ready:
                stream_: IO[bytes] = key.fileobj  # type: ignore[assignment]
                part = os.read(stream_.fileno(), 65_536)
                if part:
                    tails.add(part, stream_ is process.stdout)
                else:
                    selector.unregister(stream_)


def _command_result(text: str, tails: _Tails) -> CommandResult:
    """Return the result that the guard reported; end the command's group if it was killed."""
    group, _, result = text.partition("\n")
    report: dict[str, Any] = {"ended": guard.LOST}
    if group.startswith("{"):  # it was not started
        result = group
    if result:
        report = json.loads(result)
    elif group:
        guard.signal_group(int(group), signal.SIGKILL)
    return CommandResult(
        report["ended"],
        report.get("exit"),
        tails.log.decode("utf-8", "replace"),
        tails.output.decode("utf-8", "replace"),
        str(report.get("reason") or ""),
    )
