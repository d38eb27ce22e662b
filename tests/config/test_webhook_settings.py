"""Webhooks in the settings."""

from __future__ import annotations

from modeltap.config import sources


def test_a_webhooks_key_tells_nothing_secret():
    """The host, and a hash: tokens live in paths."""
    key = sources.WebhookSettings(url="https://hooks.example.org/services/T0K3N").key
    assert key.startswith("hooks.example.org#") and "T0K3N" not in key
