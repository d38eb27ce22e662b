"""The version of the model that gave a response: fixed, in a header, or in the response's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from modeltap.config.settings import Settings
from modeltap.privacy.bodies.compression import inflate
from modeltap.privacy.headers import Header, text_of, version_header
from modeltap.store.text import storable_text
from modeltap.writer.records import CapturedRecord

_MAX_VERSION = 200
"""The longest version, because responses and clients may have texts of any length."""

_MAX_INFLATED_BYTES = 8 * 1024 * 1024
"""The largest size of a decompressed response; a larger one has no version."""

_decode = msgspec.json.Decoder().decode


class VersionSource:
    """Returns the version of each record of a model, by the option `version`.

    >>> source = VersionSource(Settings(version="header:X-Model-Version"))
    >>> source.of_headers((("x-model-version", b"1.4"),), ())
    '1.4'
    >>> source.of_headers((), (("x-model-version", "2"),)), source.of_headers((), ())
    ('2', '')
    >>> VersionSource(Settings(version="1.4")).of_headers((), ())
    '1.4'
    """

    def __init__(self, settings: Settings) -> None:
        self.fixed = settings.fixed_version
        self._header = version_header(settings)
        kind, _, field = settings.version.partition(":")
        self._path = field.split(".") if kind == "body" else []

    @property
    def is_in_body(self) -> bool:
        """True if each response has to be read."""
        return bool(self._path)

    def of_headers(self, response: Sequence[Header], request: Sequence[Header]) -> str:
        """Return the fixed version, or that in the response's header, or else the request's."""
        if not self._header:
            return self.fixed
        for headers in (response, request):
            for name, value in headers:
                if name == self._header:
                    return version_text(text_of(value))
        return ""

    def of_body(self, record: CapturedRecord) -> str:
        """Return the version in the response's JSON; "" if there is none."""
        body: bytes | None = bytes(record.response_body)
        headers = [(name, text_of(value)) for name, value in record.response_headers]
        encoding = dict(headers).get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity"):
            body = inflate(body or b"", encoding, _MAX_INFLATED_BYTES)
        try:
            value: Any = _decode(body or b"")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        for name in self._path:
            value = value.get(name) if isinstance(value, dict) else None
        return version_text(value)


def version_text(value: object) -> str:
    """Return a version as text: at most 200 characters, "" for anything but texts and numbers.

    >>> version_text(" 1.4 "), version_text(2), version_text(True), version_text(["1"])
    ('1.4', '2', '', '')
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return storable_text(str(value).strip()[:_MAX_VERSION])
