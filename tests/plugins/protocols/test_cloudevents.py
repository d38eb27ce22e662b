"""CloudEvents: what the library writes is unwrapped, and decoded as what it holds."""

from __future__ import annotations

import datetime
import json

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from modeltap.decoding.decoders import Decoders
from modeltap.payload import Payload
from modeltap.store.connection import connect
from samples import MLSERVER_HEADERS, V2_INPUT, V2_PREDICT, body, v2
from stores import START, analyze, read

INSTANCES = {"instances": [[1.5, 0.1], [-2.0, 0.2]]}
ROWS = [{"f0": 1.5, "f1": 0.1}, {"f0": -2.0, "f1": 0.2}]


def written(to, data, **attributes):
    """Return an event's body and headers, these as the tap keeps them."""
    said = {
        "specversion": "1.0",
        "type": "t",
        "source": "s",
        "id": "ev-1",
        "time": datetime.datetime.now(datetime.UTC),
        **attributes,
    }
    message = to(CloudEvent(said, data))
    headers = {name.lower(): value for name, value in message.headers.items()}
    return body(message.body), headers


def decoded(to, data, response=None, path="/v1/models/m:predict", **attributes):
    request, headers = written(to, data, **attributes)
    kind = headers.pop("content-type", None)
    return Decoders().decode(
        Payload(path, None, 200, request, body(response), kind, request_headers=headers)
    )


@pytest.mark.parametrize("to", [to_binary_event, to_structured_event])
def test_an_event_is_what_it_holds(to):
    """In its body or in its attributes; the id is the event's."""
    found = decoded(to, INSTANCES, {"predictions": [1, 0]}, datacontenttype="application/json")
    assert (found.rows, found.predictions, found.id) == (ROWS, [1, 0], "ev-1")


@pytest.mark.parametrize("to", [to_binary_event, to_structured_event])
def test_events_of_csv(to):
    """The event names their type."""
    found = decoded(to, "a,b\n1,2", "1", "/", datacontenttype="text/csv")
    assert (found.rows, found.predictions) == ([{"a": 1, "b": 2}], [1])


@pytest.mark.parametrize("to", [to_binary_event, to_structured_event])
def test_events_of_bytes(to):
    """In base64, or as they are."""
    kind = "application/octet-stream"
    assert decoded(to, b"\x89PNG\0\xff", 1, "/", datacontenttype=kind).note == (
        "request: not JSON but a PNG image"
    )


def test_mlservers_answers_are_no_events():
    """It sends such headers with all of them; the id is the request's."""
    payload = Payload(
        "/v2/models/m/infer",
        None,
        200,
        json.dumps({"id": "p1", "inputs": [V2_INPUT]}),
        json.dumps(v2(V2_PREDICT)),
        response_headers=MLSERVER_HEADERS,
    )
    assert Decoders().decode(payload).id == "p1"


def test_events_among_plain_requests_keep_their_ids(store):
    """On one path and of one type, many at once."""
    connection = connect(store)
    when = START.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for number in range(100):
        headers = {"ce-specversion": "1.0", "ce-id": f"ev-{number}"} if number % 2 else None
        connection.execute(
            "insert into exchanges (id, model, source, started_at, event_time, status, path, "
            "duration_ms, sample_rate, request_type, request_body, response_body, request_headers) "
            "values (?, 'm', 'asgi', ?, ?, 200, '/p', 1, 1.0, 'application/json', ?, '1', ?)",
            (
                str(number),
                when,
                when,
                json.dumps({"x": number}),
                json.dumps(headers) if headers else None,
            ),
        )
    connection.close()
    analyze(store, {})
    found = read(store, "select protocol_id from exchanges order by seq")
    assert [row["protocol_id"] for row in found[:4]] == [None, "ev-1", None, "ev-3"]
    assert read(store, "select count(*) n from predictions") == [{"n": 100}]


@pytest.mark.parametrize(
    "event",
    [
        {"data": None},
        {"data_base64": "%%%"},
        {"data_base64": 7},
        {},
        {"id": None, "data": [1]},
        {"datacontenttype": 5, "data": {"a": 1}},
        {"data": 10**400},
        {"data": "\ud800"},
    ],
)
def test_events_that_hold_nothing_of_use(event):
    """A note, and no error."""
    said = {"specversion": "1.0", "id": "e", "source": "s", "type": "t", **event}
    found = Decoders().decode(Payload("/", None, 200, json.dumps(said), "1"))
    assert found.rows or found.note
    assert not (found.note or "").startswith("decoding failed")


def test_events_within_events():
    """As deep as they go."""
    said = {"a": 1}
    for number in range(40):
        said = {"specversion": "1.0", "id": f"e{number}", "source": "s", "type": "t", "data": said}
    found = Decoders().decode(Payload("/", None, 200, json.dumps(said), "1"))
    assert (found.rows, found.id) == ([{"a": 1}], "e0")
