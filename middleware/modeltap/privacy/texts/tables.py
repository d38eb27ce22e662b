"""Masking by position: where names stand beside their values, and not above them.

A table has its columns' names in one list and its cells in others (`cells`); a pair has its name
in one member and its value in another (`pairs`).
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

_LONGEST_NAME = 100
_DEPTH = 6
"""How many levels below the common object cells are looked for."""

_IDENTIFIER = re.compile(r"[\w.\[\]$/:%-]+")
"""A name without spaces: two words in a list that nothing calls names are a text."""

_HEADING = re.compile(r"[\w.\[\]$/:%-]+|[A-Z][\w.()/-]*(?: [\w.()/-]+){0,3}")
"""A name, or a column's heading: `Card number`."""

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
        """Replace the values whose names stand beside them; say whether there were any."""
        self._changed = False
        self._visit(document, frozenset())
        return self._changed

    def _visit(self, node: Any, widths: frozenset[int]) -> list[TableHeader]:
        """Mask inside of `node`; return the headers of tables that are beside or above it.

        Lists as wide as one of `widths` are rows of a table whose columns have names elsewhere.
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
        # Of one item the columns, of the next the rows; labels of scores are each item's own.
        sure = [header for header in headers if header.is_sure]
        return self._applied(sure, items) if sure and len(items) > 1 else headers

    def _visit_object(self, fields: dict[str, Any], widths: frozenset[int]) -> list[TableHeader]:
        self._budget.spend(len(fields))
        self._changed = self._pairs.mask(fields) or self._changed
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
                continue  # texts, and not names
            if columns := self._columns(names):
                headers.append(TableHeader(value, len(names), columns, is_sure))
        for _, value in inner:
            headers += self._visit(value, widths)
        return self._applied(headers, fields.values()) if headers else headers

    def _columns(self, names: list[str]) -> SensitiveColumns:
        return {at: name for at, name in enumerate(names) if self._names.is_sensitive(name)}

    def _applied(self, headers: list[TableHeader], values: Iterable[Any]) -> list[TableHeader]:
        """Mask the tables of `headers` in `values`; return the headers that have none here."""
        cells = CellMasker(headers, self._names, self._marks, self._budget)
        for value in values:
            cells.mask(value, _DEPTH)
        self._changed = self._changed or cells.changed
        left = [header for header in headers if header.width not in cells.widths_found]
        for header in left:
            header.levels -= 1
        return [header for header in left if header.levels > 0]

    def _mask_below_first_row(self, rows: list[Any]) -> None:
        """The first of some rows may be the columns' names."""
        is_header = len(rows) > 1 and _are_names(rows[0]) and all(map(_HEADING.fullmatch, rows[0]))
        names = rows[0] if is_header else []
        if columns := self._columns(names):
            header = TableHeader(names, len(names), columns, is_sure=True)
            cells = CellMasker([header], self._names, self._marks, self._budget)
            cells.mask(rows, 2)
            self._changed = self._changed or cells.changed

    def _mask_options(self, items: list[Any]) -> None:
        """Mask the words of a command line that follow the option they are the value of."""
        for at, (option, value) in enumerate(pairwise(items), 1):
            is_option = isinstance(option, str) and option.startswith("--")
            if is_option and self._names.masks(option[:_LONGEST_NAME], value):
                items[at] = replaced(value, self._marks)
                self._changed = True

    def _mask_lists_of_two(self, items: list[Any]) -> None:
        """Headers, parameters and cookies are often lists of a name and a value."""
        for item in items:
            if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str):
                self._budget.spend()
                is_name = len(item[0]) <= _LONGEST_NAME and _IDENTIFIER.fullmatch(item[0])
                if is_name and self._names.masks(item[0], item[1]):
                    item[1] = replaced(item[1], self._marks)
                    self._changed = True


def _listed_names(items: Any, key: str) -> list[str]:
    """Return the names that a list under `key` is of: texts, or objects with a name and no value.

    Columns may have lists of names, too: pandas has levels of them.
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
        and all(isinstance(item, str) and 0 < len(item) <= _LONGEST_NAME for item in items)
    )
