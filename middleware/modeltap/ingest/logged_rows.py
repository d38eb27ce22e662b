"""Rows of `exchanges` from other tools' log entries, with the masking of the tap."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from typing import Any, NamedTuple

from msgspec.structs import astuple, replace

from modeltap.clock import iso
from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.ingest.entry import Logged
from modeltap.logs import logger
from modeltap.privacy.headers import Header
from modeltap.privacy.masker import Masker
from modeltap.store.exchanges import EXCHANGE_COLUMNS, ExchangeRow
from modeltap.store.text import storable_text
from modeltap.store.unmatched import NOT_SEEN
from modeltap.writer.header_facts import bounded_text
from modeltap.writer.records import CapturedRecord, origin_of
from modeltap.writer.row_masker import RowMasker

MAX_NAME = 200
"""The longest name of a model or a version, because logs may have names of any length."""


_MAX_KINDS = 256
"""A bound on memory, because logs choose the paths and versions."""


class _Kind(NamedTuple):
    """Entries that differ only in times, ids and bodies: a row with the other columns."""

    row: ExchangeRow
    masker: Masker


class ExchangeRows:
    """Converts entries of one model into rows by its settings; bodies are never truncated."""

    def __init__(self, settings: Settings, *, model: str, version: str = "") -> None:
        self._settings = replace(settings, version=version)
        self._model = model
        self._version = version
        self._row_maskers: dict[str, RowMasker] = {}
        self._kinds: dict[tuple[object, ...], _Kind] = {}
        headers = {name.lower() for name in settings.capture_request_headers}
        self._differ_in_bodies_only = (
            settings.capture_request_body
            and settings.capture_response_body
            and "x-request-id" not in headers
        )
        self._masker = Masker(
            values=settings.mask_values,
            how=settings.mask_with,
            key=from_environment(settings.mask_key or "", "mask_key"),
        )

    def id_of(self, source: str, key: str) -> str:
        """Return the id of the exchange with this `key` in `source`; it is always the same."""
        text = f"{self._model}\x1f{self._version}\x1f{source}\x1f{key}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def row(self, logged: Logged) -> ExchangeRow:
        """Return the masked row of an entry."""
        if logged.texts is not None and self._differ_in_bodies_only:
            kind = self._kind(logged)
            if kind.masker.are_clean(logged.texts):
                return self._clean_row(logged, kind)
        return self._any_row(logged)

    def _any_row(self, logged: Logged) -> ExchangeRow:
        masker = self._row_masker(logged.version)
        row = masker.row(self._record(logged))
        for message in masker.messages():
            logger.warning("%s", message)
        # The log gives the event time. Its sampling rate is unknown.
        row.event_time = None if logged.time is None else row.started_at
        row.sample_rate = 1.0
        return _storable(row)

    def _clean_row(self, logged: Logged, kind: _Kind) -> ExchangeRow:
        """Return the row of an entry with bodies that need no masking."""
        request, response = logged.request or b"", logged.response
        started_at = iso(time.time() if logged.time is None else logged.time)
        request_id = logged.request_id
        if request_id:
            kind.masker.begin()
            request_id = storable_text(kind.masker.line(bounded_text(request_id)))
        return replace(
            kind.row,
            id=self.id_of(logged.source, logged.key),
            started_at=started_at,
            event_time=None if logged.time is None else started_at,
            request_body=request.decode(),
            request_bytes=len(request),
            response_body=None if response is None else response.decode(),
            response_bytes=0 if response is None else len(response),
            request_id=request_id or None,
        )

    def _kind(self, logged: Logged) -> _Kind:
        """Return the masker and the other columns of entries like this one."""
        key = (
            logged.source,
            logged.method,
            logged.path,
            logged.version,
            logged.request_type,
            logged.response_type,
            logged.response is None,
        )
        kind = self._kinds.get(key)
        if kind is None:
            bare = replace(logged, request=b"", request_id=None)
            bare.response = None if logged.response is None else b""
            row = replace(self._any_row(bare), request_note=None)
            row.response_note = NOT_SEEN if logged.response is None else None
            if len(self._kinds) >= _MAX_KINDS:
                self._kinds.clear()
            kind = self._kinds[key] = _Kind(row, self._row_masker(logged.version).masker)
        return kind

    def _record(self, logged: Logged) -> CapturedRecord:
        """Return an entry as the tap would have captured it."""
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
        """Return a label; text is masked by the same patterns as text in bodies."""
        return self._masker.text(value) if isinstance(value, str) else value

    def _row_masker(self, version: str) -> RowMasker:
        """Return the masker for a version; a version given for the import takes precedence."""
        version = self._version or storable_text(version[:MAX_NAME])
        if version not in self._row_maskers:
            settings = replace(self._settings, version=version)
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
    """Return `row` without characters that SQLite cannot store, which logs may contain."""
    for name, value in zip(EXCHANGE_COLUMNS, astuple(row), strict=True):
        if type(value) is str and (kept := storable_text(value)) is not value:
            setattr(row, name, kept)
    return row
