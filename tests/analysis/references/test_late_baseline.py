"""A reference's performance is learnt once enough labels of its own rows have come."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.late_baseline import with_performance
from modeltap.config.settings import Settings
from modeltap.store.connection import connect, writing
from modeltap.store.labels import insert_labels
from modeltap.store.predictions import insert_predictions
from modeltap.store.references import active_reference

ROWS = 60


@pytest.fixture
def connection(store):
    with closing(connect(store)) as opened:
        with writing(opened):
            insert_predictions(
                opened,
                "m",
                "",
                exchange_ids=[f"id{n}" for n in range(ROWS)],
                rows=[0] * ROWS,
                predictions=[n + 0.5 for n in range(ROWS)],
                scores=[None] * ROWS,
                probabilities=[None] * ROWS,
                event_times=["2024-01-01"] * (ROWS - 1) + ["2024-01-09"],
                seqs=range(ROWS),
            )
        yield opened


def label(connection, *numbers):
    with writing(connection):
        insert_labels(connection, [(f"id{n}", 0, n - 1.5) for n in numbers], source="t")


def test_it_stays_without_until_there_are_enough_of_its_period(connection):
    period = {"from_time": "2024-01-01", "to_time": "2024-01-02"}
    reference = fit({"x": [1.0, 2.0] * 30}, ROWS, model="m", **period)
    settings = Settings(min_rows=40)
    label(connection, *range(39), ROWS - 1)
    assert with_performance(connection, reference, settings) is reference
    assert active_reference(connection, "m", "") is None
    label(connection, 39)
    learnt = with_performance(connection, reference, settings)
    assert (learnt.performance.rows, learnt.performance.bias) == (40, 2)
    assert learnt.id == reference.id
    stored = Reference.from_json(active_reference(connection, "m", "").payload)
    assert stored.performance == learnt.performance
    label(connection, 40)
    assert with_performance(connection, learnt, settings) is learnt


def test_rows_of_a_file_have_no_labels_in_the_store(connection):
    label(connection, *range(ROWS))
    reference = fit({"x": [1.0, 2.0] * 30}, ROWS, model="m")
    assert with_performance(connection, reference, Settings(min_rows=1)) is reference
