"""``python -m modeltap.writer STORE DESCRIPTOR``: the process that writes an app's exchanges.

The process reads frames from standard input, writes log messages to standard output, and counts in
shared memory (`protocol.Counters`). It ends after it has written everything up to the end of its
input. It ignores signals, because the app still sends its last exchanges after receiving them.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from modeltap.writer.batch_writer import BatchWriter
from modeltap.writer.process import READY, TERMINATION_SIGNALS
from modeltap.writer.protocol import EXCHANGE, LOSSES, NO_ROOM, ORIGIN, UNUSABLE, Counters, Frames
from modeltap.writer.records import Origin
from modeltap.writer.shadow_feed import ShadowFeed

_ORPHAN_SECONDS = 30.0
"""How long a batch waits for another program's lock after the app has ended."""

_CHECK_SECONDS = 5.0
"""How often an idle process checks that its app is running: a fork of the app may keep the input
open without using it."""

_PUMP_SECONDS = 0.05
"""How often an idle process tries to pass on a request that did not fit into a pipe."""

_READ_BYTES = 1 << 20
"""The capacity of the pipe."""

_FULL_BYTES = 1 << 19
"""Gathering stops when the pipe is half full, so that the app does not find it full."""

_SLICE_SECONDS = 0.01
"""The polling interval while gathering, which `flush` waits in addition to a commit."""

_MAX_FLUSH_SECONDS = 60.0
"""The maximum `flush_interval_seconds`, which applies until the first tap is known."""


class InputPipe:
    """The pipe from the app, which also detects the end of the app."""

    def __init__(self, descriptor: int, counters: Counters) -> None:
        self._descriptor = descriptor
        self._counters = counters
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._parent = os.getppid()
        self._left_at: float | None = None

    def read(self, pump: Callable[[], bool]) -> bytes:
        """Wait for bytes and return them; return no bytes at the end of the input.

        Args:
            pump: called while there are none; returns True if it has to be called again soon.
        """
        seconds = _PUMP_SECONDS if pump() else _CHECK_SECONDS
        while not self._poll.poll(seconds * 1000):
            if self._orphaned():
                return b""
            seconds = _PUMP_SECONDS if pump() else _CHECK_SECONDS
        return os.read(self._descriptor, _READ_BYTES)

    def gather(self, seconds: float) -> None:
        """Wait for more input before reading, so that many exchanges share a transaction."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._counters.hurry:
            waiting = fcntl.ioctl(self._descriptor, termios.FIONREAD, b"\0\0\0\0")
            if int.from_bytes(waiting, sys.byteorder) > _FULL_BYTES or self._hung_up():
                return
            time.sleep(min(_SLICE_SECONDS, seconds))

    def may_wait(self) -> bool:
        """Return True until the app has been gone for a while."""
        if self._left_at is None and (self._hung_up() or self._orphaned()):
            self._left_at = time.monotonic()
        return self._left_at is None or time.monotonic() < self._left_at + _ORPHAN_SECONDS

    def _hung_up(self) -> bool:
        return any(event & select.POLLHUP for _, event in self._poll.poll(0))

    def _orphaned(self) -> bool:
        return os.getppid() != self._parent


class WritingLoop:
    """Reads, writes and counts until the end of the input."""

    def __init__(self, store: Path, memory: int, messages: int) -> None:
        self._counters = counters = Counters(memory)
        self._messages = messages
        self._input = InputPipe(0, counters)
        self._writer = BatchWriter(store, self._input.may_wait)
        self._shadow = ShadowFeed(store, memory, self._send)
        self._flush_seconds = _MAX_FLUSH_SECONDS

    def run(self) -> None:
        frames = Frames()
        while data := self._input.read(self._shadow.pump):
            batch: list[bytes] = []
            losses: dict[str, int] = {}
            for kind, payload in frames.split(data):
                if kind == EXCHANGE:
                    batch.append(payload)
                elif kind == ORIGIN:
                    self._add_origin(msgspec.json.decode(payload, type=Origin))
                elif kind == LOSSES:
                    losses = json.loads(payload)
            if batch or losses:
                self._write(batch, losses)
            self._input.gather(self._flush_seconds)
        self._writer.close()
        self._shadow.close()

    def _add_origin(self, origin: Origin) -> None:
        settings = origin.settings
        # Durable requests wait for their commit, so do not gather: the next batch is what arrives
        # during the commit.
        durable = settings.durability != "fast"
        seconds = 0.0 if durable else settings.flush_interval_seconds
        self._flush_seconds = min(self._flush_seconds, seconds)
        self._writer.add_origin(origin)
        self._shadow.add_origin(origin)

    def _write(self, batch: list[bytes], losses: dict[str, int]) -> None:
        result = self._writer.write(batch, losses)
        for message in result.messages:
            self._send(message)
        self._counters.add(
            failed=result.failed,
            written=result.written,
            unusable=result.lost[UNUSABLE],
            no_room=result.lost[NO_ROOM],
        )
        self._shadow.offer(batch, stored=not result.lost)

    def _send(self, message: str) -> None:
        _send(self._messages, message)


def _send(messages: int, message: str) -> None:
    with suppress(OSError):  # the app reads too slowly or has ended
        os.write(messages, json.dumps(message).encode() + b"\n")


def main(store: str, descriptor: int) -> None:
    """Write exchanges from standard input to `store`; count in the memory of `descriptor`."""
    for number in TERMINATION_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINATION_SIGNALS)
    messages = os.dup(1)
    os.set_blocking(messages, False)
    # Other output must not mix with the messages, nor fail after the app has ended.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    gc.disable()  # this process creates no cycles, and a batch has thousands of objects to scan
    _send(messages, READY)
    WritingLoop(Path(store), descriptor, messages).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
