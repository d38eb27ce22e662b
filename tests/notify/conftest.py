"""The fixtures of incidents: a store, and metric rows week by week."""

from alert_fixtures import connection, judge, row, store, week

__all__ = ["connection", "judge", "row", "store", "week"]
