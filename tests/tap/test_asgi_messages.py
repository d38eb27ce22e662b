"""ASGI messages: when they pass, how they are recorded, and which ones end an exchange."""

from __future__ import annotations

import gzip
import inspect
import socket

import anyio
import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction

import modeltap
from asgi_client import Client, echo, scope_of

START = {"type": "http.response.start", "status": 200, "headers": []}

EXPECTING = """
import modeltap

async def app(scope, receive, send):
    refused = scope["path"] == "/refuse"
    if not refused:
        await receive()
    await send({"type": "http.response.start", "status": 401 if refused else 200,
                "headers": [(b"content-length", b"0"), (b"connection", b"close")]})
    await send({"type": "http.response.body"})

app = modeltap.watch(app, model="m", store="taps.db", analyze=False)
"""


def expecting(served, path):
    """Send the head of a request without a body; return the statuses before the body is sent."""
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n"
            "expect: 100-continue\r\n\r\n".encode()
        )
        answer = connection.recv(65536)
        if b" 100 " in answer:
            connection.sendall(b"abc")
        while chunk := connection.recv(65536):
            answer += chunk
    return [line.split()[1] for line in answer.splitlines() if line.startswith(b"HTTP/")]


def test_a_client_sends_its_body_only_if_the_app_reads_it(serve, eventually, read_rows):
    """`Expect: 100-continue`: an app that refuses by headers alone is sent no body."""
    served = serve(EXPECTING)
    assert expecting(served, "/refuse") == [b"401"]
    assert expecting(served, "/take") == [b"100", b"200"]

    def read():
        sql = "select * from exchanges where path <> '/health' order by seq"
        return [(r["status"], r["request_body"], r["request_note"]) for r in read_rows(store, sql)]

    store = "taps.db"
    assert eventually(lambda: len(read()) == 2)
    assert read() == [(401, None, "not read"), (200, "abc", None)]


class Promise:
    """An awaitable that is no coroutine, as of servers in other languages."""

    def __init__(self, coroutine):
        self._coroutine = coroutine

    def __await__(self):
        return self._coroutine.__await__()


class PromisingClient(Client):
    def receive(self):
        return Promise(super().receive())

    def send(self, message):
        return Promise(super().send(message))


@pytest.mark.anyio
@pytest.mark.parametrize("durability", ["fast", "process"])
async def test_a_server_may_return_any_awaitable(tap, durability):
    """The app awaits it, for each kind of message."""
    client = PromisingClient(b"half", b"rest")
    row = await tap(echo, client, durability=durability)
    assert client.body == b"halfrest"
    assert (row["request_body"], row["response_body"]) == ("halfrest", "halfrest")
    assert (row["status"], row["aborted"], row["request_note"]) == (200, None, None)


@pytest.mark.anyio
async def test_frameworks_take_send_for_a_coroutine_function(tap):
    """As that of most servers; asgiref, of Django and Channels, warns of a plain function."""
    seen = []

    async def app(scope, receive, send):
        seen.extend((inspect.iscoroutinefunction(receive), iscoroutinefunction(send)))
        async_to_sync(send)
        await echo(scope, receive, send)

    await tap(app, Client(b"asked"))
    assert seen == [True, True]


@pytest.mark.anyio
async def test_trailers_pass_after_the_end_of_the_body(tap):
    """As the same messages; the record ends with the body."""
    messages = [
        {**START, "trailers": True},
        {"type": "http.response.body", "body": b"all"},
        {"type": "http.response.trailers", "headers": [(b"a", b"b")], "more_trailers": True},
        {"type": "http.response.trailers", "headers": []},
    ]

    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    client = Client()
    row = await tap(app, client, id_header=None)
    assert all(a is b for a, b in zip(client.sent, messages, strict=True))
    assert (row["response_body"], row["response_bytes"], row["aborted"]) == ("all", 3, None)


