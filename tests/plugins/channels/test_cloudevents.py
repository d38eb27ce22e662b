"""The CloudEvents channel."""

from __future__ import annotations

import json

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event


def test_the_cloudevents_library_parses_the_event(send, event):
    got = send(event, "cloudevents", "msg_7")
    read = from_structured_event(HTTPMessage(headers=got.headers, body=got.body))
    assert (read.get_id(), read.get_specversion()) == ("msg_7", "1.0")
    assert read.get_type() == f"modeltap.{event['type']}"
    assert read.get_source().startswith("/modeltap/")
    data = read.get_data()
    assert (json.loads(data) if isinstance(data, (str, bytes)) else data) == event["data"]
