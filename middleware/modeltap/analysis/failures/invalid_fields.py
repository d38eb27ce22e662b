"""The fields that a response with a validation error names, in the common frameworks' forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_LISTS = (
    "detail",
    "errors",
    "extra",
    "validation_error",
    "invalid-params",
    "invalid_params",
    "body_params",
    "query_params",
    "path_params",
    "form_params",
    "violations",
    "details",
)
"""Members with a list of invalid fields: FastAPI and Pydantic, Express, Litestar, flask-pydantic,
problem details (RFC 9457), Bean Validation."""

_NAMES = ("loc", "field", "name", "path", "param", "key", "pointer", "property", "propertyPath")
_MESSAGES = ("msg", "message", "reason", "detail", "description", "title")
_TYPES = ("type", "code", "rule", "validator")

_BY_FIELD = ("errors", "message", "messages", "detail", "error", "json", "query", "form", "fields")
"""Members with messages by field: marshmallow and webargs, Flask-RESTful, Django REST framework."""

_PLACES = ("body", "json")
"""The first part of a location that is left out: the field is in the request's body."""

_INVALID = (400, 422)

_MOST = 100
"""Fields of one response."""

_IN_TEXTS = (
    (re.compile(r"missing inputs? \[(?P<fields>[^\]]+)\]"), "missing"),
    (re.compile(r"Incompatible input types for column (?P<fields>\S+?)[.:,]?(?:\s|$)"), "type"),
)
"""Messages of MLflow's check of the schema, which name columns in a text."""


class InvalidField(NamedTuple):
    """A field, the validator's name of the fault, and its message."""

    field: str
    type: str | None
    message: str


def invalid_fields(document: Any, status: int | None) -> list[InvalidField]:
    """Return the invalid fields of the JSON of a response; none for other errors.

    >>> fastapi = {"detail": [{"loc": ["body", "age"], "type": "missing", "msg": "required"}]}
    >>> invalid_fields(fastapi, 422)
    [InvalidField(field='age', type='missing', message='required')]
    >>> invalid_fields({"errors": {"json": {"age": ["Not a valid integer."]}}}, 422)[0].field
    'age'
    >>> invalid_fields({"detail": "model not loaded"}, 503)
    []
    """
    if status is None or not 400 <= status < 500:
        return []
    named = list(_in_lists(document))
    if not named and status in _INVALID:
        named = [*_by_field(document), *_in_texts(document)]
    return list(dict.fromkeys(named))[:_MOST]


def _in_lists(document: Any, level: int = 0) -> Iterator[InvalidField]:
    """Yield the items of lists that have a field and a message each."""
    if level > 3:
        return
    if isinstance(document, list):
        for item in document:
            field = _item(item)
            if field is not None:
                yield field
    elif isinstance(document, Mapping):
        for name in _LISTS:
            if name in document:
                yield from _in_lists(document[name], level + 1)
        if isinstance(document.get("error"), Mapping):
            own = _item(document["error"])
            if own is not None:
                yield own
            yield from _in_lists(document["error"], level + 1)


def _item(item: Any) -> InvalidField | None:
    if not isinstance(item, Mapping):
        return None
    source = item.get("source")
    places = [item.get(name) for name in _NAMES]
    if isinstance(source, Mapping):  # JSON:API
        places = [source.get("pointer"), source.get("parameter"), *places]
    location = next((place for place in places if place not in (None, "", [])), None)
    message = next((item[name] for name in _MESSAGES if isinstance(item.get(name), str)), None)
    if location is None or message is None:
        return None
    kind = next((item[name] for name in _TYPES if isinstance(item.get(name), str)), None)
    return InvalidField(_field(location), kind, message)


def _field(location: Any) -> str:
    """Return the dotted name of a location, without positions in lists.

    >>> _field(["body", "rows", 3, "age"]), _field("/data/attributes/age"), _field(["body", 12])
    ('rows.age', 'data.attributes.age', 'body')
    """
    if isinstance(location, str):
        parts: Sequence[Any] = location.strip("/").split("/")
    else:
        parts = location if isinstance(location, list) else [location]
    names = [str(part) for part in parts if not isinstance(part, int) and part != ""]
    if len(names) > 1 and names[0] in _PLACES:
        names = names[1:]
    return ".".join(names) or "body"


def _by_field(document: Any) -> Iterator[InvalidField]:
    """Yield the messages of an object that has a text, or a list of texts, for each field."""
    if not isinstance(document, Mapping):
        return
    inner = [document[name] for name in _BY_FIELD if isinstance(document.get(name), Mapping)]
    if inner:
        for part in inner:
            yield from _by_field(part) if _nested(part) else _messages(part)
    elif document and all(_is_messages(value) for value in document.values()):
        yield from _messages(document)


def _nested(part: Mapping[str, Any]) -> bool:
    return any(name in _BY_FIELD and isinstance(value, Mapping) for name, value in part.items())


def _messages(part: Mapping[str, Any], within: str = "") -> Iterator[InvalidField]:
    for name, value in part.items():
        field = name if not within else within if name.isdigit() else f"{within}.{name}"
        if isinstance(value, Mapping):
            yield from _messages(value, field)
        elif isinstance(value, str) or _is_messages(value):
            text = value if isinstance(value, str) else value[0]
            yield InvalidField(field, None, text)


def _is_messages(value: Any) -> bool:
    """Return whether a value is a list of texts, as Django REST framework has for each field."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _in_texts(document: Any) -> Iterator[InvalidField]:
    if not isinstance(document, Mapping):
        return
    for text in (document.get("message"), document.get("error"), document.get("detail")):
        if isinstance(text, str):
            for pattern, kind in _IN_TEXTS:
                for match in pattern.finditer(text):
                    for name in match["fields"].split(","):
                        yield InvalidField(name.strip(" '\""), kind, text.splitlines()[0])
