"""Conversion of a captured record to a masked row of `exchanges`."""

from __future__ import annotations

import json
from collections.abc import Hashable
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace

from modeltap.clock import iso
from modeltap.config.settings import Settings
from modeltap.privacy.bodies.body_text import as_text, cut_at_character
from modeltap.privacy.body_masker import UNMASKABLE
from modeltap.privacy.headers import event_header
from modeltap.privacy.masker import Masker
from modeltap.store.exchanges import ExchangeRow
from modeltap.writer.chunk_timing import stream_of
from modeltap.writer.header_facts import HeaderFacts, HeaderReader, bounded_text
from modeltap.writer.records import CapturedRecord, Origin
from modeltap.writer.row_versions import VersionSource, version_text

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
"""Fields of a record that, with its headers, determine all columns of `_Template.row`."""

_MAX_CACHED = 256
_MAX_METHOD_LENGTH = 20
"""Bounds of the cache of templates, because clients choose methods and headers."""


class _ModelRules:
    """Options of one model that rows are made by."""

    __slots__ = ("headers", "time_is_request", "versions")

    def __init__(self, settings: Settings) -> None:
        self.versions = VersionSource(settings)
        self.time_is_request = settings.event_time == "request"
        self.headers = HeaderReader(
            settings.capture_request_headers,
            event_header(settings),
            (settings.id_header or "").lower(),
        )


class _Template(NamedTuple):
    """The part that recurs in the exchanges of one endpoint: most columns of their rows."""

    row: ExchangeRow
    request: HeaderFacts
    response: HeaderFacts
    time_is_request: bool


