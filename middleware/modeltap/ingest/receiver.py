"""A small receiver of CloudEvents, for KServe's logger: an ASGI app that a command serves.

Events come one at a time (binary, or structured) or as a batch, and are in the store when they
are answered: with 202, with 400 and a line where they are none, with 413 where they are too large.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from modeltap.config.settings import SettingsByModel
from modeltap.ingest.admission import Admission, PostRefused
from modeltap.ingest.files.source import json_of
from modeltap.ingest.importer import Importer
from modeltap.ingest.logged_rows import MAX_NAME
from modeltap.ingest.logs import kserve
from modeltap.ingest.logs.cloudevents import Event, NoEvent, from_document, from_headers
from modeltap.ingest.post_bodies import PostBodies
from modeltap.logs import logger
from modeltap.store import unmatched
from modeltap.store.connection import connect
from modeltap.store.text import storable_text

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""The largest post that is taken: Knative and Istio let no larger request through by default."""

_SETTLE_SECONDS = 60.0
"""Interval between checks for unmatched requests and responses that have waited for long enough."""

_MAX_MODELS = 1000
"""Clients choose the names of models, so only as many importers are kept in memory."""

_STRUCTURED = "application/cloudevents+json"
_BATCH = "application/cloudevents-batch+json"
_MODEL = re.compile(r"/?models/(?P<name>[^/]+)/?$")


@dataclass(frozen=True)
class Receiver:
    """The receiver's configuration.

    Args:
        settings: of each model.
        model: whose events they are; empty for the path's (`/models/NAME`), else that of the
            inference service that an event names.
        token: what a caller must show, as a bearer or in the query; empty for nothing.
        hosts: the names and addresses that requests may have in their Host header, beside this
            machine's loopback and the address that they came to.

    Raises `InputError` for a token or a host that no request can have.
    """

    store: str
    settings: SettingsByModel
    model: str = ""
    token: str = ""
    hosts: tuple[str, ...] = ()
    max_event_bytes: int = MAX_EVENT_BYTES

    def __post_init__(self) -> None:
        self.admission()

    def admission(self) -> Admission:
        """Return who may post."""
        return Admission(self.token, self.hosts)

    def app(self) -> Starlette:
        """Return the receiver as an ASGI app; it opens the store when it starts."""
        return _App(self).build()


class _App:
    """The app's state: a thread that writes, and the posts that are read."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._admission = receiver.admission()
        self._bodies = PostBodies(receiver.max_event_bytes)
        # One thread: SQLite has one writer, and the event loop must not wait for it.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="modeltap-receiver")
        self._importers: dict[str, Importer] = {}
        self._connection: sqlite3.Connection | None = None

    def build(self) -> Starlette:
        routes = [
            Route("/health", self._health, methods=["GET"]),
            Route("/{path:path}", self._receive, methods=["POST"]),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:  # noqa: ARG002
        await self._in_thread(self._open)
        settling = asyncio.create_task(self._settle_often())
        yield
        settling.cancel()
        await self._in_thread(self._close)
        self._writer.shutdown()

    async def _in_thread(self, work: Callable[..., None], *arguments: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._writer, work, *arguments)

    async def _settle_often(self) -> None:
        while True:
            try:
                await self._in_thread(self._settle)
            except sqlite3.Error as error:
                logger.warning(
                    "requests and responses without a counterpart could not be stored: %s", error
                )
            await asyncio.sleep(_SETTLE_SECONDS)

    async def _receive(self, request: Request) -> Response:
        try:
            self._admission.check(request)
            async with self._bodies.whole(request) as body:
                events = _events(request, body)
                owned = [(self._model_of(request, one), one) for one in events]
                await self._in_thread(self._store, owned)
        except PostRefused as refused:
            return _refusal(refused)
        except NoEvent as reason:
            return PlainTextResponse(f"{reason}\n", 400)
        except ClientDisconnect:
            return Response(status_code=400)
        except sqlite3.Error as error:
            # Whoever sends events keeps what is not taken, and tries again.
            logger.error("events cannot be stored: %s", error)
            return PlainTextResponse("the store cannot be written to now\n", 503)
        return Response(status_code=202)

    async def _health(self, request: Request) -> Response:
        try:
            self._admission.check_host(request)
        except PostRefused as refused:
            return _refusal(refused)
        return PlainTextResponse("ok\n")

    def _model_of(self, request: Request, event: Event) -> str:
        by_path = _MODEL.search(request.url.path)
        model = self._receiver.model or (by_path["name"] if by_path else "")
        model = model or event.attributes.get("inferenceservicename", "")
        if not model:
            raise PostRefused(
                400,
                "the event names no model; post to /models/NAME, start the receiver with "
                "--model NAME, or send ce-inferenceservicename",
            )
        if len(model) > MAX_NAME:
            raise PostRefused(400, f"a model's name has at most {MAX_NAME} characters")
        return storable_text(model)

    def _open(self) -> None:
        self._connection = connect(self._receiver.store)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _settle(self) -> None:
        assert self._connection is not None
        unmatched.settle(self._connection)

    def _store(self, events: Sequence[tuple[str, Event]]) -> None:
        now = time.time()
        # All are looked at before the first is stored: a batch is taken as a whole, or refused.
        found = [(model, kserve.side_of_event(event, method="EVENT")) for model, event in events]
        for model in dict.fromkeys(model for model, _ in found):
            its = [logged for own, logged in found if own == model]
            version = self._receiver.settings.for_model(model).version
            for logged in its:
                # An event without a time is of when it came.
                logged.time = now if logged.time is None else logged.time
                logged.version = version
            self._importer(model).add(its)

    def _importer(self, model: str) -> Importer:
        assert self._connection is not None
        if model not in self._importers:
            if len(self._importers) >= _MAX_MODELS:  # whoever posts chooses the names
                self._importers.clear()
            settings = self._receiver.settings.for_model(model)
            self._importers[model] = Importer(self._connection, settings, model=model)
        return self._importers[model]


def _refusal(refused: PostRefused) -> Response:
    # The rest of a body that comes too slowly is not waited for.
    headers = {"connection": "close"} if refused.status == 408 else {}
    return PlainTextResponse(f"{refused}\n", refused.status, headers=headers)


def _events(request: Request, body: bytes) -> list[Event]:
    """Return the events of a post; raises `NoEvent`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (_STRUCTURED, _BATCH):
        return [from_headers(request.headers.items(), body)]
    document = json_of(body)
    if kind == _STRUCTURED:
        return [from_document(document)]
    if not isinstance(document, list):
        raise NoEvent("a batch of events must be a JSON array")
    return [from_document(one) for one in document]
