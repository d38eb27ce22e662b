"""Rows of `exchanges` from what another tool logged, masked as the tap masks what it captures."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from typing import Any

import msgspec

from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.ingest.entry import Logged
from modeltap.logs import logger
from modeltap.privacy.headers import Header
from modeltap.privacy.masker import Masker
from modeltap.store.exchanges import EXCHANGE_COLUMNS, ExchangeRow
from modeltap.store.text import storable_text
from modeltap.store.unmatched import NOT_SEEN
from modeltap.writer.records import CapturedRecord, origin_of
from modeltap.writer.row_masker import RowMasker

MAX_NAME = 200
"""The longest name of a model or a version: the writer of a log chooses it."""


class ExchangeRows:
    """Makes rows for one model, by its settings; nothing is cut."""

    def __init__(self, settings: Settings, *, model: str, version: str = "") -> None:
        self._settings = msgspec.structs.replace(settings, version=version)
        self._model = model
        self._version = version
        self._row_maskers: dict[str, RowMasker] = {}
        self._masker = Masker(
            values=settings.mask_values,
            how=settings.mask_with,
            key=from_environment(settings.mask_key or "", "mask_key"),
        )

    def id_of(self, source: str, key: str) -> str:
        """Return the id of the exchange that `source` knows by `key`, whenever it comes."""
        text = f"{self._model}\x1f{self._version}\x1f{source}\x1f{key}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def row(self, logged: Logged) -> ExchangeRow:
        """Return the row of what was logged, masked."""
        masker = self._row_masker(logged.version)
        row = masker.row(self._record(logged))
        for message in masker.messages():
            logger.warning("%s", message)
        # The log has the time, and how many requests it left out is unknown.
        row.event_time = None if logged.time is None else row.started_at
        row.sample_rate = 1.0
        return _storable(row)

    def _record(self, logged: Logged) -> CapturedRecord:
        """Return what was logged as the tap would have captured it."""
        request, response = logged.request or b"", logged.response or b""
        return CapturedRecord(
            origin=0,
            id=self.id_of(logged.source, logged.key),
            source=logged.source,
            model=self._model,
            method=logged.method,
            path=logged.path,
            started_at=time.time() if logged.time is None else logged.time,
            request_headers=_request_headers(logged),
            response_headers=_content_type(logged.response_type),
            request_body=request,
            response_body=response,
            request_bytes=len(request),
            response_bytes=len(response),
            request_read=True,
            request_note=NOT_SEEN if logged.request is None else None,
            response_note=NOT_SEEN if logged.response is None else None,
        )

    def label(self, value: Any) -> Any:
        """Return a label; a text is masked by its look, as the texts of bodies are."""
        return self._masker.text(value) if isinstance(value, str) else value

    def _row_masker(self, version: str) -> RowMasker:
        """Return what masks the rows of a version; the one given for the import wins."""
        version = self._version or storable_text(version[:MAX_NAME])
        if version not in self._row_maskers:
            settings = msgspec.structs.replace(self._settings, version=version)
            origin = origin_of(settings, os.getpid(), socket.gethostname())
            self._row_maskers[version] = RowMasker(origin)
        return self._row_maskers[version]


def _request_headers(logged: Logged) -> list[Header]:
    headers: list[Header] = [*logged.headers, *_content_type(logged.request_type)]
    if logged.request_id:
        headers.append(("x-request-id", logged.request_id))
    return headers


def _content_type(value: str | None) -> list[Header]:
    return [("content-type", value)] if value else []


def _storable(row: ExchangeRow) -> ExchangeRow:
    """Return `row` without what SQLite cannot hold in a text: a log may have anything in it."""
    for name in EXCHANGE_COLUMNS:
        value = getattr(row, name)
        if isinstance(value, str):
            setattr(row, name, storable_text(value))
    return row
