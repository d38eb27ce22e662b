"""The sampled rows of a reference that have an outcome."""

from __future__ import annotations

from contextlib import closing

import numpy as np

from modeltap.analysis.counting.sample import sample
from modeltap.analysis.estimation.labelled_sample import inputs_of, labelled_sample
from modeltap.analysis.references.fit import fit
from modeltap.config.windows import Window
from modeltap.store.connection import connect, writing
from modeltap.store.references import RowOutcome, SampledRow, save_rows, set_outcomes

COLUMNS = {"x": [1.0, 2.0, 3.0, None], "c": ["a", "b", "a", "a"]}
REFERENCE = fit(COLUMNS, 4, model="m")


def test_rows_with_an_outcome_are_in_order_of_time(store):
    coded = sample(COLUMNS, 4, REFERENCE).pack()
    times = [f"2024-01-01T{hour:02}:00:00.000Z" for hour in (5, 3, 4, 1)]
    rows = [SampledRow(f"id{n}", 0, times[n], coded[n], 0.5, float(n)) for n in range(3)]
    with closing(connect(store)) as connection:
        with writing(connection):
            save_rows(connection, REFERENCE.id, [*rows, SampledRow("id3", 0, times[3], coded[3])])
        own = labelled_sample(connection, REFERENCE, Window.parse("1h"))
        assert own.labels.tolist() == [1, 2, 0] and own.windows.tolist() == [0, 1, 2]
        with writing(connection):
            set_outcomes(connection, REFERENCE.id, [RowOutcome(None, 9.0, "id3", 0)])
        own = labelled_sample(connection, REFERENCE, Window.parse("1h"))
        assert own.labels.tolist() == [9, 1, 2, 0] and np.isnan(own.outputs[0])
        assert own.inputs.shape == (4, inputs_of(sample(COLUMNS, 4, REFERENCE), REFERENCE).shape[1])


def test_there_may_be_no_rows(store):
    with closing(connect(store)) as connection:
        assert labelled_sample(connection, REFERENCE, Window.parse("100 rows")).rows == 0
