"""Server-sent events and JSON Lines in kept bodies."""

from __future__ import annotations

import json
from array import array

import pytest

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from modeltap.writer import chunk_timing as times
from modeltap_protocols._shared.sse import Frame, frames, is_framed, json_lines, stream_of


def read(body):
    return [(frame.event, frame.data, frame.line) for frame in frames(body)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("data: 1\n\ndata: 2\n\n", [(None, "1", 1), (None, "2", 3)]),
        ("data: 1\r\n\r\ndata:2\r\n\r\n", [(None, "1", 1), (None, "2", 3)]),
        ("data: 1\r\rdata: 2\r\r", [(None, "1", 0), (None, "2", 0)]),
        ("event: a\ndata: 1\ndata:  2\n\n", [("a", "1\n 2", 3)]),
        (": hi\n\n:\ndata: 1\nretry: 5\nfoo: 1\n\n", [(None, "1", 6)]),
        ("event: a\n\ndata: 1\n\n", [(None, "1", 3)]),
        ("data\n\n", [(None, "", 1)]),
        ("data: 1\n", [(None, "1", 0)]),
        ("data: 1\r", [(None, "1", 0)]),
        ("data: 1\n\ndata: 2", [(None, "1", 1)]),
        ("data: 1\n\nevent: a\ndat", [(None, "1", 1)]),
        ('data: {"a": 1}', [(None, '{"a": 1}', 0)]),
        ('data: {"a": "}', []),
        ('data: {\ndata: "a": 1}', []),
        ("data: [DONE]", [(None, "[DONE]", 0)]),
        ("\ufeffdata: 1\n\n", [(None, "1", 1)]),
        ("data: a\u2028b\x0bc\n\n", [(None, "a\u2028b\x0bc", 1)]),
        ("", []),
    ],
)
def test_events_are_read_as_the_standard_says(body, found):
    """Any line ends, several data lines, comments; what was cut is left out."""
    assert read(body) == found
    assert read(body.encode()) == found


def test_an_id_is_read_too():
    """Of its own event."""
    assert frames("id: 7\ndata: 1\n\ndata: 2\n\n") == [
        Frame(None, "1", "7", 2),
        Frame(None, "2", None, 4),
    ]


@pytest.mark.parametrize("text", ["Hello, world", '{"a": 1}\n', "datum: 1", "", "a: b\n"])
def test_text_that_is_no_events_is_told_apart(text):
    """Whatever its content type says."""
    assert not is_framed(text)
    assert stream_of(Payload("/", None, 200, None, text, None, "text/event-stream")).done is False


def test_json_lines():
    """The last may be cut; a line that is something else makes it something else."""
    found = json_lines('{"a": 1}\n\n{"b": 2}\r\n{"c": ')
    assert [(one.json, one.line) for one in found] == [({"a": 1}, 0), ({"b": 2}, 2)]
    assert json_lines('{"a": 1}\nwords\n{"b": 2}') == []
    chat = {"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]}
    request = '{"model": "m", "messages": [{"role": "user", "content": "x"}]}'
    payload = Payload("/", None, 200, request, f"{json.dumps(chat)}\n" * 2)
    found = Decoders().decode(payload)
    assert (found.predictions, found.answers[0]["streamed"]) == (["hihi"], True)


def test_an_events_time_is_that_of_the_piece_with_its_end():
    """Wherever the body is cut into two pieces."""
    body = b'data: {"a": 1}\n\nevent: b\r\ndata: {"b": 2}\r\n\r\n'
    first, second = body.index(b"\n\n") + 2, len(body)
    for cut in range(1, len(body)):
        packed = array("d", (5.0, cut, 9.0, len(body))).tobytes()
        told = json.loads(times.stream_of(2, packed, body, ""))
        payload = Payload("/", None, 200, None, body.decode(), stream=told)
        moments = [payload.line_ms(frame.line) for frame in frames(payload.response)]
        assert moments == [5.0 if cut >= end else 9.0 for end in (first, second)]
