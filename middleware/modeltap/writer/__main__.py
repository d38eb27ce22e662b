"""``python -m modeltap.writer STORE DESCRIPTOR``: the process that writes an app's captures.

Frames come on standard input, messages to log go to standard output, and counts go into shared
memory (`protocol.Counters`). The process ends when its input does, having written all that came
before. It ignores signals, which are meant for the app: the app's last exchanges come after them.
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
from contextlib import suppress
from pathlib import Path

import msgspec

from modeltap.writer.batch_writer import BatchWriter
from modeltap.writer.process import READY, TERMINATION_SIGNALS
from modeltap.writer.protocol import EXCHANGE, LOSSES, NO_ROOM, ORIGIN, UNUSABLE, Counters, Frames
from modeltap.writer.records import Origin

_ORPHAN_SECONDS = 30.0
"""How long a batch waits for another program's lock once the app has gone."""

_CHECK_SECONDS = 5.0
"""How often a quiet process checks that its app is still there: a fork of the app that knows
nothing of us may hold our input open."""

_READ_BYTES = 1 << 20
"""All that the pipe can hold."""

_FULL_BYTES = 1 << 19
"""At half a pipe no more is waited for, or the app would find it full."""

_SLICE_SECONDS = 0.01
"""How often a process that gathers checks the pipe: what `flush` waits beyond a commit."""

_MAX_FLUSH_SECONDS = 60.0
"""The largest `flush_interval_seconds`, and the interval before the first tap is known."""


class InputPipe:
    """The pipe from the app; it knows whether the app is still there."""

    def __init__(self, descriptor: int, counters: Counters) -> None:
        self._descriptor = descriptor
        self._counters = counters
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._parent = os.getppid()
        self._left_at: float | None = None

    def read(self) -> bytes:
        """Wait for bytes and return them; none when there will be no more."""
        while not self._poll.poll(_CHECK_SECONDS * 1000):
            if self._orphaned():
                return b""
        return os.read(self._descriptor, _READ_BYTES)

    def gather(self, seconds: float) -> None:
        """Let more come before it is read, so that many share a transaction."""
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
    """Reads, writes and counts until there is no more."""

    def __init__(self, store: Path, counters: Counters, messages: int) -> None:
        self._counters = counters
        self._messages = messages
        self._input = InputPipe(0, counters)
        self._writer = BatchWriter(store, self._input.may_wait)
        self._flush_seconds = _MAX_FLUSH_SECONDS

    def run(self) -> None:
        frames = Frames()
        while data := self._input.read():
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

    def _add_origin(self, origin: Origin) -> None:
        settings = origin.settings
        # A request that waits for its commit lets others gather: the next batch is what came
        # meanwhile.
        durable = settings.durability != "fast"
        seconds = 0.0 if durable else settings.flush_interval_seconds
        self._flush_seconds = min(self._flush_seconds, seconds)
        self._writer.add_origin(origin)

    def _write(self, batch: list[bytes], losses: dict[str, int]) -> None:
        result = self._writer.write(batch, losses)
        for message in result.messages:
            _send(self._messages, message)
        self._counters.add(
            failed=result.failed,
            written=result.written,
            unusable=result.lost[UNUSABLE],
            no_room=result.lost[NO_ROOM],
        )


def _send(messages: int, message: str) -> None:
    with suppress(OSError):  # the app reads too slowly, or has gone already
        os.write(messages, json.dumps(message).encode() + b"\n")


def main(store: str, descriptor: int) -> None:
    """Write to `store` what comes on standard input; count in the memory behind `descriptor`."""
    for number in TERMINATION_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINATION_SIGNALS)
    messages = os.dup(1)
    os.set_blocking(messages, False)
    # Whatever prints must not write among the messages, nor fail when the app has gone.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    gc.disable()  # nothing here makes cycles, and a batch is thousands of objects to scan
    _send(messages, READY)
    WritingLoop(Path(store), Counters(descriptor), messages).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
