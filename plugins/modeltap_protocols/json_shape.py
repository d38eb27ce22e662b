"""JSON without a known protocol: rows and predictions from the shape of the document.

Requests: an object is one row. A list of objects, an object with such a list, and columns are as
many rows as the response has values. Responses: a plain value or list, or an object with a member
of a known name (`prediction`, `label`, `score`, ...), also within envelopes or in columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from types import NoneType
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from modeltap.hookspecs import hookimpl
from modeltap.payload import Body, Decoded, DecodedMany, Payload, opens_json, parse_json, unwrapped
from modeltap.rows import Row, as_dict, row_type
from modeltap_protocols._shared.answer_rows import by_row
from modeltap_protocols._shared.answers import only_number, pair_outputs, plain_output
from modeltap_protocols._shared.cells import typed
from modeltap_protocols._shared.inputs import CUT, bounded
from modeltap_protocols._shared.json_rows import ROWS_NAMES, only_row, possible_rows
from modeltap_protocols._shared.replies import CUT as RESPONSE_CUT
from modeltap_protocols._shared.replies import TOO_DEEP, document_of
from modeltap_protocols._shared.values import is_distribution, number

_FORM = "application/x-www-form-urlencoded"

_SAMPLE = 16
"""Documents to sample for the type of rows: a field that none of them has is too rare for it."""


_BLOCK = 64
"""Bodies that are decoded in one call; if one of them is refused, each is decoded by itself."""


class _Answer(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The most frequent forms of responses."""

    prediction: int | float | str
    score: int | float | None = None


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
    (b"--", "a multipart form"),
    (b"{", "broken JSON"),
    (b"[", "broken JSON"),
)
"""Beginnings of bodies, and their formats."""

_OF_MLFLOW = frozenset(("dataframe_split", "dataframe_records"))
"""Names of members whose document is MLflow's, whatever their value."""

_OF_ANSWERS = ("scores", "probabilities", "answers")

_answer_decoder = msgspec.json.Decoder(_Answer)
_SCORE = attrgetter("score")
_NOT_THIS = (msgspec.DecodeError, ValueError, RecursionError, TypeError)
"""Errors of decoding to a type: another document, invalid JSON, no body."""


@hookimpl(trylast=True)
def decode(payload: Payload) -> Decoded | None:
    """Decode any JSON exchange, and add a note to all others."""
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
        decoded = bounded(possible[-1])
        decoded.note = decoded.note or RESPONSE_CUT
        return decoded
    return _answered(possible, payload)


def _answered(possible: Sequence[list[dict[str, Any]]], payload: Payload) -> Decoded:
    """Return the rows of the first reading that the response fits, paired with it."""
    decoded = bounded(possible[-1])
    if not (decoded.rows and payload.response):
        return decoded
    try:
        values: list[Any] | None = None
        for rows in possible:
            # A response without a text type is read as JSON only.
            is_text = payload.response_media not in ("", "application/json")
            document = document_of(payload, len(rows)) if is_text else payload.response_json
            values = None if document is None else by_row(document, len(rows))
            if values is not None and _fits(values, len(rows)):
                return _pair_outputs(Decoded(rows=rows), values)
        if values is not None:
            return _pair_outputs(decoded, values)
        decoded.note = "response: not JSON"
        return decoded
    except RecursionError:
        decoded.note = TOO_DEEP
        return decoded


def _fits(values: Sequence[Any], rows: int) -> bool:
    """Return True for one value per row; a distribution belongs to one row."""
    return len(values) == rows and not (rows > 1 and is_distribution(values))


def _pair_outputs(decoded: Decoded, values: Sequence[Any]) -> Decoded:
    first = values[0] if len(values) == len(decoded.rows) == 1 else None
    prediction = first.get("prediction") if type(first) is dict and len(first) == 1 else first
    if type(prediction) in (int, float) and prediction == prediction:
        # A shortcut for the most frequent form of responses.
        decoded.predictions = [prediction]
        return decoded
    return pair_outputs(decoded, values or [None] * len(decoded.rows))


