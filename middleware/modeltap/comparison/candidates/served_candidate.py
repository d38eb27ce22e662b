"""A candidate behind a URL that is sent the requests of a golden set."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from modeltap.comparison.candidates.candidate_outputs import (
    CandidateOutput,
    CandidateOutputs,
    RowId,
)
from modeltap.config.settings import Settings
from modeltap.errors import InputError
from modeltap.replaying.candidate_address import parse_address
from modeltap.replaying.candidate_client import CandidateClient, CandidateReply
from modeltap.replaying.candidate_rows import ReplyDecoder
from modeltap.replaying.paced_sending import PacedSending
from modeltap.replaying.replay_options import ReplayOptions
from modeltap.replaying.replay_progress import OnSettled, ShowProgress, no_progress
from modeltap.store.stored_exchanges import StoredExchange

_FIRST_USELESS = 100
"""Requests without a prediction after which the URL is probably wrong."""

_NAMED = 3
"""Reasons that an error names."""

_DEFAULTS = ReplayOptions()


def sent_outputs(
    requests: Sequence[StoredExchange],
    settings: Settings,
    url: str,
    show_progress: ShowProgress = no_progress,
) -> CandidateOutputs:
    """Send requests that are in no store to a candidate; return its predictions.

    Args:
        settings: the model's own, for decoding.
        show_progress: a context manager of the number of requests to send.

    Raises `InputError` if the URL cannot be used, if the candidate stops responding, or if no
    response has a prediction.
    """
    address = parse_address(url)
    if not requests:
        raise InputError("the golden set has no requests to send; give a file or a function")
    sender = _Sender(ReplyDecoder(settings))

    async def send() -> None:
        client = CandidateClient(
            address,
            name=address.name,
            headers={},
            timeout_seconds=_DEFAULTS.timeout_seconds,
            connections=_DEFAULTS.concurrency,
        )
        try:
            await sender.send_all(client, deque(requests), on_sent)
        finally:
            with suppress(Exception):
                await client.close()

    # In a thread, because an event loop may be running here, as in a notebook.
    with (
        show_progress(len(requests)) as on_sent,
        ThreadPoolExecutor(1, thread_name_prefix="candidate") as pool,
    ):
        pool.submit(asyncio.run, send()).result()
    if sender.stopped is not None:
        raise InputError(f"{url}: {sender.stopped}")
    failed = {f"requests that failed: {reason}": n for reason, n in sender.failed.items()}
    return CandidateOutputs(url, sender.by_row, Counter(failed))


class _Sender:
    """Sends requests and collects the predictions of their responses.

    `stopped` is the reason why the predictions cannot be used, None if they can.
    """

    def __init__(self, decoder: ReplyDecoder) -> None:
        self.by_row: dict[RowId, CandidateOutput] = {}
        self.failed: Counter[str] = Counter()
        self.stopped: str | None = None
        self._decoder = decoder

    async def send_all(
        self, client: CandidateClient, waiting: deque[StoredExchange], on_sent: OnSettled
    ) -> None:
        """Send all requests; stop if the URL is probably wrong."""
        sending = PacedSending(
            client,
            concurrency=_DEFAULTS.concurrency,
            rate=None,
            outage_seconds=_DEFAULTS.outage_seconds,
        )
        while waiting and self.stopped is None:
            replies = await sending.send_round(waiting)
            self._keep(replies)
            on_sent(len(replies))
            if sending.outage is not None:
                self.stopped = f"the candidate does not respond ({sending.outage})"
            elif not self.by_row and (not waiting or self.failed.total() >= _FIRST_USELESS):
                named = [f"{name} ({n:,})" for name, n in self.failed.most_common(_NAMED)]
                self.stopped = f"no response has a prediction: {', '.join(named)}"

    def _keep(self, replies: Sequence[CandidateReply]) -> None:
        decoded = self._decoder.decoded(replies)
        for row in decoded.predictions:
            if row.prediction is not None:
                output = CandidateOutput(row.prediction, row.score)
                self.by_row[row.exchange_id, row.row] = output
        self.failed.update(own.error for own in decoded.requests if own.error is not None)
