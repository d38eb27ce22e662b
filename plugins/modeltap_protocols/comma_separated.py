"""CSV with or without a header, by its media type or its form; also SageMaker's and MLflow's."""

from __future__ import annotations

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, Payload
from modeltap_protocols._shared.cells import (
    MEDIA,
    Lines,
    NoTable,
    has_header,
    is_number,
    read_lines,
    to_rows,
)
from modeltap_protocols._shared.inputs import CUT, MAX_COLUMNS, TOO_WIDE, bounded
from modeltap_protocols._shared.replies import pair_response, values_in

_NO_TABLE = ("{", "[", "<", "--", "data:", "event:")
"""Beginnings of JSON, XML, multipart forms and server-sent events."""


@hookimpl
def decode(payload: Payload) -> Decoded | None:
    """Decode bodies with the type of CSV, and tables of any other type."""
    is_declared = payload.request_media in MEDIA
    if not isinstance(payload.request, str | bytes) or not payload.request:
        return None
    if payload.request_truncated:
        return Decoded(note=CUT) if is_declared else None
    text = _text(payload)
    # A single number is also JSON; it is a table only if its type says so.
    if text is None or not (is_declared or payload.request_json is None):
        return None
    try:
        lines = read_lines(text, "\t" if payload.request_media == MEDIA[-1] else None)
    except NoTable as reason:
        return Decoded(note=f"request: {reason}") if is_declared and _may_be_table(text) else None
    if not (_may_be_table(text) and (lines if is_declared else _is_table(lines))):
        return None
    if len(lines[0]) > MAX_COLUMNS:
        return Decoded(note=TOO_WIDE)
    return pair_response(bounded(to_rows(payload, lines, _header(payload, lines))), payload)


def _text(payload: Payload) -> str | None:
    if isinstance(payload.request, str):
        return payload.request
    charset = (payload.request_type or "").partition("charset=")[2].partition(";")[0].strip(' "')
    try:
        return (payload.request or b"").decode(charset) if charset else None
    except (LookupError, UnicodeDecodeError):
        return None


def _may_be_table(text: str) -> bool:
    return not text.lstrip("\ufeff \r\n").startswith(_NO_TABLE)


def _is_table(lines: Lines) -> bool:
    """Return True if text without the type of CSV is a table: several columns, one of numbers.

    >>> _is_table([["Hello", " world"]]), _is_table([["1", "2"]]), _is_table([["a"], ["1"]])
    (False, True, False)
    """
    if not lines or len(lines[0]) < 2:
        return False
    body = lines[1:] or lines
    columns = zip(*body, strict=True)
    numeric = [all(not cell.strip() or is_number(cell) for cell in column) for column in columns]
    return any(numeric) if len(lines) > 1 else all(numeric)


def _header(payload: Payload, lines: Lines) -> bool:
    """Return True if the first line is a header, by the media type, MLflow's rule or its cells."""
    parameters = (payload.request_type or "").lower().replace(" ", "").split(";")[1:]
    for value in ("present", "absent"):
        if f"header={value}" in parameters:
            return value == "present"
    values = values_in(payload)
    answers = None if values is None else len(values)
    return _is_mlflow(payload, lines) or has_header(lines, answers)


def _is_mlflow(payload: Payload, lines: Lines) -> bool:
    """Return True for MLflow's tables, which always have a header, even one of numbers."""
    answer = payload.response_json
    predictions = answer.get("predictions") if type(answer) is dict else None
    if not payload.path.endswith("/invocations") or not isinstance(predictions, list):
        return False
    return len(predictions) == len(lines) - 1
