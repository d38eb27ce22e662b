"""The input and output of protocol plugins: an exchange's payload, and decoded rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from modeltap.rows import Row

if TYPE_CHECKING:
    from modeltap.config.mapping_settings import MappingSettings

Body = str | bytes | None
"""A kept body: text, bytes where it is no UTF-8, None where nothing was kept."""

_read_json = msgspec.json.Decoder().decode

_MARK = "\ufeff"
"""The byte-order mark as a character; in bytes Python's json knows it."""

_OPENS_JSON = ("{", "[", '"')

_MAX_WRAPPINGS = 5
"""How often JSON may be a string within JSON; each level doubles the backslashes of the next."""


@dataclass
class Payload:
    """One exchange as protocol plugins see it; its JSON is parsed once for all of them.

    Bodies have no Content-Encoding any more, and are cut where `max_body_bytes` cut them.
    """

    path: str
    query: str | None
    status: int | None
    request: Body
    response: Body
    request_type: str | None = None
    response_type: str | None = None
    method: str | None = None
    request_headers: Mapping[str, str] = field(default_factory=dict)
    """Those that protocols need and those that the user chose, names in lower case."""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    stream: Mapping[str, Any] = field(default_factory=dict)
    """Of a response in several pieces: how many, the gaps between them, `lines` by time."""
    mapping: MappingSettings | None = None
    """The user's mapping of the model's bodies; all protocols may use its `columns`."""
    request_truncated: bool = False
    """Only the body's first `max_body_bytes` were kept: what would follow is not known."""
    response_truncated: bool = False

    @cached_property
    def request_json(self) -> Any:
        """The request as a JSON document; None where it is none, or is cut."""
        return None if self.request_truncated else unwrapped(parse_json(self.request))

    @cached_property
    def response_json(self) -> Any:
        """The response as a JSON document; None where it is none, or is cut."""
        return None if self.response_truncated else _unquoted(unwrapped(parse_json(self.response)))

    @property
    def request_media(self) -> str:
        """The request's media type: lower case, without parameters; empty where none is said."""
        return media(self.request_type)

    @property
    def response_media(self) -> str:
        """The response's media type, as `request_media`."""
        return media(self.response_type)

    def named(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return a row of values without names: the user's columns, else f0, f1, ...

        >>> Payload("/", None, 200, None, None).named([1, "a"])
        {'f0': 1, 'f1': 'a'}
        """
        columns = self.mapping.columns if self.mapping else ()
        if len(columns) == len(values):
            return dict(zip(columns, values, strict=True))
        return {f"f{position}": value for position, value in enumerate(values)}

    def line_ms(self, line: int) -> float | None:
        """Return when the response's line `line` (from 0) had come, in ms after the request.

        None where that was not measured: a response in one piece, or compressed.
        """
        for moment, complete in self.stream.get("lines", ()):
            if complete > line:
                return float(moment)
        return None


@dataclass(slots=True)
class Decoded:
    """One exchange, decoded: N rows and, where the counts agree, N predictions.

    `note` gives the reason where something is missing; without rows nothing was decoded.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    """Further fields of the answer, a dictionary a row: features of the output."""
    note: str | None = None
    id: str | None = None
    """The protocol's own id of the exchange; labels may name it."""
    answered_elsewhere: bool = False
    """The answer to this request comes with another exchange, which names `id`."""
    answers_to: list[str] = field(default_factory=list)
    """The ids of the exchanges, answered elsewhere, whose rows these predictions are for."""

    def pair(
        self,
        predictions: Sequence[Any],
        scores: Sequence[float | None] = (),
        probabilities: Sequence[Any] = (),
    ) -> Decoded:
        """Add N predictions for N rows; where the counts differ, say so and add none.

        >>> Decoded(rows=[{"a": 1}]).pair([1, 0]).note
        'unpaired: 1 rows, 2 predictions'
        """
        count = len(predictions) or len(scores)
        if count != len(self.rows):
            self.note = f"unpaired: {len(self.rows)} rows, {count} predictions"
            return self
        for name, values in (
            ("predictions", predictions),
            ("scores", scores),
            ("probabilities", probabilities),
        ):
            setattr(self, name, list(values) if len(values) == count else [None] * count)
        return self


@dataclass(slots=True)
class DecodedMany:
    """N exchanges of one row each, decoded: lists of length N.

    Where the row is None the exchange was not decoded, and is left to `decode`.
    """

    rows: list[Row | None] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    answers: list[dict[str, Any] | None] = field(default_factory=list)
    """Further fields of the answers; empty where none has any."""
    notes: list[str | None] = field(default_factory=list)


NO_PREDICTION = "response: no prediction found"
"""The note of an answer in which nothing looks like a prediction: a mapping may say where it is."""


def parse_json(body: Body) -> Any:
    """Return the JSON document in `body`; None where there is none. NaN and Infinity may occur.

    A byte-order mark, which Windows' editors and .NET write, is no part of the document.

    >>> parse_json('{"a": NaN}'), parse_json("a,b"), parse_json(b"\\xef\\xbb\\xbf[1]")
    ({'a': nan}, None, [1])
    """
    if not body:
        return None
    try:
        return _read_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # NaN and Infinity are no JSON, but Python's json writes them, so they do arrive.
        return _encodable(json.loads(without_mark(body) if isinstance(body, str) else body))
    except (ValueError, RecursionError):
        return None


def _encodable(document: Any) -> Any:
    """Return a JSON document without lone surrogates, which JSON may have and no file can hold."""
    try:
        # Two passes in C, where most documents end: they have none.
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return _without_surrogates(document)
    return document


def _without_surrogates(value: Any) -> Any:
    r"""Return a JSON value with its lone surrogates as they were escaped.

    >>> _without_surrogates({"a\ud800": ["\udfff", 1]})
    {'a\\ud800': ['\\udfff', 1]}
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(one) for name, one in value.items()}
    return [_without_surrogates(one) for one in value] if isinstance(value, list) else value


def without_mark(text: str) -> str:
    """Return a text without the byte-order mark before it."""
    return text.removeprefix(_MARK)


def unwrapped(value: Any) -> Any:
    """Return the document in a text that is an object or a list of JSON; any other value as it is.

    Clients and servers that encode twice send such texts.

    >>> unwrapped('{"a": 1}'), unwrapped("[a]"), unwrapped("1"), unwrapped([2])
    ({'a': 1}, '[a]', '1', [2])
    """
    found = value
    for _ in range(_MAX_WRAPPINGS):
        if type(found) is not str or not opens_json(found):
            break
        found = parse_json(found)
    return found if type(found) in (dict, list) else value


def _unquoted(value: Any) -> Any:
    """Return the text in a text of JSON: a label that was encoded twice.

    >>> _unquoted('"cat"'), _unquoted("cat"), _unquoted('"cat", he said')
    ('cat', 'cat', '"cat", he said')
    """
    if type(value) is not str or not value.startswith('"'):
        return value
    inner = parse_json(value)
    return inner if type(inner) is str else value


def opens_json(text: str) -> bool:
    """Say whether a text begins as an object, a list or a text of JSON does.

    >>> opens_json(' {"a": 1}'), opens_json("1")
    (True, False)
    """
    return text.lstrip()[:1] in _OPENS_JSON


def media(content_type: str | None) -> str:
    """Return a Content-Type's media type.

    >>> media("Text/CSV; header=present")
    'text/csv'
    """
    return (content_type or "").partition(";")[0].strip().lower()
