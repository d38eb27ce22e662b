"""Templates of rows: what recurs in the exchanges of one endpoint is computed once."""

from __future__ import annotations

import json
from collections.abc import Hashable
from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import replace

from modeltap.config.settings import Settings
from modeltap.privacy.bodies.charsets import UTF8_JSON
from modeltap.privacy.headers import Header, event_header, version_header
from modeltap.privacy.masker import Masker
from modeltap.store.exchanges import ExchangeRow, rest_of
from modeltap.writer.header_facts import (
    NO_IDS,
    HeaderFacts,
    HeaderReader,
    RequestIds,
    bounded_text,
)
from modeltap.writer.records import CapturedRecord, Origin
from modeltap.writer.row_versions import VersionSource

_recurring_fields = attrgetter(
    "source",
    "model",
    "method",
    "route",
    "status",
    "error_type",
    "request_read",
    "request_truncated",
    "response_truncated",
    "aborted",
    "sampled",
)
"""Fields of a record that, with its headers, determine all columns of `RowTemplate.row`."""

_MAX_CACHED = 256
_MAX_IN_TEMPLATE = 32
_MAX_METHOD_LENGTH = 20
_MAX_PATH_LENGTH = 200
"""Bounds of the caches, because clients choose methods, paths and headers: 4 MB at most."""

MAX_UNKNOWN = 32
"""After so many pairs of bodies in a row that were not known to be clean, bodies of an endpoint are
texts that differ, and the search for known pairs does not pay."""


class RowTemplate(msgspec.Struct):
    """The part that recurs in the exchanges of one endpoint: most columns of their rows."""

    row: ExchangeRow
    request: HeaderFacts
    response: HeaderFacts
    versions: VersionSource
    time_is_request: bool
    unknown: int = 0
    """The number of consecutive pairs of bodies that were not known to be clean, at most
    `MAX_UNKNOWN`, which also stands for bodies that are not JSON."""
    _rests: dict[tuple[str | None, str | None, str], tuple[Any, ...]] = {}
    _clean_paths: set[str] = set()

    def rest(
        self, request_note: str | None, response_note: str | None, version: str
    ) -> tuple[Any, ...]:
        """Return the columns that an exchange shares with others: one object for equal values."""
        key = (request_note, response_note, version)
        rest = self._rests.get(key)
        if rest is None:
            if len(self._rests) >= _MAX_IN_TEMPLATE:
                self._rests.clear()
            rest = self._rests[key] = rest_of(
                replace(
                    self.row,
                    request_note=request_note,
                    response_note=response_note,
                    version=version,
                )
            )
        return rest

    def path(self, record: CapturedRecord, masker: Masker) -> str:
        """Return the path of `record` to store; clean and short ones are cached."""
        if record.path in self._clean_paths:
            return record.path
        path = masker.path(bounded_text(record.path), record.route or "")
        if path == record.path and len(path) <= _MAX_PATH_LENGTH:
            if len(self._clean_paths) >= _MAX_IN_TEMPLATE:
                self._clean_paths.clear()
            self._clean_paths.add(path)
        return path


