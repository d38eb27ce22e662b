"""Server-sent events and JSON Lines in a stored body, which is complete or cut at its end.

Libraries for server-sent events read a live response, and none reports the line in which an
event ended, which gives the event's time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from modeltap.payload import Body, Payload, parse_json

DONE = "[DONE]"
"""The data of the last event of OpenAI's streams."""

_FIELDS = ("data", "event", "id", "retry")


class Frame(NamedTuple):
    """One event: its joined data lines, and the number (from 0) of the line that ended it."""

    event: str | None
    data: str
    id: str | None
    line: int


class Document(NamedTuple):
    """A JSON object in a stream, with its event's name and the number of its last line."""

    event: str | None
    json: dict[str, Any]
    line: int


class Stream(NamedTuple):
    """The JSON objects of a streamed response; none for a single document or plain text."""

    documents: list[Document]
    is_stream: bool
    done: bool
    """True if the stream contains OpenAI's end mark."""


def frames(body: Body) -> list[Frame]:
    r"""Return the events of `body`, without a last one that was cut.

    Lines end with LF, CRLF or CR; they are numbered by LF, as `Payload.line_ms` counts them.

    >>> frames("event: a\ndata: 1\ndata: 2\n\n: comment\n\ndata: 3")
    [Frame(event='a', data='1\n2', id=None, line=3)]
    """
    events: list[Frame] = []
    frame = _Open()
    for number, line, ended in _lines(_text(body)):
        if line and (ended or frame.completed_by(line)):
            frame.read(line, number)
        elif line:
            return events  # the cut line belongs to an event without an end
        else:
            events += frame.closed(number if ended else None)
            frame = _Open()
    return events


def is_framed(body: Body) -> bool:
    r"""Return True if `body` has the form of events; servers also use their type for plain text.

    >>> is_framed(": hi\n\ndata: 1\n\n"), is_framed("Hello, world"), is_framed("data")
    (True, False, False)
    """
    text = _text(body).lstrip("\ufeff\r\n")
    name, colon, _ = text[:8].partition(":")
    return bool(colon) and (not name or name in _FIELDS)


def json_lines(body: Body) -> list[Document]:
    """Return the objects of JSON Lines; none if a line other than the last is not an object."""
    documents = []
    lines = _text(body).split("\n")
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        document = parse_json(line)
        if type(document) is dict:
            documents.append(Document(None, document, number))
        elif number < len(lines) - 1:
            return []
    return documents


def stream_of(payload: Payload) -> Stream:
    """Read a response as a stream of events or JSON Lines, regardless of its content type.

    >>> stream_of(Payload("/", None, 200, None, 'data: {"a": 1}\\n\\ndata: [DONE]\\n\\n')).done
    True
    """
    if not payload.response or payload.response_json is not None:
        return Stream([], False, False)
    if not is_framed(payload.response):
        lines = json_lines(payload.response)
        return Stream(lines, bool(lines), False)
    documents, done = [], False
    for frame in frames(payload.response):
        done = done or frame.data.strip() == DONE
        document = parse_json(frame.data)
        if type(document) is dict:
            documents.append(Document(frame.event, document, frame.line))
    return Stream(documents, True, done)


class _Open:
    """An event that has not ended."""

    def __init__(self) -> None:
        self._data: list[str] = []
        self._event: str | None = None
        self._id: str | None = None
        self._line = 0

    def read(self, line: str, number: int) -> None:
        self._line = number
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id":
            self._id = value

    def completed_by(self, line: str) -> bool:
        """Return True if data in a line without an end is complete, which JSON shows."""
        name, _, value = line.partition(":")
        value = value.strip()
        whole = value == DONE or (value[-1:] in ("}", "]") and parse_json(value) is not None)
        return name == "data" and not self._data and whole

    def closed(self, number: int | None) -> list[Frame]:
        """Return the event, if it has data; `number` None means that it ended in its last line."""
        if not self._data:
            return []
        line = self._line if number is None else number
        return [Frame(self._event, "\n".join(self._data), self._id, line)]


def _text(body: Body) -> str:
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each line with the number of LFs before it, and True if it has an end.

    A last blank line is added, which closes an event whose blank line is missing.
    """
    rows = text.removeprefix("\ufeff").split("\n")
    for number, row in enumerate(rows):
        last = number == len(rows) - 1
        parts = (row if last else row.removesuffix("\r")).split("\r")
        for position, part in enumerate(parts):
            yield number, part, not (last and position == len(parts) - 1)
    yield len(rows) - 1, "", False
