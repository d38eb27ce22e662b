"""Implausible times are removed from new rows."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from modeltap import clock
from modeltap.analysis.counting.true_times import bound_times, without_rejected
from modeltap.decoding.row_batch import Batch
from modeltap.decoding.times import write_times
from modeltap.store.connection import connect, writing

NOW = time.time()


@pytest.fixture
def connection(store):
    connection = connect(store)
    yield connection
    connection.close()


def batch(*times, first=0):
    count = len(times)
    ids = [f"e{first + place}" for place in range(count)]
    return Batch(
        ids=ids,
        row_numbers=[0] * count,
        rows=[{}] * count,
        times=list(times),
        time_texts=write_times(np.array(times, dtype=np.float64)),
    )


def test_times_far_ahead_or_far_before_all_others_are_removed(connection):
    rows = batch(NOW + 3 * clock.DAY, 0.0, math.nan, *(NOW - n * 3600 for n in range(50)))
    with writing(connection):
        assert bound_times(connection, "m", "", rows) == []
    assert [math.isnan(moment) for moment in rows.times] == [True] * 3 + [False] * 50
    reasons = connection.execute("select exchange_id, reason from rejected_times order by 1")
    assert dict(map(tuple, reasons)) == {"e0": "future", "e1": "stray"}


def test_rows_that_are_read_again_have_no_rejected_times(connection):
    with writing(connection):
        bound_times(connection, "m", "", batch(0.0, *(NOW - n for n in range(50))))
    again = without_rejected(connection, "m", batch(0.0, NOW))
    assert math.isnan(again.times[0]) and again.times[1] == NOW
    other = without_rejected(connection, "other", batch(0.0, NOW))
    assert other.times == [0.0, NOW]
