"""The endpoints of the tap in a WSGI app, by the example of labels."""

from __future__ import annotations

import io
import json

import pytest

import modeltap
from modeltap.tap.labelling.labels_endpoint import MAX_BODY_BYTES


def app(environ, start_response):
    start_response("200 OK", [])
    return [b"of the app"]


@pytest.fixture
def tapped(store):
    return modeltap.WSGIMiddleware(
        app, model="m", store=store, analyze=False, labels_endpoint="/labels", labels_token="t0ken"
    )


def ask(tapped, body=b"", path="/labels", **environ):
    started = []
    given = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "HTTP_AUTHORIZATION": "Bearer t0ken",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    answer = b"".join(tapped(given, lambda status, headers, *_: started.append((status, headers))))
    return *started[0], answer


def test_labels_are_stored(tapped):
    status, headers, body = ask(tapped, b'{"id": "a", "value": 1}')
    assert status == "202 Accepted" and dict(headers)["content-length"] == str(len(body))
    assert json.loads(body) == {"accepted": 1, "unknown": 1, "rejected": []}


def test_other_paths_are_the_apps(tapped):
    assert ask(tapped, path="/labels/")[2] == b"of the app"
    assert ask(tapped, path="")[2] == b"of the app"


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"REQUEST_METHOD": "GET"}, "405 Method Not Allowed"),
        ({"HTTP_AUTHORIZATION": "Bearer other"}, "401 Unauthorized"),
        ({"HTTP_AUTHORIZATION": "Bearer"}, "401 Unauthorized"),
        ({"CONTENT_LENGTH": str(MAX_BODY_BYTES + 1)}, "413"),
        ({"CONTENT_LENGTH": ""}, "400 Bad Request"),
        ({"CONTENT_LENGTH": "-5"}, "400 Bad Request"),
        ({"wsgi.input": None}, "400 Bad Request"),
    ],
)
def test_refused_posts(tapped, environ, status):
    assert ask(tapped, b'{"id": "a", "value": 1}', **environ)[0].startswith(status)


def test_a_body_of_unknown_length_is_read_to_its_end(tapped):
    body = b'{"id": "a", "value": 1}'
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    assert ask(tapped, body, **chunked)[0] == "202 Accepted"
    assert ask(tapped, b" " * (MAX_BODY_BYTES + 1), **chunked)[0].startswith("413")


def test_too_many_requests_at_once_are_refused(tapped):
    """They would wait in the threads of the app."""
    endpoint = tapped._endpoints.find({"PATH_INFO": "/labels"})
    tapped._endpoints._waiting[endpoint.path] = endpoint.most_at_once
    status, headers, _ = ask(tapped, b'{"id": "a", "value": 1}')
    assert status == "503 Service Unavailable" and ("retry-after", "1") in headers
