"""The app's handle of its writer process, which the recorder starts, feeds and ends.

Creating rows and writing them with SQLite costs about 15 us per exchange. A thread in the app would
take this time from its requests, which share the interpreter lock, and a thread that waits for that
lock slows down each release of it. With a separate process a request only pays for a copy into
shared memory, which wakes no thread in the app. Exchanges there survive the app, even `kill -9`.
"""

from __future__ import annotations

import contextlib
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
from modeltap.writer.sharing.ring_buffer import RingBuffer

READY = "ready"
TERMINATION_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that only the app handles, because it still sends exchanges after them."""

_OUTPUT_CHARACTERS = 2000
"""The end of the output before the process is ready, which contains the error."""

_CLOSING_SECONDS = 1.0
"""How long a closing recorder waits for space in the buffer, because its app is about to end."""

_SPACE_MS = 5
"""How often a waiting recorder looks for space in the buffer."""


class NotStarted(Exception):
    """The writer process cannot be started."""


class WriterProcess:
    """The app's side of one writer process. Raises `NotStarted` if it cannot be started.

    The buffer accepts exchanges before the process runs; they survive the end of the app. The
    process ends when its standard input does, on which the app writes only to wake it up.
    """

    def __init__(self, store: Path) -> None:
        self._output_text = ""  # output other than messages: why the process fails to start
        memory: list[int] = []
        try:
            memory.extend(create() for create in (Counters.create, RingBuffer.create))
            self.counters, self.buffer = Counters(memory[0]), RingBuffer(memory[1])
            with _blocked(TERMINATION_SIGNALS):
                self._process = subprocess.Popen(
                    interpreter.command("modeltap.writer", str(store), *map(str, memory)),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,  # until it is ready
                    env=interpreter.environment(),
                    bufsize=0,
                    pass_fds=memory,
                    process_group=0,  # a terminal's Ctrl-C is for the app
                )
        except (OSError, ConfigError) as error:
            raise NotStarted(str(error)) from error
        finally:
            for descriptor in memory:
                os.close(descriptor)
        self._started = time.monotonic()
        self.ready = False
        self._may_wake = True
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input = self._process.stdin.fileno()
        self.output = self._process.stdout.fileno()
        os.set_blocking(self._input, False)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def age(self) -> float:
        """The seconds since the process was started."""
        return time.monotonic() - self._started

    def write(self, data: bytes, closing: threading.Event) -> None:
        """Write all of `data` into the buffer, waiting for space.

        Raises `BrokenPipeError` if the process has ended, or if there is still no space a second
        after `closing` was set.
        """
        ended = select.poll()
        ended.register(self.output, 0)  # reports only the end
        rest = memoryview(data)
        closing_since: float | None = None
        while rest:
            if space := min(self.buffer.space(), len(rest)):
                self.buffer.put(rest[:space])
                rest = rest[space:]
                self.buffer.barrier()
                self.wake()
            elif ended.poll(_SPACE_MS) or self._process.poll() is not None:
                # With gevent, and while a fork has the other end, the pipe does not tell.
                raise BrokenPipeError
            elif closing.is_set():
                closing_since = closing_since or time.monotonic()
                if time.monotonic() > closing_since + _CLOSING_SECONDS:
                    raise BrokenPipeError

    def stop_waking(self) -> None:
        """Write nothing more to wake the process: its descriptor may be closed and reused."""
        self._may_wake = False

    def wake(self) -> None:
        """Wake the process if it sleeps until there is something in the buffer.

        Must not run at the same time as `stop_waking`.
        """
        if self._may_wake and self.buffer.has_sleeping_reader():
            with contextlib.suppress(OSError):  # it is being woken already, or has ended
                os.write(self._input, b".")

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
    a worker together with its child processes, and its first exchanges may be in the buffer.
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
