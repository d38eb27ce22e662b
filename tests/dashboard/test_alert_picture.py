"""The picture of an alert."""

from __future__ import annotations

from contextlib import closing

from modeltap.dashboard.alert_picture import draw_alert
from modeltap.store.alerts import list_alerts
from modeltap.store.connection import connect_reader


def test_each_alert_of_a_window_is_drawn(files):
    """With the distribution of its feature, if it has one, and the rows behind the chart."""
    with closing(connect_reader(files / "cli.db")) as connection:
        alerts = list_alerts(connection, "m", None)
        assert {alert["metric"] for alert in alerts} >= {"drift", "mae"}
        for alert in alerts:
            picture = draw_alert(connection, alert)
            assert 'class="span"' in picture.svg and picture.table.rows
            assert (picture.distribution is None) == (alert["feature"] is None)
