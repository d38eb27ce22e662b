"""``[otel]``: a receiver of metrics and alerts by OTLP over HTTP, such as a collector."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from modeltap.config.reading.value_types import struct_of
from modeltap.config.validation import from_environment, refuse_unknown, setting, variable_of
from modeltap.config.webhook_settings import WebhookSettings, check_url
from modeltap.config.windows import parse_seconds
from modeltap.errors import ConfigError

_SIGNALS = ("/v1/metrics", "/v1/logs", "/v1/traces")
"""The paths of OTLP, which people copy together with the endpoint."""

_HEADER = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_SHORTEST_SECONDS = 5.0
_LONGEST_TIMEOUT = 60.0


class OtelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receiver of OpenTelemetry: ``[otel]`` in the file, or a URL in `otel`."""

    endpoint: str
    headers: dict[str, str] = {}
    interval: str = "60s"
    timeout_seconds: float = 10.0
    past_windows: bool = True
    alerts: bool = True
    ca_file: str | None = None

    def __repr__(self) -> str:
        """Return the receiver only: URL and headers may hold tokens."""
        return f"{type(self).__name__}(receiver={self.shown!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the same for rich's tracebacks."""
        return [("receiver", self.shown)]

    @property
    def shown(self) -> str:
        """The receiver as it may be shown: its host and port, or that a variable has it."""
        if self.endpoint.startswith("env:"):
            return "the endpoint in a variable"
        return urlsplit(self.endpoint).netloc.rpartition("@")[2]

    def resolved(self, environ: Mapping[str, str] | None = None) -> OtelSettings:
        """Return a copy with ``env:NAME`` values resolved; raise `ConfigError` if one is unset."""
        endpoint = _base(from_environment(self.endpoint, "otel endpoint", environ))
        _check_endpoint(endpoint)
        headers = {
            name: from_environment(value, f"otel header {name}", environ).strip()
            for name, value in self.headers.items()
        }
        for name, value in headers.items():
            _check_header(name, value)
        if self.ca_file and not Path(self.ca_file).is_file():
            raise ConfigError(f"otel ca_file {self.ca_file!r} is invalid: file not found")
        return msgspec.structs.replace(self, endpoint=endpoint, headers=headers)

    def receiver(self, signal: str) -> WebhookSettings:
        """Return where a signal is sent, `metrics` or `logs`, once the values are resolved.

        Collectors run on private addresses; those of metadata services stay forbidden.
        """
        return WebhookSettings(
            url=f"{self.endpoint}/v1/{signal}",
            allow_private=True,
            timeout_seconds=self.timeout_seconds,
            ca_file=self.ca_file,
        )


def parse_otel(entry: object) -> OtelSettings:
    """Parse a URL or a table; raise `ConfigError` without quoting URL or headers.

    >>> parse_otel("http://localhost:4318/v1/metrics").endpoint
    'http://localhost:4318'
    >>> parse_otel("localhost:4318")
    Traceback (most recent call last):
    modeltap.errors.ConfigError: otel endpoint (not shown) is invalid: must start with http:// or \
https://, or be env:NAME
    """
    table = {"endpoint": entry} if isinstance(entry, str) else entry
    if isinstance(table, OtelSettings):
        table = msgspec.structs.asdict(table)
    if not isinstance(table, Mapping):
        kind = type(entry).__name__
        raise ConfigError(f"option otel of type {kind} is invalid: must be a URL or a table")
    refuse_unknown(table, OtelSettings.__struct_fields__, "otel", secret=True)
    if not table.get("endpoint"):
        raise ConfigError("otel has no endpoint; add one such as http://localhost:4318")
    if isinstance(table["endpoint"], str):
        table = {**table, "endpoint": _base(table["endpoint"])}
    if isinstance(table.get("ca_file"), str):
        # Absolute, because the sending process may run in another directory.
        table = {**table, "ca_file": str(Path(table["ca_file"]).absolute())}
    otel = struct_of(table, OtelSettings, "otel")
    _check(otel)
    return otel


def _base(endpoint: str) -> str:
    """Return an endpoint without the path of a signal and without a slash at its end."""
    text = endpoint.strip("\ufeff \t\r\n").rstrip("/")
    for signal in _SIGNALS:
        text = text.removesuffix(signal)
    return text.rstrip("/")


def _check(otel: OtelSettings) -> None:
    if otel.endpoint.startswith("env:"):
        variable_of(otel.endpoint, "otel endpoint")
    else:
        _check_endpoint(otel.endpoint)
    for name, value in otel.headers.items():
        if value.startswith("env:"):
            variable_of(value, f"otel header {name}")
        _check_header(name, value)
    if parse_seconds(otel.interval, "otel.interval") < _SHORTEST_SECONDS:
        raise ConfigError(
            f"option {setting('otel.interval', otel.interval)} is invalid: must be at least "
            f"{_SHORTEST_SECONDS:g}s"
        )
    if not 0 < otel.timeout_seconds <= _LONGEST_TIMEOUT:
        raise ConfigError(
            f"option {setting('otel.timeout_seconds', otel.timeout_seconds)} is invalid: must be "
            f"a number of seconds, greater than 0 and at most {_LONGEST_TIMEOUT:g}"
        )


def _check_endpoint(endpoint: str) -> None:
    check_url(endpoint, "otel endpoint")
    parts = urlsplit(endpoint)
    if parts.query or parts.fragment:
        raise ConfigError(
            "otel endpoint is invalid: it has a query or a fragment; write only the base URL, such "
            "as http://localhost:4318, and tokens as headers"
        )


def _check_header(name: str, value: str) -> None:
    """Raise `ConfigError` for a header that HTTP cannot send, without quoting its value."""
    if not re.fullmatch(_HEADER, name):
        raise ConfigError("otel headers are invalid: a name is not that of an HTTP header")
    if not (value.isascii() and value.isprintable()):
        raise ConfigError(
            f"otel header {name} is invalid: it contains a line end, a control character or a "
            "letter that is not ASCII"
        )
