"""Conversion of a captured record to a masked row of `exchanges`."""

from __future__ import annotations

import json

from modeltap.clock import iso
from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.privacy.bodies.body_text import as_text, cut_at_character
from modeltap.privacy.body_masker import UNMASKABLE
from modeltap.privacy.headers import event_header
from modeltap.privacy.masker import Masker
from modeltap.store.exchanges import ExchangeRow
from modeltap.writer.chunk_timing import stream_of
from modeltap.writer.header_facts import HeaderFacts, HeaderReader, bounded_text
from modeltap.writer.records import CapturedRecord, Origin


class _ModelRules:
    """Options of one model that rows are made by."""

    __slots__ = ("headers", "time_is_request", "version")

    def __init__(self, settings: Settings) -> None:
        self.version = settings.version
        self.time_is_request = settings.event_time == "request"
        self.headers = HeaderReader(
            settings.capture_request_headers,
            event_header(settings),
            (settings.id_header or "").lower(),
        )


class RowMasker:
    """Converts the records of one origin to masked rows, according to its settings."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        settings = origin.settings
        self._masker = Masker(
            settings.mask_headers,
            settings.mask_query_params,
            settings.mask_body_fields,
            settings.mask_values,
            settings.mask_with,
            from_environment(settings.mask_key or "", "mask_key"),
            unmasked=settings.unmask_body_fields,
            budget=settings.mask_budget,
        )
        self._rules = {name: _ModelRules(settings.for_model(name)) for name in settings.models}
        self._default_rules = _ModelRules(settings)
        self._response_headers = HeaderReader(settings.capture_response_headers)

    def row(self, record: CapturedRecord) -> ExchangeRow:
        """Return the row of `record`, without sensitive data."""
        settings = self.origin.settings
        self._masker.begin()
        row = ExchangeRow(
            id=record.id,
            model=record.model,
            source=record.source,
            started_at=iso(record.started_at),
        )
        rules = self._rules.get(record.model, self._default_rules)
        row.version = rules.version
        if settings.environment is not None:
            row.environment = settings.environment
        row.pid = self.origin.pid
        row.host = self.origin.host
        row.sample_rate = settings.sample_rate if record.sampled else 0.0
        self._add_call(row, record)
        self._add_request(row, record, rules)
        self._add_response(row, record)
        self._add_error(row, record)
        return row

    @property
    def masker(self) -> Masker:
        """The masker of all its rows."""
        return self._masker

    def messages(self) -> list[str]:
        """Return messages for the operator about masking; each is returned once."""
        return self._masker.messages()

    def _add_call(self, row: ExchangeRow, record: CapturedRecord) -> None:
        """Set the columns of the call and its duration."""
        row.method = record.method
        row.path = self._masker.path(bounded_text(record.path), record.route or "")
        if record.query:
            row.query = self._masker.query(record.query.decode("latin-1"))
        row.route = record.route
        row.status = record.status
        row.headers_ms = record.headers_ms
        row.first_byte_ms = record.first_byte_ms
        row.duration_ms = record.duration_ms
        if record.aborted:
            row.aborted = True

    def _add_request(self, row: ExchangeRow, record: CapturedRecord, rules: _ModelRules) -> None:
        facts = rules.headers.read(record.request_headers)
        row.event_time = row.started_at if rules.time_is_request else facts.event
        self._add_request_headers(row, facts)
        captured = self.origin.settings.capture_request_body
        row.request_bytes = record.request_bytes
        row.request_read = record.request_read
        if record.request_truncated:
            row.request_truncated = True
        row.request_body, note = self._body(
            record.request_body, record.request_truncated, facts, captured
        )
        is_unread = not record.request_read and not record.request_bytes
        row.request_note = "not read" if is_unread else record.request_note or note

    def _add_request_headers(self, row: ExchangeRow, facts: HeaderFacts) -> None:
        row.request_type = facts.type and self._masker.line(facts.type)
        row.trace_id = facts.trace_id
        if facts.encoding:
            row.request_encoding = self._masker.line(facts.encoding)
        if facts.stored:
            row.request_headers = self._headers(facts.stored)
        request_id = facts.request_id
        if facts.outer_id not in (None, row.id):  # a tapped gateway's, which its client has
            request_id = facts.outer_id
        if request_id is not None:
            row.request_id = self._masker.line(request_id)

    def _add_response(self, row: ExchangeRow, record: CapturedRecord) -> None:
        facts = self._response_headers.read(record.response_headers)
        captured = self.origin.settings.capture_response_body
        row.response_type = facts.type and self._masker.line(facts.type)
        if facts.encoding:
            row.response_encoding = self._masker.line(facts.encoding)
        if facts.stored:
            row.response_headers = self._headers(facts.stored)
        row.response_bytes = record.response_bytes
        if record.response_truncated:
            row.response_truncated = True
        row.response_body, note = self._body(
            record.response_body, record.response_truncated, facts, captured
        )
        row.response_note = record.response_note or note
        if record.chunks is not None:
            count, times = record.chunks
            row.stream = stream_of(count, times, self._as_sent(record), facts.encoding)

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
        if not self.origin.settings.mask_bodies:
            plain = bytes(body)
            return plain if encoding or (text := as_text(plain)) is None else text, None
        return self._masker.body(body, encoding, facts.type or "")

    def _headers(self, stored: dict[str, str]) -> str:
        kept = ((name, self._masker.header(name, value)) for name, value in stored.items())
        return json.dumps({name: value for name, value in kept if value is not None})

    def _add_error(self, row: ExchangeRow, record: CapturedRecord) -> None:
        """Set the exception, whose message may quote values that were masked or not stored."""
        row.error_type = record.error_type
        text = record.error_message
        if text is not None and row.request_note != UNMASKABLE:
            row.error_message = self._masker.error_message(bounded_text(text))