@hookimpl
def decode_many(requests: Sequence[Body], responses: Sequence[Body]) -> DecodedMany | None:
    """Decode flat objects to structs, other rows to dictionaries; leave the rest to `decode`.

    An exchange whose response has no prediction in this form is also left to `decode`, because
    another protocol may have one.
    """
    documents = [parse_json(body) for body in requests[:: max(1, len(requests) // _SAMPLE)]]
    flat = [document for document in documents if type(document) is dict and _is_flat(document)]
    single = [only_row(document, is_single=True) is not None for document in documents]
    most = len(documents) // 2
    kind = row_type(flat) if len(flat) > most else None
    if kind is None and sum(single) <= most:
        return None
    answers = _each(_answer_decoder.decode, responses)
    predictions = _predictions(answers)
    rows: list[Row | None] = [None] * len(requests)
    if kind is not None:
        rows = _each(msgspec.json.Decoder(kind).decode, requests)
        if not (ROWS_NAMES | _OF_MLFLOW).isdisjoint(kind.__struct_encode_fields__):
            rows = [None if row is None or _may_differ(row) else row for row in rows]
    for position in [position for position, row in enumerate(rows) if row is None]:
        is_single = predictions[position] is not None or not responses[position]
        rows[position] = only_row(parse_json(requests[position]), is_single=is_single)
    decoded = DecodedMany(rows=rows, predictions=predictions)
    count = len(rows)
    for name in (*_OF_ANSWERS, "notes"):
        setattr(decoded, name, [None] * count)
    decoded.scores = _scores(answers)
    unusual = [position for position, value in enumerate(predictions) if value is None]
    _answer_each(decoded, unusual, responses)
    return decoded


def _each(read: Callable[[Any], Any], bodies: Sequence[Body]) -> list[Any]:
    """Return what `read` decodes from each body; None for a body that it refuses."""
    results: list[Any] = []
    for start in range(0, len(bodies), _BLOCK):
        block = bodies[start : start + _BLOCK]
        try:
            results += list(map(read, block))
        except _NOT_THIS:
            results += [_or_none(read, body) for body in block]
    return results


def _or_none(read: Callable[[Any], Any], body: Body) -> Any:
    try:
        return read(body)
    except _NOT_THIS:
        return None


def _predictions(answers: Sequence[_Answer | None]) -> list[int | float | str | None]:
    """Return the predictions of the most frequent form; None for texts that may be JSON."""
    values = [None if answer is None else answer.prediction for answer in answers]
    texts = {value for value in values if type(value) is str}
    if not any(map(opens_json, texts)):
        return values
    return [None if type(value) is str and opens_json(value) else value for value in values]


def _scores(answers: Sequence[_Answer | None]) -> list[float | None]:
    """Return the score of each response; most have none, or a float."""
    if None not in answers:
        scores = list(map(_SCORE, answers))
        if set(map(type, scores)) == {NoneType}:
            return scores
    return [None if answer is None else number(answer.score) for answer in answers]


def _is_flat(document: dict[str, Any]) -> bool:
    return bool(document) and not {dict, list} & set(map(type, document.values()))


def _may_differ(row: Row) -> bool:
    """Return True for a flat document that is not a plain row, or not in each protocol.

    It is MLflow's by a name, or has only a text: one of Hugging Face, or one with rows in it.
    """
    document = as_dict(row)
    if not _OF_MLFLOW.isdisjoint(document):
        return True
    if len(document) != 1:
        return False
    ((name, value),) = document.items()
    if name not in ROWS_NAMES or type(value) is not str:
        return False
    return name == "inputs" or opens_json(value)


def _answer_each(decoded: DecodedMany, positions: Sequence[int], responses: Sequence[Body]) -> None:
    for position in positions:
        row = decoded.rows[position]
        if row is None or not responses[position]:
            continue
        document = unwrapped(parse_json(responses[position]))
        if (alone := only_number(document)) is not None:
            decoded.predictions[position] = alone
            continue
        output = plain_output(document)
        if output is not None:
            decoded.predictions[position] = output.prediction
            decoded.scores[position] = output.score
            decoded.probabilities[position] = output.probabilities
            decoded.answers[position] = output.rest or None
            continue
        single = Decoded(rows=[as_dict(row)])
        if document is not None:
            _pair_outputs(single, by_row(document, 1))
        if not _is_single(single):
            decoded.rows[position] = None
            continue
        for name in ("predictions", *_OF_ANSWERS):
            if values := getattr(single, name):
                getattr(decoded, name)[position] = values[0]


def _is_single(decoded: Decoded) -> bool:
    """Return True for a plain prediction or score; other values may belong to a protocol."""
    values = [value for value in (*decoded.predictions, *decoded.scores) if value is not None]
    return bool(values) and {dict, list}.isdisjoint(map(type, values))


def _unknown(payload: Payload) -> str:
    """Return a note with the likely format of a request; it quotes nothing of the body.

    >>> _unknown(Payload("/", None, 200, b"%PDF-1.7", None))
    'request: not JSON but a PDF'
    """
    body = payload.request or ""
    start = body[:16].encode("utf-8", "replace") if isinstance(body, str) else body[:16]
    kind = next((name for magic, name in _KNOWN if start.lstrip().startswith(magic)), None)
    if payload.request_media == _FORM:
        kind = "a form"
    return f"request: not JSON but {kind or ('text' if isinstance(body, str) else 'bytes')}"


def _is_form(payload: Payload) -> bool:
    """Return True for a form; curl sends JSON with the type of a form, if no other is given."""
    return (
        payload.request_media == _FORM
        and type(payload.request_json) not in (dict, list)
        and type(payload.request) is str
        and not payload.request_truncated
    )


def _query_row(query: str) -> dict[str, Any]:
    """Return the row of a query; repeated names become lists."""
    values: dict[str, list[Any]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, []).append(typed(text))
    return {name: each[0] if len(each) == 1 else each for name, each in values.items()}
