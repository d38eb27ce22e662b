"""The drift map: each cell is the worst window of its feature and period."""

from __future__ import annotations

from modeltap.store.models import ModelVersion
from modeltap.summaries.drift_map import drift_map

OF = ModelVersion("m", "")


def test_a_cell_is_the_worst_window(reader, whole):
    """The strongest feature is first, and its alerts are those of the table `metrics`."""
    made = drift_map(reader, OF, whole, lambda *place: "/".join(place))
    assert [row.name for row in made.chart.rows] == ["prediction", "amount", "color"]
    rows = reader.execute(
        "select count(*) from metrics where metric = 'drift' and feature = 'amount' "
        "and verdict = 'alert'"
    ).fetchone()
    assert sum(cell.alerts for cell in made.cells if cell.feature == "amount") == rows[0] > 0
    dotted = [cell for cell in made.chart.rows[1].cells if cell.alerts]
    assert dotted and all(cell.url.startswith("amount/1h/2024-05-0") for cell in dotted)


def test_no_more_than_120_columns(reader, whole):
    made = drift_map(reader, OF, whole, lambda *_: None)
    assert made.chart.columns == 30  # windows of an hour
    assert max(cell.column for cell in made.cells) == 29
