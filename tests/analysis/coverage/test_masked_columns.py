"""Columns that a mask blanks: all of their values, in enough rows, but not outputs."""

from __future__ import annotations

import pytest

from coverage_cases import fill
from modeltap.analysis.coverage.masked_columns import MASKED_ROWS, masked_columns
from modeltap.analysis.coverage.recent_rows import recent_rows
from modeltap.config.settings import Settings
from modeltap.store.connection import connect


def masked(store, known=()):
    connection = connect(store)
    try:
        recent = recent_rows(connection, Settings(), "m")
        return [finding.subject for finding in masked_columns("m", recent, known, 2)]
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("values", "is_masked"),
    [
        (["[masked]"] * MASKED_ROWS, True),
        (["[masked]"] * (MASKED_ROWS - 1), False),
        (["[masked]"] * MASKED_ROWS + [None] * 5, True),
        (["[masked]"] * MASKED_ROWS + ["sso"], False),
        ([None] * MASKED_ROWS, False),
    ],
)
def test_a_column_is_masked_if_all_its_values_are(store, values, is_masked):
    fill(store, [{"x": n, "a.b": value} for n, value in enumerate(values)])
    assert masked(store) == (["a.b"] if is_masked else [])
    assert masked(store, known=["a.b"]) == []


def test_a_masked_output_does_not_count_as_a_column(store):
    fill(store, [{"x": n} for n in range(50)], responses=[{"prediction": "[masked]"}] * 50)
    assert masked(store) == []
