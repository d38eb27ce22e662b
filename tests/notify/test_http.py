"""The transport of messages: checked addresses, TLS verification, proxies."""

from __future__ import annotations

import ssl
import subprocess
import time
from types import SimpleNamespace

import httpx
import pytest

from modeltap.config.webhook_settings import WebhookSettings, parse_webhook
from modeltap.errors import ConfigError
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
    """A self-signed certificate for localhost.example."""
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

    def trusted():
        return plain_transport(ca_file=str(certificate[1]))

    monkeypatch.setattr(receiver._server, "handle_error", lambda *_: None)
    assert attempt("localhost.example", known).delivered
    assert attempt("localhost.example", trusted).delivered
    for outcome in (attempt("other.example", known), attempt("localhost.example", plain_transport)):
        assert outcome.error == "TLS or certificate error"
    assert len(receiver.received) == 2


def test_a_configured_proxy_is_used_and_resolves_the_name(receiver, monkeypatch):
    """Variables are ignored, because they are meant for other programs."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HOOK_PROXY", f"http://127.0.0.1:{receiver.port}\n")
    entry = {"url": "http://hooks.invalid/x", "proxy": "env:HOOK_PROXY"}
    webhook = parse_webhook(entry).resolved()
    assert http.post(webhook, "msg_1", {"type": "test"}).delivered
    assert receiver.received[0].headers["host"] == "hooks.invalid"
    without = http.post(parse_webhook(entry["url"]), "msg_1", {"type": "test"})
    assert without.error == "the host name cannot be resolved"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]"])
def test_a_proxy_does_not_allow_private_addresses(receiver, host):
    proxy = f"http://127.0.0.1:{receiver.port}"
    webhook = WebhookSettings(url=f"http://{host}/x", proxy=proxy)
    assert "address" in http.post(webhook, "msg_1", {"type": "test"}).error
    assert receiver.received == []


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_an_invalid_ca_file_is_a_one_line_error(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    webhook = parse_webhook({"url": "https://hooks.example", "ca_file": f"{file}\n"})
    with pytest.raises(ConfigError, match=r"ca_file .* is invalid: "):
        http.plain_transport(ca_file=webhook.resolved().ca_file)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(("form", "posts"), [("slack", 2), ("teams", 2), ("json", 1)])
def test_a_message_with_a_rejected_link_is_sent_without_it(receiver, form, posts, status):
    receiver.answers = [status]
    webhook = WebhookSettings(url=receiver.url, format=form, allow_private=True)
    data = {"model": "m", "rule": "latency", "summary": "slow", "link": "http://grafana:3000/x"}
    event = {"type": "alert.firing", "timestamp": "2026-01-01T00:00:00.000Z", "data": data}
    outcome = http.post(webhook, "msg_1", event)
    assert len(receiver.received) == posts and outcome.delivered == (posts == 2)
    assert b"grafana" in receiver.received[0].body
    assert posts == 1 or b"grafana" not in receiver.received[1].body
    receiver.answers = [500]
    assert http.post(webhook, "msg_1", event).status == 500, "a fault is tried again later"


@pytest.fixture
def local_zone(monkeypatch):
    """Set the zone of the machine, which no time of a receiver is in."""

    def set_to(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield set_to
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
@pytest.mark.parametrize(
    "text",
    [
        "Thu, 01 Jan 1970 00:01:00 GMT",
        "Thu, 01 Jan 1970 00:01:00 -0000",
        "Thursday, 01-Jan-70 00:01:00 GMT",
        "Thu Jan  1 00:01:00 1970",
        "Thu, 01 Jan 1970 01:01:00 +0100",
    ],
)
def test_a_date_in_retry_after_is_not_local_time(local_zone, zone, text):
    """A receiver's date without a zone delayed all of its messages by hours, or not at all."""
    local_zone(zone)
    assert http.retry_after(text, 10.0) == 50.0


@pytest.mark.parametrize(
    "written",
    [
        ("text", {}),
        (b"{}", {"x-try": 1}),
        (b"{}", {"x-try": None}),
        (b"{}", [("x-try", "1")]),
        (b"{}",),
        {"body": b"{}"},
        b"{}",
        0,
    ],
    ids=repr,
)
def test_a_plugin_that_writes_no_message_fails_the_attempt(monkeypatch, receiver, written):
    """An exception would leave the message claimed, and end each delivery for ever."""
    channel = SimpleNamespace(format_event=lambda **_: written, send_event=lambda **_: None)
    monkeypatch.setattr(http, "hooks", lambda _: channel)
    webhook = WebhookSettings(url=receiver.url, format="mine", allow_private=True)
    outcome = http.post(webhook, "msg_1", {"type": "test"})
    assert not outcome.delivered and outcome.busy
    assert outcome.error.startswith("the plugin for format 'mine' must return a body in bytes")
    assert receiver.received == []
