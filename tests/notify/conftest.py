"""Fixtures of incidents: a store, and metric rows by week."""

from alert_fixtures import connection, process, row, store, week

__all__ = ["connection", "process", "row", "store", "week"]
