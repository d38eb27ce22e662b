"""One request to a candidate over a real connection: what is sent, and what counts as failure."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager

import pytest

from candidate_server import candidate, doubled, fill
from modeltap.replaying import candidate_client
from modeltap.replaying.candidate_address import parse_address
from modeltap.replaying.candidate_client import CandidateClient
from modeltap.store.connection import connect
from modeltap.store.stored_exchanges import exchanges_after
from ports import free_port


def exchange(store, **columns):
    """Return a stored exchange with these columns."""
    fill(store, 1, **columns)
    connection = connect(store)
    (only,) = exchanges_after(connection, 0, 9)
    connection.close()
    return only


def send(url, own, *, timeout=20.0, headers=(), name="new"):
    """Send one request and return the reply."""

    async def once():
        client = CandidateClient(
            parse_address(url),
            name=name,
            headers=dict(headers),
            timeout_seconds=timeout,
            connections=2,
        )
        try:
            return await client.send(own)
        finally:
            await client.close()

    return asyncio.run(once())


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_a_request_has_its_own_method_path_type_and_headers(store, method):
    own = exchange(
        store,
        method=method,
        path="/models/größe",
        query="a=1&b=%20",
        request_type="text/csv",
        request_body="1,2\n",
        request_headers='{"x-tenant": "a", "x-other": "b"}',
    )
    with candidate(lambda _: (200, "application/json", b"[1]")) as server:
        reply = send(server.url, own, headers={"X-Other": "c", "Authorization": "t"}, name="é")
    (request,) = server.received
    assert (request.method, request.path) == (method, "/models/gr%C3%B6%C3%9Fe?a=1&b=%20")
    assert request.body == b"1,2\n"
    assert request.headers.items() >= {
        ("content-type", "text/csv"),
        ("x-tenant", "a"),
        ("x-other", "c"),
        ("authorization", "t"),
        ("x-modeltap-replay", "%C3%A9"),
        ("host", server.url.removeprefix("http://")),
    }
    assert (reply.status, reply.error, reply.body) == (200, None, b"[1]")
    assert reply.duration_ms > 0 and reply.sent_at.endswith("Z")


def test_user_and_password_of_the_url_are_sent_as_basic_authentication(store):
    with candidate(doubled) as server:
        send(server.url.replace("//", "//ada:secret@"), exchange(store))
    assert server.received[0].headers["authorization"] == "Basic YWRhOnNlY3JldA=="
    assert "ada" not in server.received[0].headers["host"]


PAGE = (200, "text/html; charset=utf-8", b"<html></html>")
REFUSALS = [
    ((404, "application/json", b"{}"), "status 404"),
    ((500, "application/json", b'{"prediction": 1}'), "status 500"),
    ((307, "text/plain", b"", ("location", "/other")), "redirect, not followed (status 307)"),
    (PAGE, "response is an HTML page"),
]


@pytest.mark.parametrize(("response", "reason"), REFUSALS)
def test_a_response_that_cannot_be_used_has_a_reason(store, response, reason):
    with candidate(lambda _: response) as server:
        reply = send(server.url, exchange(store))
    assert len(server.received) == 1  # a redirect is not followed
    assert (reply.error, reply.status) == (reason, response[0])
    assert not reply.is_unreachable and not reply.is_closed


@pytest.mark.parametrize(("value", "seconds"), [("3", 3.0), ("soon", 0.0), (None, 0.0)])
@pytest.mark.parametrize("status", [429, 503])
def test_an_overloaded_candidate_asks_for_a_pause(store, status, value, seconds):
    headers = [] if value is None else [("retry-after", value)]
    with candidate(lambda _: (status, "text/plain", b"", *headers)) as server:
        assert send(server.url, exchange(store)).pause_seconds == seconds


@contextmanager
def raw_server(behave):
    """Accept connections and let `behave` use each after a request began."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                behave(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize(
    ("sent", "reason", "is_closed"),
    [
        (b"", "connection closed", True),
        (b"220 mail.example.org ESMTP\r\n\r\n", "response is not HTTP", False),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "connection closed", True),
        (b"\x15\x03\x01\x00\x02\x02", "response is not HTTP", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", "connection closed", True),
    ],
)
def test_another_protocol_is_told_from_a_closed_connection(store, sent, reason, is_closed):
    with raw_server(lambda connection: connection.sendall(sent)) as url:
        reply = send(url, exchange(store))
    assert (reply.error, reply.is_closed, reply.is_unreachable) == (reason, is_closed, False)


def test_a_server_without_tls_is_not_asked_for_it(store):
    with candidate(doubled) as server:
        reply = send(server.url.replace("http:", "https:"), exchange(store))
    assert reply.error == "TLS or certificate error" and reply.is_unreachable


def test_a_closed_port_is_unreachable(store):
    reply = send(f"http://127.0.0.1:{free_port()}", exchange(store))
    assert (reply.error, reply.is_unreachable) == ("connection refused", True)
    assert reply.status is None and reply.duration_ms is None


def test_an_endless_response_ends_at_the_time_limit(store):
    """Every byte restarts httpx's own timeouts; the limit counts from the connection on."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
    done = threading.Event()

    def drip(connection):
        connection.sendall(head)
        while not done.wait(0.02):
            try:
                connection.sendall(b" ")
            except OSError:
                return

    with raw_server(drip) as url:
        reply = send(url, exchange(store), timeout=0.5)
        done.set()
    assert reply.error == "timeout"


def test_a_response_that_is_too_large_is_not_read_to_its_end(store, monkeypatch):
    monkeypatch.setattr(candidate_client, "MAX_RESPONSE_BYTES", 2**20)
    with candidate(lambda _: (200, "application/json", b" " * 2**21)) as server:
        reply = send(server.url, exchange(store))
    assert reply.error == "response larger than 1 MB" and reply.body == b""


def test_a_header_that_is_not_valid_in_http_costs_one_request(store):
    own = exchange(store, request_headers='{"x-tenant": "a\\nb"}')
    with candidate(doubled) as server:
        assert send(server.url, own).error == "request not valid in HTTP"
    assert server.received == []
