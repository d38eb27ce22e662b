"""Fixtures of incidents: a store, and metric rows by week."""

from alert_fixtures import connection, judge, row, store, week

__all__ = ["connection", "judge", "row", "store", "week"]
