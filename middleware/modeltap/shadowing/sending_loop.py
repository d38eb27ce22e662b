"""The loop of the sending process: reads frames, sends requests, stores answers, and ends."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec

from modeltap.errors import ConfigError
from modeltap.shadowing.answer_keeper import AnswerKeeper
from modeltap.shadowing.challenger import Challenger, ChallengerAnswer
from modeltap.writer.protocol import EXCHANGE, LOSSES, ORIGIN, Counters, Frames
from modeltap.writer.records import Origin, unpack
from modeltap.writer.shadow_feed import ChosenModel
from modeltap.writer.shadow_outcomes import CANNOT_BE_SENT

_READ_BYTES = 1 << 20

_WAITING_ANSWERS = 256
"""Answers that wait to be stored; more make the challengers' requests wait."""

_BATCH_SECONDS = 0.5
"""How long answers are gathered for one transaction, so that the writer is rarely delayed."""

_ENDING_SECONDS = 5.0
"""How long requests are still sent after the app has ended, at most."""

_POLL_SECONDS = 0.02
"""How often the end checks whether everything is sent."""


class SendingLoop:
    """Sends the requests of one writer process until the end of its input.

    Args:
        store: the store of the app.
        counters: the counters that the app reads.
        descriptor: the input with the frames.
        log: receives messages for the app's log.
    """

    def __init__(
        self, store: Path, counters: Counters, descriptor: int, log: Callable[[str], None]
    ) -> None:
        self._counters = counters
        self._descriptor = descriptor
        self._log = log
        self._origins: list[Origin] = []
        self._challengers: dict[tuple[int, str], Challenger | None] = {}
        self._lock = threading.Lock()  # additions to counters are not atomic
        self._keeper = AnswerKeeper(store, self._origins, self._add_shadow)
        self._frames = Frames()
        self._logged: set[str] = set()

    async def run(self) -> None:
        """Send until the input ends, then finish within a few seconds."""
        self._answers: asyncio.Queue[ChallengerAnswer] = asyncio.Queue(_WAITING_ANSWERS)
        self._ended = asyncio.Event()
        self._due = asyncio.Event()  # set while answers or counts wait to be stored
        self._writing = False
        loop = asyncio.get_running_loop()
        # SQLite waits for locks, and decoding takes long, so both are done in a thread.
        with ThreadPoolExecutor(max_workers=1) as thread:
            storing = loop.create_task(self._store_answers(thread))
            os.set_blocking(self._descriptor, False)
            loop.add_reader(self._descriptor, self._read)
            await self._ended.wait()
            loop.remove_reader(self._descriptor)
            await self._finish()
            storing.cancel()
            with suppress(asyncio.CancelledError):
                await storing
            await loop.run_in_executor(thread, self._keeper.write, self._taken())

    async def _finish(self) -> None:
        """Wait until everything is sent and stored, up to a bound."""
        until = time.monotonic() + _ENDING_SECONDS
        while time.monotonic() < until and not self._is_done():
            await asyncio.sleep(_POLL_SECONDS)
        challengers = filter(None, self._challengers.values())
        await asyncio.gather(*(challenger.close() for challenger in challengers))

    def _is_done(self) -> bool:
        idle = all(own is None or own.is_idle for own in self._challengers.values())
        return idle and self._answers.empty() and not self._writing

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._ended.set()
            return
        for kind, payload in self._frames.split(data):
            if kind == EXCHANGE:
                self._add_request(payload)
            elif kind == ORIGIN:
                self._origins.append(msgspec.json.decode(payload, type=Origin))
            elif kind == LOSSES:
                self._add_losses(payload)

    def _add_request(self, packed: bytes) -> None:
        record = unpack(packed)
        key = record.origin, record.model
        if key not in self._challengers:
            self._challengers[key] = self._new_challenger(*key)
        challenger = self._challengers[key]
        if challenger is None:
            self._count(self._chosen(*key), CANNOT_BE_SENT, 1)
        else:
            challenger.add(record)

    def _new_challenger(self, origin: int, model: str) -> Challenger | None:
        settings = self._origins[origin].settings
        shadow = settings.for_model(model).shadow
        assert shadow is not None
        try:
            resolved = shadow.resolved()
        except ConfigError as error:
            self._log(f"no shadow traffic for model {model!r}: {error}")
            return None
        return Challenger(
            self._chosen(origin, model), resolved, settings.max_body_bytes, self._keep, self._count
        )

    def _chosen(self, origin: int, model: str) -> ChosenModel:
        settings = self._origins[origin].settings
        shadow = settings.for_model(model).shadow
        return ChosenModel(model, settings.environment or "", shadow.name if shadow else "")

    def _add_losses(self, payload: bytes) -> None:
        """Note the losses of the writer process, which has counted them for the app."""
        for model, environment, candidate, reasons in json.loads(payload):
            for reason, count in reasons.items():
                self._note(ChosenModel(model, environment, candidate), reason, count)

    async def _keep(self, answer: ChallengerAnswer) -> None:
        await self._answers.put(answer)
        self._due.set()
        response = answer.response
        if response.is_failure and response.reason not in self._logged:
            self._logged.add(response.reason or "")
            self._log(
                f"shadow traffic of model {answer.of.model!r}: requests to candidate "
                f"{answer.of.candidate!r} fail: {response.detail}"
            )

    def _count(self, of: ChosenModel, outcome: str, count: int) -> None:
        self._add_shadow(outcome, count)
        self._note(of, outcome, count)

    def _add_shadow(self, outcome: str, count: int) -> None:
        with self._lock:
            self._counters.add_shadow(outcome, count)

    def _note(self, of: ChosenModel, outcome: str, count: int) -> None:
        self._keeper.add(of, outcome, count)
        self._due.set()

    async def _store_answers(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._due.wait()
            await asyncio.sleep(_BATCH_SECONDS)
            self._due.clear()
            self._writing = True
            # Shielded, because a batch that was taken must be stored, even at the end.
            await asyncio.shield(loop.run_in_executor(thread, self._keeper.write, self._taken()))
            self._writing = False

    def _taken(self) -> Sequence[ChallengerAnswer]:
        """Remove and return all waiting answers."""
        return [self._answers.get_nowait() for _ in range(self._answers.qsize())]
