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
from modeltap.writer.header_facts import HeaderColumns, HeaderFacts, HeaderReader, bounded_text
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
        self._keeps_requests = settings.capture_request_body
        self._keeps_responses = settings.capture_response_body
        self._masks_bodies = settings.mask_bodies
        self._environment = settings.environment
        self._sample_rate = settings.sample_rate

    def row(self, record: CapturedRecord) -> ExchangeRow:
        """Return the row of `record`, without sensitive data."""
        masker = self._masker
        masker.begin()
        rules = self._rules.get(record.model, self._default_rules)
        started_at = iso(record.started_at)
        path = masker.path(bounded_text(record.path), record.route or "")
        query = masker.query(record.query.decode("latin-1")) if record.query else None
        request = rules.headers.read(record.request_headers)
        request_columns = self._columns(request)
        request_id = self._request_id(request, record.id)
        request_body, request_note = self._body(
            record.request_body, record.request_truncated, request, self._keeps_requests
        )
        if not record.request_read and not record.request_bytes:
            request_note = "not read"
        elif record.request_note:
            request_note = record.request_note
        response = self._response_headers.read(record.response_headers)
        response_columns = self._columns(response)
        response_body, response_note = self._body(
            record.response_body, record.response_truncated, response, self._keeps_responses
        )
        # The fields by place, in their order: by name, a row would take twice the time.
        return ExchangeRow(
            record.id,
            record.model,
            record.source,
            started_at,
            started_at if rules.time_is_request else request.event,
            path,
            query,
            record.headers_ms,
            record.first_byte_ms,
            record.duration_ms,
            request_body,
            response_body,
            record.request_bytes,
            record.response_bytes,
            request_id,
            request.trace_id,
            self._error_message(record, request_note),
            self._stream(record, response),
            rules.version,
            self._environment,
            record.method,
            record.route,
            record.status,
            record.error_type,
            request_columns.type,
            response_columns.type,
            request_columns.encoding,
            response_columns.encoding,
            request_columns.headers,
            response_columns.headers,
            request_note,
            record.response_note or response_note,
            record.request_read,
            record.request_truncated or None,
            record.response_truncated or None,
            record.aborted or None,
            self._sample_rate if record.sampled else 0.0,
            self.origin.pid,
            self.origin.host,
        )

    def messages(self) -> list[str]:
        """Return messages for the operator about masking; each is returned once."""
        return self._masker.messages()

    def _columns(self, facts: HeaderFacts) -> HeaderColumns:
        """Return the columns of headers, masked; they are kept with `facts` if they are clean."""
        if facts.clean_columns is not None:
            return facts.clean_columns
        columns = HeaderColumns(
            facts.type and self._masker.line(facts.type),
            self._masker.line(facts.encoding) if facts.encoding else None,
            self._headers(facts.stored) if facts.stored else None,
        )
        stored = json.dumps(facts.stored) if facts.stored else None
        if columns == (facts.type, facts.encoding or None, stored):
            facts.clean_columns = columns
        return columns

    def _headers(self, stored: dict[str, str]) -> str:
        kept = ((name, self._masker.header(name, value)) for name, value in stored.items())
        return json.dumps({name: value for name, value in kept if value is not None})

    def _request_id(self, facts: HeaderFacts, id_: str) -> str | None:
        request_id = facts.request_id
        if facts.outer_id not in (None, id_):  # a tapped gateway's, which its client has
            request_id = facts.outer_id
        return None if request_id is None else self._masker.line(request_id)

    def _stream(self, record: CapturedRecord, facts: HeaderFacts) -> str | None:
        """Return the timing of a response in chunks, as JSON."""
        if record.chunks is None:
            return None
        count, times = record.chunks
        return stream_of(count, times, self._as_sent(record), facts.encoding)

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

    def _error_message(self, record: CapturedRecord, request_note: str | None) -> str | None:
        """Return the exception's message, which may quote values that were masked or not stored."""
        text = record.error_message
        if text is None or request_note == UNMASKABLE:
            return None
        return self._masker.error_message(bounded_text(text))
