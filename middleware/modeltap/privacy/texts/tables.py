"""Masking by position, for values whose names are not their keys.

A table has its column names in one list and its cells in others (`cells`); a pair has its name in
one member and its value in another (`pairs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.cells import (
    CellMasker,
    SensitiveColumns,
    TableHeader,
    is_numbered,
    replaced,
)
from modeltap.privacy.texts.member_roles import Role, is_header_key, role_of
from modeltap.privacy.texts.object_plans import ObjectPlans
from modeltap.privacy.texts.pairs import PairMasker

_MAX_NAME_LENGTH = 100
_DEPTH = 6
"""The number of levels below the common object that are searched for cells."""

_IDENTIFIER = re.compile(r"[\w.\[\]$/:%-]+")
"""A name without spaces; several words are a text unless the list is declared as names."""

_HEADING = re.compile(r"[\w.\[\]$/:%-]+|[A-Z][\w.()/-]*(?: [\w.()/-]+){0,3}")
"""A name, or a column heading such as `Card number`."""

_CONTAINERS = frozenset((dict, list))


class TableMasker:
    """Masks pairs and tables in documents, in place.

    >>> names = SensitiveNames()
    >>> masker = TableMasker(names, Marks(), Budget(100), ObjectPlans(names))
    >>> table = {"names": ["age", "token"], "ndarray": [[7, "abc"]]}
    >>> masker.mask(table), table["ndarray"]
    (True, [[7, '[masked]']])
    """

    def __init__(
        self, names: SensitiveNames, marks: Marks, budget: Budget, plans: ObjectPlans
    ) -> None:
        self._names = names
        self._marks = marks
        self._budget = budget
        self._pairs = PairMasker(names, marks, plans)
        self._changed = False

    def mask(self, document: Any) -> bool:
        """Mask the values of pairs and tables; return True if anything was masked."""
        self._changed = False
        self._visit(document, frozenset())
        return self._changed

    def _visit(self, node: Any, widths: frozenset[int]) -> list[TableHeader]:
        """Mask inside `node`; return the headers of tables that are next to or above it.

        Lists as wide as one of `widths` are rows of a table with column names elsewhere.
        """
        if type(node) is dict:
            return self._visit_object(node, widths)
        return self._visit_list(node, widths) if type(node) is list else []

    def _visit_list(self, items: list[Any], widths: frozenset[int]) -> list[TableHeader]:
        self._budget.spend(len(items))
        if _CONTAINERS.isdisjoint(map(type, items)):
            self._mask_options(items)
            return []
        if isinstance(items[0], list) and len(items[0]) not in widths:
            self._mask_below_first_row(items)
            self._mask_lists_of_two(items)
        headers = [header for item in items for header in self._visit(item, widths)]
        # One item may have the columns and the next one the rows, but each has its own labels.
        sure = [header for header in headers if header.is_sure]
        return self._applied(sure, items) if sure and len(items) > 1 else headers

    def _visit_object(self, fields: dict[str, Any], widths: frozenset[int]) -> list[TableHeader]:
        self._budget.spend(len(fields))
        self._changed = self._pairs.mask(fields) or self._changed
        if _CONTAINERS.isdisjoint(map(type, fields.values())):
            return []
        headers = []
        inner = [(key, value) for key, value in fields.items() if type(value) in (dict, list)]
        for key, value in inner:
            is_sure = is_header_key(key)
            names = _listed_names(value, key)
            if not names:
                continue
            self._budget.spend(len(names))
            if is_sure:
                widths |= {len(names)}
            elif not all(map(_IDENTIFIER.fullmatch, names)):
                continue  # texts, not names
            if columns := self._columns(names):
                headers.append(TableHeader(value, len(names), columns, is_sure))
        for _, value in inner:
            headers += self._visit(value, widths)
        return self._applied(headers, fields.values()) if headers else headers

    def _columns(self, names: list[str]) -> SensitiveColumns:
        return {at: name for at, name in enumerate(names) if self._names.is_sensitive(name)}

    def _applied(self, headers: list[TableHeader], values: Iterable[Any]) -> list[TableHeader]:
        """Mask the tables of `headers` in `values`; return the headers without a table here."""
        cells = CellMasker(headers, self._names, self._marks, self._budget)
        for value in values:
            cells.mask(value, _DEPTH)
        self._changed = self._changed or cells.changed
        left = [header for header in headers if header.width not in cells.widths_found]
        for header in left:
            header.levels -= 1
        return [header for header in left if header.levels > 0]

    def _mask_below_first_row(self, rows: list[Any]) -> None:
        """Mask the rows of a table that has its column names in the first row."""
        is_header = len(rows) > 1 and _are_names(rows[0]) and all(map(_HEADING.fullmatch, rows[0]))
        names = rows[0] if is_header else []
        if columns := self._columns(names):
            header = TableHeader(names, len(names), columns, is_sure=True)
            cells = CellMasker([header], self._names, self._marks, self._budget)
            cells.mask(rows, 2)
            self._changed = self._changed or cells.changed

    def _mask_options(self, items: list[Any]) -> None:
        """Mask the values of options in the words of a command line."""
        for at, (option, value) in enumerate(pairwise(items), 1):
            is_option = isinstance(option, str) and option.startswith("--")
            if is_option and self._names.masks(option[:_MAX_NAME_LENGTH], value):
                items[at] = replaced(value, self._marks)
                self._changed = True

    def _mask_lists_of_two(self, items: list[Any]) -> None:
        """Mask lists of a name and a value, as used for headers, parameters and cookies."""
        for item in items:
            if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str):
                self._budget.spend()
                is_name = len(item[0]) <= _MAX_NAME_LENGTH and _IDENTIFIER.fullmatch(item[0])
                if is_name and self._names.masks(item[0], item[1]):
                    item[1] = replaced(item[1], self._marks)
                    self._changed = True


def _listed_names(items: Any, key: str) -> list[str]:
    """Return the names in a list under `key`: texts, or objects with a name and no value.

    A column may have a list of names, such as the levels of a pandas index.
    """
    if isinstance(items, dict):
        items = list(items.values()) if is_header_key(key) and is_numbered(items) else []
    if _are_names(items):
        return list(items)
    if items and key.lower().endswith("columns") and all(map(_are_names, items)):
        return ["_".join(levels) for levels in items]
    if not items or not all(isinstance(item, dict) for item in items):
        return []
    names = [_name_of(item) for item in items]
    return [name for name in names if name is not None] if None not in names else []


def _name_of(fields: dict[str, Any]) -> str | None:
    if any(role_of(key) is Role.VALUE for key in fields):
        return None
    for role in (Role.NAME, Role.WEAK_NAME):
        names = [value for key, value in fields.items() if role_of(key) is role and key != "id"]
        if names:
            return names[0] if isinstance(names[0], str) else None
    return None


def _are_names(items: Any) -> bool:
    return (
        isinstance(items, list)
        and bool(items)
        and all(isinstance(item, str) and 0 < len(item) <= _MAX_NAME_LENGTH for item in items)
    )
