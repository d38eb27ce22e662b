"""Conversion of a captured record to a masked row of `exchanges`."""

from __future__ import annotations

from modeltap.clock import iso
from modeltap.privacy.bodies.body_text import as_text, cut_at_character
from modeltap.privacy.body_masker import UNMASKABLE
from modeltap.privacy.masker import Masker
from modeltap.store.exchanges import CapturedRow, ExchangeRow
from modeltap.writer.chunk_timing import stream_of
from modeltap.writer.header_facts import NO_IDS, HeaderFacts, RequestIds, bounded_text
from modeltap.writer.records import CapturedRecord, Origin
from modeltap.writer.row_templates import MAX_UNKNOWN, RowTemplate, RowTemplates
from modeltap.writer.row_versions import version_text

_Bodies = tuple[str | bytes | None, str | None, str | bytes | None, str | None]
"""A request's body and its note, and a response's body and its note."""


class RowMasker:
    """Converts the records of one origin to masked rows, according to its settings."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        settings = origin.settings
        self._masker = Masker.of_settings(settings)
        self._templates = RowTemplates(origin, self._masker)
        self._keeps_requests = settings.capture_request_body
        self._keeps_responses = settings.capture_response_body
        self._masks_bodies = settings.mask_bodies

    @property
    def masker(self) -> Masker:
        """The masker of all its rows."""
        return self._masker

    def messages(self) -> list[str]:
        """Return messages for the operator about masking; each is returned once."""
        return self._masker.messages()

    def row(self, record: CapturedRecord) -> ExchangeRow:
        """Return the row of `record`, without sensitive data."""
        return self.captured(record).whole()

    def captured(self, record: CapturedRecord) -> CapturedRow:
        """Return the same row; the columns that recur are one object for many rows."""
        masker = self._masker
        masker.begin()
        template, ids = self._templates.of(record)
        started_at = iso(record.started_at)
        path = template.path(record, masker)
        query = masker.query(record.query.decode("latin-1")) if record.query else None
        request_id = None if ids is NO_IDS else self._request_id(record, ids)
        request_body, request_note, response_body, response_note = self._bodies(record, template)
        error_message = record.error_message
        if error_message is not None:
            error_message = self._error_message(error_message, request_note)
        version = template.row.version
        if record.version is not None or template.versions.is_in_body:
            version = self._version(record, template)
        return CapturedRow(
            record.id,
            started_at,
            started_at if template.time_is_request else ids.event,
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
            ids.trace_id,
            error_message,
            None if record.chunks is None else self._stream(record, record.chunks, template),
            rest=template.rest(request_note, response_note, version),
        )

    def _bodies(self, record: CapturedRecord, template: RowTemplate) -> _Bodies:
        """Return both bodies to store, each with a note if there is none or it was changed."""
        request_note, response_note = record.request_note, record.response_note
        if template.unknown < MAX_UNKNOWN:
            known = self._masker.bodies.known_json(record.request_body, record.response_body)
            if known is not None:
                template.unknown = 0
                return known[0], request_note, known[1], response_note
            template.unknown += 1
        request_body, note = self._body(
            record.request_body, record.request_truncated, template.request, self._keeps_requests
        )
        request_note = request_note or note
        if not record.request_read and not record.request_bytes:
            request_note = "not read"
        response_body, note = self._body(
            record.response_body,
            record.response_truncated,
            template.response,
            self._keeps_responses,
        )
        return request_body, request_note, response_body, response_note or note

    def _request_id(self, record: CapturedRecord, ids: RequestIds) -> str | None:
        request_id = ids.request_id
        if ids.outer_id not in (None, record.id):
            request_id = ids.outer_id  # a tapped gateway's, which its client has
        return None if request_id is None else self._masker.line(request_id)

    def _error_message(self, message: str, request_note: str | None) -> str | None:
        if request_note == UNMASKABLE:
            return None  # it may quote values that were masked or not stored
        return self._masker.error_message(bounded_text(message))

    def _version(self, record: CapturedRecord, template: RowTemplate) -> str:
        if record.version is not None:
            return version_text(record.version)
        return self._masker.line(template.versions.of_body(record))

    def _stream(
        self, record: CapturedRecord, chunks: tuple[int, bytes], template: RowTemplate
    ) -> str:
        return stream_of(*chunks, self._as_sent(record), template.response.encoding)

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
