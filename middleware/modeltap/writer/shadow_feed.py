"""The writer's side of shadow traffic: chooses requests and passes them to the sending process.

The sender is a process of its own (`modeltap.shadowing`), so that a challenger can delay neither
the app nor the writer. Nothing here waits: a request that does not fit into the pipe to the sender
is lost and counted.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from modeltap import interpreter
from modeltap.config.improving.shadow_settings import MARK_HEADER, ShadowSettings
from modeltap.errors import ConfigError
from modeltap.writer.protocol import EXCHANGE, LOSSES, ORIGIN, Counters, frame
from modeltap.writer.records import CapturedRecord, Origin, unpack
from modeltap.writer.shadow_outcomes import (
    MASKED,
    NO_SENDER,
    NOT_READ,
    NOT_STORED,
    OF_SENDER,
    SENDER_BUSY,
    TOO_LARGE,
)

_PIPE_BYTES = 1 << 20
"""The maximum pipe size that Linux allows without privileges."""

_RESTART_SECONDS = 5.0
"""The retry interval if a sender cannot be started or ends early."""

_CLOSING_SECONDS = 0.5
"""How long the end of the last frame waits for space in the pipe, because the app is ending."""

_MAX_MESSAGE_BYTES = 1 << 16
"""Bytes of the sender's messages to read at a time."""

_FAILED_STATUS = 400
"""Requests that the model itself rejected have no prediction to compare with."""

_WITHOUT_BODY = ("GET", "HEAD")
"""Methods of requests whose body apps do not read, because they have none."""


class ChosenModel(NamedTuple):
    """A model with a challenger, and the environment of its app."""

    model: str
    environment: str
    candidate: str


