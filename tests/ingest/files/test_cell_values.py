"""Values of cells: a column has the values that its cells have one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.ingest.files.cell_values import column_values, row_number
from modeltap.number_texts import MISSING, number_of

CELLS = st.one_of(
    st.integers().map(str),
    st.floats().map(repr),
    st.text("0123456789.-+eE, €na", max_size=8),
    st.sampled_from(["", "n/a", " NaN ", "--", "1.234,5", "1,234.5", "-.5", "5.", "007", "inf"]),
)


def value(cell, style):
    """Return the value of a single cell, by the definition."""
    if cell.strip().lower() in MISSING:
        return None
    number = None if style is None else number_of(cell, style)
    return number if number is not None else cell if style is None else cell.strip()


@given(st.lists(CELLS, max_size=6), st.sampled_from(["point", "comma", "grouped", None]))
def test_columns_have_the_values_of_their_cells(cells, style):
    """With the same types: 1 is not 1.0."""
    values = column_values(cells, style)
    assert list(map(repr, values)) == [repr(value(cell, style)) for cell in cells]


@given(st.integers(0, 10**9))
def test_a_row_number_is_the_same_in_each_form(row):
    for form in (row, float(row), str(row), f"{row}.0", f" {row} "):
        assert row_number(form) == row


@pytest.mark.parametrize("empty", [None, float("nan"), "", "  "])
def test_a_row_without_a_number_is_the_first(empty):
    assert row_number(empty) == 0


@pytest.mark.parametrize("value", [-1, "-1", 0.5, "x", "1e400", True, float("inf"), [1], {}, 1e300])
def test_other_values_number_no_row(value):
    assert row_number(value) is None
