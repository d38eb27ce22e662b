"""``python -m modeltap.writer STORE COUNTERS BUFFER``: the process that writes an app's exchanges.

The process reads frames from shared memory (`sharing.ring_buffer`), writes log messages to standard
output, and counts in shared memory (`protocol.Counters`). Its standard input wakes it up. At the
end of that input it ends, after it has written everything. It ignores signals, because the app
still sends its last exchanges after receiving them.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
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
from modeltap.writer.sharing.ring_buffer import SIZE, RingBuffer

_ORPHAN_SECONDS = 30.0
"""How long a batch waits for another program's lock after the app has ended."""

_CHECK_SECONDS = 5.0
"""How often an idle process checks that its app is running: a fork of the app may keep the input
open without using it."""

_WAKEUP_BYTES = 1 << 16
"""More than the bytes that wake the process once: each exchange sends at most one."""

_PUMP_SECONDS = 0.05
"""How often an idle process tries to pass on a request that did not fit into a pipe."""

_FULL_BYTES = SIZE // 2
"""Gathering stops when the buffer is half full, so that the app does not find it full."""

_SLICE_SECONDS = 0.01
"""The polling interval while gathering, which `flush` waits in addition to a commit."""

_MAX_FLUSH_SECONDS = 60.0
"""The maximum `flush_interval_seconds`, which applies until the first tap is known."""


class Input:
    """The frames from the app, and the pipe that wakes this process and detects the app's end."""

    def __init__(self, descriptor: int, buffer: RingBuffer, counters: Counters) -> None:
        self._descriptor = descriptor
        self._buffer = buffer
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
        while True:
            waits_to_pump = pump()
            if data := self._buffer.take():
                return data
            if self._buffer.fall_asleep():
                seconds = _PUMP_SECONDS if waits_to_pump else _CHECK_SECONDS
                ends = self._sleep(seconds)
                self._buffer.wake_up()
                if ends:
                    return self._buffer.take()

    def _sleep(self, seconds: float) -> bool:
        """Sleep until the app wakes this process; return True at the end of the input."""
        if self._poll.poll(seconds * 1000):
            return not os.read(self._descriptor, _WAKEUP_BYTES)
        return self._orphaned()

    def gather(self, seconds: float) -> None:
        """Wait for more input before reading, so that many exchanges share a transaction."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._counters.hurry:
            if self._buffer.used() > _FULL_BYTES or self._hung_up():
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

    def __init__(self, store: Path, memory: int, buffer: int, messages: int) -> None:
        self._counters = counters = Counters(memory)
        self._messages = messages
        self._input = Input(0, RingBuffer(buffer), counters)
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


def main(store: str, memory: int, buffer: int) -> None:
    """Write exchanges to `store`; the numbers are descriptors of the counters and the buffer."""
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
    WritingLoop(Path(store), memory, buffer, messages).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
