"""Masking of headers, queries and bodies: values under sensitive names must not reach the disk.

The rule: a body that parses is masked by field, and so is each line of a stream (`streams`);
text that does not parse is kept only if no sensitive name occurs in it, and so are Parquet and
JSON with bytes after it; other binary is kept. A body that cannot be masked is not kept;
the exchange always is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from modeltap.privacy.body_text import MAX_INFLATED_BYTES, as_text, inflate
from modeltap.privacy.marks import Marks
from modeltap.privacy.names import REMEMBERED_BYTES, SensitiveNames, compiled, remember
from modeltap.privacy.streams import Unmaskable, masked_stream
from modeltap.privacy.tables import PARQUET, head_names, parquet_footer
from modeltap.privacy.text_masker import TextMasker
from modeltap.privacy.values import SensitiveValues

UNMASKABLE = "unmaskable"
MASKED = "masked"

_NUMBERS = re.compile(rb"[\d.]+")
"""Numbers differ between the rows of a model. Without them a body has a shape, in which no name
turns into another one: each number leaves a digit."""

_BYTE_ORDER_MARKS = b"\xff\xfe\xef\xbb\xbf"
_JSON_SPACE = b" \t\r\n"


class Masker:
    """Masks by name (the safe defaults and the added patterns), and values by their look.

    Values are replaced by a mark; by a keyed hash (HMAC-SHA256), so that equal ones stay equal and
    nobody without the key can try values out; or dropped with their names.

    >>> masker = Masker(body_fields=["^phone$"])
    >>> masker.body(b'{"user": {"password": "p", "phone": 1}, "age": 7}', "")
    ('{"user":{"password":"[masked]","phone":"[masked]"},"age":7}', 'masked')
    >>> masker.body(b'{"age": 7}', "")
    ('{"age": 7}', None)
    >>> masker.body(b'password=', "")
    (None, 'unmaskable')
    >>> Masker(how="hash", key="k").body(b'{"token": "t"}', "")
    ('{"token":"[hash:e7fcbc16f826ad96]"}', 'masked')
    """

    def __init__(
        self,
        headers: Iterable[str] = (),
        query_params: Iterable[str] = (),
        body_fields: Iterable[str] = (),
        values: Iterable[str] = (),
        how: Literal["mark", "hash", "drop"] = "mark",
        key: str = "",
    ) -> None:
        self._headers = compiled(headers)
        self._query = compiled(query_params)
        self._names = SensitiveNames(body_fields)
        self._values = SensitiveValues(values)
        self._marks = Marks(how, key)
        self._texts = TextMasker(self._names, self._values, self._marks)
        self._innocent: set[bytes] = set()
        self._was_innocent = False

    def header(self, name: str, value: str) -> str | None:
        """Return what may be kept of a header's value; None when it is dropped."""
        return self._by_name(self._headers, name, value)

    def query(self, text: str) -> str | None:
        """Return a query string with its sensitive parameters masked; None for an empty one."""
        if not text:
            return None
        pairs = parse_qsl(text, keep_blank_values=True)
        kept = [(name, self._by_name(self._query, name, value)) for name, value in pairs]
        return text if kept == pairs else urlencode([pair for pair in kept if pair[1] is not None])

    def text(self, text: str) -> str:
        """Return `text` with what looks sensitive in it replaced."""
        return self._texts.text(text) if self._values else text

    def _by_name(self, names: re.Pattern[str], name: str, value: str) -> str | None:
        if names.search(name.lower()):
            return self._marks.replacement(value)
        return self.text(value)

    def body(self, body: bytes | bytearray, encoding: str) -> tuple[str | bytes | None, str | None]:
        """Return what may be kept of a body, and a note where that is not the body itself.

        Valid UTF-8 without NUL comes back as text, anything else as bytes. A compressed body
        (`encoding`, as in Content-Encoding) is looked into; where it had to be masked, the
        masked text takes its place.
        """
        plain = bytes(body)
        if encoding and encoding != "identity":
            return self._compressed(plain, encoding)
        text = as_text(plain)
        if text is None:
            return self._binary(plain)
        if not (self._texts.always_parses or self._names.may_be_in(plain)):
            return text, None
        if self._values:
            return self._by_field(text)
        # After a masked one the next is likely to be masked, too: its shape is not worth a search.
        if self._was_innocent and _shape(plain) in self._innocent:
            return text, None
        kept, note = self._by_field(text)
        self._was_innocent = note is None
        if note is None and len(shape := _shape(plain)) <= REMEMBERED_BYTES:
            remember(self._innocent, shape)
        return kept, note

    def _compressed(self, body: bytes, encoding: str) -> tuple[str | bytes | None, str | None]:
        plain = inflate(body, encoding, MAX_INFLATED_BYTES)
        if plain is None:
            return None, UNMASKABLE
        kept, note = self.body(plain, "")
        return (kept, note) if note else (body, None)

    def _binary(self, body: bytes) -> tuple[bytes | None, str | None]:
        if body.startswith(PARQUET):
            footer = parquet_footer(body)
            suspicious = footer is None or self._names.are_in(footer)
        else:
            suspicious = self._head_is_suspicious(body) or self._is_suspicious_text(body)
        return (None, UNMASKABLE) if suspicious else (body, None)

    def _head_is_suspicious(self, body: bytes) -> bool:
        """Say whether there is a sensitive name in the JSON that bytes come after."""
        body = body.lstrip(_JSON_SPACE)
        if not body.startswith(b"{"):
            return False
        names = head_names(body)
        if names is None:
            return self._names.are_in(body.decode("latin-1"))
        return any(map(self._names.is_sensitive, names))

    def _is_suspicious_text(self, body: bytes) -> bool:
        """An image may hold the letters of a name by chance; UTF-16 or Latin-1 text does not."""
        start = body[:4096].lstrip(_BYTE_ORDER_MARKS).replace(b"\0", b"")
        letters = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in start)
        if letters < 0.85 * len(start):
            return False
        text = body.replace(b"\0", b"").decode("latin-1")
        return self._names.are_in(text) or self.text(text) != text

    def _by_field(self, text: str) -> tuple[str | None, str | None]:
        kept = self._texts.document(text)
        if kept is None:
            try:
                kept = masked_stream(text, self._texts)
            except Unmaskable:
                return None, UNMASKABLE
        if kept is None:
            kept = self._texts.unless_named(text)
        if kept is None:
            return None, UNMASKABLE
        return kept, None if kept == text else MASKED


def _shape(body: bytes) -> bytes:
    return _NUMBERS.sub(b"0", body)
