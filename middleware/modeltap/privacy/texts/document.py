"""Masking of a JSON document: by the names of its fields, of its columns, and inside its texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.sensitive.values import SensitiveValues
from modeltap.privacy.texts.tables import TableMasker

_SHORTEST = 4
"""A text of fewer characters has no room for a name and a value."""


class DocumentMasker:
    """Masks documents in place; `changed` says whether anything was replaced since it was set.

    `inside` masks what is a text of its own within a document's text.

    >>> masker = DocumentMasker(
    ...     SensitiveNames(), SensitiveValues(()), Marks(), Budget(100), lambda text: text
    ... )
    >>> masker.masked([{"card": {"number": 1, "type": "debit"}}]), masker.changed
    ([{'card': {'number': '[masked]', 'type': 'debit'}}], True)
    """

    def __init__(
        self,
        names: SensitiveNames,
        values: SensitiveValues,
        marks: Marks,
        budget: Budget,
        inside: Callable[[str], str],
    ) -> None:
        self._names = names
        self._values = values
        self._marks = marks
        self._budget = budget
        self._inside = inside
        self._tables = TableMasker(names, marks, budget)
        self.changed = False

    def masked(self, document: Any) -> Any:
        """Return `document` with what is sensitive in it replaced."""
        if self._tables.mask(document):
            self.changed = True
        return self._value(document, "")

    def _value(self, value: Any, under: str) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            self._mask_object(value, under)
        elif isinstance(value, list):
            self._budget.spend(len(value))
            for at, item in enumerate(value):
                value[at] = self._value(item, under)
        elif self._values and isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._number(value)
        return value

    def _mask_object(self, fields: dict[str, Any], under: str) -> None:
        self._budget.spend(len(fields))
        for name in list(fields):
            value = fields[name]
            if self._names.masks(name, value, under):
                self.changed = True
                fields[name] = self._marks.replacement(value)
                if self._marks.drops:
                    del fields[name]
            else:
                fields[name] = self._value(value, name)
        if self._values:
            self._mask_names(fields)

    def _mask_names(self, fields: dict[str, Any]) -> None:
        """A name may itself be a value by its look, an e-mail address for example."""
        kept = {self._values.masked(name, self._marks.mark): fields[name] for name in fields}
        if kept.keys() != fields.keys():
            self.changed = True
            fields.clear()
            fields.update(kept)

    def _text(self, text: str) -> str:
        kept = self._inside(text) if len(text) >= _SHORTEST else text
        if self._values:
            kept = self._values.masked(kept, self._marks.mark)
        if kept != text:
            self.changed = True
        return kept

    def _number(self, number: int | float) -> Any:
        text = str(number)
        kept = self._values.masked(text, self._marks.mark)
        if kept == text:
            return number
        self.changed = True
        return kept
