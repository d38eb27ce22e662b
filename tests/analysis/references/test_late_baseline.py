"""A reference's performance is learnt once enough labels of its own rows have arrived."""

from __future__ import annotations

from contextlib import closing

import pytest
from msgspec.structs import replace

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


def test_there_is_no_baseline_until_enough_labels_of_its_period_arrived(connection):
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


def test_the_baseline_grows_until_almost_all_labels_have_arrived(connection):
    """The first hundred labels are the easy cases; the id stays the same."""
    period = {"from_time": "2024-01-01", "to_time": "2024-01-02"}
    reference = fit({"x": [1.0, 2.0] * 30}, ROWS, model="m", **period)
    settings = Settings(min_rows=10)
    label(connection, *range(20))
    first = with_performance(connection, reference, settings)
    assert first is reference, "of twenty rows nothing is learnt"
    label(connection, *range(20, 40))
    grown = with_performance(connection, first, settings)
    assert grown.performance.rows == 40 and not grown.performance.complete
    label(connection, *range(40, ROWS - 1))
    whole = with_performance(connection, grown, settings)
    assert whole.performance.rows == ROWS - 1 and whole.performance.complete
    label(connection, *range(ROWS - 1))
    assert with_performance(connection, whole, settings) is whole
    assert whole.id == reference.id


@pytest.mark.parametrize(("day", "complete"), [(2, False), (3, True), (9, True)])
def test_labels_of_much_later_rows_complete_the_baseline(connection, day, complete):
    """Later by the reference's own length: half of its rows never get a label."""
    period = {"from_time": "2024-01-01", "to_time": "2024-01-02T00:00:00.000Z"}
    reference = fit({"x": [1.0, 2.0] * 30}, ROWS, model="m", **period)
    with writing(connection):
        connection.execute(
            "update predictions set event_time = ? where exchange_id = ?",
            (f"2024-01-{day:02}T00:00:00.000Z", f"id{ROWS - 1}"),
        )
    label(connection, *range(40), ROWS - 1)
    learnt = with_performance(connection, reference, Settings(min_rows=10))
    assert (learnt.performance.rows, learnt.performance.complete) == (40, complete)


@pytest.mark.parametrize("state", [{"state": "provisional"}, {"inherited": True}])
def test_rows_that_are_not_the_references_own_teach_nothing(connection, state):
    period = {"from_time": "2024-01-01", "to_time": "2024-01-02"}
    reference = replace(fit({"x": [1.0, 2.0] * 30}, ROWS, model="m", **period), **state)
    label(connection, *range(ROWS))
    assert with_performance(connection, reference, Settings(min_rows=10)) is reference


def test_rows_of_a_file_have_no_labels_in_the_store(connection):
    label(connection, *range(ROWS))
    reference = fit({"x": [1.0, 2.0] * 30}, ROWS, model="m")
    assert with_performance(connection, reference, Settings(min_rows=1)) is reference
