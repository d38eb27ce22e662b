"""Server-sent events and JSON Lines in a stored body, which is complete or cut at its end.

Libraries for server-sent events read a live response, and none reports the line in which an
event ended, which gives the event's time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

import msgspec

from modeltap.payload import Body, Payload, parse_json

DONE = "[DONE]"
"""The data of the last event of OpenAI's streams."""

_FIELDS = ("data", "event", "id", "retry")

_DATA = "data: "

_BEFORE_JSON = " \t\r\n\ufeff"

_read_dictionaries = msgspec.json.Decoder().decode_lines

T = TypeVar("T")


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
    """A streamed response: events with JSON objects, or JSON Lines.

    Both are empty for a single document or plain text.
    """

    events: Sequence[Frame] = ()
    lines: Sequence[Document] = ()
    is_stream: bool = False
    done: bool = False
    """True if the stream contains OpenAI's end mark."""

    @property
    def documents(self) -> Sequence[Document]:
        """The JSON objects of the stream."""
        return self.lines or _documents(self.events)


def frames(body: Body) -> list[Frame]:
    r"""Return the events of `body`, without a last one that was cut.

    Lines end with LF, CRLF or CR; they are numbered by LF, as `Payload.line_ms` counts them.

    >>> frames("event: a\ndata: 1\ndata: 2\n\n: comment\n\ndata: 3")
    [Frame(event='a', data='1\n2', id=None, line=3)]
    """
    text = _text(body).removeprefix("\ufeff")
    if "\r" not in text:
        return _frames(text)
    text = text.replace("\r\n", "\n")
    events = _frames(text.replace("\r", "\n"))
    ends = re.findall("[\r\n]", text)
    numbers = list(accumulate((end == "\n" for end in ends), initial=0))
    return [frame._replace(line=numbers[frame.line]) for frame in events]


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
        return Stream()
    if not is_framed(payload.response):
        lines = json_lines(payload.response)
        return Stream(lines=lines, is_stream=bool(lines))
    objects, done = [], False
    for event in frames(payload.response):
        if event.data.lstrip(_BEFORE_JSON)[:1] == "{":
            objects.append(event)
        elif event.data.strip() == DONE:
            done = True
    return Stream(objects, is_stream=True, done=done)


def decoded_at_once(
    events: Sequence[Frame], decode_lines: Callable[[str], list[T]]
) -> list[T] | None:
    """Return the data of events, each an object, decoded in one call; None if one is invalid.

    Objects in different lines are never joined, so equal numbers mean one object per event.

    Args:
        decode_lines: a method of a decoder of msgspec.
    """
    try:
        objects = decode_lines("\n".join([event.data for event in events]))
    except (msgspec.DecodeError, RecursionError):
        return None
    return objects if len(objects) == len(events) else None


def _documents(events: Sequence[Frame]) -> list[Document]:
    objects: list[Any] | None = decoded_at_once(events, _read_dictionaries)
    if objects is None:
        objects = [parse_json(event.data) for event in events]
    return [
        Document(event.event, document, event.line)
        for event, document in zip(events, objects, strict=True)
        if type(document) is dict
    ]


def _frames(text: str) -> list[Frame]:
    """Return the events of a text whose lines end with LF."""
    if (single := _single_lines(text)) is not None:
        return [Frame(None, data, None, 2 * place + 1) for place, data in enumerate(single)]
    events: list[Frame] = []
    number = 0
    *blocks, rest = text.split("\n\n")
    for block in blocks:
        number += block.count("\n") + 1  # the blank line after the block
        events += _event(block.split("\n"), number)
        number += 1
    return events + _last_event(rest, number)


def _single_lines(text: str) -> list[str] | None:
    """Return the data of events of one line each; None if any has other fields or was cut.

    Most streams have this form, and reading their lines one by one takes three times as long.
    """
    if not (text.startswith(_DATA) and text.endswith("\n\n")):
        return None
    data = text[len(_DATA) : -2].split("\n\n" + _DATA)
    return data if text.count("\n") == 2 * len(data) else None


def _event(lines: Sequence[str], number: int) -> list[Frame]:
    """Return the event of some lines, if it has data; `number` is that of the line that ended it"""
    data: list[str] = []
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        else:
            fields[name] = value
    return [Frame(fields.get("event"), "\n".join(data), fields.get("id"), number)] if data else []


def _last_event(rest: str, number: int) -> list[Frame]:
    """Return the event in the text after the last blank line, unless it was cut.

    It ended in its last line. If that line has no end, only its JSON shows that it is complete.
    """
    lines = rest.split("\n")
    before, last = lines[:-1], lines[-1]
    if not last:
        *_, place = (0, *(at for at, line in enumerate(before) if line))
        return _event(before, number + place)
    whole = _is_whole(last) and not _event(before, 0)
    return _event(lines, number + len(before)) if whole else []


def _is_whole(line: str) -> bool:
    """Return True if data in a line without an end is complete."""
    name, _, value = line.partition(":")
    value = value.strip()
    return name == "data" and (
        value == DONE or (value[-1:] in ("}", "]") and parse_json(value) is not None)
    )


def _text(body: Body) -> str:
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
