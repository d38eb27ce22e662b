"""``[[webhooks]]``: the receivers of alerts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from modeltap.config.validation import from_environment, refuse_unknown, struct_of
from modeltap.errors import ConfigError


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One receiver of alerts: ``[[webhooks]]`` in the file, or a URL in `webhooks`."""

    url: str
    format: str = "json"
    secret: str | None = None
    events: tuple[str, ...] = ("alert.firing", "alert.resolved")
    models: tuple[str, ...] = ()
    allow_private: bool = False
    timeout_seconds: float = 10.0
    include_values: bool = False
    template: str | None = None

    @property
    def key(self) -> str:
        """This webhook's name in the store: the receiver's host and a hash, never the URL."""
        if self.url.startswith("env:"):
            return self.url
        host = urlsplit(self.url).hostname or "webhook"
        return f"{host}#{hashlib.sha256(self.url.encode()).hexdigest()[:8]}"

    def resolved(self, environ: Mapping[str, str] | None = None) -> WebhookSettings:
        """Return a copy with ``env:NAME`` values read; raises `ConfigError` if one is unset."""
        url = from_environment(self.url, "webhook url", environ)
        if self.format != "apprise":
            _check_url(url)
        secret = self.secret and from_environment(self.secret, "webhook secret", environ)
        return msgspec.structs.replace(self, url=url, secret=secret)


def parse_webhook(entry: object) -> WebhookSettings:
    """Read an entry: a URL or a table; raises `ConfigError`."""
    table = {"url": entry} if isinstance(entry, str) else entry
    if isinstance(table, WebhookSettings):
        return table
    if not isinstance(table, Mapping):
        raise ConfigError(f"webhook {entry!r} is wrong: it is a URL, or a table with a url")
    refuse_unknown(table, WebhookSettings.__struct_fields__, "option of webhooks")
    url = table.get("url")
    # Apprise's URLs have schemes of their own; what a variable holds is checked when it is read.
    if not isinstance(url, str):
        raise ConfigError(f"webhook url {url!r} is wrong: it is a text")
    if not url.startswith("env:") and table.get("format") != "apprise":
        _check_url(url)
    return struct_of(table, WebhookSettings, "webhooks")


def _check_url(url: str) -> None:
    """Raise `ConfigError` for a URL that nothing can be posted to; it may hold a token."""
    host, why = None, "it starts with http:// or https://, or names a variable as env:NAME"
    try:
        parts = urlsplit(url)
        host = parts.hostname
        if parts.scheme in ("http", "https"):
            why = "it has no host" if not host else ""
            _ = parts.port
    except ValueError:
        why = "its host or its port is malformed"  # the error's own words may quote a password
    if why:
        shown = host or (url if "//" not in url else "webhook")
        raise ConfigError(f"webhook url {shown!r} is wrong: {why}")
