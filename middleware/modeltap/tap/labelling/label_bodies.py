"""Labels in the body of a post: an object, a list of objects, or JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from modeltap import clock
from modeltap.errors import InputError, nearest
from modeltap.store.labels import storable_label
from modeltap.store.row_keys import key_text
from modeltap.store.sent_labels import RejectedLabel, SentLabel

MAX_LABELS = 10_000
"""Labels in a post: storing them takes a fraction of a second, for which other writers wait."""

_MAX_ID = 1000
"""Characters of an id or a name: a longer one is a document."""

_MAX_ROW = 2**31
_LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
_LINES_ENDINGS = ("+jsonl", "/json-lines", "/jsonlines", "/ndjson")
_FORMS = 'send {"id": ..., "value": ...}, a list of such objects, or one on each line'
_FIELDS = ("id", "value", "row", "key", "model", "labelled_at")


class BodyRefused(Exception):
    """A body that has no labels: the HTTP status and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def labels_in(body: bytes, media: str) -> list[SentLabel | RejectedLabel]:
    """Return the labels of a body in order, with a reason for each that is not valid.

    Args:
        media: the content type; lines are also recognised by their content.

    Raises `BodyRefused` if it is not JSON, is not made of objects, or has too many labels.

    >>> labels_in(b'{"id": "a", "value": 1.5}', "application/json")
    [SentLabel(id='a', value=1.5, row=0, key=None, model=None, labelled_at=None)]
    >>> labels_in(b'[{"id": "a", "valu": 1}]', "")
    [RejectedLabel(index=0, reason="unknown field 'valu'; did you mean 'value'?")]
    """
    documents = list(_documents(_text(body), media.partition(";")[0].strip().lower()))
    if len(documents) > MAX_LABELS:
        raise BodyRefused(
            413, f"the body has {len(documents):,} labels; send at most {MAX_LABELS:,} at once"
        )
    return [_label(index, document) for index, document in enumerate(documents)]


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BodyRefused(400, f"the body is not UTF-8 ({error.reason}); {_FORMS}") from None


def _documents(text: str, media: str) -> Iterator[Any]:
    """Yield the parts of a body; a broken line is yielded as the error."""
    if media in _LINES or media.endswith(_LINES_ENDINGS):
        return _lines(text)
    whole = _parsed(text)
    if isinstance(whole, BodyRefused):
        lines = text.strip().splitlines()
        if len(lines) > 1 and isinstance(_parsed(lines[0]), dict):
            return _lines(text)
        raise whole
    if not isinstance(whole, (dict, list)):
        raise BodyRefused(422, f"the body is a single {type(whole).__name__}; {_FORMS}")
    return iter(whole if isinstance(whole, list) else [whole])


def _lines(text: str) -> Iterator[Any]:
    documents = [_parsed(line) for line in text.splitlines() if line.strip()]
    if not documents or all(isinstance(document, BodyRefused) for document in documents):
        raise documents[0] if documents else BodyRefused(400, f"the body is empty; {_FORMS}")
    return iter(documents)


def _parsed(text: str) -> Any:
    """Return the value of a JSON text, or the error."""
    if not text.strip():
        return BodyRefused(400, f"the body is empty; {_FORMS}")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return BodyRefused(400, f"not valid JSON ({error}); {_FORMS}")


def _label(index: int, document: Any) -> SentLabel | RejectedLabel:
    try:
        return _valid(document)
    except (InputError, BodyRefused) as error:
        return RejectedLabel(index, str(error))


def _valid(document: Any) -> SentLabel:
    if isinstance(document, BodyRefused):
        raise document
    if not isinstance(document, dict):
        raise InputError(f"{_shown(document)} is not an object with `id` and `value`")
    for name in document:
        if name not in _FIELDS:
            hint = nearest(name[:100], _FIELDS)
            if "value" not in document and "did you mean 'value'" not in hint:
                hint = "; the label itself is the field `value`"
            raise InputError(f"unknown field {name[:_MAX_ID]!r}{hint}")
    if document.get("value") is None:
        raise InputError("`value` is missing; a label can be corrected, but not withdrawn")
    key = _name(document, "key")
    if key is not None and document.get("row"):
        raise InputError("`row` has no meaning with `key`: the feature's value names the row")
    return SentLabel(
        id=_id(document.get("id"), of_feature=key is not None),
        value=storable_label(document["value"]),
        row=_row(document.get("row", 0)),
        key=key,
        model=_name(document, "model"),
        labelled_at=_time(document.get("labelled_at")),
    )


def _id(value: Any, *, of_feature: bool) -> str:
    """Return an id as text; the value of a feature may also be a boolean or have decimals."""
    if of_feature:
        value = key_text(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_ID:
        raise InputError(
            f"`id` {_shown(value)} is not valid; give the exchange's id, as a text of at most "
            f"{_MAX_ID:,} characters"
        )
    return value.strip()


def _row(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _MAX_ROW:
        raise InputError(f"`row` {_shown(value)} is not valid; rows are counted from 0")
    return value


def _name(document: Mapping[str, Any], field: str) -> str | None:
    value = document.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or not value or len(value) > _MAX_ID:
        raise InputError(f"`{field}` {_shown(value)} is not a name")
    return value


def _time(value: Any) -> str | None:
    if value is None:
        return None
    seconds = clock.parse(value)
    if seconds is None:
        raise InputError(
            f"`labelled_at` {_shown(value)} is not a time; write it as 2026-05-01T12:00:00Z"
        )
    return clock.iso(seconds)


def _shown(value: Any) -> str:
    """Return a value for a message, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
