"""The page `/metrics`: the store's facts in the text format of Prometheus.

It reads the store, so it is right with several workers of the app. The format is described at
https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from __future__ import annotations

import sqlite3

from modeltap.summaries.exported_metrics import exported_families
from modeltap.summaries.metric_family import Labels


def prometheus_text(connection: sqlite3.Connection) -> str:
    """Return the page."""
    lines = []
    for family in exported_families(connection):
        name = family.prometheus_name
        lines += [f"# HELP {name} {_escaped_help(family.help)}", f"# TYPE {name} {family.kind}"]
        lines += [
            f"{name}{_labels(measurement.labels)} {measurement.value!r}"
            for measurement in family.measurements
        ]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    """Return labels in braces; their values are escaped as the format demands.

    >>> _labels({"model": 'a"b'}), _labels({})
    ('{model="a\\\\"b"}', '')
    """
    pairs = ",".join(f'{name}="{_escaped_label(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped_label(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _escaped_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
