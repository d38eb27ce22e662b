"""Response bodies as documents, whatever their type says, and as one value for each row."""

from __future__ import annotations

from typing import Any

from modeltap.payload import Decoded, Payload, parse_json
from modeltap_protocols._shared.answer_rows import by_row
from modeltap_protocols._shared.answers import tell
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


def answered(found: Decoded, payload: Payload, member: str | None = None) -> Decoded:
    """Pair the rows of `found` with what the response says, in its `member` where it has it.

    Where the response is missing, cut or no answer, the rows stay, with a note of that.
    """
    if not found.rows or not payload.response:
        return found
    if payload.response_truncated:
        found.note = CUT
        return found
    document = document_of(payload, len(found.rows))
    if document is None:
        found.note = "response: no JSON"
        return found
    if member is not None and type(document) is dict and member in document:
        document = document[member]
    try:
        return tell(found, by_row(document, len(found.rows)) or [None] * len(found.rows))
    except RecursionError:
        found.note = TOO_DEEP
        return found


def document_of(payload: Payload, rows: int) -> Any:
    """Return the response as if it were JSON: also JSON Lines, CSV, and plain text; else None."""
    document = payload.response_json
    if document is not None or type(payload.response) is not str:
        return document
    lines = [line for line in payload.response.split("\n") if line.strip()]
    documents = [parse_json(line) for line in lines]
    if documents and all(one is not None for one in documents):
        return documents
    return _table(payload, rows) or _text(payload, rows)


def values_in(payload: Payload) -> list[Any] | None:
    """Return the values that the response lists; None where that cannot be told."""
    document = document_of(payload, 0)
    if type(document) is dict:
        only = next(iter(document.values())) if len(document) == 1 else None
        document = document.get("predictions", only)
    return document if type(document) is list else None


def _table(payload: Payload, rows: int) -> list[Any] | None:
    text = payload.response
    assert isinstance(text, str)
    said = payload.response_media in MEDIA
    try:
        lines = read_lines(text)
    except NoTable:
        return None
    if not lines or not (said or all(is_number(cell) for cells in lines for cell in cells)):
        return None
    if len(lines) == rows + 1 and has_header(lines):
        return list(to_rows(payload, lines, True))
    values = [[typed(cell) for cell in cells] for cells in lines]
    if len(values) == 1 and (rows > 1 or len(values[0]) == 1):
        return values[0]
    return [cells[0] if len(cells) == 1 else cells for cells in values]


def _text(payload: Payload, rows: int) -> list[Any] | None:
    plain = payload.response_media in ("text/plain", "")
    return [payload.response] if plain and rows == 1 else None
