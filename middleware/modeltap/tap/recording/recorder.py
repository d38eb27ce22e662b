"""The recorder takes exchanges from requests and brings them to the process that writes them."""

from __future__ import annotations

import json
import os
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from modeltap.config.settings import Settings
from modeltap.logs import logger
from modeltap.tap.recording import forks
from modeltap.tap.recording.backlog import Backlog
from modeltap.tap.recording.wakeup import Wakeup
from modeltap.writer.process import NotStarted, WriterProcess
from modeltap.writer.protocol import EXCHANGE, LOSSES, NO_ROOM, ORIGIN, UNUSABLE, frame
from modeltap.writer.records import origin_of

_CHUNK_BYTES = 256 * 1024
"""Bytes of the backlog written into the pipe at a time: a quarter of the pipe."""

_RESTART_SECONDS = 5.0
"""A writer process that cannot be started, or ends at once, is tried again this often."""


class Ticket(NamedTuple):
    """An exchange's place in the queue."""

    generation: int
    """Its writer: how many died before that one."""
    position: int
    """The exchanges that the writer has to settle until this one is."""


OnStart = Callable[[Path, Settings], Callable[[], None]]
"""Starts what runs beside a recorder (the scheduler), in its thread; returns what stops it."""


class Recorder:
    """Hands exchanges to the process that writes one store.

    A request puts its exchange straight into the pipe. When the pipe is full (the process is
    starting, or waits for another program's lock), exchanges wait in a bounded backlog, which a
    thread empties; at all other times that thread sleeps. An exchange that finds no room is
    refused, whole, and counted. Nothing is opened or started before the first `put`.
    """

    def __init__(self, store: Path, settings: Settings, on_start: OnStart | None = None) -> None:
        self.store = store
        self.settings = settings
        self._on_start = on_start
        self._taps: list[Settings] = []
        self._start_anew()
        forks.follow(self)

    def _start_anew(self) -> None:
        """Forget everything: how a recorder begins, and what a forked child does with its copy."""
        self._lock = threading.Lock()
        self._backlog = Backlog(self.settings.max_queue_records, self.settings.max_queue_bytes)
        self._writer: WriterProcess | None = None
        self._pipe: int | None = None  # the writer's input, while requests may write to it
        self._cut = b""  # what the pipe did not take of the last frame: it goes first
        self._origins_sent = 0  # taps that this writer knows
        self._sent = 0  # exchanges that this writer was given
        self._generation = 0  # of writers: how many died before this one
        self._unconfirmed = 0  # exchanges whose commit took too long to wait for
        self._past: Counter[str] = Counter()  # what the writers before it counted
        self._thread: threading.Thread | None = None
        self._wakeup: Wakeup | None = None  # what the thread sleeps at
        self._closing = threading.Event()
        self._logged: set[str] = set()
        self._is_started = False  # what runs beside the recorder
        self._stop: Callable[[], None] | None = None  # stops it

    def join(self, settings: Settings) -> int:
        """Return the number by which a tap with `settings` marks its exchanges."""
        with self._lock:
            self._taps.append(settings)
            self._pipe = None  # the thread sends the tap's origin before any of its exchanges
            self._wake()
            return len(self._taps) - 1

    def put(self, packed: bytes) -> bool:
        """Take an exchange; False when there is no room and it was dropped."""
        data = frame(EXCHANGE, packed)
        with self._lock:
            if self._pipe is None:
                return self._keep(data)
            try:
                taken = os.write(self._pipe, data)
            except OSError:  # it is full; or its reader has died, which the thread finds out
                return self._keep(data)
            self._sent += 1
            if taken < len(data):
                self._pipe, self._cut = None, data[taken:]
                self._wake()
            return True

    def put_durably(self, packed: bytes) -> Ticket | None:
        """Take an exchange as `put` does; return the ticket to wait for its commit."""
        if not self.put(packed):
            return None
        with self._lock:
            return Ticket(self._generation, self._sent + len(self._backlog))

    def is_settled(self, ticket: Ticket) -> bool:
        """Return True if the exchange is in the store, or counted among the lost ones."""
        with self._lock:
            if self._generation != ticket.generation:
                return True
            return self._writer is not None and self._writer.counters.total() >= ticket.position

    def give_up(self) -> None:
        """Count an exchange whose commit took too long to wait for."""
        with self._lock:
            self._unconfirmed += 1

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was taken is in the store; False if `timeout` seconds did not do."""
        deadline = time.monotonic() + timeout
        while (waiting := self._waiting(hurry=True)) and time.monotonic() < deadline:
            time.sleep(0.001)
        self._waiting(hurry=False)
        return not waiting

    def close(self, timeout: float = 5.0) -> None:
        """Write all, then end the process, the thread and what runs beside it; `put` starts anew.

        A process that still waits for another program's lock is left to write what it has.
        """
        self.flush(timeout)
        with self._lock:
            thread = self._thread
            self._closing.set()
            self._wake()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        with self._lock:
            stop, self._stop, self._is_started, self._thread = self._stop, None, False, None
            self._closing.clear()
        if stop is not None:
            stop()

    def stats(self) -> dict[str, Any]:
        """Return the counters of this process."""
        with self._lock:
            counted = self._counted()
            dropped = self._backlog.dropped + Counter(
                {UNUSABLE: counted["unusable"], NO_ROOM: counted["no_room"]}
            )
            queued = len(self._backlog) + counted["waiting"]
            return {
                "captured": counted["written"] + counted["failed"] + queued + dropped.total(),
                "written": counted["written"],
                "dropped": dropped.total(),
                "dropped_by_reason": dict(dropped),
                "failed": counted["failed"],
                "queued": queued,
                "queued_bytes": self._backlog.bytes,
                "unconfirmed": self._unconfirmed,
            }

    def _counted(self) -> Counter[str]:
        """Return what all writers have written, failed and lost, and what is still on its way."""
        if self._writer is None:
            return self._past
        now = self._writer.counters.read()
        return self._past + now + Counter(waiting=self._sent - now.total())

    def _waiting(self, hurry: bool) -> int:
        with self._lock:
            if self._writer is not None:
                self._writer.counters.hurry = hurry
            return len(self._backlog) + self._counted()["waiting"]

    def _keep(self, data: bytes) -> bool:
        """Let a frame wait for the thread; from now on others must, or they would overtake it."""
        self._pipe = None
        kept = self._backlog.add(data)
        if self._thread is None:
            self._wakeup = Wakeup()
            self._thread = threading.Thread(target=self._run, name="modeltap", daemon=True)
            self._thread.start()
            forks.close_with_multiprocessing()
        self._wake()
        return kept

    def _wake(self) -> None:
        if self._wakeup is not None:
            self._wakeup.ring()

    def _run(self) -> None:
        """The thread: starts the writer, gives it what requests could not, and sleeps."""
        while not self._closing.is_set():
            if self._writer is None and not self._start_writer():
                self._closing.wait(_RESTART_SECONDS)
                continue
            try:
                self._catch_up()
                self._start_beside()
                self._sleep()
            except BrokenPipeError:
                self._reap()
        self._end()

    def _start_writer(self) -> bool:
        try:
            writer = WriterProcess(self.store)
        except NotStarted as error:
            self._log(
                "nothing is recorded, but the app keeps serving: the writer process cannot be "
                f"started: {error}"
            )
            return False
        with self._lock:
            self._writer, self._origins_sent, self._sent, self._cut = writer, 0, 0, b""
        return True

    def _catch_up(self) -> None:
        """Give the writer all that waits; after that requests write to it themselves."""
        assert self._writer is not None
        while data := self._next():
            self._writer.write(data, self._closing)

    def _next(self) -> bytes:
        """Take what goes next: the rest of a cut frame, a new tap, the backlog, its losses."""
        assert self._writer is not None
        with self._lock:
            if self._cut:
                data, self._cut = self._cut, b""
                return data
            if self._origins_sent < len(self._taps):
                settings = self._taps[self._origins_sent]
                self._origins_sent += 1
                origin = origin_of(settings, os.getpid(), socket.gethostname())
                return frame(ORIGIN, msgspec.json.encode(origin))
            if frames := self._backlog.take(_CHUNK_BYTES):
                self._sent += len(frames)
                return b"".join(frames)
            if losses := self._backlog.new_losses():
                return frame(LOSSES, json.dumps(losses).encode())
            self._pipe = self._writer.input
            return b""

    def _sleep(self) -> None:
        """Wait for a ring, and for messages of the process, which are logged."""
        assert self._writer is not None and self._wakeup is not None
        poll = select.poll()
        poll.register(self._wakeup.descriptor, select.POLLIN)
        poll.register(self._writer.output, select.POLLIN)
        for descriptor, _ in poll.poll():
            if descriptor == self._wakeup.descriptor:
                with self._lock:
                    self._wakeup.stop_ringing()
                continue
            messages = self._writer.messages()
            if messages is None:
                raise BrokenPipeError
            for message in messages:
                self._log(message)

    def _reap(self) -> None:
        """Count what a writer that died leaves behind."""
        assert self._writer is not None
        age, reason = self._writer.age, self._writer.reason()
        ready = self._writer.ready
        self._close_to_requests()
        self._writer.kill()
        lost = self._let_go("writer process died")
        self._generation += 1
        if ready:
            self._log(f"the writer process died and is being restarted; {lost} exchanges were lost")
        else:
            self._log(f"the writer process failed to start and will be retried: {reason}")
        if age < _RESTART_SECONDS:
            self._closing.wait(_RESTART_SECONDS)

    def _close_to_requests(self) -> None:
        """Before a pipe is closed: its number may be another file's a moment later."""
        with self._lock:
            self._pipe = None

    def _let_go(self, reason: str) -> int:
        """Take a writer's last counts; return how many exchanges it was given in vain."""
        with self._lock:
            assert self._writer is not None
            now = self._writer.counters.read()
            left = self._sent - now.total()
            if left:
                self._backlog.dropped[reason] += left
            self._past += now
            self._writer = None
            return left

    def _end(self) -> None:
        """Close the writer: it has written all, or is left to its work."""
        if self._writer is not None:
            with suppress(BrokenPipeError):
                self._catch_up()
                for message in self._writer.last_messages():
                    self._log(message)
            self._close_to_requests()
            self._writer.close()
            self._let_go("not written when the app ended")
        with self._lock:
            if self._wakeup is not None:
                self._wakeup.close()
            self._wakeup = None

    def _start_beside(self) -> None:
        if self._is_started or self._on_start is None:
            return
        self._is_started = True
        try:
            self._stop = self._on_start(self.store, self.settings)
        except Exception as error:
            # While Python ends, this thread still writes; nothing new can be started any more.
            threading.main_thread().join(timeout=1)
            if threading.main_thread().is_alive():
                self._log(f"the scheduler cannot be started: {error}")

    def _log(self, message: str) -> None:
        """Log each message once: the app's log is not ours to fill."""
        if message not in self._logged and len(self._logged) < 100:
            self._logged.add(message)
            logger.error("modeltap: %s", message)

    def after_fork(self) -> None:
        """In a forked child: what is open is the parent's."""
        if self._writer is not None:
            self._writer.forget()
        if self._wakeup is not None:
            self._wakeup.close()
        self._start_anew()
