"""A receiver of CloudEvents from KServe's logger: an ASGI app that a command serves.

A post has one event (binary or structured mode) or a batch. The response is 202 after the events
are stored, 400 with the reason if they are not valid events, and 413 if they are too large.
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
"""The largest accepted post: the default limit of Knative and Istio."""

_SETTLE_SECONDS = 60.0
"""The interval between checks for unmatched requests and responses past their waiting time."""

_MAX_MODELS = 1000
"""The most importers kept in memory, because clients choose the names of models."""

_STRUCTURED = "application/cloudevents+json"
_BATCH = "application/cloudevents-batch+json"
_MODEL = re.compile(r"/?models/(?P<name>[^/]+)/?$")


@dataclass(frozen=True)
class Receiver:
    """The receiver's configuration.

    Args:
        settings: the settings of each model.
        model: the model of all events; "" takes it from the path (`/models/NAME`), else from the
            inference service in the event.
        token: the token that a client must send, as a bearer token or in the query; "" for none.
        hosts: names and addresses that the Host header may have, in addition to this machine's
            loopback and the address of the connection.

    Raises `InputError` for an invalid token or host.
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
        """Return the rules for accepting posts."""
        return Admission(self.token, self.hosts)

    def app(self) -> Starlette:
        """Return the receiver as an ASGI app, which opens the store at startup."""
        return _App(self).build()


class _App:
    """The app's state: a thread that writes, and the bodies being read."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._admission = receiver.admission()
        self._bodies = PostBodies(receiver.max_event_bytes)
        # SQLite allows one writer, and the event loop must not wait for it: so one thread writes.
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
                logger.warning("unmatched requests and responses could not be stored: %s", error)
            await asyncio.sleep(_SETTLE_SECONDS)

    async def _receive(self, request: Request) -> Response:
        try:
            self._admission.check(request)
            async with self._bodies.whole(request) as body:
                events = _events(request, body)
                by_model = [(self._model_of(request, event), event) for event in events]
                await self._in_thread(self._store, by_model)
        except PostRefused as refused:
            return _refusal(refused)
        except NoEvent as reason:
            return PlainTextResponse(f"{reason}\n", 400)
        except ClientDisconnect:
            return Response(status_code=400)
        except sqlite3.Error as error:
            # With a 503, the sender keeps the events and retries.
            logger.error("cannot store events: %s", error)
            return PlainTextResponse("cannot write to the store; try again later\n", 503)
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
        # Check all events before storing the first: a batch is accepted or refused as a whole.
        entries = [(model, kserve.side_of_event(event, method="EVENT")) for model, event in events]
        for model in dict.fromkeys(model for model, _ in entries):
            own_entries = [logged for name, logged in entries if name == model]
            version = self._receiver.settings.for_model(model).fixed_version
            for logged in own_entries:
                # An event without a time gets the time of its arrival.
                logged.time = now if logged.time is None else logged.time
                logged.version = version
            self._importer(model).add(own_entries)

    def _importer(self, model: str) -> Importer:
        assert self._connection is not None
        if model not in self._importers:
            if len(self._importers) >= _MAX_MODELS:
                self._importers.clear()
            settings = self._receiver.settings.for_model(model)
            self._importers[model] = Importer(self._connection, settings, model=model)
        return self._importers[model]


def _refusal(refused: PostRefused) -> Response:
    # Do not wait for the rest of a body that is too slow.
    headers = {"connection": "close"} if refused.status == 408 else {}
    return PlainTextResponse(f"{refused}\n", refused.status, headers=headers)


def _events(request: Request, body: bytes) -> list[Event]:
    """Return the events in a post; raise `NoEvent` if one is not valid."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (_STRUCTURED, _BATCH):
        return [from_headers(request.headers.items(), body)]
    document = json_of(body)
    if kind == _STRUCTURED:
        return [from_document(document)]
    if not isinstance(document, list):
        raise NoEvent("a batch of events must be a JSON array")
    return [from_document(event) for event in document]
