"""Masking of a JSON document by its field names, its column names, and inside its texts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress
from typing import Any

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.sensitive.values import SensitiveValues
from modeltap.privacy.texts.object_plans import ObjectPlans
from modeltap.privacy.texts.tables import TableMasker

_MIN_LENGTH = 4
"""Shorter texts cannot contain a name and a value."""

_MAX_EXACT = 2.0**63
"""Floating-point numbers beyond this are rounded anyway."""

_WALKED = frozenset((str, dict, list))
"""The types of values that may contain sensitive values."""


class DocumentMasker:
    """Masks documents in place; `changed` is True if anything was replaced since it was reset.

    `inside` masks a text that is a value of the document.

    >>> masker = DocumentMasker(
    ...     SensitiveNames(), SensitiveValues(()), Marks(), Budget(100), lambda text, under: text
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
        inside: Callable[[str, str], str],
    ) -> None:
        self._names = names
        self._values = values
        self._has_values = bool(values)
        self._marks = marks
        self._budget = budget
        self._inside = inside
        self._plans = ObjectPlans(names)
        self._tables = TableMasker(names, marks, budget, self._plans)
        self.changed = False

    def masked(self, document: Any, under: str = "") -> Any:
        """Return `document`, which may be a text `under` a name, with its secrets masked."""
        if self._tables.mask(document):
            self.changed = True
        return self._value(document, under)

    def _value(self, value: Any, under: str) -> Any:
        kind = type(value)
        if kind is str:
            return self._text(value, under)
        if kind is dict:
            self._mask_object(value, under)
        elif kind is list:
            self._mask_list(value, under)
        elif self._has_values and (kind is int or kind is float):
            return self._number(value)
        return value

    def _mask_list(self, items: list[Any], under: str) -> None:
        self._budget.spend(len(items))
        if not self._has_values and _WALKED.isdisjoint(map(type, items)):
            return
        for at, item in enumerate(items):
            if self._has_values or type(item) in _WALKED:
                items[at] = self._value(item, under)

    def _mask_object(self, fields: dict[str, Any], under: str) -> None:
        self._budget.spend(len(fields))
        names = self._plans.of(fields).sensitive
        if under and self._names.facts(under).first_half:
            names = tuple(fields)
        for name in names:
            if self._names.masks(name, fields[name], under):
                self._mask_field(fields, name)
        if self._has_values:
            for name, value in fields.items():
                fields[name] = self._value(value, name)
            self._mask_names(fields)
            return
        # Most fields of a row are numbers, which a loop in Python would take the most time for.
        walked = map(_WALKED.__contains__, map(type, fields.values()))
        for name in list(compress(fields, walked)):
            fields[name] = self._value(fields[name], name)

    def _mask_field(self, fields: dict[str, Any], name: str) -> None:
        self.changed = True
        fields[name] = self._marks.replacement(fields[name])
        if self._marks.drops:
            del fields[name]

    def _mask_names(self, fields: dict[str, Any]) -> None:
        """Mask names that are sensitive values themselves, such as an e-mail address."""
        kept = {self._values.masked(name, self._marks.mark): fields[name] for name in fields}
        if kept.keys() != fields.keys():
            self.changed = True
            fields.clear()
            fields.update(kept)

    def _text(self, text: str, under: str) -> str:
        kept = self._inside(text, under) if len(text) >= _MIN_LENGTH else text
        if self._has_values:
            kept = self._values.masked(kept, self._marks.mark)
        if kept != text:
            self.changed = True
        return kept

    def _number(self, number: int | float) -> Any:
        integer = int(number) if number == number and abs(number) < _MAX_EXACT else 0
        if number != integer:
            return number  # card and phone numbers have no decimals
        text = str(integer)
        kept = self._values.masked(text, self._marks.mark)
        if kept == text:
            return number
        self.changed = True
        return kept
