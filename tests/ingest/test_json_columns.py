"""JSON of columns is the JSON of their rows."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from modeltap.ingest.json_columns import columns_of_text, json_objects

NUMBERS = st.floats() | st.floats(-1e-3, 1e-3) | st.integers()
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=4)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=2), SCALARS)
COLUMN = st.one_of(
    *(st.lists(kind, min_size=3, max_size=3) for kind in (st.floats(), st.text(), NUMBERS, VALUES))
)


@given(st.dictionaries(st.text('a%s"{é', max_size=3), COLUMN, min_size=1, max_size=4))
def test_rows_are_written_as_json_writes_them(columns):
    """To the byte: with the same digits, escapes and spaces."""
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    assert json_objects(columns) == list(map(json.dumps, rows))


@given(st.lists(COLUMN, min_size=1, max_size=3))
def test_all_columns_with_texts_are_listed(columns):
    """Or None, if some texts may be nested."""
    texts = columns_of_text(columns)
    cells = [cell for column in columns for cell in column]
    if texts is None:
        assert any(isinstance(cell, list | dict) for cell in cells)
    else:
        assert not any(isinstance(cell, list | dict) for cell in cells)
        for column in columns:
            words = [cell if isinstance(cell, str) else "" for cell in column]
            assert words in texts or not any(isinstance(cell, str) for cell in column)
