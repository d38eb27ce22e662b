"""``shadow``: a challenger that receives a fraction of a model's requests."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from modeltap.config.reading.value_types import struct_of
from modeltap.config.validation import (
    from_environment,
    is_usual_variable,
    setting,
    url_or_table,
    variable_of,
)
from modeltap.config.webhook_settings import check_url
from modeltap.errors import ConfigError

_MAX_NAME = 100
"""The longest name of a candidate: it is part of the key of each of its predictions."""

MARK_HEADER = "x-modeltap-shadow"
"""The header that tells shadow traffic from real requests; its value is the candidate's name."""

_MAX_CONCURRENCY = 64
"""More open connections would only wait for the challenger."""


class ShadowSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A challenger: ``[models.NAME.shadow]`` in the file, or a URL in `shadow`.

    Requests are sent to `url` plus their own path. Its responses are stored as predictions of the
    candidate `name`.
    """

    url: str
    fraction: float = 0.1
    name: str = "shadow"
    allow_private: bool = False
    timeout_seconds: float = 5.0
    concurrency: int = 4
    max_queue_requests: int = 1000
    max_queue_bytes: int = 16 * 1024 * 1024

    def __repr__(self) -> str:
        """Return name and fraction: a URL may have a password or a token."""
        return f"{type(self).__name__}(name={self.name!r}, fraction={self.fraction})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the same for rich's tracebacks."""
        return [("name", self.name), ("fraction", self.fraction)]

    @property
    def shown(self) -> str:
        """The challenger as it may be shown: its host and port, or the name of a variable."""
        if self.url.startswith("env:"):
            return self.url if is_usual_variable(self.url) else "(not shown)"
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def resolved(self, environ: Mapping[str, str] | None = None) -> ShadowSettings:
        """Return a copy with an ``env:NAME`` URL resolved; raise `ConfigError` if it is unset."""
        url = from_environment(self.url, "shadow url", environ).strip()
        _check_url(url, self.allow_private)
        return msgspec.structs.replace(self, url=url)


def parse_shadow(entry: object, where: str = "shadow") -> ShadowSettings:
    """Parse a URL or a table; raise `ConfigError` without quoting the URL.

    >>> parse_shadow({"url": "https://challenger.example.org", "fraction": 0.5}).shown
    'challenger.example.org'
    >>> parse_shadow({"url": "https://challenger.example.org", "fraction": 2})
    Traceback (most recent call last):
    modeltap.errors.ConfigError: option shadow.fraction = 2.0 is invalid: must be greater than 0 \
and at most 1
    >>> parse_shadow("challenger.example.org:8000")
    Traceback (most recent call last):
    modeltap.errors.ConfigError: shadow url (not shown) is invalid: must start with http:// or \
https://, or be env:NAME
    """
    table = url_or_table(entry, ShadowSettings, f"option {where}", where)
    url = table.get("url")
    if not url:
        raise ConfigError(f"{where} has no url; add the challenger's URL, or env:NAME")
    if isinstance(url, str):
        table = {**table, "url": url.strip("\ufeff \t\r\n")}
    shadow = struct_of(table, ShadowSettings, where)
    _check(shadow, where)
    return shadow


def _check(shadow: ShadowSettings, where: str) -> None:
    if shadow.url.startswith("env:"):
        variable_of(shadow.url, f"{where} url")
    else:
        _check_url(shadow.url, shadow.allow_private, where)
    for name, valid, requirement in (
        ("fraction", 0 < shadow.fraction <= 1, "must be greater than 0 and at most 1"),
        (
            "name",
            0 < len(shadow.name.strip()) <= _MAX_NAME and shadow.name.isprintable(),
            f"must be a printable name of at most {_MAX_NAME} characters",
        ),
        (
            "timeout_seconds",
            0 < shadow.timeout_seconds <= 60,
            "must be a number of seconds, greater than 0 and at most 60",
        ),
        (
            "concurrency",
            1 <= shadow.concurrency <= _MAX_CONCURRENCY,
            f"must be a number of connections from 1 to {_MAX_CONCURRENCY}",
        ),
        ("max_queue_requests", shadow.max_queue_requests >= 1, "must be at least 1"),
        ("max_queue_bytes", shadow.max_queue_bytes >= 4096, "must be at least 4096 bytes"),
    ):
        if not valid:
            option = setting(f"{where}.{name}", getattr(shadow, name))
            raise ConfigError(f"option {option} is invalid: {requirement}")


def _check_url(url: str, allow_private: bool, where: str = "shadow") -> None:
    """Raise `ConfigError` for an unusable URL; names are resolved and checked before sending."""
    check_url(url, f"{where} url")
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise ConfigError(
            f"{where} url is invalid: it has a query or a fragment, but each request "
            "brings its own; write only the base URL, such as https://challenger.example.org"
        )
    if not allow_private and _is_private(parts.hostname or ""):
        raise ConfigError(
            f"{where} url {parts.hostname!r} is a private address; set allow_private = true"
        )


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
