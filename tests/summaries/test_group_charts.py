"""Charts of groups: gaps with their intervals, and groups that are too small to compare."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.charts.group_chart import group_chart
from modeltap.store.connection import connect
from modeltap.store.models import ModelVersion
from modeltap.summaries.group_charts import group_charts
from modeltap.summaries.metric_charts import ChartSource
from modeltap.summaries.period import period_of
from stores import put_metric

OF = ModelVersion("m", "")
GAP = "demographic_parity_difference"


@pytest.fixture
def source(tmp_path):
    with closing(connect(tmp_path / "taps.db")) as connection:
        for hour in range(3):
            put_metric(connection, hour, "drift", feature="x")
            verdict = "alert" if hour == 2 else "ok"
            gap = {"value": 0.1 * hour, "low": 0.0, "high": 0.4, "verdict": verdict}
            put_metric(connection, hour, GAP, segment="sex", threshold=0.15, **gap)
            for name, rows in (("F", 900), ("M", 500)):
                of_group = {"segment": f"sex={name}", "rows": rows, "low": 0.2, "high": 0.6}
                put_metric(connection, hour, "selection_rate", value=0.4, verdict=None, **of_group)
            small = {"segment": "sex=a,b=c", "rows": 7, "verdict": "not_enough_rows"}
            put_metric(connection, hour, "selection_rate", value=None, **small)
            put_metric(connection, hour, "precision", segment="class=yes")
        yield ChartSource(connection, OF, period_of(connection, OF))


def test_gaps_over_time_and_groups_at_last(source):
    charts = group_charts(source)
    (gap,) = charts.gaps
    assert [point.alerts for point in gap.chart.lines[0].points] == [False, False, True]
    assert gap.chart.thresholds == [0.15]
    (rate,) = charts.rates
    assert [(own.name, own.rows, own.note) for own in rate.groups] == [
        ("F", 900, ""),
        ("M", 500, ""),
        ("a,b=c", 7, "too few rows"),
    ]
    assert "too few rows" in group_chart(rate.title, rate.description, rate.groups)
    assert "class=yes" not in {point.segment for point in charts.last}


def test_a_model_without_groups(reader, whole):
    assert group_charts(ChartSource(reader, OF, whole)) is None


def test_gaps_that_were_never_compared(tmp_path):
    """Say why, and are no line."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        put_metric(connection, 0, "drift", feature="x")
        why = {"verdict": "not_comparable", "explanation": "only one group has 100 rows"}
        put_metric(connection, 0, GAP, segment="sex", value=None, **why)
        charts = group_charts(ChartSource(connection, OF, period_of(connection, OF)))
        assert charts.gaps[0].chart.lines[0].points == []
        assert charts.gaps[0].reason == "only one group has 100 rows"
