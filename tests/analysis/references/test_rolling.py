"""Rolling references: the period before a window, counted in fixed bins."""

from __future__ import annotations

from contextlib import closing

import numpy as np

from modeltap import clock
from modeltap.analysis.counting.tally import tally
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.rolling import rolled
from modeltap.store.connection import connect
from modeltap.store.windows import Series

START = clock.parse("2024-01-08T10:00:00Z")


def test_without_earlier_windows_there_is_no_reference(store):
    values = np.random.default_rng(0).normal(size=300).tolist()
    reference = fit({"x": values}, 300, model="m", rolling="previous 7d")
    series = Series("m", "", reference.id, "1h")
    assert tally({"x": values}, 300, reference).rows == 300
    with closing(connect(store)) as connection:
        window = clock.iso(START), clock.iso(START + 3600)
        assert rolled(connection, reference, series, *window, min_rows=1) is None
