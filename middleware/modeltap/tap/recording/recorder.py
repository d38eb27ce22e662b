"""The recorder, which sends exchanges from requests to the writer process."""

from __future__ import annotations

import json
import os
import select
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from modeltap.config.settings import Settings
from modeltap.logs import logger
from modeltap.tap.recording import forks
from modeltap.tap.recording.backlog import Backlog
from modeltap.tap.recording.companion import Companion, OnStart
from modeltap.tap.recording.wakeup import Wakeup
from modeltap.writer.process import NotStarted, WriterProcess
from modeltap.writer.protocol import LOSSES, NO_ROOM, ORIGIN, UNUSABLE, frame
from modeltap.writer.records import origin_of
from modeltap.writer.sharing.ring_buffer import IN_ORDER, RingBuffer
from modeltap.writer.sharing.shared_memory import process_mark

_CHUNK_BYTES = 256 * 1024
"""Bytes of the backlog to write at a time: a quarter of the buffer."""

_RESTART_SECONDS = 5.0
"""The retry interval if a writer process cannot be started or ends early."""


Ticket = int
"""An exchange's position: the number of exchanges that are settled as soon as it is."""


class Recorder:
    """Sends exchanges to the writer process of one store.

    A request copies its exchange directly into memory that the process reads. While this buffer
    is full (the process is starting, or waits for another program's lock), exchanges wait in a
    bounded backlog, which a thread empties; otherwise that thread sleeps. If the backlog is full,
    an exchange is dropped as a whole and counted. Nothing is opened or started before the first
    `put`.
    """

    def __init__(self, store: Path, settings: Settings, on_start: OnStart | None = None) -> None:
        self.store = store
        self.settings = settings
        self._on_start = on_start
        self._taps: list[Settings] = []
        self._reset()
        forks.follow(self)

    def _reset(self) -> None:
        """Set the initial state, on creation and in a forked child."""
        self._lock = threading.Lock()
        self._mark = process_mark()
        self._backlog = Backlog(self.settings.max_queue_records, self.settings.max_queue_bytes)
        self._writer: WriterProcess | None = None
        self._buffer: RingBuffer | None = None  # of the writer, while requests may use it
        self._origins_sent = 0  # taps that this writer knows
        self._sent = 0  # exchanges sent to this writer
        self._sent_before = 0  # exchanges sent to earlier writers, which are all settled
        self._unconfirmed = 0  # exchanges with a timeout while waiting for the commit
        self._past: Counter[str] = Counter()  # counts of previous writers
        self._past_shadow: Counter[str] = Counter()  # their outcomes of shadow requests
        self._thread: threading.Thread | None = None
        self._wakeup: Wakeup | None = None  # wakes the thread
        self._closing = threading.Event()  # the thread has to end, or is ending
        self._starts_again = False  # something was queued while the thread was ending
        self._logged: set[str] = set()
        self._companion = Companion(self._on_start)

    def join(self, settings: Settings) -> int:
        """Register a tap with `settings`; return the number that identifies its exchanges."""
        with self._lock:
            self._taps.append(settings)
            self._buffer = None  # so that the thread sends the tap's origin before its exchanges
            self._wake()
            return len(self._taps) - 1

    def start(self) -> None:
        """Start the thread, and with it the writer and the companion, before the first `put`."""
        with self._lock:
            self._start_thread()
            self._wake()

    def put(self, data: bytes) -> bool:
        """Send a packed exchange; return False if it was dropped because the backlog is full."""
        if not self._mark[0]:  # a fork by C code, which runs no hooks
            self.after_fork()
        with self._lock:
            buffer = self._buffer
            if buffer is None or not buffer.put(data):
                return self._keep(data)
            self._sent += 1
        if not IN_ORDER:
            buffer.barrier()
        if buffer.has_sleeping_reader():  # read after the release of the lock, which is a barrier
            self._wake_writer()
        return True

    def put_durably(self, data: bytes) -> Ticket | None:
        """Send an exchange as `put` does; return a ticket to wait for its commit."""
        if not self.put(data):
            return None
        with self._lock:
            return self._sent_before + self._sent + len(self._backlog)

    def is_settled(self, ticket: Ticket) -> bool:
        """Return True if the exchange is in the store, or counted as lost."""
        with self._lock:
            settled = 0 if self._writer is None else self._writer.counters.total()
            return self._sent_before + settled >= ticket

    def give_up(self) -> None:
        """Count an exchange with a timeout while waiting for its commit."""
        with self._lock:
            self._unconfirmed += 1

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all exchanges are in the store; return False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (waiting := self._waiting(hurry=True)) and time.monotonic() < deadline:
            time.sleep(0.001)
        self._waiting(hurry=False)
        return not waiting

    def close(self, timeout: float = 5.0) -> None:
        """Write all exchanges, then end the process, the thread and the companion.

        A process that still waits for another program's lock keeps running until it has written
        its exchanges. A later `put` starts everything again.
        """
        self.flush(timeout)
        with self._lock:
            thread = self._thread
            if thread is not None:
                self._closing.set()
                self._wake()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        self._companion.stop()

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
                "shadow": self._shadow(),
            }

    def _shadow(self) -> dict[str, int]:
        """Return the requests chosen for a challenger, by outcome."""
        now = self._writer.counters.shadow() if self._writer is not None else Counter()
        return dict(self._past_shadow + now)

    def _counted(self) -> Counter[str]:
        """Return the counts of all writers, and the number of exchanges still in the buffer."""
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
        """Queue a frame for the thread; later frames must be queued, too, to keep the order."""
        self._buffer = None
        kept = self._backlog.add(data)
        self._start_thread()
        self._wake()
        return kept

    def _wake_writer(self) -> None:
        with self._lock:
            if self._writer is not None:
                self._writer.wake()

    def _start_thread(self) -> None:
        """Start the thread if it does not run; raises `RuntimeError` or `OSError`, and retries."""
        if self._thread is not None:
            self._starts_again = self._closing.is_set()
            return
        self._wakeup = Wakeup()
        thread = threading.Thread(target=self._run, name="modeltap", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the process has as many threads as it may have, or is ending
            self._close_wakeup()
            raise
        self._thread = thread
        forks.close_with_multiprocessing()

    def _wake(self) -> None:
        if self._wakeup is not None:
            self._wakeup.ring()

    def _run(self) -> None:
        """Start the writer, send it the backlog, and sleep, in the recorder's thread."""
        while not self._closing.is_set():
            if self._writer is None and not self._start_writer():
                self._closing.wait(_RESTART_SECONDS)
                continue
            try:
                self._catch_up()
                self._start_companion()
                self._sleep()
            except BrokenPipeError:
                if self._closing.is_set():
                    # The writer still waits for another program's lock, and writes what it has.
                    self._end(is_cut=True)
                    return
                self._reap()
            except Exception as error:  # without this thread, nothing is recorded
                self._log(
                    f"the writer process is restarted, because it got no exchanges: {error!r}"
                )
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
            self._writer, self._origins_sent = writer, 0
        return True

    def _catch_up(self) -> None:
        """Send the backlog to the writer; afterwards requests use its buffer directly."""
        assert self._writer is not None
        while data := self._next():
            self._writer.write(data, self._closing)

    def _next(self) -> bytes:
        """Return the next data: a new tap, the backlog, or its losses."""
        assert self._writer is not None
        with self._lock:
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
            self._buffer = self._writer.buffer
            return b""

    def _sleep(self) -> None:
        """Wait for a wakeup or for messages of the process, and log these."""
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
        """Count the lost exchanges of a writer that died."""
        assert self._writer is not None
        age, reason = self._writer.age, self._writer.reason()
        ready = self._writer.ready
        self._close_to_requests()
        self._writer.kill()
        lost = self._retire_writer("writer process died")
        if ready:
            self._log(f"the writer process died and is being restarted; {lost} exchanges were lost")
        else:
            self._log(f"the writer process failed to start and will be retried: {reason}")
        if age < _RESTART_SECONDS:
            self._closing.wait(_RESTART_SECONDS)

    def _close_to_requests(self) -> None:
        """Stop direct writes, and waking, before the writer's descriptors are closed."""
        with self._lock:
            self._buffer = None
            if self._writer is not None:
                self._writer.stop_waking()

    def _retire_writer(self, reason: str) -> int:
        """Add a writer's final counts to the total; return the number of lost exchanges."""
        with self._lock:
            assert self._writer is not None
            now = self._writer.counters.read()
            left = self._sent - now.total()
            if left:
                self._backlog.dropped[reason] += left
            self._past += now
            self._past_shadow += self._writer.counters.shadow()
            self._sent_before += self._sent
            self._writer, self._sent = None, 0
            return left

    def _end(self, is_cut: bool = False) -> None:
        """Close the writer after it has written everything, or let it finish on its own.

        `is_cut`: the last frame is incomplete, so that nothing can follow it.
        """
        if self._writer is not None:
            with suppress(Exception):  # the writer has ended, or cannot be fed
                if not is_cut:
                    self._catch_up()
                for message in self._writer.last_messages():
                    self._log(message)
            self._close_to_requests()
            self._writer.close()
            self._retire_writer("not written when the app ended")
        with self._lock:
            self._close_wakeup()
            self._thread = None
            self._closing.clear()
            if self._starts_again and self._backlog:
                with suppress(RuntimeError, OSError):  # the process is ending, too
                    self._start_thread()
            self._starts_again = False

    def _close_wakeup(self) -> None:
        if self._wakeup is not None:
            self._wakeup.close()
            self._wakeup = None

    def _start_companion(self) -> None:
        if (reason := self._companion.start(self.store, self.settings)) is not None:
            self._log(f"the scheduler cannot be started: {reason}")

    def _log(self, message: str) -> None:
        """Log each message once, so as not to flood the app's log."""
        if message not in self._logged and len(self._logged) < 100:
            self._logged.add(message)
            logger.error("modeltap: %s", message)

    def after_fork(self) -> None:
        """Release the parent's resources in a forked child."""
        if self._writer is not None:
            self._writer.forget()
        self._close_wakeup()
        self._reset()
