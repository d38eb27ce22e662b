"""`modeltap webhook`: list, test against misbehaving receivers, and replay."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from command import completed, lines, modeltap
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify import outbox
from modeltap.store.connection import connect, writing
from modeltap.testing import WebhookReceiver


@pytest.fixture
def receiver():
    with WebhookReceiver() as one:
        yield one


@pytest.fixture
def configured(tmp_path):
    """Write webhooks to modeltap.toml."""

    def write(*tables, timeout_seconds=30.0):
        text = ""
        for table in tables:
            parts = {"allow_private": "true", "timeout_seconds": timeout_seconds} | {
                name: f"'{value}'" for name, value in table.items()
            }
            text += "[[webhooks]]\n" + "".join(f"{k} = {v}\n" for k, v in parts.items())
        (tmp_path / "modeltap.toml").write_text(text)

    return write


@pytest.mark.parametrize("channel", ["json", "slack", "teams", "discord", "alertmanager"])
def test_a_sample_is_sent_and_the_response_is_shown(receiver, configured, channel):
    configured({"url": receiver.url, "format": channel})
    shown = modeltap("webhook", "test")
    assert shown.startswith("127.0.0.1#") and "delivered (status 204)" in shown
    assert b"if you can read it, alerts will reach you" in receiver.received[0].body


def test_the_event_of_the_sample_can_be_chosen(receiver, configured):
    configured({"url": receiver.url})
    (row,) = lines(modeltap("webhook", "test", "--event", "alert.resolved", "--json"))
    assert row["delivered"] and row["status"] == 204
    assert receiver.received[0].event["type"] == "alert.resolved"


def loop(port):
    return (302, {"location": f"http://127.0.0.1:{port}/hook"})


def endless(handler):
    handler.send_response(500)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65_536)
    except OSError:
        handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "error_text"),
    [
        (500, "status 500"),
        (404, "status 404"),
        (410, "status 410"),
        ("loop", "status 302"),
        ("reset", "connection closed"),
        ("drip", "timeout"),
        ("hang", "timeout"),
        (endless, "status 500"),
    ],
)
def test_errors_of_receivers_are_short(receiver, configured, answer, error_text):
    receiver.answers = [loop(receiver.port)] * 9 if answer == "loop" else [answer]
    configured({"url": receiver.url}, timeout_seconds=5 if error_text == "timeout" else 30.0)
    (row,) = lines_of_failure("webhook", "test", "--json")
    assert (row["delivered"], row["error"]) == (False, error_text)
    # A redirect is not followed. On a busy machine, the time may be over before the request.
    assert len(receiver.received) == 1 or error_text == "timeout"


def lines_of_failure(*words):
    done = completed(*words)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr == "modeltap: at least one webhook did not accept the message\n"
    return lines(done.stdout)


@pytest.mark.parametrize(
    ("url", "error_text"),
    [
        ("http://nobody.invalid/hook", "the host name cannot be resolved"),
        ("http://127.0.0.1:1/x", "connection refused"),
        ("http://169.254.169.254/latest", "address 169.254.169.254 is never allowed"),
    ],
)
def test_an_unreachable_url_is_a_short_error(configured, url, error_text):
    configured({"url": url})
    (row,) = lines_of_failure("webhook", "test", "--json")
    assert row["error"].startswith(error_text)


@pytest.mark.parametrize(
    ("url", "error_text"),
    [
        ("http://[::1/token", "the host or the port is malformed"),
        ("https://", "it has no host"),
        ("http://host.example:99999/token", "the host or the port is malformed"),
        ("hook", "must start with http://"),
        ("http://host.example:token/x", "the host or the port is malformed"),
    ],
)
def test_a_malformed_url_in_the_settings_is_a_one_line_error(configured, url, error_text):
    configured({"url": url})
    shown = modeltap("webhook", "test", code=2)
    assert error_text in shown and len(shown.splitlines()) == 1 and "token" not in shown


def test_a_malformed_url_in_a_variable_is_a_short_error(configured, monkeypatch):
    monkeypatch.setenv("HOOK_URL", "http://[::1/token")
    configured({"url": "env:HOOK_URL"})
    (row,) = lines_of_failure("webhook", "test", "--json")
    assert "the host or the port is malformed" in row["error"] and "token" not in row["error"]


def test_a_failing_webhook_does_not_stop_the_others(receiver, configured):
    configured({"url": "http://127.0.0.1:1/x"}, {"url": receiver.url})
    first, second = lines_of_failure("webhook", "test", "--json")
    assert (first["delivered"], second["delivered"]) == (False, True)


def test_an_invalid_url_is_reported_without_its_token(configured):
    configured({"url": "ftp://user:token@host.example/path"})
    shown = modeltap("webhook", "test", code=2)
    assert "webhook url 'host.example' is invalid: must start with http://" in shown
    assert "token" not in shown


def test_without_webhooks_the_fix_is_reported():
    shown = modeltap("webhook", "test", code=1)
    assert "no webhooks configured here; give a URL, or add one to modeltap.toml" in shown
    assert "no webhooks; add one to modeltap.toml" in modeltap("webhook", "list")


def test_an_unset_variable_is_reported(configured):
    configured({"url": "env:NOT_SET_HERE"})
    (row,) = lines_of_failure("webhook", "test", "--json")
    assert row["error"].endswith("environment variable NOT_SET_HERE is not set")


@pytest.fixture
def given_up(tmp_path, receiver, configured):
    """A dead message, and one of another webhook."""
    connection = connect(tmp_path / "modeltap.db")
    key = WebhookSettings(url=receiver.url, allow_private=True, timeout_seconds=30.0).key
    with writing(connection):
        ids = [
            outbox.enqueue_message(connection, one, {"type": "test", "data": {}}, ["a"])
            for one in (key, "gone#1")
        ]
        connection.execute(
            "update deliveries set state = 'dead', attempts = 10, next_at = null, "
            "last_error = 'status 500'"
        )
    connection.close()
    configured({"url": receiver.url})
    return key, ids


def test_replay_sends_messages_that_wait_for_a_retry(given_up, receiver, tmp_path):
    """Without waiting for the next retry, once the receiver is fixed."""
    key, (message, _) = given_up
    with closing(connect(tmp_path / "modeltap.db")) as connection, writing(connection):
        connection.execute(
            "update deliveries set state = 'pending', attempts = 4, next_at = '2999-01-01'"
        )
    shown = modeltap("deliver")
    assert (
        shown.startswith("0 messages delivered") and "2 messages scheduled for 2999-01-01" in shown
    )
    assert modeltap("webhook", "replay", message).startswith("1 message pending again")
    assert modeltap("deliver").startswith("1 message delivered")
    assert [one.headers["webhook-id"] for one in receiver.received] == [message]
    assert modeltap("webhook", "replay", "--webhook", key).startswith("no failed messages")


def test_the_list_counts_dead_messages(given_up):
    key, _ = given_up
    rows = {row["webhook"]: row for row in lines(modeltap("webhook", "list", "--json"))}
    assert (rows[key]["dead"], rows[key]["format"], rows[key]["last_error"]) == (
        1,
        "json",
        "status 500",
    )
    assert rows["gone#1"]["format"] is None
    assert key in modeltap("webhook", "list")


def test_replay_sends_dead_messages_under_their_id(given_up, receiver, tmp_path):
    key, (message, other) = given_up
    assert modeltap("webhook", "replay", "--webhook", key).startswith(
        "1 message pending again; the next delivery sends it"
    )
    shown = modeltap("deliver")
    assert shown == "2 messages delivered, 0 scheduled for retry, 0 given up\n"
    # The second reports the dead message of the other webhook.
    assert receiver.received[1].event["data"]["rule"] == "delivery_failed"
    assert receiver.received[0].headers["webhook-id"] == message
    rows = sqlite3.connect(tmp_path / "modeltap.db").execute("select id, state from deliveries")
    states = dict(rows)
    assert (states[message], states[other]) == ("delivered", "dead")
    assert "no message 'msg_x'" in modeltap("webhook", "replay", "msg_x", code=1)
    assert "no message with that id" in modeltap("webhook", "replay", "", code=1)
    assert "was delivered; confirm" in modeltap("webhook", "replay", message, code=1)
    again = modeltap("webhook", "replay", message, "--delivered")
    assert again.startswith("1 message pending again")
    assert modeltap("deliver").startswith("1 message delivered")
    assert receiver.received[-1].headers["webhook-id"] == message
    for words in (("--delivered",), (message, "--webhook", key)):
        assert "MESSAGE" in modeltap("webhook", "replay", *words, code=2)
    assert modeltap("webhook", "replay", other).startswith(
        "1 message pending again; the next delivery sends it"
    )
