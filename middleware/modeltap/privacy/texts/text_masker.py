"""Masking of texts: JSON by field, tables by column, and other text by sensitive names in it."""

from __future__ import annotations

from typing import Any

import msgspec

from modeltap.payload import opens_json
from modeltap.privacy.limits import Budget, Unmaskable
from modeltap.privacy.marks import MASK, Marks
from modeltap.privacy.sensitive.names import (
    SensitiveNames,
    has_no_word,
    may_be_first_half,
    may_contain_name,
)
from modeltap.privacy.sensitive.values import SensitiveValues
from modeltap.privacy.texts.delimited import masked_table
from modeltap.privacy.texts.document import DocumentMasker
from modeltap.privacy.texts.inline import InlineMasker, has_structure
from modeltap.privacy.texts.lossless_json import read_quickly, read_with_care, written

_ESCAPED_LETTER = "\\u00"
"""The start of an escaped ASCII letter in JSON, which may hide a name, so the text is parsed."""

_MAX_NAME_LENGTH = 200
_MAX_DEPTH = 5
"""The maximum nesting of JSON in JSON strings; each level doubles the backslashes of the next."""


class TextMasker:
    """Masks documents by field, and keeps other text only if it contains no sensitive name.

    >>> masker = TextMasker(SensitiveNames(), SensitiveValues(()), Marks(), Budget(1000))
    >>> masker.document('{"token": 1}'), masker.document("token=1"), masker.unless_named("token=1")
    ('{"token":"[masked]"}', None, None)
    >>> masker.document('{"body": "{\\\\"pin\\\\": \\\\"12ab\\\\"}"}')
    '{"body":"{\\\\"pin\\\\":\\\\"[masked]\\\\"}"}'
    """

    def __init__(
        self, names: SensitiveNames, values: SensitiveValues, marks: Marks, budget: Budget
    ) -> None:
        self.names = names
        self._values = values
        self.has_values = bool(values)
        self._budget = budget
        self.marks = marks
        self.always_parses = bool(names.custom) or bool(values)
        self.is_sensitive = names.is_sensitive
        self._inline = InlineMasker(names, marks, budget)
        self._documents = DocumentMasker(names, values, marks, budget, self.inside)
        self._depth = 0

    def text(self, text: str) -> str:
        """Return `text` with values masked that are sensitive by their format."""
        return self._values.masked(text, self.marks.mark) if self._values else text

    def may_contain_names(self, text: str) -> bool:
        """Return True if `text` may contain a sensitive name; a cheap check."""
        return self.always_parses or may_contain_name(text)

    def has_no_name(self, text: str) -> bool:
        """Return True if no string in `text` is or contains a sensitive name; False if uncertain.

        >>> masker = TextMasker(SensitiveNames(), SensitiveValues(()), Marks(), Budget(1000))
        >>> masker.has_no_name("Oslo, Rome"), masker.has_no_name("Oslo, to, ken")
        (True, False)
        """
        return not (self.always_parses or may_contain_name(text) or may_be_first_half(text))

    def is_clean(self, string: str) -> bool:
        """Return True if a string of a JSON body neither is nor contains a sensitive name."""
        if not self.always_parses and (has_no_word(string) or self.has_no_name(string)):
            return True
        if len(string) > _MAX_NAME_LENGTH:
            return False  # too long for a name, so the document is parsed
        facts = self.names.facts(string)
        return not (
            self.names.is_sensitive(string) or facts.first_half or self.inside(string) != string
        )

    def document(self, text: str, under: str = "") -> str | None:
        """Return JSON masked; None if `text` is not JSON.

        `under` is the name of the field that contains the text.
        """
        parsed = False
        for read in (read_quickly, read_with_care):
            try:
                document, has_duplicates = read(text)
                document, changed = self._masked(document, under)
            except (ValueError, msgspec.DecodeError, RecursionError):
                continue
            if changed or has_duplicates:
                return written(document)
            parsed = True
        return text if parsed else None

    def _masked(self, document: Any, under: str) -> tuple[Any, bool]:
        """Return a document masked, and True if it was changed; documents can be nested."""
        outer, self._documents.changed = self._documents.changed, False
        try:
            document = self._documents.masked(document, under)
            return document, self._documents.changed
        finally:
            self._documents.changed = outer

    def inside(self, text: str, under: str = "") -> str:
        """Mask a text that is a value within another text, `under` a name."""
        if text == MASK or not (has_structure(text) and self._may_hold_any(text, under)):
            return text
        kept = self._nested(text, under) if opens_json(text) else None
        if kept is None and "\n" in text:
            kept = masked_table(text, self.names, self.marks, self._budget)
        return self._inline.masked(text) if kept is None else kept

    def _may_hold_any(self, text: str, under: str) -> bool:
        """Return True if `text` may contain a sensitive name, or `under` is half of one."""
        return self.may_contain_names(text) or bool(under and self.names.facts(under).first_half)

    def _nested(self, text: str, under: str) -> str | None:
        if self._depth >= _MAX_DEPTH:
            raise Unmaskable("JSON is nested too deeply in JSON strings")
        self._depth += 1
        try:
            return self.document(text, under)
        finally:
            self._depth -= 1

    def unless_named(self, text: str) -> str | None:
        """Return the text to store of text that is not JSON; None if it may contain a name."""
        table = masked_table(text, self.names, self.marks, self._budget) if "\n" in text else None
        if table is not None:
            return self.text(table)
        if self.names.occur_in(text) or _ESCAPED_LETTER in text:
            return None
        if self.may_contain_names(text) and self._inline.masked(text) != text:
            return None
        return self.text(text)
