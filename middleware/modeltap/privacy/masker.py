"""Masking of headers, queries and bodies: values under sensitive names must not reach the disk.

The rule: a body that parses is masked by field, and so is each line of a stream (`streams`);
text that does not parse is kept only if no sensitive name occurs in it, and so are Parquet and
JSON with bytes after it; other binary is kept. A body that cannot be masked is not kept;
the exchange always is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

from modeltap.privacy.binary import PARQUET, head_names, parquet_footer
from modeltap.privacy.body_text import MAX_INFLATED_BYTES, as_text, inflate
from modeltap.privacy.limits import DEFAULT_BUDGET, Budget, SlowPatterns, Unmaskable
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.sensitive.values import SensitiveValues
from modeltap.privacy.texts.clean_strings import CleanStrings
from modeltap.privacy.texts.streams import masked_stream
from modeltap.privacy.texts.text_masker import TextMasker
from modeltap.privacy.texts.urls import UrlMasker

UNMASKABLE = "unmaskable"
MASKED = "masked"

Kept = tuple[str | bytes | None, str | None]
"""What may be kept of a body, and a note where that is not the body itself."""

_NOT_KEPT: Kept = (None, UNMASKABLE)

T = TypeVar("T")
U = TypeVar("U")

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
        *,
        unmasked: Iterable[str] = (),
        budget: int = DEFAULT_BUDGET,
    ) -> None:
        self._budget = Budget(budget)
        self._values = SensitiveValues(values)
        self._marks = Marks(how, key)
        self._names = SensitiveNames(body_fields, unmasked)
        self._texts = self._text_masker(self._names)
        self._headers = self._text_masker(SensitiveNames(headers))
        self._query = self._text_masker(SensitiveNames(query_params))
        self._urls = UrlMasker(self._query.names, self._marks)
        self._clean = CleanStrings(self._texts.is_clean, self._budget)
        self._slow = SlowPatterns()
        self._was_clean = True

    def _text_masker(self, names: SensitiveNames) -> TextMasker:
        return TextMasker(names, self._values, self._marks, self._budget)

    @property
    def steps(self) -> int:
        """The names and values that were looked at for the exchange so far."""
        return self._budget.steps

    def begin(self) -> None:
        """Begin the next exchange: its budget is whole."""
        self._budget.begin()

    def messages(self) -> list[str]:
        """Return, once, the operator's patterns that took too long."""
        return self._slow.messages()

    def header(self, name: str, value: str) -> str | None:
        """Return what may be kept of a header's value; None when it is dropped."""
        otherwise = self._marks.replacement("")
        return self._limited(lambda: self._by_name(self._headers, name, value), otherwise)

    def query(self, text: str) -> str | None:
        """Return a query string with its sensitive parameters masked; None for an empty one."""
        return self._limited(lambda: self._masked_query(text), None) if text else None

    def _masked_query(self, text: str) -> str:
        pairs = parse_qsl(text.replace(";", "&"), keep_blank_values=True)
        kept = [(name, self._by_name(self._query, name, value)) for name, value in pairs]
        return text if kept == pairs else urlencode([pair for pair in kept if pair[1] is not None])

    def path(self, path: str, route: str = "") -> str:
        """Return a path with its secrets replaced, as in `/token/SECRET`."""
        return self._limited(
            lambda: self.text(self._urls.path(path, route)), self._marks.mark(path)
        )

    def text(self, text: str) -> str:
        """Return `text` with what looks sensitive in it replaced."""
        return self._texts.text(text) if self._values else text

    def _by_name(self, texts: TextMasker, name: str, value: str) -> str | None:
        self._budget.spend()
        if texts.names.masks(name, value):
            return self._marks.replacement(value)
        return self.text(texts.inside(value))

    def body(self, body: bytes | bytearray, encoding: str) -> tuple[str | bytes | None, str | None]:
        """Return what may be kept of a body, and a note where that is not the body itself.

        Valid UTF-8 without NUL comes back as text, anything else as bytes. A compressed body
        (`encoding`, as in Content-Encoding) is looked into; where it had to be masked, the
        masked text takes its place.
        """
        plain = bytes(body)
        return self._limited(lambda: self._body(plain, encoding), _NOT_KEPT)

    def _limited(self, mask: Callable[[], T], otherwise: U) -> T | U:
        """Return what `mask` returns, or `otherwise` where that takes too many steps or seconds."""
        try:
            if not (self._names.own or self._values.are_own):
                return mask()
            with self._slow.time_limit(self._names.own, self._values):
                return mask()
        except (Unmaskable, TimeoutError):
            return otherwise

    def _body(self, plain: bytes, encoding: str) -> tuple[str | bytes | None, str | None]:
        if encoding and encoding != "identity":
            return self._compressed(plain, encoding)
        text = as_text(plain)
        if text is None:
            return self._binary(plain)
        if not (self._texts.always_parses or self._names.may_be_in(plain)):
            return text, None
        # After a masked one the next is likely to be masked, too: it is not worth the look.
        if self._was_clean and not self._values and self._clean.are_all_in(plain):
            return text, None
        kept, note = self._by_field(text)
        self._was_clean = note is None
        return kept, note

    def _compressed(self, body: bytes, encoding: str) -> tuple[str | bytes | None, str | None]:
        plain = inflate(body, encoding, MAX_INFLATED_BYTES)
        if plain is None:
            return None, UNMASKABLE
        kept, note = self._body(plain, "")
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
            kept = masked_stream(text, self._texts)
        if kept is None:
            kept = self._texts.unless_named(text)
        if kept is None:
            return None, UNMASKABLE
        return kept, None if kept == text else MASKED
