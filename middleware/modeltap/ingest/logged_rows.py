"""Rows of `exchanges` from other tools' log entries, with the masking of the tap."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

from msgspec.structs import astuple, replace

from modeltap.clock import iso
from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.ingest.entry import Logged, TableBlock
from modeltap.ingest.exchange_ids import ExchangeIds
from modeltap.logs import logger
from modeltap.privacy.headers import Header
from modeltap.privacy.masker import Masker
from modeltap.store.exchanges import EXCHANGE_COLUMNS, ExchangeColumns, ExchangeRow, columns_of
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
        self.ids = ExchangeIds(model, version)
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

    def columns(self, block: TableBlock) -> ExchangeColumns:
        """Return the masked rows of a table by column; the texts of all are checked at once."""
        if not self._has_kinds:
            return self._any_columns(block)
        kind = self._kind(block.common())
        shared = replace(kind.row, request_note=None)
        own: dict[str, list[Any]] = {
            "id": self._ids_of(block),
            "request_body": list(block.requests),
            "request_bytes": list(map(len, block.requests)),
        }
        if block.responses:
            shared.response_note = None
            own["response_body"] = list(block.responses)
            own["response_bytes"] = list(map(len, block.responses))
        times = self._times(block.times)
        if block.times.count(block.times[0]) == len(block):
            shared.started_at, shared.event_time = (values[0] for values in times.values())
        else:
            own |= times
        if block.request_ids:
            own["request_id"] = [_request_id(text, kind.masker) for text in block.request_ids]
        self._mask(own, _unclean(block, kind.masker), kind)
        return ExchangeColumns(own, shared)

    def _ids_of(self, block: TableBlock) -> list[str]:
        if block.table:
            return self.ids.of_lines(block.source, block.table, block.lines)
        return [self.ids.of(block.source, key) for key in block.keys]

    def _times(self, times: Sequence[float | None]) -> dict[str, list[Any]]:
        moments = list(map(self._iso, times))
        of_events: list[Any] = moments
        if None in times:
            pairs = zip(times, moments, strict=True)
            of_events = [None if seconds is None else moment for seconds, moment in pairs]
        return {"started_at": moments, "event_time": of_events}

    def _mask(self, own: dict[str, list[Any]], places: Sequence[int], kind: _Kind) -> None:
        """Mask the bodies at some places of columns, and add columns for the notes."""
        types = {"request": kind.request_type, "response": kind.response_type}
        sides = [side for side in types if places and f"{side}_body" in own]
        for side in sides:
            own[f"{side}_note"] = [None] * len(own["id"])
        for place in places:
            kind.masker.begin()
            for side in sides:
                bodies, notes = own[f"{side}_body"], own[f"{side}_note"]
                body = bodies[place].encode()
                bodies[place], notes[place] = _body(body, types[side], kind.masker)
            _log(kind.masker.messages())

    def _any_columns(self, block: TableBlock) -> ExchangeColumns:
        own, shared = columns_of(list(map(self._any_row, block.entries())))
        return ExchangeColumns({**own, "id": self._ids_of(block)}, shared)

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
        masker.begin()
        request_id = logged.request_id and masker.line(bounded_text(logged.request_id))
        request, request_note = _body(logged.request, kind.request_type, masker)
        response, response_note = _body(logged.response, kind.response_type, masker)
        _log(masker.messages())
        started_at = self._iso(logged.time)
        return replace(
            kind.row,
            id=self.ids.of(logged.source, logged.key),
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
            id=self.ids.of(logged.source, logged.key),
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
            if len(self._row_maskers) >= _MAX_KINDS:
                self._row_maskers.clear()
            settings = replace(self._settings, version=version)
            origin = origin_of(settings, os.getpid(), socket.gethostname())
            self._row_maskers[version] = RowMasker(origin)
        return self._row_maskers[version]


def _body(
    body: bytes | None, content_type: str, masker: Masker
) -> tuple[str | bytes | None, str | None]:
    """Return the body to store, and a note if there is none or it was changed."""
    if not body:
        return None, NOT_SEEN if body is None else "empty"
    kept, note = masker.body(body, "", content_type)
    return storable_text(kept) if isinstance(kept, str) else kept, note


def _unclean(block: TableBlock, masker: Masker) -> Sequence[int]:
    """Return the places of rows that may need masking."""
    places = range(len(block))
    if block.texts is None:
        return places
    if not masker.is_timed and masker.are_clean({*block.names, *chain(*block.texts)}):
        return ()
    rows = zip(*block.texts, strict=True) if block.texts else repeat(())
    return [
        place
        for place, texts in zip(places, rows, strict=False)
        if not masker.are_clean(block.names + texts)
    ]


def _request_id(text: str | None, masker: Masker) -> str | None:
    if not text:
        return None
    masker.begin()
    kept = masker.line(bounded_text(text))
    _log(masker.messages())
    return storable_text(kept) if kept else None


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