class SenderProcess:
    """The process that sends requests to challengers, with non-blocking pipes to and from it.

    Raises `OSError` or `ConfigError` if it cannot be started.
    """

    def __init__(self, store: Path, memory: int) -> None:
        self._process = subprocess.Popen(
            interpreter.command("modeltap.shadowing", str(store), str(memory)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=interpreter.environment(),
            bufsize=0,
            pass_fds=(memory,),
            process_group=0,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self.input = self._process.stdin.fileno()
        self._output = self._process.stdout.fileno()
        os.set_blocking(self.input, False)
        os.set_blocking(self._output, False)
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(self.input, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def messages(self) -> list[str]:
        """Return the messages that have arrived, without waiting."""
        try:
            data = os.read(self._output, _MAX_MESSAGE_BYTES)
        except BlockingIOError:
            return []
        return data.decode("utf-8", "replace").splitlines()

    def close(self) -> None:
        """Close the pipes. The process ends by itself, within a bound, without being waited for."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        if self._process.poll() is None:
            self._process.returncode = 0  # so that `Popen` does not warn


class ShadowFeed:
    """Chooses stored requests at random, and passes them to the sender.

    Args:
        store: the store in which the sender keeps the challenger's predictions.
        memory: the descriptor of the counters that the app reads.
        log: receives messages for the app's log.
    """

    def __init__(self, store: Path, memory: int, log: Callable[[str], None]) -> None:
        self._store = store
        self._memory = memory
        self._counters = Counters(memory)
        self._log = log
        self._origins: list[Origin] = []
        self._challengers: dict[tuple[int, str], ShadowSettings | None] = {}
        self._most = 0.0  # the largest fraction of all challengers
        self._sender: SenderProcess | None = None
        self._rest = b""  # the unwritten rest of the last frame
        self._retry_at = 0.0
        self._passed = 0  # requests passed to this sender
        self._settled_before = 0  # requests that earlier senders settled
        self._last: ChosenModel | None = None  # the model of the last chosen request
        self._losses: dict[ChosenModel, Counter[str]] = {}  # not yet passed to the sender

    def add_origin(self, origin: Origin) -> None:
        """Add the next origin; origins are numbered from 0, as in the records."""
        self._origins.append(origin)
        for challenger in origin.settings.challengers:
            self._most = max(self._most, challenger.fraction)
        if self._sender is not None:
            self._rest += _origin_frame(origin)

    def offer(self, batch: Sequence[bytes], stored: bool) -> None:
        """Pass a random part of a batch to the sender.

        Args:
            batch: packed exchanges.
            stored: False if the batch could not be written.
        """
        if not self._most:
            return
        for packed in batch:
            # Most requests are left out before they are unpacked, which takes longest.
            if random.random() < self._most:
                with contextlib.suppress(Exception):  # reported when its row was made
                    self._offer_one(packed, stored)
        self.pump()

    def pump(self) -> bool:
        """Write what still waits, without waiting; return True if something is left."""
        if self._sender is None:
            return False
        for message in self._sender.messages():
            self._log(message)
        if not self._rest and self._losses:
            losses = [[*of, reasons] for of, reasons in self._losses.items()]
            self._losses = {}
            self._rest = frame(LOSSES, json.dumps(losses).encode())
        self._write_rest()
        return bool(self._rest)

    def close(self) -> None:
        """Pass the rest to the sender and close its input, so that it finishes and ends."""
        until = time.monotonic() + _CLOSING_SECONDS
        while self.pump() and time.monotonic() < until:
            time.sleep(0.01)
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def _offer_one(self, packed: bytes, stored: bool) -> None:
        record = unpack(packed)
        challenger = self._challenger(record.origin, record.model)
        if challenger is None or random.random() * self._most >= challenger.fraction:
            return
        if not _is_answered(record) or _is_shadow(record):
            return
        environment = self._origins[record.origin].settings.environment or ""
        of = self._last = ChosenModel(record.model, environment, challenger.name)
        reason = _reason_to_skip(record) or (None if stored else NOT_STORED)
        if reason is None and not self._started():
            reason = NO_SENDER
        if reason is None:
            reason = self._pass_on(frame(EXCHANGE, packed))
        if reason is None:
            self._passed += 1
        else:
            self._lose(of, reason)

    def _challenger(self, origin: int, model: str) -> ShadowSettings | None:
        key = origin, model
        if key not in self._challengers:
            self._challengers[key] = self._origins[origin].settings.for_model(model).shadow
        return self._challengers[key]

    def _lose(self, of: ChosenModel, reason: str, count: int = 1) -> None:
        self._counters.add_shadow(reason, count)
        self._losses.setdefault(of, Counter())[reason] += count

    def _started(self) -> bool:
        """Start the sender if it does not run; return False if it cannot run now."""
        if self._sender is not None:
            return True
        if time.monotonic() < self._retry_at:
            return False
        self._retry_at = time.monotonic() + _RESTART_SECONDS
        try:
            self._sender = SenderProcess(self._store, self._memory)
        except (OSError, ConfigError) as error:
            self._log(f"no shadow traffic: the sending process cannot be started: {error}")
            return False
        self._passed, self._settled_before = 0, self._settled()
        self._rest = b"".join(map(_origin_frame, self._origins))
        self._write_rest()
        return self._sender is not None

    def _pass_on(self, data: bytes) -> str | None:
        """Pass a frame to the sender; return the reason if it is lost.

        A frame that was begun is finished later, because the sender has read its beginning.
        """
        if self._rest:
            return SENDER_BUSY
        try:
            assert self._sender is not None
            written = os.write(self._sender.input, data)
        except BlockingIOError:
            return SENDER_BUSY
        except OSError:
            self._bury()
            return NO_SENDER
        self._rest = data[written:]
        return None

    def _write_rest(self) -> None:
        """Write what waits, as far as the pipe has space."""
        if self._sender is None or not self._rest:
            return
        try:
            self._rest = self._rest[os.write(self._sender.input, self._rest) :]
        except BlockingIOError:
            return
        except OSError:
            self._bury()

    def _bury(self) -> None:
        """Count the requests that a dead sender had not settled."""
        assert self._sender is not None
        self._sender.close()
        self._sender, self._rest = None, b""
        lost = self._passed - (self._settled() - self._settled_before)
        if lost > 0 and self._last is not None:
            self._lose(self._last, NO_SENDER, lost)
        self._log("the process that sends shadow traffic ended; it is started again")

    def _settled(self) -> int:
        outcomes = self._counters.shadow()
        return sum(outcomes[outcome] for outcome in OF_SENDER)


def _origin_frame(origin: Origin) -> bytes:
    return frame(ORIGIN, msgspec.json.encode(origin))


def _is_answered(record: CapturedRecord) -> bool:
    """Return True for an HTTP request with a successful response."""
    status = record.status
    return (
        record.source in ("asgi", "wsgi")
        and isinstance(status, int)
        and status < _FAILED_STATUS
        and record.error_type is None
    )


def _is_shadow(record: CapturedRecord) -> bool:
    """Return True for a request that is shadow traffic itself: sent on, it might never end."""
    return any(name == MARK_HEADER for name, _ in record.request_headers)


def _reason_to_skip(record: CapturedRecord) -> str | None:
    """Return why the request's body is not complete; None if it is."""
    if record.request_note is not None:
        return MASKED
    if record.request_truncated or record.request_bytes > len(record.request_body):
        return TOO_LARGE
    return None if record.request_read or record.method in _WITHOUT_BODY else NOT_READ
