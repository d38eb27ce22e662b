"""What takes exchanges from requests and sees to it that they reach the store."""

from __future__ import annotations

import json
import logging
import os
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from modeltap.config.settings import Settings
from modeltap.tap import forks
from modeltap.tap.backlog import Backlog
from modeltap.writer.process import NotStarted, WriterProcess
from modeltap.writer.protocol import EXCHANGE, LOSSES, NO_ROOM, ORIGIN, UNUSABLE, frame
from modeltap.writer.records import origin_of

logger = logging.getLogger("modeltap")

_CHUNK_BYTES = 256 * 1024
"""How much of the backlog goes into the pipe at a time."""

_RESTART_SECONDS = 5.0
"""A writer process that cannot be started, or ends at once, is tried again this often."""

_LAST_SECONDS = 1.0
"""How long a recorder that closes waits for room in the pipe."""

Ticket = tuple[int, int]
"""A place in the queue: of which writer, and how many it has to write until this one is done."""

Companion = Callable[[Path, Settings], Callable[[], None]]
companions: list[Companion] = []
"""What starts beside each recorder, in its thread, and how it is stopped (the scheduler)."""


class Recorder:
    """Hands exchanges to the process that writes one store.

    A request puts its exchange straight into the pipe. What the pipe does not take (the process
    is starting, or waits for another program's lock) waits in a bounded backlog, which a thread
    empties; at all other times that thread sleeps. What finds no room is refused, whole, and
    counted. Nothing is opened or started before the first `put`.
    """

    def __init__(self, store: Path, settings: Settings) -> None:
        self.store = store
        self.settings = settings
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
        self._unconfirmed = 0  # exchanges whose commit was waited for in vain
        self._past: Counter[str] = Counter()  # what the writers before it counted
        self._thread: threading.Thread | None = None
        self._wakeup: tuple[int, int] | None = None  # a pipe to itself, at which the thread sleeps
        self._woken = False
        self._closing = threading.Event()
        self._said: set[str] = set()
        self._stops: list[Callable[[], None]] | None = None

    def join(self, settings: Settings) -> int:
        """Return the number by which a tap with `settings` marks its exchanges."""
        with self._lock:
            self._taps.append(settings)
            self._pipe = None  # the thread introduces the tap before any of its exchanges
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
        """Take an exchange as `put` does; return by what its commit can be waited for."""
        if not self.put(packed):
            return None
        with self._lock:
            return self._generation, self._sent + len(self._backlog)

    def is_settled(self, ticket: Ticket) -> bool:
        """Say whether the exchange is in the store, or counted among the lost ones."""
        with self._lock:
            if self._generation != ticket[0]:
                return True
            return self._writer is not None and self._writer.counters.total() >= ticket[1]

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
        """Have all written, then end the process, the thread and its companions; `put` starts anew.

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
            stops, self._stops, self._thread = self._stops, None, None
            self._closing.clear()
        for stop in stops or ():
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
            self._wakeup, self._woken = os.pipe(), False
            self._thread = threading.Thread(target=self._run, name="modeltap", daemon=True)
            self._thread.start()
            forks.end_with_a_child()
        self._wake()
        return kept

    def _wake(self) -> None:
        if self._wakeup is not None and not self._woken:
            self._woken = True
            os.write(self._wakeup[1], b".")

    def _run(self) -> None:
        """The thread: starts the writer, gives it what requests could not, and sleeps."""
        while not self._closing.is_set():
            if self._writer is None and not self._start_writer():
                self._closing.wait(_RESTART_SECONDS)
                continue
            try:
                self._catch_up()
                self._start_companions()
                self._sleep()
            except BrokenPipeError:
                self._reap()
        self._end()

    def _start_writer(self) -> bool:
        try:
            writer = WriterProcess(self.store)
        except NotStarted as error:
            self._say(f"nothing is recorded, the app serves on: no writer process starts: {error}")
            return False
        with self._lock:
            self._writer, self._origins_sent, self._sent, self._cut = writer, 0, 0, b""
        return True

    def _catch_up(self) -> None:
        """Give the writer all that waits; after that requests write to it themselves."""
        while data := self._next():
            self._push(data)

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

    def _push(self, data: bytes) -> None:
        """Write all of `data`; raises `BrokenPipeError` when the process is gone, or we must go."""
        assert self._writer is not None
        poll = select.poll()
        poll.register(self._writer.input, select.POLLOUT)
        rest = memoryview(data)
        closing_since: float | None = None
        while rest:
            try:
                rest = rest[os.write(self._writer.input, rest) :]
            except BlockingIOError:
                poll.poll(100)
                if self._closing.is_set():
                    closing_since = closing_since or time.monotonic()
                    if time.monotonic() > closing_since + _LAST_SECONDS:
                        raise BrokenPipeError from None

    def _sleep(self) -> None:
        """Wait to be woken, and for what the process wants to have logged."""
        assert self._writer is not None and self._wakeup is not None
        poll = select.poll()
        poll.register(self._wakeup[0], select.POLLIN)
        poll.register(self._writer.output, select.POLLIN)
        for descriptor, _ in poll.poll():
            if descriptor == self._wakeup[0]:
                with self._lock:
                    os.read(self._wakeup[0], 16)
                    self._woken = False
                continue
            messages = self._writer.messages()
            if messages is None:
                raise BrokenPipeError
            for message in messages:
                self._say(message)

    def _reap(self) -> None:
        """Count what a writer that died leaves behind."""
        assert self._writer is not None
        age, ready = self._writer.age, self._writer.ready
        self._close_to_requests()
        self._writer.kill()
        lost = self._let_go("writer process died")
        self._generation += 1
        what = "died and is started again" if ready else "does not start, and is tried again"
        self._say(f"the writer process {what}; {lost} exchanges are lost")
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
                    self._say(message)
            self._close_to_requests()
            self._writer.close()
            self._let_go("not written when the app ended")
        with self._lock:
            for descriptor in self._wakeup or ():
                os.close(descriptor)
            self._wakeup = None

    def _start_companions(self) -> None:
        if self._stops is not None:
            return
        self._stops = []
        for companion in companions:
            try:
                self._stops.append(companion(self.store, self.settings))
            except Exception as error:
                # While Python ends, this thread still writes; nothing new can be started any more.
                threading.main_thread().join(timeout=1)
                if threading.main_thread().is_alive():
                    self._say(f"the scheduler cannot start: {error}")

    def _say(self, message: str) -> None:
        """Log each message once: the app's log is not ours to fill."""
        if message not in self._said and len(self._said) < 100:
            self._said.add(message)
            logger.error("modeltap: %s", message)

    def after_fork(self) -> None:
        """In a forked child: what is open is the parent's."""
        if self._writer is not None:
            self._writer.forget()
        for descriptor in self._wakeup or ():
            os.close(descriptor)
        self._start_anew()


def recorder_for(settings: Settings) -> Recorder:
    """Return this process's recorder for the settings' store; made here, started by its first put.

    Litestar builds a middleware for each route: they share one.
    """
    path = Path(settings.store).expanduser().absolute()
    with _registry_lock:
        recorder = _recorders.get(path)
        if recorder is None:
            recorder = _recorders[path] = Recorder(path, settings)
        return recorder


def recorders() -> list[Recorder]:
    """Return all recorders of this process."""
    return list(_recorders.values())


def _new_lock() -> None:
    global _registry_lock
    _registry_lock = threading.Lock()


_recorders: dict[Path, Recorder] = {}
_registry_lock = threading.Lock()
os.register_at_fork(after_in_child=_new_lock)
