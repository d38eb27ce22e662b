"""Masking by position: where a name stands beside its values, and not above them.

A pair has its name in one member and its value in another (`{"key": ..., "value": ...}`, a tensor,
a validation error). A table has its columns' names in one list and its cells in others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames, is_feature
from modeltap.privacy.texts.member_roles import (
    Role,
    is_error_context,
    is_error_text,
    is_header_key,
    role_of,
)
from modeltap.privacy.texts.object_plans import ObjectPlans

_LONGEST_NAME = 100
_LEVELS = 3
"""How many levels above its names a table may have its cells: `{"manifest": {"schema": {"columns":
...}}, "result": {"data_array": ...}}`."""

_DEPTH = 6
"""How many levels below the common object cells are looked for."""

_IDENTIFIER = re.compile(r"[\w.\[\]$/:%-]+")
"""A name without spaces: two words in a list that nothing calls names are a text."""

_HEADING = re.compile(r"[\w.\[\]$/:%-]+|[A-Z][\w.()/-]*(?: [\w.()/-]+){0,3}")
"""A name, or a column's heading: `Card number`."""

_IN_QUOTES = re.compile(r"""(?<!\w)(?:'[^']*+'|"[^"]*+")""")

SensitiveColumns = dict[int, str]
"""The sensitive columns of a table: place and name."""


_CONTAINERS = frozenset((dict, list))


class TableHeader:
    """The sensitive columns of a table of `width` columns, which is at most `levels` above.

    `is_sure` says that these are columns; other lists of names may be labels of scores.
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
        self._plans = plans
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
        self._mask_pair(fields)
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
        cells = _Cells(headers, self._names, self._marks, self._budget)
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
            cells = _Cells([header], self._names, self._marks, self._budget)
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

    def _mask_pair(self, fields: dict[str, Any]) -> None:
        for key, role, is_place in self._plans.of(fields).pair_names:
            name = self._name_on_way(fields[key]) if is_place else fields[key]
            if isinstance(name, str) and self._is_sensitive(name):
                self._mask_beside(fields, key, name, role)
                if is_place:
                    self._mask_error(fields, name)

    def _name_on_way(self, place: Any) -> str | None:
        """Return the sensitive name on the way to a field, or the way's last step.

        All below a sensitive name is masked. A text may be another way, of a URL or a file: there
        only its end counts.
        """
        steps = _steps(place)
        if isinstance(place, str):
            steps = steps[-2:]
        for half, step in pairwise(steps):
            if opens := self._names.facts(half).opens:
                steps.append(f"{opens}_{step}")
        named = steps[1:] if isinstance(place, str) and len(steps) > 1 else steps
        return next(filter(self._is_sensitive, named), None)

    def _mask_error(self, fields: dict[str, Any], name: str) -> None:
        """Mask what an error says of a sensitive field: its values, and what is quoted of them."""
        for key, value in fields.items():
            kept = value
            if is_error_context(key) and self._names.masks(name, value):
                kept = replaced(value, self._marks)
            elif is_error_text(key) and isinstance(value, str):
                kept = _IN_QUOTES.sub(lambda match: self._marks.mark(match[0]), value)
            if kept != value:
                fields[key] = kept
                self._changed = True

    def _is_sensitive(self, name: str) -> bool:
        return len(name) <= _LONGEST_NAME and self._names.is_sensitive(name)

    def _mask_beside(self, fields: dict[str, Any], key: str, name: str, role: Role) -> None:
        wanted = (Role.VALUE,) if role is Role.WEAK_NAME else (Role.VALUE, Role.CONTENT)
        for other, value in fields.items():
            if other == key or role_of(other) not in wanted:
                continue
            if role_of(other) is Role.CONTENT and "role" in fields:
                continue  # a message of a chat
            if self._names.masks(name, value):
                fields[other] = replaced(value, self._marks)
                self._changed = True


class _Cells:
    """Masks the cells of some headers' columns; remembers the widths of the tables it found."""

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
            for value in node.values():
                if isinstance(value, (dict, list)):
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
        """Mask the cells of a row whose keys are their places: `{"0": 37, "1": "x"}`."""
        columns = self._by_width.get(len(fields))
        if columns and _is_numbered(fields):
            self._budget.spend(len(columns))
            for at, name in columns.items():
                if self._names.masks(name, value := fields[str(at)]):
                    fields[str(at)] = replaced(value, self._marks)
                    self.changed = True
            self.widths_found.add(len(fields))

    def _mask_tensor(self, fields: dict[str, Any]) -> None:
        """A tensor may have its cells in one flat list, beside its shape."""
        shape = fields.get("shape")
        width = shape[-1] if isinstance(shape, list) and shape else None
        columns = self._by_width.get(width) if isinstance(width, int) else None
        for key in ("values", "data"):
            cells = fields.get(key)
            if columns and isinstance(cells, list) and len(cells) != width:
                self._mask_places(cells, columns, width or 1)

    def _mask_places(self, cells: list[Any], columns: SensitiveColumns, width: int) -> None:
        is_sure = width in self._sure
        for first, name in columns.items():
            for at in range(first, len(cells), width):
                self._budget.spend()
                value = cells[at]
                if self._names.masks(name, value) and (is_sure or not is_feature(value)):
                    cells[at] = replaced(value, self._marks)
                    self.changed = True
        self.widths_found.add(width)


def replaced(value: Any, marks: Marks) -> Any:
    """Replace each value for itself: a tensor keeps its shape, a cell its key."""
    if isinstance(value, list):
        return [replaced(inner, marks) for inner in value]
    if isinstance(value, dict):
        return {name: replaced(inner, marks) for name, inner in value.items()}
    return marks.replacement(value)


def _listed_names(items: Any, key: str) -> list[str]:
    """Return the names that a list under `key` is of: texts, or objects with a name and no value.

    Columns may have lists of names, too: pandas has levels of them.
    """
    if isinstance(items, dict):
        items = list(items.values()) if is_header_key(key) and _is_numbered(items) else []
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


def _is_numbered(fields: dict[str, Any]) -> bool:
    """Say whether an object's keys are the places of a list: 0, 1, 2 ..."""
    return bool(fields) and "0" in fields and all(str(at) in fields for at in range(len(fields)))


def _are_names(items: Any) -> bool:
    return (
        isinstance(items, list)
        and bool(items)
        and all(isinstance(item, str) and 0 < len(item) <= _LONGEST_NAME for item in items)
    )


def _are_cells(items: list[Any]) -> bool:
    """Say whether a list may be a row, or the columns of a table: records are neither."""
    return not any(isinstance(item, dict) and not _is_cell(item) for item in items)


def _is_cell(fields: dict[str, Any]) -> bool:
    roles = (Role.VALUE, Role.CONTENT)
    return len(fields) <= 3 and any(role_of(key) in roles for key in fields)


def _steps(place: Any) -> list[str]:
    """Return the names on a way to a field: `["body", "password", 0]`, "/user/password"."""
    if isinstance(place, str):
        place = place.replace("/", ".").split(".")
    return [step for step in place if isinstance(step, str)] if isinstance(place, list) else []
