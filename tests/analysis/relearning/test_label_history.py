"""The arrival of labels that a store has, of live and of imported rows."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.relearning.label_history import LabelHistory
from modeltap.clock import HOUR, iso
from modeltap.store.connection import connect, writing
from modeltap.store.predictions import labelled_predictions
from stores import START, analyze, every, put


class Frozen:
    """As much of a reference as a history reads."""

    model, version = "m", ""
    from_time, to_time = iso(START.timestamp()), iso(START.timestamp() + 400 * HOUR / 10)


@pytest.fixture
def filled(store):
    """A store with a row every six minutes; each label arrives after one or three hours."""
    put(store, every(6, 800), [{"x": 1.0}] * 800)
    analyze(store, {"window": "1d"})
    with closing(connect(store)) as connection, writing(connection):
        connection.execute("update exchanges set source = 'asgi', method = 'POST'")
        connection.executemany(
            "insert into labels (exchange_id, value, received_at) values (?, 1, ?)",
            [
                (f"r{n}", iso(START.timestamp() + n * HOUR / 10 + (1 + 2 * (n % 2)) * HOUR))
                for n in range(700)
            ],
        )
    return store


NOW = START.timestamp() + 73 * HOUR


def test_the_fraction_of_labels_that_have_arrived(filled):
    with closing(connect(filled)) as connection:
        history = LabelHistory(connection, Frozen, NOW)
        hours = np.array([0.5, 2.0, 4.0]) * HOUR
        assert history.curve.at(hours).tolist() == pytest.approx([0, 0.5, 1])
        assert len(history.of_reference.rows) == 400
        assert set(history.of_reference.delays / HOUR) == {1.0, 3.0}
        assert history.is_live(iso(START.timestamp()), iso(NOW))
        rows = labelled_predictions(connection, "m", "", ("", 0, 0), ("9999", 0, 0))
        assert history.ages(rows).max() == NOW - START.timestamp()
        assert history.ages(rows).min() == 0.0  # a row later than the last label


def test_labels_after_the_time_of_evaluation_are_left_out(filled):
    with closing(connect(filled)) as connection:
        history = LabelHistory(connection, Frozen, START.timestamp() + 2 * HOUR)
        assert len(history.known.rows) == 6  # every second row of the first hour
        assert history.curve is None


def test_imported_rows_say_nothing_about_delays(filled):
    with closing(connect(filled)) as connection:
        with writing(connection):
            connection.execute("update exchanges set source = 'import'")
        history = LabelHistory(connection, Frozen, NOW)
        assert history.curve is None
        assert not history.is_live(iso(START.timestamp()), iso(NOW))


def test_a_reference_from_a_file_has_no_history(filled):
    class File(Frozen):
        from_time = to_time = None

    with closing(connect(filled)) as connection:
        history = LabelHistory(connection, File, NOW)
        assert history.curve is None and len(history.of_reference.rows) == 0
