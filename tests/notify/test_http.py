"""The transport of messages: the checked address, TLS for the name."""

from __future__ import annotations

import ssl
import subprocess

import httpx
import pytest

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify import http
from modeltap.notify.http import plain_transport
from modeltap.testing import WebhookReceiver


@pytest.fixture
def receiver():
    with WebhookReceiver() as one:
        yield one


def test_the_checked_address_is_connected_to_under_the_receivers_name(monkeypatch):
    monkeypatch.setattr(http, "resolve", lambda *_, **__: ["93.184.216.34"])
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    webhook = WebhookSettings(url="https://hooks.example:8443/x")
    outcome = http.post(
        webhook, "msg_1", {"type": "test"}, transport=lambda: httpx.MockTransport(answer)
    )
    assert outcome.delivered
    assert seen[0].url.host == "93.184.216.34"
    assert seen[0].headers["host"] == "hooks.example:8443"
    assert seen[0].extensions["sni_hostname"] == "hooks.example"


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost.example that no authority signed."""
    files = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost.example",
        "-addext",
        "subjectAltName=DNS:localhost.example",
        "-keyout",
        files[0],
        "-out",
        files[1],
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return files


def test_tls_is_verified_for_the_name_and_not_the_address(certificate, receiver, monkeypatch):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate[1], certificate[0])
    receiver._server.socket = server.wrap_socket(
        receiver._server.socket, server_side=True, do_handshake_on_connect=False
    )
    monkeypatch.setattr(http, "resolve", lambda *_, **__: ["127.0.0.1"])
    trusting = ssl.create_default_context(cafile=str(certificate[1]))

    def attempt(host, transport):
        url = f"https://{host}:{receiver.port}/hook"
        webhook = WebhookSettings(url=url, allow_private=True, timeout_seconds=5.0)
        return http.post(webhook, "msg_1", {"type": "test"}, transport=transport)

    def known():
        return httpx.AsyncHTTPTransport(verify=trusting, trust_env=False)

    monkeypatch.setattr(receiver._server, "handle_error", lambda *_: None)
    assert attempt("localhost.example", known).delivered
    for outcome in (attempt("other.example", known), attempt("localhost.example", plain_transport)):
        assert outcome.error == "the certificate or TLS is not accepted"
    assert len(receiver.received) == 1