class RowMasker:
    """Converts the records of one origin to masked rows, according to its settings."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        settings = origin.settings
        self._masker = Masker.of_settings(settings)
        self._rules = {name: _ModelRules(settings.for_model(name)) for name in settings.models}
        self._default_rules = _ModelRules(settings)
        self._reads_versions = any(
            rules.versions.is_in_body for rules in (self._default_rules, *self._rules.values())
        )
        self._response_headers = HeaderReader(settings.capture_response_headers)
        self._keeps_requests = settings.capture_request_body
        self._keeps_responses = settings.capture_response_body
        self._masks_bodies = settings.mask_bodies
        self._templates: dict[tuple[Hashable, ...], _Template] = {}

    def row(self, record: CapturedRecord) -> ExchangeRow:
        """Return the row of `record`, without sensitive data."""
        self._masker.begin()
        template = self._template(record)
        request, response = template.request, template.response
        row = self._begun(record, template)
        row.request_body, row.request_note = self._request_body(record, request)
        row.response_body, note = self._body(
            record.response_body, record.response_truncated, response, self._keeps_responses
        )
        row.response_note = record.response_note or note
        if record.error_message is not None and row.request_note != UNMASKABLE:
            # It may quote values that were masked or not stored.
            row.error_message = self._masker.error_message(bounded_text(record.error_message))
        if record.version is not None:
            row.version = version_text(record.version)
        elif self._reads_versions:
            self._read_version(row, record)
        if record.chunks is not None:
            count, times = record.chunks
            row.stream = stream_of(count, times, self._as_sent(record), response.encoding)
        return row

    def _begun(self, record: CapturedRecord, template: _Template) -> ExchangeRow:
        """Return the row of `record` without its bodies."""
        started_at = iso(record.started_at)
        row = replace(  # with more than 14 names, a call takes three times the time
            template.row,
            id=record.id,
            started_at=started_at,
            event_time=started_at if template.time_is_request else template.request.event,
            path=self._masker.path(bounded_text(record.path), record.route or ""),
            headers_ms=record.headers_ms,
            first_byte_ms=record.first_byte_ms,
            duration_ms=record.duration_ms,
            request_bytes=record.request_bytes,
            response_bytes=record.response_bytes,
        )
        if record.query:
            row.query = self._masker.query(record.query.decode("latin-1"))
        request_id = template.request.request_id
        if template.request.outer_id not in (None, record.id):
            request_id = template.request.outer_id  # a tapped gateway's, which its client has
        if request_id is not None:
            row.request_id = self._masker.line(request_id)
        return row

    def _request_body(
        self, record: CapturedRecord, facts: HeaderFacts
    ) -> tuple[str | bytes | None, str | None]:
        """Return a request's body to store, and a note if there is none or it was changed."""
        body, note = self._body(
            record.request_body, record.request_truncated, facts, self._keeps_requests
        )
        if not record.request_read and not record.request_bytes:
            return body, "not read"
        return body, record.request_note or note

    def _version(self, versions: VersionSource, record: CapturedRecord) -> str:
        version = versions.of_headers(record.response_headers, record.request_headers)
        return version if version == versions.fixed else self._masker.line(version)

    def _read_version(self, row: ExchangeRow, record: CapturedRecord) -> None:
        versions = self._rules.get(record.model, self._default_rules).versions
        if versions.is_in_body:
            row.version = self._masker.line(versions.of_body(record))

    @property
    def masker(self) -> Masker:
        """The masker of all its rows."""
        return self._masker

    def messages(self) -> list[str]:
        """Return messages for the operator about masking; each is returned once."""
        return self._masker.messages()

    def _template(self, record: CapturedRecord) -> _Template:
        """Return the template of a record; it is cached if it is clean and may recur.

        A template that was masked is not, because each exchange notes its masked values, which an
        exception's message may quote.
        """
        request_headers, response_headers = record.request_headers, record.response_headers
        key = (_recurring_fields(record), tuple(request_headers), tuple(response_headers))
        template = self._templates.get(key)
        if template is None:
            template = self._new_template(record)
            if self._may_recur(template):
                if len(self._templates) >= _MAX_CACHED:
                    self._templates.clear()
                self._templates[key] = template
        return template

    def _new_template(self, record: CapturedRecord) -> _Template:
        rules = self._rules.get(record.model, self._default_rules)
        request = rules.headers.read(record.request_headers)
        response = self._response_headers.read(record.response_headers)
        row = ExchangeRow(
            id="",
            started_at="",
            model=record.model,
            version=self._version(rules.versions, record),
            environment=self.origin.settings.environment,
            source=record.source,
            method=record.method,
            route=record.route,
            status=record.status,
            error_type=record.error_type,
            request_type=request.type and self._masker.line(request.type),
            response_type=response.type and self._masker.line(response.type),
            request_encoding=self._masker.line(request.encoding) if request.encoding else None,
            response_encoding=self._masker.line(response.encoding) if response.encoding else None,
            request_headers=self._headers(request.stored) if request.stored else None,
            response_headers=self._headers(response.stored) if response.stored else None,
            trace_id=request.trace_id,
            request_read=record.request_read,
            request_truncated=record.request_truncated or None,
            response_truncated=record.response_truncated or None,
            aborted=record.aborted or None,
            sample_rate=self.origin.settings.sample_rate if record.sampled else 0.0,
            pid=self.origin.pid,
            host=self.origin.host,
        )
        return _Template(row, request, response, rules.time_is_request)

    def _may_recur(self, template: _Template) -> bool:
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

    def _headers(self, stored: dict[str, str]) -> str:
        kept = ((name, self._masker.header(name, value)) for name, value in stored.items())
        return json.dumps({name: value for name, value in kept if value is not None})

    def _as_sent(self, record: CapturedRecord) -> bytes | bytearray:
        """Return the response's body; empty if the app's own mask changed it and its lines."""
        body = record.response_body
        limit = self.origin.settings.max_body_bytes
        return body if len(body) == min(record.response_bytes, limit) else b""

    def _body(
        self, body: bytes | bytearray, truncated: bool, facts: HeaderFacts, captured: bool
    ) -> tuple[str | bytes | None, str | None]:
        """Return the body to store, and a note if it differs from the original body."""
        if not captured:
            return None, "not captured"
        if not body:
            return None, "empty"
        encoding = facts.encoding
        if truncated and not encoding:
            complete = cut_at_character(body)
            body = complete if as_text(complete) is not None else body
        if not self._masks_bodies:
            plain = bytes(body)
            return plain if encoding or (text := as_text(plain)) is None else text, None
        return self._masker.body(body, encoding, facts.type or "")
