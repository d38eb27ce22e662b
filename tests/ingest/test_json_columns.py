"""JSON of columns is the JSON of their rows."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from modeltap.ingest.json_columns import json_objects, texts_of

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
def test_all_texts_of_a_row_are_listed(columns):
    """Or None, if some may be nested."""
    texts = texts_of(columns)
    rows = list(zip(*columns, strict=True))
    if texts is None:
        assert any(isinstance(cell, list | dict) for cells in rows for cell in cells)
    else:
        for cells, listed in zip(rows, texts, strict=True):
            assert {cell for cell in cells if isinstance(cell, str)} <= set(listed) | {""}
            assert not any(isinstance(cell, list | dict) for cell in cells)
