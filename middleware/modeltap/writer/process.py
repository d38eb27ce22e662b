"""The process beside an app that writes its store: started, fed and ended by the recorder.

Making rows and handing them to SQLite costs some 15 us an exchange. In a thread of the app they
would be taken from its requests, which share the interpreter's lock; and a thread that waits
for that lock makes each release of it slower. Here a request pays for a write into a pipe, and
nothing in the app wakes up for it. Exchanges in the pipe survive the app, even `kill -9`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from modeltap import interpreter
from modeltap.errors import ConfigError
from modeltap.writer.protocol import Counters

READY = "ready"
TERMINATION_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that are the app's: its last exchanges come after them."""

_PIPE_BYTES = 1 << 20
"""The most that Linux grants without privileges; some 800 requests of 1 KB."""

_OUTPUT_CHARACTERS = 2000
"""The end of what it prints before it is ready, where the error stands."""

_CLOSING_SECONDS = 1.0
"""How long a recorder that closes waits for room in the pipe: its app is to end soon."""


class NotStarted(Exception):
    """No writer process can be started here."""


class WriterProcess:
    """The app's side of one writer process. Raises `NotStarted` where there is none to be had.

    It is fed before it runs: what is in the pipe is safe from the app's end.
    """

    def __init__(self, store: Path) -> None:
        memory = Counters.create()
        self.counters = Counters(memory)
        self._output_text = ""  # what is none of its messages: why it does not start
        try:
            with _held_back(TERMINATION_SIGNALS):
                self._process = subprocess.Popen(
                    interpreter.command("modeltap.writer", str(store), str(memory)),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,  # until it is ready
                    env=interpreter.environment(),
                    bufsize=0,
                    pass_fds=(memory,),
                    process_group=0,  # a terminal's Ctrl-C is for the app
                )
        except (OSError, ConfigError) as error:
            raise NotStarted(str(error)) from error
        finally:
            os.close(memory)
        self._started = time.monotonic()
        self.ready = False
        assert self._process.stdin is not None and self._process.stdout is not None
        self.input = self._process.stdin.fileno()
        self.output = self._process.stdout.fileno()
        os.set_blocking(self.input, False)
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(self.input, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def age(self) -> float:
        """How many seconds ago it was started."""
        return time.monotonic() - self._started

    def write(self, data: bytes, closing: threading.Event) -> None:
        """Write all of `data` into the pipe, waiting for room.

        Raises `BrokenPipeError` when the process is gone, or there is still no room a second
        after `closing` was set.
        """
        poll = select.poll()
        poll.register(self.input, select.POLLOUT)
        rest = memoryview(data)
        closing_since: float | None = None
        while rest:
            try:
                rest = rest[os.write(self.input, rest) :]
            except BlockingIOError:
                poll.poll(100)
                if closing.is_set():
                    closing_since = closing_since or time.monotonic()
                    if time.monotonic() > closing_since + _CLOSING_SECONDS:
                        raise BrokenPipeError from None

    def messages(self) -> list[str] | None:
        """Return the messages that the process wants logged; None when it has ended."""
        data = os.read(self.output, 1 << 16)
        if not data:
            return None
        messages = []
        for line in data.decode("utf-8", "replace").splitlines():
            message = _message_of(line)
            if message == READY:
                self.ready = True
            elif message is not None:
                messages.append(message)
            else:
                self._output_text = f"{self._output_text}\n{line}"[-_OUTPUT_CHARACTERS:]
        return messages

    def last_messages(self) -> list[str]:
        """Return its messages so far, without waiting."""
        poll = select.poll()
        poll.register(self.output, select.POLLIN)
        return (self.messages() or []) if poll.poll(0) else []

    def reason(self) -> str:
        """Return why a process that has ended did not start."""
        self.last_messages()
        return interpreter.reason_of(self._output_text)

    def close(self, timeout: float = 5.0) -> None:
        """Let it write what it was given, and end; leave it alone if that lasts."""
        self._close_pipes()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self.close()

    def forget(self) -> None:
        """In a forked child: let go of what is the parent's, whose process it is to wait for."""
        self._process.returncode = 0
        self._close_pipes()

    def _close_pipes(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


@contextlib.contextmanager
def _held_back(signals: Iterable[int]) -> Iterator[None]:
    """Block signals while a process starts: none must end it before it can ignore them.

    It inherits the thread's mask. Some supervisors (circus, in BentoML) end what a worker has
    started together with the worker, whose very first exchanges may be in the pipe.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _message_of(line: str) -> str | None:
    """Return the message that a line of the process's output is, None if it is other output."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, str) else None
