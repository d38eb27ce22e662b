"""The WSGI tap: lazy, and compliant with PEP 3333."""

from __future__ import annotations

import gzip
import io
import json
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
from flask import Flask, request

import modeltap


def environ_of(body=b"", **more):
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/predict",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }


class Server:
    """Calls an app like a server, and keeps its output."""

    def __init__(self):
        self.started = []
        self.written = []

    def start_response(self, status, headers, exc_info=None):
        self.started.append((status, list(headers), exc_info))
        return self.written.append


def tapped(app, store, **options):
    return modeltap.WSGIMiddleware(app, model="m", store=store, analyze=False, **options)


@pytest.fixture
def last(store, read_rows):
    def read():
        assert modeltap.flush(10)
        return read_rows(store)[-1]

    return read


class Body:
    """A one-shot iterable that records how it is used."""

    def __init__(self, *chunks):
        self.chunks = list(chunks)
        self.pulled = 0
        self.closed = 0

    def __iter__(self):
        for chunk in self.chunks:
            self.pulled += 1
            yield chunk

    def close(self):
        self.closed += 1


def app_of(body, headers=(), status="200 OK"):
    def app(environ, start_response):
        start_response(status, list(headers))
        return body

    return app


def test_bodies_are_recorded_and_iterated_lazily(store, last):
    """The server decides when a chunk is created; `close` reaches the original exactly once."""
    body, server = Body(b"a", b"b", b"c"), Server()
    result = tapped(app_of(body), store)(environ_of(), server.start_response)
    chunks = iter(result)
    assert body.pulled == 0
    assert next(chunks) == b"a" and body.pulled == 1
    assert list(chunks) == [b"b", b"c"]
    result.close()
    result.close()
    row = last()
    assert body.closed == 1
    assert row["response_body"] == "abc" and row["aborted"] is None
    assert server.started[0][1] == [("x-modeltap-id", row["id"])]


def test_a_disconnected_client_stops_the_generator(store, last):
    """Further chunks are not created; the record is marked as aborted."""
    body, server = Body(*[b"x"] * 100), Server()
    result = tapped(app_of(body), store)(environ_of(), server.start_response)
    next(iter(result))
    result.close()
    assert body.pulled == 1 and body.closed == 1
    assert last()["aborted"] == 1


def test_a_body_closed_before_its_first_chunk_is_closed(store, last):
    """A generator that never started is closed, too."""
    body = Body(b"x")
    result = tapped(app_of(body), store)(environ_of(), Server().start_response)
    result.close()
    assert body.closed == 1 and last()["aborted"] == 1


