"""The Apprise channel, with its JSON service."""

from __future__ import annotations

import sys

import pytest

from modeltap.config.webhook_settings import WebhookSettings, parse_webhook
from modeltap.errors import ConfigError
from modeltap.notify.http import post

pytest.importorskip("apprise", reason="pip install 'modeltap[apprise]'")


def hook(receiver, **options):
    url = receiver.url.replace("http://", "json://")
    return WebhookSettings(**{"url": url, "format": "apprise"} | options)


def test_an_event_arrives(receiver, event):
    assert post(hook(receiver), "msg_1", event).delivered
    body = receiver.received[0].event
    assert body["title"] and event["data"]["summary"][:60] in body["message"]


@pytest.mark.parametrize(
    ("kind", "severity", "type_"),
    [
        ("alert.firing", "critical", "failure"),
        ("alert.firing", "warning", "warning"),
        ("alert.resolved", "critical", "success"),
        ("test", "info", "info"),
    ],
)
def test_the_severity_is_mapped(receiver, firing, kind, severity, type_):
    post(hook(receiver), "msg_1", firing(kind, severity=severity))
    assert receiver.received[0].event["type"] == type_


def test_a_failing_service_is_retried(receiver, firing):
    receiver.answers = [500]
    outcome = post(hook(receiver), "msg_1", firing())
    assert (
        not outcome.delivered
        and outcome.busy
        and outcome.error == "the service rejected the message"
    )


def test_an_unsupported_scheme_is_an_error(receiver, firing):
    outcome = post(hook(receiver, url="nonsense://token@host"), "msg_1", firing())
    assert outcome.error == "Apprise does not support the scheme of the webhook's URL"


def test_its_urls_need_its_format():
    assert parse_webhook({"url": "ntfy://topic", "format": "apprise"}).url == "ntfy://topic"
    with pytest.raises(ConfigError, match="must start with http:// or https://"):
        parse_webhook({"url": "ntfy://topic"})


def test_without_apprise_the_install_command_is_reported(receiver, firing, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    outcome = post(hook(receiver), "msg_1", firing())
    assert "pip install 'modeltap[apprise]'" in outcome.error
