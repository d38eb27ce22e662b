"""Masking of headers, paths, queries and bodies, so that sensitive data never reaches the disk.

A body that cannot be masked is not stored; its exchange is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

from modeltap.config.settings import Settings
from modeltap.config.validation import from_environment
from modeltap.privacy.bodies.forms import masked_pairs
from modeltap.privacy.body_masker import DROPPED_BODY, BodyMasker, MaskedBody
from modeltap.privacy.limits import DEFAULT_BUDGET, Budget, Searches, SlowPatterns, Unmaskable
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.sensitive.values import SensitiveValues
from modeltap.privacy.texts.inline import has_structure
from modeltap.privacy.texts.text_masker import TextMasker
from modeltap.privacy.texts.urls import UrlMasker

_TEXT_IN_PATH = re.compile(r"[=%{]|:/")
"""Characters that indicate a query, an escape, JSON or a URL within a path."""

_MAX_CACHED = 1024
_MAX_CACHED_LENGTH = 200
"""Bounds of the cache, because clients choose the paths."""

T = TypeVar("T")
U = TypeVar("U")


class Masker:
    """Masks values by name (safe defaults and added patterns) and by format.

    Values are replaced with a mark, or with a keyed hash (HMAC-SHA256), so that equal values stay
    equal and cannot be guessed without the key, or dropped with their names.

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
        self.bodies = BodyMasker(self._texts, self._budget)
        self._slow = SlowPatterns()
        self._clean_texts: set[tuple[str, ...]] = set()
        texts = (self._texts, self._headers, self._query)
        self._custom: list[Searches] = [
            masker.names.custom for masker in texts if masker.names.custom
        ]
        if self._values.are_custom:
            self._custom.append(self._values)

    @classmethod
    def of_settings(cls, settings: Settings) -> Masker:
        """Return a masker as the options ``mask_...`` say.

        Raises:
            ConfigError: if the variable of the key is not set.
        """
        return cls(
            settings.mask_headers,
            settings.mask_query_params,
            settings.mask_body_fields,
            settings.mask_values,
            settings.mask_with,
            from_environment(settings.mask_key or "", "mask_key"),
            unmasked=settings.unmask_body_fields,
            budget=settings.mask_budget,
        )

    def _text_masker(self, names: SensitiveNames) -> TextMasker:
        return TextMasker(names, self._values, self._marks, self._budget)

    @property
    def steps(self) -> int:
        """The number of names and values checked in the current exchange."""
        return self._budget.steps

    @property
    def is_timed(self) -> bool:
        """True if there are custom patterns, whose search in one exchange has a time limit."""
        return bool(self._custom)

    def begin(self) -> None:
        """Reset the budget and the masked values for the next exchange."""
        self._budget.begin()
        self._marks.masked_values.forget()

    def messages(self) -> list[str]:
        """Return messages about custom patterns that took too long; each is returned once."""
        return self._slow.messages()

    def header(self, name: str, value: str) -> str | None:
        """Return a header's value to store; None if it is dropped."""
        kept = self._limited(lambda: (self._by_name(self._headers, name, value),), None)
        return self._marks.replacement(value) if kept is None else kept[0]

    def query(self, text: str) -> str | None:
        """Return a query string with its sensitive parameters masked; None if it is empty."""
        return self._limited(lambda: self._masked_query(text), None) if text else None

    def _masked_query(self, text: str) -> str:
        return masked_pairs(text, lambda name, value: self._by_name(self._query, name, value))

    def path(self, path: str, route: str = "") -> str:
        """Return a path with its secrets masked, as in `/token/SECRET`."""
        key = (path, route)
        if key in self._clean_texts:
            return path
        return self._cached_if_clean(
            key, lambda: self.text(self._inside_path(self._urls.path(path, route)))
        )

    def _inside_path(self, path: str) -> str:
        """Mask a text embedded in a path, as in `/filter/{"pin": 1}`."""
        return self._query.inside(path) if _TEXT_IN_PATH.search(path) else path

    def line(self, text: str) -> str:
        """Return the value of a header that is always stored, with its secrets masked."""
        key = (text,)
        if key in self._clean_texts or not (self._values or has_structure(text)):
            return text
        return self._cached_if_clean(key, lambda: self.text(self._headers.inside(text)))

    def _cached_if_clean(self, key: tuple[str, ...], mask: Callable[[], str]) -> str:
        """Return the result of `mask` for a text, and cache the text if it is clean.

        `key` holds the text and everything else that the result depends on. Caching pays because
        an app has few paths and content types.
        """
        text = key[0]
        kept = self._limited(mask, None)
        if kept == text and len(text) <= _MAX_CACHED_LENGTH:
            if len(self._clean_texts) >= _MAX_CACHED:
                self._clean_texts.clear()
            self._clean_texts.add(key)
        return self._marks.mark(text) if kept is None else kept

    def text(self, text: str) -> str:
        """Return `text` with values masked that are sensitive by their format."""
        return self._texts.text(text) if self._values else text

    def _by_name(self, texts: TextMasker, name: str, value: str) -> str | None:
        self._budget.spend()
        if texts.names.masks(name, value):
            return self._marks.replacement(value)
        return self.text(texts.inside(value))

    def body(self, body: bytes | bytearray, encoding: str, content_type: str = "") -> MaskedBody:
        """Return the body to store, and a note if it differs from the original body.

        Valid UTF-8 without NUL is returned as text, anything else as bytes. A compressed body
        (`encoding`, as in Content-Encoding) is decompressed; if it needs masking, the masked text
        is returned. The `content_type` defines the charset of text and identifies multipart
        bodies and forms.
        """
        if self._custom:
            return self._limited(
                lambda: self.bodies.masked(bytes(body), encoding, content_type), DROPPED_BODY
            )
        try:
            plain = body if isinstance(body, bytes) else bytes(body)
            return self.bodies.masked(plain, encoding, content_type)
        except Unmaskable:
            return DROPPED_BODY

    def are_clean(self, texts: Iterable[str]) -> bool:
        """Return True if an exchange with `texts` in its JSON needs no masking in its bodies.

        `texts` are all names and texts of both bodies. False if uncertain: then `body` decides.

        >>> Masker().are_clean(["age", "city", "Oslo"]), Masker().are_clean(["age", "token"])
        (True, False)
        """
        if self._values:
            return False  # numbers may be sensitive, too
        clean = self.bodies.clean
        if clean.are_known(texts):
            return True
        self.begin()
        return self._limited(lambda: clean.are_clean(texts), False)

    def error_message(self, text: str) -> str | None:
        """Return an exception's message to store; None if it contains a sensitive name.

        The message may quote values that this exchange had masked; these are masked, too.
        """
        kept, _ = self.body(text.encode("utf-8", "surrogatepass"), "")
        return self._marks.without_masked(kept) if isinstance(kept, str) else None

    def _limited(self, mask: Callable[[], T], otherwise: U) -> T | U:
        """Return the result of `mask`, or `otherwise` if it takes too many steps or seconds."""
        try:
            if not self._custom:
                return mask()
            with self._slow.time_limit(*self._custom):
                return mask()
        except (Unmaskable, TimeoutError):
            return otherwise
