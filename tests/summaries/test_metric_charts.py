"""Charts of metrics: a line is what the table `metrics` has."""

from __future__ import annotations

import math
from contextlib import closing

from modeltap.charts.line_chart import line_chart
from modeltap.store.connection import connect
from modeltap.store.models import ModelVersion
from modeltap.summaries.metric_charts import ChartSource, operation_charts
from modeltap.summaries.period import period_of
from stores import put_metric

OF = ModelVersion("m", "")


def test_imported_rows_have_no_latency(reader, whole):
    assert operation_charts(ChartSource(reader, OF, whole)) == []


def test_windows_without_a_value_are_no_points(tmp_path):
    """Nor are infinite values, which a picture has no place for."""
    with closing(connect(tmp_path / "taps.db")) as connection:
        for hour, value in enumerate((1.0, None, math.inf, -math.inf, 3.0)):
            put_metric(connection, hour, "latency_p95_ms", value=value)
            put_metric(connection, hour, "throughput_rps", value=math.inf)
        source = ChartSource(connection, OF, period_of(connection, OF))
        latency, throughput = operation_charts(source)
        assert line_chart(latency.chart).count("<circle") == 2
        assert line_chart(throughput.chart).count("<circle") == 0
