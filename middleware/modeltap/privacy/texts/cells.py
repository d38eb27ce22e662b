"""Masking of the cells of sensitive columns in rows, columns and flat tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames, is_feature
from modeltap.privacy.texts.member_roles import Role, role_of

_LEVELS = 3
"""The number of levels by which the cells of a table may be above its column names, as in
`{"manifest": {"schema": {"columns": ...}}, "result": {"data_array": ...}}`."""

_CONTAINERS = frozenset((dict, list))

SensitiveColumns = dict[int, str]
"""The sensitive columns of a table: names by position."""


class TableHeader:
    """The sensitive columns of a table of `width` columns, which is at most `levels` above.

    `is_sure` is True if the names certainly are columns; other lists may be labels of scores.
    """

    __slots__ = ("columns", "is_sure", "levels", "names", "width")

    def __init__(
        self, names: list[Any], width: int, columns: SensitiveColumns, is_sure: bool
    ) -> None:
        self.names = names
        self.width = width
        self.columns = columns
        self.is_sure = is_sure
        self.levels = _LEVELS


class CellMasker:
    """Masks the cells of the sensitive columns of headers, and records the widths of the tables.

    >>> header = TableHeader(["age", "pwd"], 2, {1: "pwd"}, is_sure=True)
    >>> cells = CellMasker([header], SensitiveNames(), Marks(), Budget(100))
    >>> rows = [[7, "abc"], {"0": 8, "1": "def"}]
    >>> cells.mask(rows, 2), rows
    (None, [[7, '[masked]'], {'0': 8, '1': '[masked]'}])
    """

    def __init__(
        self, headers: Iterable[TableHeader], names: SensitiveNames, marks: Marks, budget: Budget
    ) -> None:
        self._names = names
        self._marks = marks
        self._budget = budget
        self._by_width: dict[int, SensitiveColumns] = {}
        self._sure: set[int] = set()
        self._skipped: set[int] = set()
        for header in headers:
            self._by_width.setdefault(header.width, {}).update(header.columns)
            self._skipped.add(id(header.names))
            if header.is_sure:
                self._sure.add(header.width)
        self.changed = False
        self.widths_found: set[int] = set()

    def mask(self, node: Any, depth: int) -> None:
        """Mask the rows, columns and flat tensors in `node`."""
        if depth and isinstance(node, dict):
            self._budget.spend(len(node))
            self._mask_tensor(node)
            if id(node) not in self._skipped:
                self._mask_numbered(node)
            for key, value in node.items():
                if isinstance(value, (dict, list)) and not _is_shape(key, value):
                    self.mask(value, depth - 1)
        elif depth and isinstance(node, list) and id(node) not in self._skipped:
            self._mask_list(node, depth)

    def _mask_list(self, items: list[Any], depth: int) -> None:
        self._budget.spend(len(items))
        is_flat = _CONTAINERS.isdisjoint(map(type, items))
        columns = self._by_width.get(len(items))
        if columns and (is_flat or (_are_cells(items) and not self._has_rows(items))):
            self._mask_places(items, columns, len(items))
        elif not is_flat:
            for item in items:
                self.mask(item, depth - 1)

    def _has_rows(self, items: list[Any]) -> bool:
        return any(isinstance(item, list) and self._is_row_or_has_one(item) for item in items)

    def _is_row_or_has_one(self, items: list[Any]) -> bool:
        if len(items) in self._by_width:
            return True
        return any(isinstance(item, list) and len(item) in self._by_width for item in items)

    def _mask_numbered(self, fields: dict[str, Any]) -> None:
        """Mask the cells of a row with positions as keys: `{"0": 37, "1": "x"}`."""
        columns = self._by_width.get(len(fields))
        if columns and is_numbered(fields):
            self._budget.spend(len(columns))
            for at, name in columns.items():
                value = fields[str(at)]
                if self._masks(name, value, len(fields)):
                    fields[str(at)] = replaced(value, self._marks)
                    self.changed = True
            self.widths_found.add(len(fields))

    def _mask_tensor(self, fields: dict[str, Any]) -> None:
        """Mask a tensor with its cells in one flat list next to its shape."""
        shape = fields.get("shape")
        width = shape[-1] if isinstance(shape, list) and shape else None
        columns = self._by_width.get(width) if isinstance(width, int) else None
        for key in ("values", "data"):
            cells = fields.get(key)
            if columns and isinstance(cells, list) and len(cells) != width:
                self._mask_places(cells, columns, width or 1)

    def _mask_places(self, cells: list[Any], columns: SensitiveColumns, width: int) -> None:
        for first, name in columns.items():
            for at in range(first, len(cells), width):
                self._budget.spend()
                value = cells[at]
                if self._masks(name, value, width):
                    cells[at] = replaced(value, self._marks)
                    self.changed = True
        self.widths_found.add(width)

    def _masks(self, name: str, value: Any, width: int) -> bool:
        """Return True if a cell must be masked; numbers with possible labels are their scores."""
        return self._names.masks(name, value) and (width in self._sure or not is_feature(value))


def replaced(value: Any, marks: Marks) -> Any:
    """Replace the values inside a value one by one, so that a tensor keeps its shape."""
    if isinstance(value, list):
        return [replaced(inner, marks) for inner in value]
    if isinstance(value, dict):
        return {name: replaced(inner, marks) for name, inner in value.items()}
    return marks.replacement(value)


def is_numbered(fields: dict[str, Any]) -> bool:
    """Return True if an object's keys are the positions of a list: 0, 1, 2 ..."""
    return bool(fields) and "0" in fields and all(str(at) in fields for at in range(len(fields)))


def _is_shape(key: str, value: Any) -> bool:
    """Return True if a member is a tensor's shape, which decoders need, and not a row."""
    return key == "shape" and isinstance(value, list) and all(type(item) is int for item in value)


def _are_cells(items: list[Any]) -> bool:
    """Return True if a list may be a row or the columns of a table, and not a list of records."""
    return not any(isinstance(item, dict) and not _is_cell(item) for item in items)


def _is_cell(fields: dict[str, Any]) -> bool:
    roles = (Role.VALUE, Role.CONTENT)
    return len(fields) <= 3 and any(role_of(key) in roles for key in fields)
