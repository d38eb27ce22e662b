"""Records are passed from the app to the writer by field name, without secrets."""

from __future__ import annotations

import json

import pytest

from modeltap.config import sources
from modeltap.writer.records import CapturedRecord, origin_of, unpack
from recordings import exchange, payload_of

SECRET = "whsec_" + "QUJD" * 8


def origin(**webhook):
    settings = sources.load({"webhooks": [webhook]}, environ={})
    return origin_of(settings, 7, "here")


def test_a_literal_url_and_secret_stay_in_the_app():
    made = origin(url="https://user:pw@example.com/t0ken", secret=SECRET)
    text = json.dumps(made.webhooks) + repr(made)
    assert "t0ken" not in text and "pw@" not in text and "QUJD" not in text
    (webhook,) = made.webhooks
    assert webhook["url"] is None and webhook["secret"] is None and webhook["key"]
    assert made.settings.webhooks == () and (made.pid, made.host) == (7, "here")


@pytest.mark.parametrize("name", ["secret", "proxy", "template"])
def test_a_webhook_without_its_secret_has_no_url(name):
    """Another process would post without its signature, or bypass its proxy."""
    (webhook,) = origin(url="env:HOOK", **{name: "http://user:pw@proxy"}).webhooks
    assert webhook["url"] is None and webhook[name] is None


def test_environment_variable_names_are_kept(monkeypatch):
    monkeypatch.setenv("HOOK", "https://example.com/x")
    (webhook,) = origin(url="env:HOOK").webhooks
    assert webhook["url"] == "env:HOOK"


def test_a_template_may_contain_a_token(monkeypatch):
    """A variable's name is kept, a literal token is not."""
    monkeypatch.setenv("BODY", '{"token": "t0ken", "text": "$summary"}')
    hook = {"url": "env:HOOK", "format": "template"}
    monkeypatch.setenv("HOOK", "https://example.com/x")
    assert "t0ken" not in repr(origin(**hook, template='{"token": "t0ken", "text": "$summary"}'))
    (webhook,) = origin(**hook, template="env:BODY").webhooks
    assert (webhook["url"], webhook["template"]) == ("env:HOOK", "env:BODY")


def test_a_packed_record_is_unpacked():
    given = exchange(b'{"a": 1}')
    given.id, given.aborted = "id", True
    record = unpack(payload_of(given, 3))
    assert isinstance(record, CapturedRecord)
    assert (record.origin, record.id, record.request_body) == (3, "id", b'{"a": 1}')
    for name in ("source", "model", "method", "path", "status", "started_at", "aborted"):
        assert getattr(record, name) == getattr(given, name)
