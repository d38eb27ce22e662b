"""The app's handle of its writer process, which the recorder starts, feeds and ends.

Creating rows and writing them with SQLite costs about 15 us per exchange. A thread in the app would
take this time from its requests, which share the interpreter lock, and a thread that waits for that
lock slows down each release of it. With a separate process a request only pays for a write into a
pipe, which wakes no thread in the app. Exchanges in the pipe survive the app, even `kill -9`.
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
"""Signals that only the app handles, because it still sends exchanges after them."""

_PIPE_BYTES = 1 << 20
"""The maximum pipe size that Linux allows without privileges; about 800 requests of 1 KB."""

_OUTPUT_CHARACTERS = 2000
"""The end of the output before the process is ready, which contains the error."""

_CLOSING_SECONDS = 1.0
"""How long a closing recorder waits for space in the pipe, because its app is about to end."""


class NotStarted(Exception):
    """The writer process cannot be started."""


class WriterProcess:
    """The app's side of one writer process. Raises `NotStarted` if it cannot be started.

    The pipe accepts exchanges before the process runs; they survive the end of the app.
    """

    def __init__(self, store: Path) -> None:
        memory = Counters.create()
        self.counters = Counters(memory)
        self._output_text = ""  # output other than messages: why the process fails to start
        try:
            with _blocked(TERMINATION_SIGNALS):
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
        """The id of the process."""
        return self._process.pid

    @property
    def age(self) -> float:
        """The seconds since the process was started."""
        return time.monotonic() - self._started

    def write(self, data: bytes, closing: threading.Event) -> None:
        """Write all of `data` into the pipe, waiting for space.

        Raises `BrokenPipeError` if the process has ended, or if there is still no space a second
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
        """Return the messages of the process to log; None if it has ended."""
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
        """Return the messages that have arrived, without waiting."""
        poll = select.poll()
        poll.register(self.output, select.POLLIN)
        return (self.messages() or []) if poll.poll(0) else []

    def reason(self) -> str:
        """Return why the process failed to start."""
        self.last_messages()
        return interpreter.reason_of(self._output_text)

    def close(self, timeout: float = 5.0) -> None:
        """Wait until the process has written everything and ended, up to `timeout` seconds."""
        self._close_pipes()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()
        self.close()

    def forget(self) -> None:
        """Release the pipes in a forked child; the process belongs to the parent."""
        self._process.returncode = 0
        self._close_pipes()

    def _close_pipes(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


@contextlib.contextmanager
def _blocked(signals: Iterable[int]) -> Iterator[None]:
    """Block signals while a process starts, until it can ignore them itself.

    The process inherits the signal mask of the thread. Some supervisors (circus, in BentoML) end
    a worker together with its child processes, and its first exchanges may be in the pipe.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _message_of(line: str) -> str | None:
    """Return the message in a line of the process's output; None for other output."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, str) else None