def test_what_the_app_reads_is_recorded(store, last):
    """A body that it reads as far as its length is complete, without another read."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return [environ["wsgi.input"].read(7)]

    assert list(tapped(app, store)(environ_of(b"one\ntwo"), Server().start_response)) == [
        b"one\ntwo"
    ]
    row = last()
    assert (row["request_body"], row["request_read"]) == ("one\ntwo", 1)


def test_a_body_that_the_app_does_not_read_stays_unread(store, last):
    """The input is never drained on behalf of the app."""
    environ = environ_of(b"unread")
    source = environ["wsgi.input"]
    list(tapped(app_of([b"1"]), store)(environ, Server().start_response))
    assert source.read() == b"unread"
    assert last()["request_note"] == "not read"


@pytest.mark.parametrize("length", ["", "abc", "-1", "1.5", None, "\xb2", "9" * 5000])
def test_a_malformed_content_length_is_ignored(store, last, length):
    """The app gets the same input."""
    environ = environ_of(b"x")
    if length is None:
        del environ["CONTENT_LENGTH"]
    else:
        environ["CONTENT_LENGTH"] = length
    list(tapped(app_of([b"1"]), store)(environ, Server().start_response))
    assert last()["status"] == 200


@pytest.mark.parametrize("kind", [list, tuple, iter, lambda pairs: dict(pairs).items()])
@pytest.mark.parametrize("id_header", ["x-modeltap-id", None])
def test_headers_may_be_any_iterable(store, last, kind, id_header):
    """Some servers take more than the list of PEP 3333; an iterator can be read once only."""
    pairs = [("Content-Type", "text/csv"), ("X-A", "1")]

    def app(environ, start_response):
        start_response("200 OK", kind(pairs))
        return [b"1"]

    server = Server()
    list(tapped(app, store, id_header=id_header)(environ_of(), server.start_response))
    assert server.started[0][1][:2] == pairs
    assert last()["response_type"] == "text/csv"


@pytest.mark.parametrize("headers", [None, [("a",)], 7, [None]], ids=repr)
def test_malformed_headers_are_forwarded_to_the_server(store, last, headers):
    """The server reports them, as it would without a tap."""
    forwarded = []

    def app(environ, start_response):
        start_response("200 OK", headers)
        return [b"1"]

    tap = tapped(app, store)
    list(tap(environ_of(), lambda status, headers, exc_info=None: forwarded.append(headers)))
    assert forwarded == [headers] and last()["response_body"] == "1"


@pytest.mark.parametrize("kind", [list, iter])
@pytest.mark.parametrize("chunks", [["text"], [b"a", 7], [("x",)]], ids=repr)
def test_a_chunk_that_is_not_bytes_is_forwarded_to_the_server(store, last, kind, chunks):
    """The server reports it, as it would without a tap."""
    result = tapped(app_of(kind(chunks)), store)(environ_of(), Server().start_response)
    assert list(result) == chunks
    assert last()["status"] == 200


@pytest.mark.parametrize("status", ["\xb2\xb2\xb2 x", "", "teapot"])
def test_a_malformed_status_is_forwarded_to_the_server(store, last, status):
    """The server handles it."""
    server = Server()
    list(tapped(app_of([b"1"], status=status), store)(environ_of(b"x"), server.start_response))
    assert server.started[0][0] == status and last()["status"] is None


def test_a_file_wrapper_is_returned_unwrapped(store, last):
    """The server can use sendfile; the body has the note 'not seen'."""
    wrapped = FileWrapper(io.BytesIO(b"file"))
    environ = environ_of(**{"wsgi.file_wrapper": FileWrapper})
    result = tapped(app_of(wrapped), store)(environ, Server().start_response)
    assert result is wrapped
    assert last()["response_note"] == "not seen"


def test_start_response_may_be_called_again_and_write_is_recorded(store, last):
    """An app may change the status before anything is sent, and may use `write`."""

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise ValueError("late")
        except ValueError as error:
            write = start_response("500 Oops", [], (type(error), error, None))
        write(b"written")
        return [b" returned"]

    server = Server()
    result = tapped(app, store)(environ_of(), server.start_response)
    assert b"".join(result) == b" returned" and server.written == [b"written"]
    row = last()
    assert (row["status"], row["error_type"]) == (500, "ValueError")
    assert row["response_body"] == "written returned"


def test_an_exception_is_raised_unchanged(store, last):
    """From the call, and from the middle of a stream."""
    error = RuntimeError("no such carrier")

    def app(environ, start_response):
        raise error

    with pytest.raises(RuntimeError) as caught:
        tapped(app, store)(environ_of(), Server().start_response)
    assert caught.value is error
    row = last()
    assert (row["status"], row["aborted"]) == (500, None)
    assert (row["error_type"], row["error_message"]) == ("RuntimeError", "no such carrier")

    def stream():
        yield b"part"
        raise error

    result = tapped(app_of(stream()), store)(environ_of(), Server().start_response)
    with pytest.raises(RuntimeError) as caught:
        list(result)
    assert caught.value is error
    row = last()
    assert (row["status"], row["aborted"], row["response_body"]) == (200, 1, "part")
    assert (row["error_type"], row["error_message"]) == ("RuntimeError", "no such carrier")


def test_the_standard_librarys_validator_passes(store):
    """wsgiref.validate accepts both sides."""

    def app(environ, start_response):
        environ["wsgi.input"].read(3)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter([b"ok"])

    server = Server()
    checked = validator(tapped(validator(app), store))
    environ = environ_of(b"abc", CONTENT_TYPE="text/plain")
    result = checked(environ, server.start_response)
    assert b"".join(result) == b"ok"
    result.close()


def test_the_route_of_flask_is_recorded(store, last):
    """Flask's rule is read from the request that werkzeug puts into the environ."""
    app = Flask("test")

    @app.post("/predict/<name>")
    def predict(name):
        return {"prediction": request.get_json()["x"] * 2}

    modeltap.watch(app, model="m", store=store, analyze=False)
    answer = app.test_client().post("/predict/a", json={"x": 2})
    assert answer.json == {"prediction": 4} and answer.headers["x-modeltap-id"] == last()["id"]
    assert last()["route"] == "/predict/<name>"
    assert last()["path"] == "/predict/a"


