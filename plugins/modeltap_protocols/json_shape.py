"""JSON without a known protocol: rows and predictions by the shape of the document.

Requests: an object is one row; a list of objects, or an object with nothing but such a list,
is many; lists of numbers become `f0`, `f1`, ... Answers: a bare value or list, or an object
with a member of a usual name (`prediction`, `label`, `score`, ...).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from modeltap.hookspecs import hookimpl
from modeltap.payload import NO_PREDICTION, Decoded, DecodedMany, Payload, parse_json
from modeltap.rows import row_type
from modeltap_protocols._shared.answers import PREDICTION_NAMES, SCORE_NAMES, listed, predict
from modeltap_protocols._shared.inputs import CUT, MAX_ROWS
from modeltap_protocols._shared.replies import CUT as RESPONSE_CUT

ROWS_NAMES = ("instances", "inputs", "data", "rows", "records", "features", "items")
_SAMPLE = 16
"""A field that none of so many documents has is too rare for a place in the rows' type."""


class _Answer(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What most answers are."""

    prediction: int | float | str


_KNOWN = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"RIFF", "audio, video or a WebP image"),
    (b"<", "XML or HTML"),
    (b"--", "a form of parts"),
    (b"{", "broken JSON"),
    (b"[", "broken JSON"),
)
"""What bodies begin with, and what those are."""

_answer_decoder = msgspec.json.Decoder(_Answer)
_NOT_THIS = (msgspec.DecodeError, ValueError, RecursionError, TypeError)
"""What decoding to a type raises for another document, for none, and for no body at all."""


@hookimpl(trylast=True)
def decode(payload: Payload) -> Decoded | None:
    """Decode any JSON exchange; what is none is noted as such."""
    if payload.request is None or payload.request == "":
        if not payload.query:
            return Decoded(note="no request body")
        rows = [_query_row(payload.query)]
    else:
        if payload.request_json is None:
            return Decoded(note=CUT if payload.request_truncated else _unknown(payload))
        rows = _rows(payload, payload.request_json)
        if not rows:
            return Decoded(note="request: JSON without rows")
    if type(rows[0]) is not dict or len(rows) > MAX_ROWS:
        return Decoded(note=f"request: more than {MAX_ROWS} rows")
    found = Decoded(rows=rows)
    if payload.response_truncated:
        found.note = RESPONSE_CUT
    elif payload.response:
        _predict(found, payload.response_json)
    return found


@hookimpl
def decode_many(
    requests: Sequence[str | bytes | None], responses: Sequence[str | bytes | None]
) -> DecodedMany | None:
    """Decode flat objects to structs; whatever else there is among them is left to `decode`.

    So is one whose answer tells nothing here: another protocol may know it.
    """
    kind = _row_type(requests)
    if kind is None:
        return None
    found = DecodedMany()
    add_row, add_answer = found.rows.append, found.predictions.append
    read_row, read_answer = msgspec.json.Decoder(kind).decode, _answer_decoder.decode
    unusual = []
    for request, response in zip(requests, responses, strict=True):
        try:
            add_row(read_row(request))  # type: ignore[arg-type]
        except _NOT_THIS:
            add_row(None)
            add_answer(None)
            continue
        try:
            add_answer(read_answer(response).prediction)  # type: ignore[arg-type]
        except _NOT_THIS:
            add_answer(None)
            unusual.append(len(found.rows) - 1)
    _answer_each(found, unusual, responses)
    return found


def _row_type(requests: Sequence[str | bytes | None]) -> type[msgspec.Struct] | None:
    sample = requests[:: max(1, len(requests) // _SAMPLE)]
    documents = [parse_json(body) for body in sample]
    flat = [document for document in documents if type(document) is dict and _is_flat(document)]
    return row_type(flat) if len(flat) > len(sample) // 2 else None


def _is_flat(document: dict[str, Any]) -> bool:
    return bool(document) and not {dict, list} & set(map(type, document.values()))


def _answer_each(
    found: DecodedMany, positions: Sequence[int], responses: Sequence[str | bytes | None]
) -> None:
    count = len(found.rows)
    found.scores, found.probabilities, found.notes = [None] * count, [None] * count, [None] * count
    for position in positions:
        if not responses[position]:
            continue
        one = Decoded(rows=[{}])
        _predict(one, parse_json(responses[position]))
        if all(value is None for value in (*one.predictions, *one.scores)):
            found.rows[position] = None
            continue
        for name in ("predictions", "scores", "probabilities"):
            if values := getattr(one, name):
                getattr(found, name)[position] = values[0]


def _rows(payload: Payload, document: Any) -> list[dict[str, Any]]:
    if type(document) is dict:
        if len(document) == 1:
            ((name, inner),) = document.items()
            if type(inner) is list and inner and type(inner[0]) in (dict, list):
                return _rows(payload, inner)
            if type(inner) is dict and name in ROWS_NAMES:
                return [inner]
        return [document] if document else []
    if type(document) is list and document:
        kinds = set(map(type, document))
        if kinds == {dict}:
            return document
        if kinds == {list}:
            return [payload.named(row) for row in document]
        if not kinds & {dict, list}:
            return [payload.named(document)]
    return []


def _unknown(payload: Payload) -> str:
    """Return what was seen of a request that nobody knows; nothing of it is quoted.

    >>> _unknown(Payload("/", None, 200, b"%PDF-1.7", None))
    'request: no JSON, but a PDF'
    """
    body = payload.request or ""
    start = body[:16].encode("utf-8", "replace") if isinstance(body, str) else body[:16]
    seen = next((name for magic, name in _KNOWN if start.lstrip().startswith(magic)), None)
    if payload.request_media == "application/x-www-form-urlencoded":
        seen = "a form"
    return f"request: no JSON, but {seen or ('text' if isinstance(body, str) else 'bytes')}"


def _query_row(query: str) -> dict[str, Any]:
    return {name: _number(text) for name, text in parse_qsl(query, keep_blank_values=True)}


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text or None


def _predict(found: Decoded, document: Any) -> None:
    if document is None:
        found.note = "response: no JSON"
        return
    if type(document) is dict and len(document) == len(found.rows) == 1:
        # What most answers are, without going through all that they might be.
        value = document.get("prediction")
        if type(value) in (int, float, str):
            found.predictions = [value]
            return
    predictions, scores = _answers(document, len(found.rows))
    if not predictions and not scores:
        found.note = NO_PREDICTION
        return
    predict(found, predictions, scores)


def _answers(document: Any, rows: int) -> tuple[list[Any], list[Any]]:
    """Return what looks like predictions, and what looks like scores, each a list."""
    if type(document) is list:
        if document and set(map(type, document)) == {dict}:
            pairs = [_answers(one, 1) for one in document]
            return [p[0] for p, _ in pairs if p], [s[0] for _, s in pairs if s]
        return listed(document, rows), []
    if type(document) is not dict:
        return [document], []
    predictions = _member(document, PREDICTION_NAMES, rows)
    scores = _member(document, SCORE_NAMES, rows)
    if not predictions and not scores and len(document) == 1:
        return listed(next(iter(document.values())), rows), []
    return predictions, scores


def _member(document: dict[str, Any], names: tuple[str, ...], rows: int) -> list[Any]:
    for name in names:
        if name in document:
            return listed(document[name], rows)
    return []
