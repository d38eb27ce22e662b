"""JSON without a known protocol: rows and predictions by the shape of the document.

Requests: an object is one row; a list of objects, or an object with such a list, is many, if as
many values are answered; so are columns. Answers: a bare value or list, or an object with a member
of a usual name (`prediction`, `label`, `score`, ...), within envelopes or in columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from modeltap.hookspecs import hookimpl
from modeltap.payload import Decoded, DecodedMany, Payload, opens_json, parse_json, unwrapped
from modeltap.rows import as_dict, row_type
from modeltap_protocols._shared.answer_rows import by_row
from modeltap_protocols._shared.answers import tell
from modeltap_protocols._shared.cells import typed
from modeltap_protocols._shared.inputs import CUT, bounded
from modeltap_protocols._shared.json_rows import possible_rows
from modeltap_protocols._shared.replies import CUT as RESPONSE_CUT
from modeltap_protocols._shared.replies import TOO_DEEP, document_of
from modeltap_protocols._shared.values import is_distribution

_FORM = "application/x-www-form-urlencoded"

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

_OF_ANSWERS = ("scores", "probabilities", "answers")

_answer_decoder = msgspec.json.Decoder(_Answer)
_NOT_THIS = (msgspec.DecodeError, ValueError, RecursionError, TypeError)
"""What decoding to a type raises for another document, for none, and for no body at all."""


@hookimpl(trylast=True)
def decode(payload: Payload) -> Decoded | None:
    """Decode any JSON exchange; what is none is noted as such."""
    if payload.request is None or payload.request == "":
        if not payload.query:
            return Decoded(note="no request body")
        possible = [[_query_row(payload.query)]]
    elif _is_form(payload):
        possible = [[_query_row(str(payload.request))]]
    elif payload.request_json is None:
        return Decoded(note=CUT if payload.request_truncated else _unknown(payload))
    else:
        possible = possible_rows(payload)
        if not possible:
            return Decoded(note="request: JSON without rows")
    if payload.response_truncated:
        found = bounded(possible[-1])
        found.note = found.note or RESPONSE_CUT
        return found
    return _answered(possible, payload)


def _answered(possible: Sequence[list[dict[str, Any]]], payload: Payload) -> Decoded:
    """Return the rows that the answer is for: of several readings the first that it fits."""
    found = bounded(possible[-1])
    if not (found.rows and payload.response):
        return found
    try:
        values: list[Any] | None = None
        for rows in possible:
            # What nobody calls a text is JSON, or no answer that is understood.
            is_text = payload.response_media not in ("", "application/json")
            document = document_of(payload, len(rows)) if is_text else payload.response_json
            values = None if document is None else by_row(document, len(rows))
            if values is not None and _fits(values, len(rows)):
                return _tell(Decoded(rows=rows), values)
        if values is not None:
            return _tell(found, values)
        found.note = "response: no JSON"
        return found
    except RecursionError:
        found.note = TOO_DEEP
        return found


def _fits(values: Sequence[Any], rows: int) -> bool:
    """Say whether these are one value a row: a distribution is rather one row's."""
    return len(values) == rows and not (rows > 1 and is_distribution(values))


def _tell(found: Decoded, values: Sequence[Any]) -> Decoded:
    first = values[0] if len(values) == len(found.rows) == 1 else None
    prediction = first.get("prediction") if type(first) is dict and len(first) == 1 else first
    if type(prediction) in (int, float) and prediction == prediction:
        # What most answers are, without going through all that they might be.
        found.predictions = [prediction]
        return found
    return tell(found, values or [None] * len(found.rows))


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
            prediction = read_answer(response).prediction  # type: ignore[arg-type]
        except _NOT_THIS:
            prediction = None
        if prediction is None or (type(prediction) is str and opens_json(prediction)):
            prediction = None
            unusual.append(len(found.rows) - 1)
        add_answer(prediction)
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
    for name in (*_OF_ANSWERS, "notes"):
        setattr(found, name, [None] * count)
    for position in positions:
        row = found.rows[position]
        if row is None or not responses[position]:
            continue
        document = unwrapped(parse_json(responses[position]))
        one = Decoded(rows=[as_dict(row)])
        if document is not None:
            _tell(one, by_row(document, 1))
        if not _is_usual(one):
            found.rows[position] = None
            continue
        for name in ("predictions", *_OF_ANSWERS):
            if values := getattr(one, name):
                getattr(found, name)[position] = values[0]


def _is_usual(one: Decoded) -> bool:
    """Say whether an answer is a single one, with a score or not; others may be a protocol's."""
    told = [value for value in (*one.predictions, *one.scores) if value is not None]
    return bool(told) and {dict, list}.isdisjoint(map(type, told))


def _unknown(payload: Payload) -> str:
    """Return what was seen of a request that nobody knows; nothing of it is quoted.

    >>> _unknown(Payload("/", None, 200, b"%PDF-1.7", None))
    'request: no JSON, but a PDF'
    """
    body = payload.request or ""
    start = body[:16].encode("utf-8", "replace") if isinstance(body, str) else body[:16]
    seen = next((name for magic, name in _KNOWN if start.lstrip().startswith(magic)), None)
    if payload.request_media == _FORM:
        seen = "a form"
    return f"request: no JSON, but {seen or ('text' if isinstance(body, str) else 'bytes')}"


def _is_form(payload: Payload) -> bool:
    return (
        payload.request_media == _FORM
        and type(payload.request) is str
        and not payload.request_truncated
    )


def _query_row(query: str) -> dict[str, Any]:
    """Return a query's row; the values of a name that comes several times are a list."""
    found: dict[str, list[Any]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, []).append(typed(text))
    return {name: each[0] if len(each) == 1 else each for name, each in found.items()}