@pytest.mark.anyio
async def test_trailers_are_not_the_end_of_a_body(tap):
    """Only a body message can end it: a body without its last chunk is truncated."""

    async def app(scope, receive, send):
        await send({**START, "trailers": True})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.trailers", "headers": []})
        await send({"type": "http.response.body", "body": b" two", "more_body": True})

    row = await tap(app, Client())
    assert (row["response_body"], row["aborted"]) == ("one two", 1)


@pytest.mark.anyio
async def test_a_request_message_without_a_body_is_empty(tap):
    """Both of its keys are optional; the app receives the same message."""
    message, got = {"type": "http.request"}, []

    async def app(scope, receive, send):
        got.append(await receive())
        await send(START)
        await send({"type": "http.response.body"})

    client = Client()
    client.messages = [message]
    row = await tap(app, client)
    assert got[0] is message
    assert (row["request_body"], row["request_note"], row["request_bytes"]) == (None, "empty", 0)
    assert row["request_read"] == 1


@pytest.mark.anyio
async def test_types_and_encodings_are_recorded_as_sent(tap):
    """Of requests and responses, in any case of header names; null if absent."""

    async def app(scope, receive, send):
        await receive()
        await send(
            {
                **START,
                "headers": [
                    (b"Content-Type", b"text/csv; charset=utf-8"),
                    (b"Content-Encoding", b"br"),
                ],
            }
        )
        await send({"type": "http.response.body", "body": b"\x8b\x00\x80a\x03"})

    headers = [(b"content-type", b"application/json"), (b"content-encoding", b"GZIP")]
    row = await tap(app, Client(gzip.compress(b"{}")), scope_of(headers=headers))
    assert (row["request_type"], row["request_encoding"]) == ("application/json", "gzip")
    assert (row["response_type"], row["response_encoding"]) == ("text/csv; charset=utf-8", "br")
    row = await tap(echo, Client(b"1"))
    assert (row["request_type"], row["request_encoding"]) == (None, None)
    assert (row["response_type"], row["response_encoding"]) == ("application/json", None)


async def until_cancelled(app, client, store):
    """Run a tapped app in a task that is cancelled; return the exceptions inside and outside."""
    raised = []

    async def within(scope, receive, send):
        try:
            await app(scope, receive, send)
            reached.set()
            await anyio.sleep_forever()
        except BaseException as error:
            raised.append(error)
            raise

    async def without():
        tapped = modeltap.ASGIMiddleware(within, model="m", store=store, analyze=False)
        try:
            await tapped(scope_of(), client.receive, client.send)
        except BaseException as error:
            raised.append(error)
            raise

    reached = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(without)
        await reached.wait()
        tasks.cancel_scope.cancel()
    assert modeltap.flush(10)
    return raised


@pytest.mark.anyio
async def test_a_request_cancelled_before_its_response_has_no_status(store, read_rows):
    """No status was sent, so none is recorded; the cancellation reaches the server."""

    async def app(scope, receive, send):
        await receive()

    client = Client(b"asked")
    inner, outer = await until_cancelled(app, client, store)
    assert outer is inner and isinstance(outer, anyio.get_cancelled_exc_class())
    assert client.sent == []
    (row,) = read_rows(store)
    assert (row["status"], row["aborted"], row["request_body"]) == (None, 1, "asked")
    assert row["error_type"] == type(outer).__qualname__


@pytest.mark.anyio
async def test_a_response_cancelled_in_the_middle_is_aborted(store, read_rows):
    """With the sent status, and the sent part of the body."""

    async def app(scope, receive, send):
        await send({**START, "status": 206})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    client = Client()
    inner, outer = await until_cancelled(app, client, store)
    assert outer is inner and isinstance(outer, anyio.get_cancelled_exc_class())
    assert client.body == b"half"
    (row,) = read_rows(store)
    assert (row["status"], row["aborted"], row["response_body"]) == (206, 1, "half")
    assert row["error_type"] == type(outer).__qualname__
