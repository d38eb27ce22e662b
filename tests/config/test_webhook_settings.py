"""Webhooks in the settings."""

from __future__ import annotations

import re

import pytest

from modeltap.config import sources
from modeltap.config.webhook_settings import WebhookSettings, parse_webhook
from modeltap.errors import ConfigError


def test_a_webhooks_key_contains_no_secret():
    """It has the host and a hash, because tokens are in paths."""
    key = WebhookSettings(url="https://hooks.example.org/services/T0K3N").key
    assert key.startswith("hooks.example.org#") and "T0K3N" not in key


@pytest.mark.parametrize("url", ["tgram://T0K3N/chat", "pover://T0K3N@user", "T0K3N", "T0K3N://x"])
def test_apprise_keys_contain_only_the_service(url):
    """The host of their URLs is often a token."""
    key = WebhookSettings(url=url, format="apprise").key
    assert re.fullmatch("(tgram|pover|apprise)#[0-9a-f]{8}", key)


def test_two_urls_are_two_webhooks():
    urls = ("tgram://a/1", "tgram://a/2", "pover://a", "https://h/a", "https://h/b", "\ud800")
    hooks = [WebhookSettings(url=url, format=kind) for url in urls for kind in ("apprise",)]
    assert len({hook.key for hook in hooks}) == len(urls)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "a webhook has no url"),
        (
            {"url": "https://h.example", "timeout_seconds": "2 s"},
            "seconds = '2 s' is invalid",
        ),
        (
            {"url": "https://h.example", "sekret": "x"},
            "'sekret' of webhooks; did you mean 'secret'?",
        ),
        (
            {"url": "ftp://h.example/x"},
            "webhook url 'h.example' is invalid: must start with http://",
        ),
        (
            {"url": "https://h.example/a b"},
            "it contains a space, a line end",
        ),
        ({"url": "https://:80"}, "it has no host"),
        ({"url": "env:"}, "the text after env: is not a variable name"),
    ],
)
def test_an_error_has_the_reason(table, words):
    with pytest.raises(ConfigError, match=re.escape(words)):
        sources.load({"webhooks": [table]}, environ={})


def test_the_position_of_an_invalid_webhook_is_reported():
    wrong = {"webhooks": ["https://h.example", "h.example/T0K3N"]}
    with pytest.raises(ConfigError, match=r"\(number 2 of 2 webhooks\)"):
        sources.load(wrong, environ={})


@pytest.mark.parametrize("url", ["https://events.pagerduty.com/v2/enqueue", "env:HOOK_URL"])
@pytest.mark.parametrize(
    "other",
    [
        {"secret": "another"},
        {"models": ["flights"]},
        {"events": ["digest"]},
        {"format": "slack"},
        {"include_values": True},
        {"template": "$summary"},
        {"proxy": "http://proxy:3128"},
        {"ca_file": "/etc/ca.pem"},
    ],
)
def test_entries_with_the_same_url_are_separate_webhooks(url, other):
    """Customers of a service may share a URL; only identical entries are one webhook."""
    entry = {"url": url, "secret": "one", "format": "pagerduty"}
    first, again, second = map(parse_webhook, (entry, entry, {**entry, **other}))
    assert first.key == again.key != second.key
    assert first.key.partition("#")[0] == second.key.partition("#")[0]


@pytest.mark.parametrize("proxy", ["proxy:3128", "socks5://proxy", "http://"])
def test_an_invalid_proxy_is_rejected(proxy):
    with pytest.raises(ConfigError, match=r"webhook proxy .* is invalid: "):
        parse_webhook({"url": "https://hooks.example", "proxy": proxy})


def test_apprise_supports_neither_proxy_nor_ca_file():
    with pytest.raises(ConfigError, match="set the variables HTTPS_PROXY"):
        parse_webhook({"url": "x://y", "format": "apprise", "proxy": "http://proxy"})


def test_a_template_can_be_a_variable():
    webhook = parse_webhook({"url": "https://a.example/x", "template": "env:BODY"})
    assert webhook.resolved({"BODY": '{"a": "$summary"}\n'}).template == '{"a": "$summary"}'
    with pytest.raises(
        ConfigError, match="webhook template is 'env:BODY', but environment variable"
    ):
        webhook.resolved({})
