"""Masking of JSON documents and other text: by name, and by pattern where that is configured."""

from __future__ import annotations

from typing import Any

import msgspec

from modeltap.privacy.lossless_json import read_quickly, read_with_care, written
from modeltap.privacy.marks import Marks
from modeltap.privacy.names import SensitiveNames, stem_in
from modeltap.privacy.tables import mask_beside
from modeltap.privacy.values import SensitiveValues

_ESCAPED_LETTER = "\\u00"
"""JSON may write a letter as its number: such a body is parsed, whatever names it seems to have."""


class TextMasker:
    """Masks texts: documents by field, other text if no sensitive name is in it.

    >>> masker = TextMasker(SensitiveNames(), SensitiveValues(()), Marks())
    >>> masker.document('{"token": 1}'), masker.document("token=1"), masker.unless_named("token=1")
    ('{"token":"[masked]"}', None, None)
    """

    def __init__(self, names: SensitiveNames, values: SensitiveValues, marks: Marks) -> None:
        self._names = names
        self._values = values
        self.marks = marks
        self.always_parses = names.are_added or bool(values)
        self.is_sensitive = names.is_sensitive

    def text(self, text: str) -> str:
        """Return `text` with what looks sensitive in it replaced."""
        return self._values.masked(text, self.marks.mark) if self._values else text

    def may_hold_names(self, text: str) -> bool:
        """A cheap check: say whether a sensitive name can be in `text`."""
        return self.always_parses or stem_in(text)

    def document(self, text: str) -> str | None:
        """Return JSON as it may be kept; None where `text` is none."""
        parsed = False
        for read in (read_quickly, read_with_care):
            try:
                document, changed = read(text)
                changed = self._mask_names(document) or changed
                if self._values:
                    plain, document = document, self._without_values(document)
                    changed = changed or document != plain
            except (ValueError, msgspec.DecodeError, RecursionError):
                continue
            if changed:
                return written(document)
            parsed = True
        return text if parsed else None

    def unless_named(self, text: str) -> str | None:
        """Return what may be kept of text that is no JSON; None where a name may be in it."""
        if self._names.are_in(text) or _ESCAPED_LETTER in text:
            return None
        return self.text(text)

    def _mask_names(self, document: Any) -> bool:
        """Replace what has a sensitive name, at any depth; say whether there was one."""
        changed = False
        if isinstance(document, dict):
            changed = mask_beside(document, self._names, self.marks)
            for name in list(document):
                value = document[name]
                if self.is_sensitive(name):
                    document[name] = self.marks.replacement(value)
                    if self.marks.drops:
                        del document[name]
                    changed = True
                elif isinstance(value, (dict, list)):
                    changed = self._mask_names(value) or changed
        elif isinstance(document, list):
            for item in document:
                if isinstance(item, (dict, list)):
                    changed = self._mask_names(item) or changed
        return changed

    def _without_values(self, document: Any) -> Any:
        """Return a copy of `document` with texts and numbers that look sensitive replaced."""
        if isinstance(document, str):
            return self.text(document)
        if isinstance(document, dict):
            return {self.text(name): self._without_values(v) for name, v in document.items()}
        if isinstance(document, list):
            return list(map(self._without_values, document))
        if isinstance(document, int) and not isinstance(document, bool):
            text = str(document)
            return document if (kept := self.text(text)) == text else kept
        return document
