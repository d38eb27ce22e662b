"""The message in the body of a failed request."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from modeltap.payload import parse_json

_TEXTS = (
    "message",
    "detail",
    "error",
    "errorMessage",
    "error_message",
    "msg",
    "title",
    "reason",
    "description",
    "errors",
)
"""Members with a message: FastAPI, Flask, KServe, MLflow, SageMaker, OpenAI, problem details."""

_CODES = ("error_code", "code", "type", "__type", "error_type", "name")
"""Members with the service's name of the error."""

_MOST_LEVELS = 4

_MOST_TEXT = 4000
"""Characters of a text that are read."""

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


class ErrorBody(NamedTuple):
    """The message of a response, and the service's name of the error; None if it has none."""

    message: str | None
    code: str | None = None


def read_error(body: str | bytes | None) -> ErrorBody:
    """Return the message of a response with an error status.

    >>> read_error('{"error_code": "BAD_REQUEST", "message": "no input"}')
    ErrorBody(message='no input', code='BAD_REQUEST')
    >>> read_error('{"detail": {"error": "model not loaded"}}').message
    'model not loaded'
    >>> read_error("<html><title>502 Bad Gateway</title>...").message
    '502 Bad Gateway'
    """
    document = parse_json(body)
    if document is None:
        return ErrorBody(_plain(body))
    message, code = _message_in(document), _code_in(document)
    return ErrorBody(message, code if code != message else None)


def _message_in(document: Any, level: int = 0) -> str | None:
    """Return the first text under a known name, in nested objects and lists, too."""
    if isinstance(document, str):
        return document.strip() or None
    if level >= _MOST_LEVELS:
        return None
    inner: Sequence[Any] = ()
    if isinstance(document, Mapping):
        inner = [document[name] for name in _TEXTS if name in document]
    elif isinstance(document, list):
        inner = document
    texts = (_message_in(value, level + 1) for value in inner)
    return next(filter(None, texts), None)


def _code_in(document: Any) -> str | None:
    """Return the service's name of the error, at the top or in the member `error`."""
    if not isinstance(document, Mapping):
        return None
    for part in (document, document.get("error")):
        if isinstance(part, Mapping):
            codes = (part.get(name) for name in _CODES)
            code = next((code for code in codes if isinstance(code, str) and code), None)
            if code is not None:
                return code
    return None


def _plain(body: str | bytes | None) -> str | None:
    """Return the first line of a text, or the title of a page."""
    if not body:
        return None
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    text = text[:_MOST_TEXT]
    title = _TITLE.search(text)
    if title is not None or text.lstrip().startswith("<"):
        text = _TAG.sub(" ", title[1] if title else text)
    words = html.unescape(text).strip().splitlines()
    return " ".join(words[0].split()) if words else None
