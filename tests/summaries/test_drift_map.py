"""The drift map: each cell is the worst window of its feature and period."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect, writing
from modeltap.store.models import ModelVersion
from modeltap.summaries.drift_map import MapLinks, drift_map
from modeltap.summaries.period import period_of
from stores import put_metric

OF = ModelVersion("m", "")
LINKS = MapLinks("{}/{}".format, lambda name, shape: f"{name} {shape.columns}", "/blank")


def test_a_cell_is_the_worst_window(reader, whole):
    """The strongest feature is first, and its alerts are those of the table `metrics`."""
    made = drift_map(reader, OF, whole, LINKS)
    names = [row.name for row in made.chart.rows]
    assert sorted(names) == ["amount", "color", "prediction"] and names[-1] == "color"
    rows = reader.execute(
        "select count(*) from metrics where metric = 'drift' and feature = 'amount' "
        "and verdict = 'alert'"
    ).fetchone()
    assert sum(cell.alerts for cell in made.cells if cell.feature == "amount") == rows[0] > 0
    row = next(row for row in made.chart.rows if row.name == "amount")
    dotted = [cell for cell in row.cells if cell.alerts]
    assert dotted and all(cell.url.startswith("amount/2024-05-0") for cell in dotted)
    assert row.url == "amount/" and row.click_url == "amount 30"


def test_no_more_than_120_columns(reader, whole):
    made = drift_map(reader, OF, whole)
    assert made.chart.columns == 30  # windows of an hour
    assert max(cell.column for cell in made.cells) == 29


def test_what_costs_performance_is_first(tmp_path):
    """Before a stronger drift without a cost."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        for name, strength in (("strong", 9.0), ("costly", 0.3), ("weak", 0.1)):
            put_metric(connection, 1, "drift", feature=name, strength=strength)
        put_metric(connection, 1, "loss_from_drift", feature="costly", value=0.2)
        made = drift_map(connection, OF, period_of(connection, OF))
        assert [row.name for row in made.chart.rows] == ["costly", "strong", "weak"]
        assert made.lost == {"costly": 0.2} and "lost performance" in made.chart.description


def test_2000_features_are_counted_and_40_drawn(tmp_path):
    with closing(connect(tmp_path / "taps.db")) as connection, writing(connection):
        for n in range(2000):
            put_metric(connection, 0, "drift", feature=f"x{n}", strength=n / 1000)
        made = drift_map(connection, OF, period_of(connection, OF))
        assert (made.features, len(made.cells)) == (2000, 40)
        assert [row.name for row in made.chart.rows] == [f"x{n}" for n in range(1999, 1959, -1)]
        assert "2,000 features" in made.chart.description
        whole = drift_map(connection, OF, period_of(connection, OF), is_whole=True)
        assert len(whole.cells) == 2000 and whole.chart == made.chart
        put_metric(connection, 1, "drift", feature="x7", strength=0.1, verdict="alert")
        put_metric(connection, 1, "loss_from_drift", feature="x3", value=0.1)
        made = drift_map(connection, OF, period_of(connection, OF))
        assert [row.name for row in made.chart.rows[:3]] == ["x3", "x7", "x1999"]
        assert made.chart.rows[1].summary == "1 of 2 windows alert"


def test_a_window_without_a_test_does_not_hide_a_tested_one(tmp_path):
    """Although its distance is larger."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        put_metric(connection, 0, "drift", feature="x", value=0.9, strength=9.0, verdict="learning")
        put_metric(connection, 0, "drift", feature="x", window="2h", strength=0.1, value=0.01)
        put_metric(connection, 0, "drift", feature="y", value=0.9, strength=9.0, verdict="learning")
        chart = drift_map(connection, OF, period_of(connection, OF)).chart
        drawn = {
            row.name: [(cell.strength, cell.value) for cell in row.cells] for row in chart.rows
        }
        assert drawn == {"x": [(0.1, "0.01")], "y": [(None, "0.9?")]}
        assert [row.name for row in chart.rows] == ["x", "y"]
