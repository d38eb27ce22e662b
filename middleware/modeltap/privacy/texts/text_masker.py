"""Masking of texts: JSON by its fields, tables by their columns, other text if it has no name."""

from __future__ import annotations

from typing import Any

import msgspec

from modeltap.payload import opens_json
from modeltap.privacy.limits import Budget, Unmaskable
from modeltap.privacy.marks import MASK, Marks
from modeltap.privacy.sensitive.names import SensitiveNames, may_name, may_open
from modeltap.privacy.sensitive.values import SensitiveValues
from modeltap.privacy.texts.delimited import masked_table
from modeltap.privacy.texts.document import DocumentMasker
from modeltap.privacy.texts.inline import InlineMasker, has_structure
from modeltap.privacy.texts.lossless_json import read_quickly, read_with_care, written

_ESCAPED_LETTER = "\\u00"
"""JSON may write a letter as its number: such a body is parsed, whatever names it seems to have."""

_LONGEST_NAME = 200
_MAX_DEPTH = 5
"""How often JSON may be a string within JSON; each level doubles the backslashes of the next."""


class TextMasker:
    """Masks texts: documents by field, other text if no sensitive name is in it.

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
        self.always_parses = bool(names.own) or bool(values)
        self.is_sensitive = names.is_sensitive
        self._inline = InlineMasker(names, marks, budget)
        self._documents = DocumentMasker(names, values, marks, budget, self.inside)
        self._depth = 0

    def text(self, text: str) -> str:
        """Return `text` with what looks sensitive in it replaced."""
        return self._values.masked(text, self.marks.mark) if self._values else text

    def may_hold_names(self, text: str) -> bool:
        """A cheap check: say whether a sensitive name can be in `text`."""
        return self.always_parses or may_name(text)

    def is_clean(self, string: str) -> bool:
        """Say whether a string of a JSON body is no sensitive name, and has none in it."""
        if not (self.always_parses or may_name(string) or may_open(string)):
            return True
        if len(string) > _LONGEST_NAME:
            return False  # a text, which a document's reader takes for none of its names
        facts = self.names.facts(string)
        return not (self.names.is_sensitive(string) or facts.opens or self.inside(string) != string)

    def document(self, text: str, under: str = "") -> str | None:
        """Return JSON as it may be kept; None where `text` is none.

        `under` is the name of the field whose text it is.
        """
        parsed = False
        for read in (read_quickly, read_with_care):
            try:
                document, has_more = read(text)
                document, changed = self._masked(document, under)
            except (ValueError, msgspec.DecodeError, RecursionError):
                continue
            if changed or has_more:
                return written(document)
            parsed = True
        return text if parsed else None

    def _masked(self, document: Any, under: str) -> tuple[Any, bool]:
        """Return a document masked, and whether it was changed; documents can be nested."""
        outer, self._documents.changed = self._documents.changed, False
        try:
            document = self._documents.masked(document, under)
            return document, self._documents.changed
        finally:
            self._documents.changed = outer

    def inside(self, text: str, under: str = "") -> str:
        """Return a text that is a value within another one, `under` a name, as it may be kept."""
        if text == MASK or not (has_structure(text) and self._may_hold_any(text, under)):
            return text
        kept = self._nested(text, under) if opens_json(text) else None
        if kept is None and "\n" in text:
            kept = masked_table(text, self.names, self.marks, self._budget)
        return self._inline.masked(text) if kept is None else kept

    def _may_hold_any(self, text: str, under: str) -> bool:
        """Say whether a sensitive name can be in `text`, or half of one above it."""
        return self.may_hold_names(text) or bool(under and self.names.facts(under).opens)

    def _nested(self, text: str, under: str) -> str | None:
        if self._depth >= _MAX_DEPTH:
            raise Unmaskable("JSON is nested too deeply in JSON strings")
        self._depth += 1
        try:
            return self.document(text, under)
        finally:
            self._depth -= 1

    def unless_named(self, text: str) -> str | None:
        """Return what may be kept of text that is no JSON; None where a name may be in it."""
        table = masked_table(text, self.names, self.marks, self._budget) if "\n" in text else None
        if table is not None:
            return self.text(table)
        if self.names.are_in(text) or _ESCAPED_LETTER in text:
            return None
        if self.may_hold_names(text) and self._inline.masked(text) != text:
            return None
        return self.text(text)
