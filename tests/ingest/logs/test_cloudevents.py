"""CloudEvents from headers and from JSON: the same event either way."""

from __future__ import annotations

import base64

import pytest

from modeltap.ingest.logs.cloudevents import NoEvent, from_document, from_headers

ATTRIBUTES = {"id": "1", "source": "s", "type": "t", "specversion": "1.0"}


def test_both_forms_are_one_event():
    headers = [(f"CE-{name}", value) for name, value in ATTRIBUTES.items()]
    binary = from_headers([*headers, ("Content-Type", "application/json")], b'{"a":1}')
    structured = from_document({**ATTRIBUTES, "data": {"a": 1}})
    assert binary == structured and binary.attributes == ATTRIBUTES


def test_headers_are_percent_encoded():
    headers = [(f"ce-{name}", value) for name, value in ATTRIBUTES.items()]
    assert from_headers([*headers, ("ce-model", "h%C3%A4")], b"").attributes["model"] == "hä"


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ({"data_base64": base64.b64encode(b"\xff").decode()}, b"\xff"),
        ({"data": "a", "datacontenttype": "text/plain"}, b"a"),
        ({"data": "a"}, b'"a"'),
        ({"data": "a", "datacontenttype": "application/x+json; v=1"}, b'"a"'),
        ({"data": None}, b""),
        ({"data": [1, "ä"]}, '[1,"ä"]'.encode()),
    ],
)
def test_data_is_bytes_by_its_type(document, data):
    assert from_document({**ATTRIBUTES, **document}).data == data


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_what_is_missing_is_named(name):
    rest = {key: value for key, value in ATTRIBUTES.items() if key != name}
    with pytest.raises(NoEvent, match=f"no {name}"):
        from_document(rest)
    with pytest.raises(NoEvent, match=f"header ce-{name}"):
        from_headers([(f"ce-{key}", value) for key, value in rest.items()], b"")


@pytest.mark.parametrize("document", [[], "x", None, {**ATTRIBUTES, "data_base64": "?"}])
def test_what_is_no_event_is_said_in_words(document):
    with pytest.raises(NoEvent, match=r"JSON object|not valid base64"):
        from_document(document)
