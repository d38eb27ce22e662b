"""Response bodies as documents of any media type, paired with rows."""

from __future__ import annotations

from typing import Any

from modeltap.payload import Decoded, Payload, parse_json
from modeltap_protocols._shared.answer_rows import by_row
from modeltap_protocols._shared.answers import pair_outputs
from modeltap_protocols._shared.cells import (
    MEDIA,
    NoTable,
    has_header,
    is_number,
    read_lines,
    to_rows,
    typed,
)

CUT = "response: cut"
TOO_DEEP = "response: nested too deep"


def pair_response(decoded: Decoded, payload: Payload, member: str | None = None) -> Decoded:
    """Pair the rows of `decoded` with the response, or with its `member` if it has it.

    If the response is cut or has no prediction, the rows stay, and a note gives the reason.
    """
    if not decoded.rows or not payload.response:
        return decoded
    if payload.response_truncated:
        decoded.note = CUT
        return decoded
    document = document_of(payload, len(decoded.rows))
    if document is None:
        decoded.note = "response: not JSON"
        return decoded
    if member is not None and type(document) is dict and member in document:
        document = document[member]
    try:
        return pair_outputs(
            decoded, by_row(document, len(decoded.rows)) or [None] * len(decoded.rows)
        )
    except RecursionError:
        decoded.note = TOO_DEEP
        return decoded


def document_of(payload: Payload, rows: int) -> Any:
    """Return the response as a document, from JSON, JSON Lines, CSV or plain text; else None."""
    document = payload.response_json
    if document is not None or type(payload.response) is not str:
        return document
    lines = [line for line in payload.response.split("\n") if line.strip()]
    documents = [parse_json(line) for line in lines]
    if documents and all(document is not None for document in documents):
        return documents
    return _table(payload, rows) or _text(payload, rows)


def values_in(payload: Payload) -> list[Any] | None:
    """Return the list of values in the response; None if it has no single list."""
    document = document_of(payload, 0)
    if type(document) is dict:
        only = next(iter(document.values())) if len(document) == 1 else None
        document = document.get("predictions", only)
    return document if type(document) is list else None


def _table(payload: Payload, rows: int) -> list[Any] | None:
    text = payload.response
    assert isinstance(text, str)
    is_csv = payload.response_media in MEDIA
    try:
        lines = read_lines(text)
    except NoTable:
        return None
    if not lines or not (is_csv or all(is_number(cell) for cells in lines for cell in cells)):
        return None
    if len(lines) == rows + 1 and has_header(lines):
        return list(to_rows(payload, lines, True))
    values = [[typed(cell) for cell in cells] for cells in lines]
    if len(values) == 1 and (rows > 1 or len(values[0]) == 1):
        return values[0]
    return [cells[0] if len(cells) == 1 else cells for cells in values]


def _text(payload: Payload, rows: int) -> list[Any] | None:
    plain = payload.response_media in ("text/plain", "")
    text = str(payload.response).strip()
    return [text] if text and plain and rows == 1 else None