class RowTemplates:
    """The templates of one origin, cached.

    A template is cached if it is clean and may recur. A template that was masked is not, because
    each exchange notes its masked values, which an exception's message may quote.
    """

    def __init__(self, origin: Origin, masker: Masker) -> None:
        settings = origin.settings
        self._origin = origin
        self._masker = masker
        self._rules = {name: _ModelRules(settings.for_model(name)) for name in settings.models}
        self._default_rules = _ModelRules(settings)
        self._keeps_json = (
            settings.capture_request_body
            and settings.capture_response_body
            and settings.mask_bodies
        )
        self._known: dict[tuple[Hashable, ...], RowTemplate] = {}
        self._had_ids = False  # then the next record has probably ids, too
        self._last: tuple[tuple[Hashable, ...], RowTemplate] | None = None

    def of(self, record: CapturedRecord) -> tuple[RowTemplate, RequestIds]:
        """Return the template of a record, and the ids in its headers."""
        recurring = _recurring_fields(record)
        if not self._had_ids:
            key = (recurring, tuple(record.request_headers), tuple(record.response_headers))
            if self._last is not None and key == self._last[0]:
                return self._last[1], NO_IDS  # comparing takes half the time of a hash
            template = self._known.get(key)
            if template is not None:
                self._last = key, template
                return template, NO_IDS
        rules = self._rules.get(record.model, self._default_rules)
        request_headers, ids = rules.requests.split(record.request_headers)
        response_headers, _ = rules.responses.split(record.response_headers)
        self._had_ids = ids is not NO_IDS
        key = (recurring, request_headers, response_headers)
        template = self._known.get(key)
        if template is None:
            template = self._new(record, rules, request_headers, response_headers)
            if _may_recur(template):
                if len(self._known) >= _MAX_CACHED:
                    self._known.clear()
                self._known[key] = template
        return template, ids

    def _new(
        self,
        record: CapturedRecord,
        rules: _ModelRules,
        request_headers: tuple[Header, ...],
        response_headers: tuple[Header, ...],
    ) -> RowTemplate:
        request = rules.requests.read(request_headers)
        response = rules.responses.read(response_headers)
        version = rules.versions.of_headers(response_headers, request_headers)
        if version != rules.versions.fixed:
            version = self._masker.line(version)
        is_json = (
            self._keeps_json and record.request_read and _is_json(request) and _is_json(response)
        )
        return RowTemplate(
            self._row(record, version, request, response),
            request,
            response,
            rules.versions,
            rules.time_is_request,
            unknown=0 if is_json else MAX_UNKNOWN,
        )

    def _row(
        self, record: CapturedRecord, version: str, request: HeaderFacts, response: HeaderFacts
    ) -> ExchangeRow:
        """Return a row with the columns that recur, masked."""
        line, settings = self._masker.line, self._origin.settings
        return ExchangeRow(
            id="",
            started_at="",
            model=record.model,
            version=version,
            environment=settings.environment,
            source=record.source,
            method=record.method,
            route=record.route,
            status=record.status,
            error_type=record.error_type,
            request_type=request.type and line(request.type),
            response_type=response.type and line(response.type),
            request_encoding=line(request.encoding) if request.encoding else None,
            response_encoding=line(response.encoding) if response.encoding else None,
            request_headers=self._headers(request.stored) if request.stored else None,
            response_headers=self._headers(response.stored) if response.stored else None,
            request_read=record.request_read,
            request_truncated=record.request_truncated or None,
            response_truncated=record.response_truncated or None,
            aborted=record.aborted or None,
            sample_rate=settings.sample_rate if record.sampled else 0.0,
            pid=self._origin.pid,
            host=self._origin.host,
        )

    def _headers(self, stored: dict[str, str]) -> str:
        kept = ((name, self._masker.header(name, value)) for name, value in stored.items())
        return json.dumps({name: value for name, value in kept if value is not None})


class _ModelRules:
    """Options of one model that rows are made by."""

    __slots__ = ("requests", "responses", "time_is_request", "versions")

    def __init__(self, settings: Settings) -> None:
        self.versions = VersionSource(settings)
        self.time_is_request = settings.event_time == "request"
        id_name, version_name = (settings.id_header or "").lower(), version_header(settings)
        self.requests = HeaderReader(
            settings.capture_request_headers, event_header(settings), id_name, version_name
        )
        # A tapped service behind this one sends its own id in its responses.
        self.responses = HeaderReader(settings.capture_response_headers, "", id_name, version_name)


def _is_json(facts: HeaderFacts) -> bool:
    return facts.type == UTF8_JSON and not facts.encoding


def _may_recur(template: RowTemplate) -> bool:
    """Return True if a template has no value of a single request, and nothing was masked."""
    row, request, response = template.row, template.request, template.response
    return (
        request.recur
        and response.recur
        and len(row.method or "") <= _MAX_METHOD_LENGTH
        and (row.request_type, row.response_type) == (request.type, response.type)
        and (row.request_encoding or "", row.response_encoding or "")
        == (request.encoding, response.encoding)
        and (row.request_headers or "{}", row.response_headers or "{}")
        == (json.dumps(request.stored), json.dumps(response.stored))
    )
