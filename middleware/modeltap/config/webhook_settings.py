"""``[[webhooks]]``: receivers of alerts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from modeltap.config.reading.value_types import struct_of
from modeltap.config.validation import (
    from_environment,
    is_usual_variable,
    url_or_table,
    variable_of,
)
from modeltap.errors import ConfigError

_TEXTS = ("url", "secret", "proxy", "ca_file")
"""Options that are read from files and variables and may have line ends around them."""

_FOR_PROGRAMS = ("json", "cloudevents", "alertmanager", "template")
"""Formats for programs, in which a link is an ordinary text field."""

_DOMAIN = r"(?:[a-z0-9-]{1,30}\.){1,5}[a-z]{2,12}"


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receiver of alerts: ``[[webhooks]]`` in the file, or a URL in `webhooks`."""

    url: str
    format: str = "json"
    secret: str | None = None
    events: tuple[str, ...] = ("alert.firing", "alert.resolved")
    models: tuple[str, ...] = ()
    allow_private: bool = False
    timeout_seconds: float = 10.0
    include_values: bool = False
    template: str | None = None
    proxy: str | None = None
    ca_file: str | None = None

    @property
    def key(self) -> str:
        """The webhook's name in the store: the receiver's host and a hash, never the URL.

        The hash covers all options, because several entries may share a URL and differ in their
        secrets and models.
        """
        own = {name: value for name, value in msgspec.structs.asdict(self).items() if value}
        digest = hashlib.sha256(repr(sorted(own.items())).encode("utf-8", "surrogatepass"))
        named = self.url if self.url.startswith("env:") else _receiver(self.url, self.format)
        return f"{named}#{digest.hexdigest()[:8]}"

    def __repr__(self) -> str:
        """Return the key and the format, so that logs show neither URL nor secret."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the same for rich's tracebacks."""
        known = not self.url.startswith("env:") or is_usual_variable(self.url)
        return [("key", self.key if known else "(not shown)"), ("format", self.format)]

    @property
    def link_may_be_left_out(self) -> bool:
        """True if a rejected message is worth a retry without its link."""
        return self.format not in _FOR_PROGRAMS

    def resolved(self, environ: Mapping[str, str] | None = None) -> WebhookSettings:
        """Return a copy with ``env:NAME`` values resolved; raise `ConfigError` if one is unset."""
        url = from_environment(self.url, "webhook url", environ).strip()
        if self.format != "apprise":
            check_url(url)
        secret = self.secret and from_environment(self.secret, "webhook secret", environ).strip()
        proxy = self.proxy and from_environment(self.proxy, "webhook proxy", environ).strip()
        if proxy:
            check_url(proxy, "webhook proxy")
        template = self.template
        if template and template.startswith("env:"):
            template = from_environment(template, "webhook template", environ)
        if self.ca_file and not Path(self.ca_file).is_file():
            raise ConfigError(f"webhook ca_file {self.ca_file!r} is invalid: file not found")
        return msgspec.structs.replace(self, url=url, secret=secret, proxy=proxy, template=template)


def parse_webhook(entry: object) -> WebhookSettings:
    """Parse an entry, a URL or a table; raise `ConfigError` without quoting a URL or a secret.

    >>> parse_webhook("hooks.example.org/T0KEN")
    Traceback (most recent call last):
    modeltap.errors.ConfigError: webhook url (not shown) is invalid: must start with http:// or \
https://, or be env:NAME
    """
    table = url_or_table(entry, WebhookSettings, "a webhook", "webhooks")
    if "url" not in table:
        raise ConfigError("a webhook has no url; add one, or env:NAME for an environment variable")
    texts = {name: table[name] for name in _TEXTS if isinstance(table.get(name), str)}
    texts = {name: text.strip("\ufeff \t\r\n") for name, text in texts.items()}
    if texts.get("ca_file"):
        # Absolute, because the sending process may run in another directory.
        texts["ca_file"] = str(Path(texts["ca_file"]).absolute())
    webhook = struct_of({**table, **texts}, WebhookSettings, "webhooks")
    _check_texts(webhook)
    return webhook


def _check_texts(webhook: WebhookSettings) -> None:
    """Raise `ConfigError` for an invalid URL, secret or proxy.

    Apprise URLs have their own schemes and are not checked. Values of environment variables are
    checked when they are read.
    """
    for name in ("url", "secret", "proxy", "template"):
        text = getattr(webhook, name) or ""
        if text.startswith("env:"):
            variable_of(text, f"webhook {name}")
    if webhook.format == "apprise" and (webhook.proxy or webhook.ca_file):
        raise ConfigError(
            "format 'apprise' does not support proxy and ca_file; set the variables HTTPS_PROXY "
            "and REQUESTS_CA_BUNDLE instead"
        )
    if webhook.proxy and not webhook.proxy.startswith("env:"):
        check_url(webhook.proxy, "webhook proxy")
    if not webhook.url.startswith("env:") and webhook.format != "apprise":
        check_url(webhook.url)


def check_url(url: str, option: str = "webhook url") -> None:
    """Raise `ConfigError` for a URL that cannot be used for a POST, or as a proxy."""
    reason = "must start with http:// or https://, or be env:NAME"
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https"):
            reason = "" if parts.hostname else "it has no host"
            _ = parts.port
    except ValueError:
        reason = "the host or the port is malformed"
    if any(character.isspace() or not character.isprintable() for character in url):
        reason = "it contains a space, a line end or a control character"
    if reason:
        host = _host(url)
        shown = repr(host) if host else "(not shown)"
        raise ConfigError(f"{option} {shown} is invalid: {reason}")


def _receiver(url: str, format_: str) -> str:
    """Return the part of a URL that may be shown: the host, or for Apprise the service.

    >>> _receiver("https://u:pw@hooks.example.org/T0KEN", "json"), _receiver("x://T0KEN", "json")
    ('hooks.example.org', 'webhook')
    >>> _receiver("pover://T0KEN@x", "apprise"), _receiver("T0KEN", "apprise")
    ('pover', 'apprise')
    """
    service, separator, _ = url.partition("://")
    if format_ == "apprise":
        return service if separator and re.fullmatch("[a-z]{2,12}", service) else "apprise"
    with suppress(ValueError):
        if service.lower() in ("http", "https"):
            return urlsplit(url).hostname or "webhook"
    return "webhook"


def _host(url: str) -> str | None:
    """Return a URL's host if it is a domain name; anything else may be a token.

    >>> _host("ftp://user:T0KEN@hooks.example.org/T0KEN"), _host("slack://T0KEN/T0KEN")
    ('hooks.example.org', None)
    """
    with suppress(ValueError):
        host = urlsplit(url).hostname or ""
        return host if re.fullmatch(_DOMAIN, host) else None
    return None
