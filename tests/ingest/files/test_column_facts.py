"""Facts about columns are those of their cells one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modeltap.ingest.files.column_facts import ColumnFacts, number_shapes
from modeltap.number_texts import MISSING, Forms, form_of
from modeltap.time_texts import order_in

NUMBERS = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text("0123456789.-+eE", max_size=9),
    st.sampled_from(["1.234", "0.123", "-0.5", "+491711234567", "00", "1e5", "1.5e-05", "1-2-24"]),
)
CELLS = st.one_of(
    NUMBERS,
    st.sampled_from(
        ["", "x", "inf", "31/01/2024", "01/31/2024", "01/02/2024", " 5\n", "1\n2", "-99"]
    ),
)


@given(st.lists(st.lists(CELLS, max_size=5), max_size=4), st.sampled_from([(), ("-99", "x")]))
def test_facts_of_a_column_are_those_of_its_cells(chunks, codes):
    """However the cells are divided into chunks."""
    facts, forms, order = ColumnFacts(codes), Forms(), None
    for cells in chunks:
        facts.add(cells)
        for text in filter(lambda text: text.lower() not in MISSING, map(str.strip, cells)):
            order = order_in(text) if order is None else order
            if text not in codes:
                forms.add(text)
    filled = [cell for cells in chunks for cell in cells if cell.strip().lower() not in MISSING]
    assert (facts.is_filled, facts.day_first) == (bool(filled), order)
    assert (facts.forms.all, facts.forms.style()) == (forms.all, forms.style())
    assert facts.forms.any == forms.any or not forms.all


@given(NUMBERS)
def test_a_shape_has_the_forms_of_its_number(text):
    shapes = number_shapes(f"\n{text}")
    assert shapes is not None
    assert list(map(form_of, shapes)) == [form_of(text)]
