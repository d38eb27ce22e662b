"""From what another tool logged to rows of `exchanges`, masked as what the tap captures is."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import Any

import msgspec

from modeltap import clock
from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.ingest.entry import Logged
from modeltap.privacy.masker import Masker
from modeltap.store import schema
from modeltap.store.text import storable_text
from modeltap.store.unmatched import NOT_SEEN
from modeltap.writer.records import Recording, origin_of

MAX_NAME = 200
"""How long a model's or a version's name may be: whoever writes a log chooses it."""

Row = tuple[Any, ...]

_EVENT_TIME = schema.EXCHANGE_COLUMNS.index("event_time")
_SAMPLE_RATE = schema.EXCHANGE_COLUMNS.index("sample_rate")


class ExchangeRows:
    """Makes rows for one model, by its settings; nothing is cut."""

    def __init__(self, settings: Settings, *, model: str, version: str = "") -> None:
        self._settings = msgspec.structs.replace(settings, version=version)
        self._model = model
        self._version = version
        self._recordings: dict[str, Recording] = {}
        self._masker = Masker(
            values=settings.mask_values,
            how=settings.mask_with,
            key=from_environment(settings.mask_key or "", "mask_key"),
        )

    def id_of(self, source: str, key: str) -> str:
        """Return the id of the exchange that `source` knows by `key`, whenever it comes."""
        text = f"{self._model}\x1f{self._version}\x1f{source}\x1f{key}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def row(self, logged: Logged) -> Row:
        """Return the values of `schema.EXCHANGE_COLUMNS`, in their order."""
        request, response = logged.request or b"", logged.response or b""
        sent = [*logged.headers]
        if logged.request_type:
            sent.append(("content-type", logged.request_type))
        if logged.request_id:
            sent.append(("x-request-id", logged.request_id))
        answered = [("content-type", logged.response_type)] if logged.response_type else []
        began = clock.now() if logged.time is None else clock.iso(logged.time)
        row = self._recording(logged.version).row(
            (
                0,
                self.id_of(logged.source, logged.key),
                logged.source,
                self._model,
                logged.method,
                logged.path,
                b"",
                None,
                None,
                clock.parse(began),
                None,
                None,
                None,
                sent,
                answered,
                request,
                response,
                len(request),
                len(response),
                True,
                False,
                False,
                False,
                NOT_SEEN if logged.response is None else None,
                None,
                None,
                True,
                NOT_SEEN if logged.request is None else None,
                None,
            )
        )
        event_time = None if logged.time is None else began
        # The log says when it was, and nobody knows how many requests it left out.
        row = (
            *row[:_EVENT_TIME],
            event_time,
            *row[_EVENT_TIME + 1 : _SAMPLE_RATE],
            1.0,
            *row[_SAMPLE_RATE + 1 :],
        )
        return tuple(storable_text(one) if isinstance(one, str) else one for one in row)

    def label(self, value: Any) -> Any:
        """Return what was right, a text masked by its look as those of bodies are."""
        return self._masker.text(value) if isinstance(value, str) else value

    def _recording(self, version: str) -> Recording:
        """Return what makes rows of a version; the one that was asked for wins."""
        told = self._version or storable_text(version[:MAX_NAME])
        if told not in self._recordings:
            settings = msgspec.structs.replace(self._settings, version=told)
            self._recordings[told] = Recording(
                origin_of(settings, os.getpid(), socket.gethostname())
            )
        return self._recordings[told]
