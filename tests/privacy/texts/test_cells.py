"""Cells of tables with sensitive column names."""

from __future__ import annotations

import pytest

from modeltap.privacy.limits import Budget
from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.cells import CellMasker, TableHeader, is_numbered, replaced

SECRET = "qz7f3a"


def masker(*, is_sure=True, name="password"):
    header = TableHeader(["age", name], 2, {1: name}, is_sure)
    return CellMasker([header], SensitiveNames(), Marks(), Budget(1000))


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        ([7, SECRET], [7, "[masked]"]),
        (
            [[7, SECRET], [8, SECRET], [9, SECRET]],
            [[7, "[masked]"], [8, "[masked]"], [9, "[masked]"]],
        ),
        ([[[7, SECRET]], [[8, SECRET]]], [[[7, "[masked]"]], [[8, "[masked]"]]]),
        ([[7, 8, 9], [SECRET] * 3], [[7, 8, 9], ["[masked]"] * 3]),
        ([[7, {"text": SECRET}]], [[7, {"text": "[masked]"}]]),
        ({"0": 7, "1": SECRET}, {"0": 7, "1": "[masked]"}),
        ({"0": {"0": 7, "1": SECRET}}, {"0": {"0": 7, "1": "[masked]"}}),
        (
            {"shape": [2, 2], "values": [7, SECRET, 8, SECRET]},
            {"shape": [2, 2], "values": [7, "[masked]", 8, "[masked]"]},
        ),
    ],
)
def test_the_cells_of_a_sensitive_column_are_masked(cells, kept):
    """In rows, columns, tensors, and in rows with positions as keys."""
    columns = masker()
    columns.mask(cells, 6)
    assert cells == kept and columns.changed and columns.widths_found == {2}


@pytest.mark.parametrize("cells", [[7, SECRET, 1], [[7]], {"a": 7, "b": SECRET}, "x", []])
def test_a_list_of_another_width_is_not_a_row(cells):
    columns = masker()
    columns.mask(cells, 6)
    assert not columns.changed and columns.widths_found == set()


@pytest.mark.parametrize("row", [[0.2, 0.8], {"0": 0.2, "1": 0.8}])
def test_scores_of_labels_are_kept(row):
    """Names that are not declared as columns may be labels."""
    columns = masker(is_sure=False, name="token")
    columns.mask(row, 6)
    assert not columns.changed
    columns = masker(is_sure=True, name="token")
    columns.mask(row, 6)
    assert columns.changed


def test_a_replaced_value_keeps_its_shape():
    assert replaced({"a": [1, [2]]}, Marks()) == {"a": ["[masked]", ["[masked]"]]}


def test_keys_may_be_positions():
    assert is_numbered({"0": 1, "1": 2}) and is_numbered({"1": 1, "0": 2})
    assert not any(map(is_numbered, ({}, {"1": 1}, {"0": 1, "2": 2}, {"a": 1})))
