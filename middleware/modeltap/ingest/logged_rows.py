"""Rows of `exchanges` from other tools' log entries, with the masking of the tap."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Iterable, Sequence
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

_CHECKED_AT_ONCE = 256
"""Rows whose texts are checked together; if a text is sensitive, each row is checked by itself."""

_MAX_KINDS = 256
"""A bound on memory, because logs choose the paths and versions."""


_TABLE_DIGITS, _LINE_DIGITS = 5, 8
"""Hexadecimal digits for the table and the line in the ids of a table's rows."""


class _Kind(NamedTuple):
    """Entries without headers that differ only in their times, ids and bodies.

    Attributes:
        row: a row with the columns that they share.
        request_type, response_type: the content types of their bodies.
        masker: the masker of their bodies and ids.
    """

    row: ExchangeRow
    request_type: str
    response_type: str
    masker: Masker


class ExchangeRows:
    """Converts entries of one model into rows by its settings; bodies are never truncated."""

    def __init__(self, settings: Settings, *, model: str, version: str = "") -> None:
        self._settings = replace(settings, version=version)
        self._model = model
        self._version = version
        self._row_maskers: dict[str, RowMasker] = {}
        self._kinds: dict[tuple[object, ...], _Kind] = {}
        self._last_time = (0.0, iso(0.0))
        self._table = ("", "", "")
        self._has_kinds = (
            settings.mask_bodies
            and settings.capture_request_body
            and settings.capture_response_body
            and "x-request-id" not in map(str.lower, settings.capture_request_headers)
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

    def _id(self, logged: Logged) -> str:
        """Return the id of an entry's exchange; ids of a table's rows have the order of its lines.

        In this order SQLite stores them next to each other, which takes a tenth less time.
        """
        if logged.line is None:
            return self.id_of(logged.source, logged.key)
        source, table = logged.source, logged.key
        if self._table[:2] != (source, table):
            self._table = source, table, self.id_of(source, table)[:_TABLE_DIGITS]
        start = f"{self._table[2]}{logged.line:0{_LINE_DIGITS}x}"
        return start + self.id_of(source, f"{table}\x1f{logged.line}")[len(start) :]

    def rows(self, entries: Sequence[Logged]) -> list[ExchangeRow]:
        """Return the masked rows of entries; the texts of many are checked at once."""
        rows: list[ExchangeRow] = []
        for first in range(0, len(entries), _CHECKED_AT_ONCE):
            part = entries[first : first + _CHECKED_AT_ONCE]
            if self._are_clean(part):
                rows += map(self._clean_row, part)
            else:
                rows += map(self.row, part)
        return rows

    def _are_clean(self, entries: Sequence[Logged]) -> bool:
        """Return True if all entries are of one kind and need no masking; False if uncertain."""
        if not self._has_kinds or len({entry.version for entry in entries}) > 1:
            return False
        texts: set[str] = set()
        for entry in entries:
            if entry.texts is None or entry.headers:
                return False
            texts.update(entry.texts)
        masker = self._kind(entries[0]).masker
        return not masker.is_timed and masker.are_clean(texts)

    def _clean_row(self, logged: Logged) -> ExchangeRow:
        """Return the row of an entry without headers whose bodies need no masking."""
        if logged.request_id:
            return self.row(logged)
        request, response = logged.request, logged.response
        started_at = self._iso(logged.time)
        return replace(
            self._kind(logged).row,
            id=self._id(logged),
            started_at=started_at,
            event_time=None if logged.time is None else started_at,
            request_body=request.decode() if request else None,
            request_note=None if request else _note_of(request),
            request_bytes=len(request or b""),
            response_body=response.decode() if response else None,
            response_note=None if response else _note_of(response),
            response_bytes=len(response or b""),
        )

    def _iso(self, seconds: float | None) -> str:
        """Return a time as text, now for None; rows without times of their own have the same."""
        if seconds is None:
            return iso(time.time())
        if seconds != self._last_time[0]:
            self._last_time = seconds, iso(seconds)
        return self._last_time[1]

    def row(self, logged: Logged) -> ExchangeRow:
        """Return the masked row of an entry."""
        if logged.headers or not self._has_kinds:
            return self._any_row(logged)
        kind = self._kind(logged)
        masker = kind.masker
        is_clean = logged.texts is not None and masker.are_clean(logged.texts)
        masks = bool(logged.request_id) or not is_clean
        if masks:
            masker.begin()
        request_id = logged.request_id and masker.line(bounded_text(logged.request_id))
        request, request_note = _body(logged.request, kind.request_type, masker, is_clean)
        response, response_note = _body(logged.response, kind.response_type, masker, is_clean)
        if masks:
            _log(masker.messages())
        started_at = self._iso(logged.time)
        return replace(
            kind.row,
            id=self._id(logged),
            started_at=started_at,
            event_time=None if logged.time is None else started_at,
            request_id=storable_text(request_id) if request_id else None,
            request_body=request,
            request_note=request_note,
            request_bytes=len(logged.request or b""),
            response_body=response,
            response_note=response_note,
            response_bytes=len(logged.response or b""),
        )

    def _any_row(self, logged: Logged) -> ExchangeRow:
        masker = self._row_masker(logged.version)
        row = masker.row(self._record(logged))
        _log(masker.messages())
        # The log gives the event time. Its sampling rate is unknown.
        row.event_time = None if logged.time is None else row.started_at
        row.sample_rate = 1.0
        return _storable(row)

    def _kind(self, logged: Logged) -> _Kind:
        """Return the columns that an entry shares with others, and their masker."""
        key = (
            logged.source,
            logged.method,
            logged.path,
            logged.version,
            logged.request_type,
            logged.response_type,
        )
        kind = self._kinds.get(key)
        if kind is None:
            bare = replace(logged, request=None, response=None, request_id=None)
            if len(self._kinds) >= _MAX_KINDS:
                self._kinds.clear()
            kind = self._kinds[key] = _Kind(
                self._any_row(bare),
                bounded_text(logged.request_type or ""),
                bounded_text(logged.response_type or ""),
                self._row_masker(logged.version).masker,
            )
        return kind

    def _record(self, logged: Logged) -> CapturedRecord:
        """Return an entry as the tap would have captured it."""
        request, response = logged.request or b"", logged.response or b""
        return CapturedRecord(
            origin=0,
            id=self._id(logged),
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


def _body(
    body: bytes | None, content_type: str, masker: Masker, is_clean: bool
) -> tuple[str | bytes | None, str | None]:
    """Return the body to store, and a note if there is none or it was changed."""
    if not body:
        return None, _note_of(body)
    if is_clean:
        return body.decode(), None
    kept, note = masker.body(body, "", content_type)
    return storable_text(kept) if isinstance(kept, str) else kept, note


def _note_of(empty: bytes | None) -> str:
    return NOT_SEEN if empty is None else "empty"


def _log(messages: Iterable[str]) -> None:
    for message in messages:
        logger.warning("%s", message)


def _request_headers(logged: Logged) -> list[Header]:
    headers: list[Header] = [*logged.headers, *_content_type(logged.request_type)]
    if logged.request_id:
        headers.append(("x-request-id", logged.request_id))
    return headers


def _content_type(value: str | None) -> list[Header]:
    return [("content-type", value)] if value else []


def _storable(row: ExchangeRow) -> ExchangeRow:
    """Return `row` without characters that SQLite cannot store, which logs may contain."""
    values = astuple(row)
    joined = "".join([value for value in values if type(value) is str])
    if joined.isascii() and "\0" not in joined:
        return row
    for name, value in zip(EXCHANGE_COLUMNS, values, strict=True):
        if type(value) is str:
            setattr(row, name, storable_text(value))
    return row
