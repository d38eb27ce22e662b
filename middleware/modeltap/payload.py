"""Input and output of protocol plugins: an exchange's payload, and decoded rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from modeltap.rows import Row

if TYPE_CHECKING:
    from modeltap.config.mapping_settings import MappingSettings

Body = str | bytes | None
"""A stored body: text, bytes if it is not UTF-8, or None if it was not stored."""

_read_json = msgspec.json.Decoder().decode

_MARK = "\ufeff"
"""The byte-order mark in text. In bytes, Python's json module handles it."""

_OPENS_JSON = ("{", "[", '"')

_MAX_WRAPPINGS = 5
"""Maximum nesting of JSON in JSON strings. Each level doubles the number of backslashes."""


@dataclass
class Payload:
    """An exchange, as passed to protocol plugins. Its JSON is parsed once for all of them.

    Content-Encoding has been removed from bodies. Bodies longer than `max_body_bytes` are cut.
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
    """Headers used by protocols or selected by the user, with names in lower case."""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    stream: Mapping[str, Any] = field(default_factory=dict)
    """Facts about a response in several chunks: their number, gaps, and `lines` by time."""
    mapping: MappingSettings | None = None
    """The user's mapping of the model's bodies. All protocols may use its `columns`."""
    request_truncated: bool = False
    """True if only the first `max_body_bytes` of the body were stored."""
    response_truncated: bool = False

    @cached_property
    def request_json(self) -> Any:
        """The request as a JSON document; None if it is not JSON or was cut."""
        return None if self.request_truncated else unwrapped(parse_json(self.request))

    @cached_property
    def response_json(self) -> Any:
        """The response as a JSON document; None if it is not JSON or was cut."""
        return None if self.response_truncated else _unquoted(unwrapped(parse_json(self.response)))

    @property
    def request_media(self) -> str:
        """The request's media type in lower case, without parameters; empty if missing."""
        return media(self.request_type)

    @property
    def response_media(self) -> str:
        """The response's media type, like `request_media`."""
        return media(self.response_type)

    def named(self, values: Sequence[Any]) -> dict[str, Any]:
        """Name the values of a row: by the user's columns, or f0, f1, ...

        >>> Payload("/", None, 200, None, None).named([1, "a"])
        {'f0': 1, 'f1': 'a'}
        """
        columns = self.mapping.columns if self.mapping else ()
        if len(columns) == len(values):
            return dict(zip(columns, values, strict=True))
        return {f"f{position}": value for position, value in enumerate(values)}

    def line_ms(self, line: int) -> float | None:
        """Return the time in ms from the request to the response's line `line` (from 0).

        None if it was not measured, as for a response in one chunk or a compressed one.
        """
        for moment, complete in self.stream.get("lines", ()):
            if complete > line:
                return float(moment)
        return None


class ToolCall(NamedTuple):
    """A call of a tool in a completion; `arguments` is the text that the model wrote."""

    name: str
    arguments: str


@dataclass(slots=True)
class Decoded:
    """A decoded exchange: N rows and, if the counts match, N predictions.

    `note` is the reason if something is missing. Without rows nothing was decoded.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    """Further fields of the response, a dictionary per row: features of the output."""
    calls: list[list[ToolCall]] = field(default_factory=list)
    """The calls of tools in each row's completion, for people; they are not features."""
    note: str | None = None
    id: str | None = None
    """The protocol's id of the exchange, which labels may use."""
    answered_elsewhere: bool = False
    """True if another exchange, with the same `id`, contains the response to this request."""
    answers_to: list[str] = field(default_factory=list)
    """Ids of the exchanges with the rows of these predictions (`answered_elsewhere`)."""

    def pair(
        self,
        predictions: Sequence[Any],
        scores: Sequence[float | None] = (),
        probabilities: Sequence[Any] = (),
    ) -> Decoded:
        """Add N predictions for N rows. If the counts differ, add a note instead.

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
    """N decoded exchanges of one row each: lists of length N.

    A row of None means that the exchange was not decoded, and `decode` is called for it.
    """

    rows: list[Row | None] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    answers: list[dict[str, Any] | None] = field(default_factory=list)
    """Further fields of the responses; empty if there are none."""
    notes: list[str | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EvaluatedOutput:
    """An output as evaluators receive it, with the request that it responds to.

    `output` is None if the response has no output, such as one with tool calls only. `fields` has
    the inputs, and the further fields of the output.
    """

    id: str
    row: int
    prompt: str | None
    output: str | None
    fields: Mapping[str, Any] = field(default_factory=dict)


NO_PREDICTION = "response: no prediction found"
"""The note of a response without a recognizable prediction. A mapping can define its location."""


def parse_json(body: Body) -> Any:
    """Parse `body` as JSON; return None if it is not JSON. NaN and Infinity are accepted.

    A byte-order mark, as written by Windows editors and .NET, is ignored.

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
        # NaN and Infinity are not valid JSON, but Python's json module writes them.
        return _encodable(json.loads(without_mark(body) if isinstance(body, str) else body))
    except (ValueError, RecursionError):
        return None


def _encodable(document: Any) -> Any:
    """Escape lone surrogates in a JSON document, which JSON allows but no encoding can write."""
    try:
        # Most documents have none; two passes in C find that out.
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return _without_surrogates(document)
    return document


def _without_surrogates(value: Any) -> Any:
    r"""Return a JSON value with its lone surrogates escaped.

    >>> _without_surrogates({"a\ud800": ["\udfff", 1]})
    {'a\\ud800': ['\\udfff', 1]}
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        pairs = value.items()
        return {_without_surrogates(name): _without_surrogates(inner) for name, inner in pairs}
    return [_without_surrogates(inner) for inner in value] if isinstance(value, list) else value


def without_mark(text: str) -> str:
    """Return a text without a leading byte-order mark."""
    return text.removeprefix(_MARK)


def unwrapped(value: Any) -> Any:
    """Parse a text that contains a JSON object or list; return any other value unchanged.

    Clients and servers that encode JSON twice send such texts.

    >>> unwrapped('{"a": 1}'), unwrapped("[a]"), unwrapped("1"), unwrapped([2])
    ({'a': 1}, '[a]', '1', [2])
    """
    document = value
    for _ in range(_MAX_WRAPPINGS):
        if type(document) is not str or not opens_json(document):
            break
        document = parse_json(document)
    return document if type(document) in (dict, list) else value


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
    """Return True if a text begins like a JSON object, list or string.

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
