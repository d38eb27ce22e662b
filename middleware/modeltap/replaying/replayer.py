"""Replay: sends the stored requests of a model to a candidate and keeps its predictions."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

from modeltap import clock
from modeltap.errors import BusyError
from modeltap.replaying.candidate_address import CandidateAddress, parse_address
from modeltap.replaying.candidate_client import CandidateClient, CandidateReply
from modeltap.replaying.candidate_rows import ReplyDecoder
from modeltap.replaying.paced_sending import PacedSending
from modeltap.replaying.replay_options import ReplayOptions
from modeltap.replaying.replay_progress import OnSettled, ShowProgress, no_progress
from modeltap.replaying.replay_report import ReplayReport
from modeltap.replaying.sendable_requests import omission
from modeltap.store.candidates import (
    delete_candidate,
    insert_candidate_predictions,
    insert_requests,
)
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import newest_exchange
from modeltap.store.lease import HeldLease, Lease
from modeltap.store.models import check_model
from modeltap.store.settings import SettingsReader
from modeltap.store.stored_exchanges import StoredExchange
from modeltap.store.stored_requests import (
    RequestSelection,
    SelectedCounts,
    count_selected,
    first_of_newest,
    requests_after,
)
from modeltap.store.text import storable_text

_CHUNK = 500
_CHUNK_BYTES = 16 * 1024 * 1024
"""Requests and bytes that are read at once."""

_WAITING = 1000
"""Requests that are read before a round: reading during one would take part in durations."""

_FIRST_TIMEOUTS = 10
_FIRST_USELESS = 100
"""A run ends after so many requests if all of them time out, or if none has a prediction: the URL
is probably wrong."""

_LEASE_SECONDS = 6.0
"""How long a run that was killed keeps the next one waiting. If a lease is lost, two runs send the
same requests, and the later reply counts."""


class Replayer:
    """Sends the selected requests of one model to one candidate.

    Args:
        connection: the store, opened for writing.
        model: the model whose requests are sent.
        url: the candidate's URL.
    """

    def __init__(
        self, connection: sqlite3.Connection, model: str, url: str, options: ReplayOptions
    ) -> None:
        check_model(connection, model)
        self._connection = connection
        self._options = options
        self._address: CandidateAddress = parse_address(url)
        self._model = model
        self.candidate = storable_text(options.name or self._address.name)
        self.is_ended = threading.Event()
        """Set by another thread, it ends the run after the current second."""
        self._decoder = ReplyDecoder(SettingsReader(connection).for_model(model))
        self._selection = self._selected()
        self._sent = self._answered = self._rows = 0
        self._failed: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._stopped: str | None = None
        self._settled = 0
        self._counts = self._count(options.again)

    @property
    def remaining(self) -> int:
        """The number of requests to send or to leave out."""
        return self._counts.requests - self._counts.answered

    def _count(self, again: bool) -> SelectedCounts:
        counts = count_selected(self._connection, self._selection)
        return counts._replace(answered=0) if again else counts

    def _selected(self) -> RequestSelection:
        options = self._options
        selection = RequestSelection(
            self._model,
            self.candidate,
            options.first_time,
            0,
            newest_exchange(self._connection),
            options.labelled,
        )
        if options.limit is None:
            return selection
        first = first_of_newest(self._connection, selection, options.limit)
        return selection._replace(first_seq=first)

    def run(self, on_settled: OnSettled = lambda _: None) -> ReplayReport:
        """Send all requests that the candidate has not answered yet; return the counts.

        Replies are stored about every second, so that a run that is killed repeats at most those
        of its last second; a reply replaces an earlier one. Raises `BusyError` while another
        process sends to the same candidate.
        """
        lease = Lease(self._connection, f"replay {self._model} {self.candidate}", _LEASE_SECONDS)
        try:
            with HeldLease(lease, wait=_LEASE_SECONDS + 1):
                if self._options.again:
                    with writing(self._connection):
                        delete_candidate(self._connection, self._model, self.candidate)
                asyncio.run(self._send_all(on_settled))
        except BusyError:
            raise BusyError(
                f"another replay to {self.candidate!r} is running ({lease.holder()}); wait for it "
                "to finish, or give another --name"
            ) from None
        return self._report()

    async def _send_all(self, on_settled: OnSettled) -> None:
        options = self._options
        client = CandidateClient(
            self._address,
            name=self.candidate,
            headers=options.headers,
            timeout_seconds=options.timeout_seconds,
            connections=options.concurrency,
        )
        sending = PacedSending(
            client,
            concurrency=options.concurrency,
            rate=options.rate,
            outage_seconds=options.outage_seconds,
        )
        source, waiting = self._requests(), deque[StoredExchange]()
        try:
            while self._stopped is None and not self.is_ended.is_set():
                is_useful = self._answered or self._counts.answered
                most = _WAITING if is_useful else _FIRST_USELESS - self._sent
                waiting += islice(source, max(0, most - len(waiting)))
                if not waiting:
                    break
                self._keep(await sending.send_round(waiting))
                on_settled(self._take_settled())
                self._stopped = self._reason_to_stop(sending)
        except asyncio.CancelledError:
            self._keep(sending.replies)
            raise
        finally:
            with suppress(Exception):
                await client.close()
        on_settled(self._take_settled())

    def _requests(self) -> Iterator[StoredExchange]:
        """Yield the requests that can be sent; count the others.

        Those that failed in an earlier run come last, so that a run is not stopped by them.
        """
        started = clock.now()
        yield from self._sendable(None)
        yield from self._sendable(started)

    def _sendable(self, failed_before: str | None) -> Iterator[StoredExchange]:
        after = 0
        while part := requests_after(
            self._connection,
            self._selection,
            after,
            limit=_CHUNK,
            max_bytes=_CHUNK_BYTES,
            failed_before=failed_before,
        ):
            for request in part:
                reason = omission(request)
                if reason is None:
                    yield request.exchange
                else:
                    self._left_out[reason] += 1
                    self._settled += 1
            after = part[-1].exchange.seq

    def _keep(self, replies: Sequence[CandidateReply]) -> None:
        """Store replies and their predictions in one transaction."""
        if not replies:
            return
        decoded = self._decoder.decoded(replies)
        of = (self._connection, self._model, self.candidate)
        with writing(self._connection):
            insert_requests(*of, decoded.requests, source="replay")
            insert_candidate_predictions(*of, decoded.predictions)
        self._sent += len(replies)
        self._settled += len(replies)
        self._rows += len(decoded.predictions)
        for request in decoded.requests:
            if request.error is None:
                self._answered += 1
            else:
                self._failed[request.error] += 1

    def _take_settled(self) -> int:
        settled, self._settled = self._settled, 0
        return settled

    def _reason_to_stop(self, sending: PacedSending) -> str | None:
        if sending.outage is not None:
            return f"the candidate does not respond ({sending.outage}); run it again to continue"
        if self._counts.answered:
            return None
        if self._sent >= _FIRST_TIMEOUTS and self._failed["timeout"] == self._sent:
            return f"none of the first {self._sent:,} requests was answered in time"
        if self._sent >= _FIRST_USELESS and not self._answered:
            return f"none of the first {self._sent:,} responses has a prediction"
        return None

    def _report(self) -> ReplayReport:
        return ReplayReport(
            model=self._model,
            candidate=self.candidate,
            url=f"{self._address.scheme}://{self._address.netloc}{self._address.path}",
            requests=self._counts.requests,
            answered_before=self._counts.answered,
            sent=self._sent,
            answered=self._answered,
            rows=self._rows,
            failed=dict(self._failed.most_common()),
            left_out=dict(self._left_out.most_common()),
            stopped=self._stopped,
        )


def replay_store(
    store: Path,
    model: str,
    url: str,
    options: ReplayOptions,
    show_progress: ShowProgress = no_progress,
) -> ReplayReport:
    """Send the stored requests of a model to the candidate at `url`; return the counts.

    It runs in a thread, so that it also works within an event loop, as in a notebook. Raises
    `InputError` for a URL, a model or an option that cannot be used, and `BusyError` while another
    process sends to the same candidate.
    """

    def run() -> ReplayReport:
        with closing(connect(store, create=False)) as connection:
            replayer = Replayer(connection, model, url, options)
            replayer.is_ended = is_ended
            with show_progress(replayer.remaining) as on_settled:
                return replayer.run(on_settled)

    is_ended = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="replay") as pool:
        try:
            return pool.submit(run).result()
        except KeyboardInterrupt:
            is_ended.set()  # leaving the block waits for the thread, which stores its replies
            raise