@pytest.mark.parametrize("path", ["/health", "/predict"])
def test_paths_exclude_the_script_name(store, read_rows, path):
    """As the app sees them."""
    app = modeltap.WSGIMiddleware(app_of([b"1"]), model="m", store=store, analyze=False)
    list(app(environ_of(SCRIPT_NAME="/api", PATH_INFO=path), Server().start_response))
    assert modeltap.flush(10)
    rows = read_rows(store) if store.exists() else []
    assert [row["path"] for row in rows] == ["/predict"] * (path == "/predict")


def test_headers_that_protocols_need_are_recorded(store, last):
    """As with ASGI; others only if they are configured."""

    def app(environ, start_response):
        start_response("200 OK", [("X-BentoML-Request-ID", "a7"), ("X-Own", "no")])
        return [b"1"]

    headers = {
        "HTTP_CE_ID": "7",
        "HTTP_INFERENCE_HEADER_CONTENT_LENGTH": "12",
        "HTTP_X_OWN": "no",
        "HTTP_X_TENANT": "t",
        "CONTENT_TYPE": "text/csv",
    }
    server, options = Server(), {"capture_request_headers": ["X-Tenant"]}
    body = tapped(app, store, **options)(environ_of(b"1", **headers), server.start_response)
    assert list(body) == [b"1"]
    row = last()
    assert json.loads(row["request_headers"]) == {
        "ce-id": "7",
        "inference-header-content-length": "12",
        "x-tenant": "t",
    }
    assert json.loads(row["response_headers"]) == {"x-bentoml-request-id": "a7"}
    assert row["request_type"] == "text/csv"


def test_types_and_encodings_are_recorded_as_sent(store, last):
    """Of both sides; null where nothing was said."""

    def app(environ, start_response):
        environ["wsgi.input"].read()
        start_response("200 OK", [("content-type", "text/csv"), ("Content-Encoding", "br")])
        return [b"\x8b\x00\x80a\x03"]

    extra_environ = {"CONTENT_TYPE": "application/json", "HTTP_CONTENT_ENCODING": "GZIP"}
    list(
        tapped(app, store)(
            environ_of(gzip.compress(b"{}"), **extra_environ), Server().start_response
        )
    )
    row = last()
    assert (row["request_type"], row["request_encoding"]) == ("application/json", "gzip")
    assert (row["response_type"], row["response_encoding"]) == ("text/csv", "br")
    list(tapped(app_of([b"1"]), store)(environ_of(), Server().start_response))
    row = last()
    assert (row["request_type"], row["request_encoding"]) == (None, None)
    assert (row["response_type"], row["response_encoding"]) == (None, None)


def test_a_body_that_is_not_captured_is_only_counted(store, last):
    """On either side; the server receives everything, and the other side is recorded."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return iter([environ["wsgi.input"].read(3), environ["wsgi.input"].read()])

    for side, other in (("request", "response"), ("response", "request")):
        options = {f"capture_{side}_body": False, "max_body_bytes": 5}
        result = tapped(app, store, **options)(environ_of(b"all of it"), Server().start_response)
        assert b"".join(result) == b"all of it"
        row = last()
        assert (row[f"{side}_body"], row[f"{side}_note"]) == (None, "not captured")
        assert (row[f"{side}_bytes"], row[f"{side}_truncated"]) == (9, None)
        assert (row[f"{other}_body"], row[f"{other}_note"]) == ("all o", None)
        assert (row[f"{other}_bytes"], row[f"{other}_truncated"]) == (9, 1)
