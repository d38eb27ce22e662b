"""The Grafana dashboard as JSON, to import or to provision.

It asks for a Prometheus data source and lets people choose models and environments. The format is
described at https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/.
"""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from modeltap.bridges.grafana_panels import PANEL_ROWS, GrafanaPanel

UID = "modeltap"
"""A fixed id, so that an import replaces the last one."""

_SCHEMA_VERSION = 39
"""That of Grafana 11; later ones migrate it."""

_COLUMNS = 24
_HEIGHT = 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboard_json() -> str:
    """Return the dashboard as JSON, the same on each call.

    >>> json.loads(dashboard_json())["title"]
    'modeltap'
    """
    return json.dumps(_dashboard(), indent=2) + "\n"


def _dashboard() -> dict[str, Any]:
    return {
        "uid": UID,
        "title": "modeltap",
        "description": "Models: alerts, traffic, drift, performance, and modeltap itself.",
        "tags": ["machine-learning", "modeltap"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": True,
        "time": {"from": "now-7d", "to": "now"},
        "refresh": "1m",
        "timezone": "browser",
        "graphTooltip": 1,
        "templating": {"list": _variables()},
        "annotations": {"list": []},
        "links": [],
        "panels": _panels(),
    }


def _variables() -> list[dict[str, Any]]:
    source = {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
    }
    chosen = [
        {
            "name": name,
            "label": name.capitalize(),
            "type": "query",
            "datasource": _SOURCE,
            "query": {
                "query": f"label_values(modeltap_requests_total, {name})",
                "refId": f"variable-{name}",
            },
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            # A series without environment has an empty label, which ".*" matches, too.
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
            "hide": 0,
        }
        for name in ("model", "environment")
    ]
    return [source, *chosen]


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    ids = count(1)
    top = 0
    for row in PANEL_ROWS:
        panels.append(
            {
                "id": next(ids),
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1},
                "panels": [],
            }
        )
        top += 1
        left = 0
        for panel in row.panels:
            if left + panel.width > _COLUMNS:
                left, top = 0, top + _HEIGHT
            position = {"x": left, "y": top, "w": panel.width, "h": _HEIGHT}
            panels.append(_panel(panel, next(ids), position))
            left += panel.width
        top += _HEIGHT
    return panels


def _panel(panel: GrafanaPanel, number: int, position: dict[str, int]) -> dict[str, Any]:
    is_table = panel.kind == "table"
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": position,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": None}, "overrides": []},
        "options": _OPTIONS[panel.kind],
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": _SOURCE,
                "expr": query.expression,
                "legendFormat": query.legend,
                "format": "table" if is_table else "time_series",
                "instant": panel.kind != "timeseries",
                "range": panel.kind == "timeseries",
            }
            for place, query in enumerate(panel.queries)
        ],
    }


_OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "none",
        "graphMode": "none",
        "textMode": "value_and_name",
    },
    "table": {"showHeader": True},
}
