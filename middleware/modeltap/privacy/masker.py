"""Masking of headers, paths, queries and bodies: what is sensitive must not reach the disk.

A body that cannot be masked is not kept; the exchange always is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

from modeltap.privacy.bodies.forms import masked_pairs
from modeltap.privacy.body_masker import NOT_KEPT, BodyMasker, Kept
from modeltap.privacy.limits import DEFAULT_BUDGET, Budget, Searches, SlowPatterns, Unmaskable
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.sensitive.values import SensitiveValues
from modeltap.privacy.texts.text_masker import TextMasker
from modeltap.privacy.texts.urls import UrlMasker

_TEXT_IN_PATH = re.compile(r"[=%{]|:/")
"""Signs of a query, of an escape, of JSON and of a URL within a path."""

_REMEMBERED = 1024
_LONGEST_REMEMBERED = 200
"""Clients choose the paths, so the memory of them is bounded."""

T = TypeVar("T")
U = TypeVar("U")


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
        self._bodies = BodyMasker(self._texts, self._budget)
        self._slow = SlowPatterns()
        self._clean_texts: set[tuple[str, ...]] = set()
        texts = (self._texts, self._headers, self._query)
        self._own: list[Searches] = [masker.names.own for masker in texts if masker.names.own]
        if self._values.are_own:
            self._own.append(self._values)

    def _text_masker(self, names: SensitiveNames) -> TextMasker:
        return TextMasker(names, self._values, self._marks, self._budget)

    @property
    def steps(self) -> int:
        """The names and values that were looked at for the exchange so far."""
        return self._budget.steps

    def begin(self) -> None:
        """Begin the next exchange: its budget is whole."""
        self._budget.begin()
        self._marks.masked_values.forget()

    def messages(self) -> list[str]:
        """Return, once, the operator's patterns that took too long."""
        return self._slow.messages()

    def header(self, name: str, value: str) -> str | None:
        """Return what may be kept of a header's value; None when it is dropped."""
        kept = self._limited(lambda: (self._by_name(self._headers, name, value),), None)
        return self._marks.replacement(value) if kept is None else kept[0]

    def query(self, text: str) -> str | None:
        """Return a query string with its sensitive parameters masked; None for an empty one."""
        return self._limited(lambda: self._masked_query(text), None) if text else None

    def _masked_query(self, text: str) -> str:
        return masked_pairs(text, lambda name, value: self._by_name(self._query, name, value))

    def path(self, path: str, route: str = "") -> str:
        """Return a path with its secrets replaced, as in `/token/SECRET`."""
        return self._unless_clean(
            (path, route), lambda: self.text(self._inside_path(self._urls.path(path, route)))
        )

    def _inside_path(self, path: str) -> str:
        """Mask what is a text of its own in a path, as in `/filter/{"pin": 1}`."""
        return self._query.inside(path) if _TEXT_IN_PATH.search(path) else path

    def line(self, text: str) -> str:
        """Return a header's value that is always stored, with the secrets in it replaced."""
        return self._unless_clean((text,), lambda: self.text(self._headers.inside(text)))

    def _unless_clean(self, known_by: tuple[str, ...], mask: Callable[[], str]) -> str:
        """Return what `mask` leaves of a text, the first of `known_by`, all that it depends on.

        An app has few paths and types: those in which nothing is sensitive are remembered.
        """
        text = known_by[0]
        if known_by in self._clean_texts:
            return text
        kept = self._limited(mask, None)
        if kept == text and len(text) <= _LONGEST_REMEMBERED:
            if len(self._clean_texts) >= _REMEMBERED:
                self._clean_texts.clear()
            self._clean_texts.add(known_by)
        return self._marks.mark(text) if kept is None else kept

    def text(self, text: str) -> str:
        """Return `text` with what looks sensitive in it replaced."""
        return self._texts.text(text) if self._values else text

    def _by_name(self, texts: TextMasker, name: str, value: str) -> str | None:
        self._budget.spend()
        if texts.names.masks(name, value):
            return self._marks.replacement(value)
        return self.text(texts.inside(value))

    def body(self, body: bytes | bytearray, encoding: str, content_type: str = "") -> Kept:
        """Return what may be kept of a body, and a note where that is not the body itself.

        Valid UTF-8 without NUL comes back as text, anything else as bytes. A compressed body
        (`encoding`, as in Content-Encoding) is looked into; where it had to be masked, the
        masked text takes its place. The `content_type` tells the encoding of a text, the parts
        of a multipart body, and a form.
        """
        plain = bytes(body)
        if self._own:
            return self._limited(
                lambda: self._bodies.masked(plain, encoding, content_type), NOT_KEPT
            )
        try:
            return self._bodies.masked(plain, encoding, content_type)
        except Unmaskable:
            return NOT_KEPT

    def error_message(self, text: str) -> str | None:
        """Return what may be kept of an exception's text; None where a name is in it.

        It may quote what this exchange had masked: that is replaced.
        """
        kept, _ = self.body(text.encode("utf-8", "surrogatepass"), "")
        return self._marks.without_masked(kept) if isinstance(kept, str) else None

    def _limited(self, mask: Callable[[], T], otherwise: U) -> T | U:
        """Return what `mask` returns, or `otherwise` where that takes too many steps or seconds."""
        try:
            if not self._own:
                return mask()
            with self._slow.time_limit(*self._own):
                return mask()
        except (Unmaskable, TimeoutError):
            return otherwise
